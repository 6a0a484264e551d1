package main

import (
	"bufio"
	"errors"
	"io"
	"os"
)

// lateFile opens its file at the first byte, so that a query that fails leaves
// an older file alone.
type lateFile struct {
	name   string
	stdout io.Writer
	file   *os.File
	buf    *bufio.Writer
}

func (l *lateFile) Write(p []byte) (int, error) {
	if l.buf == nil {
		w := l.stdout
		if l.name != "" && l.name != "-" {
			f, err := os.Create(l.name)
			if err != nil {
				return 0, err
			}
			l.file, w = f, f
		}
		l.buf = bufio.NewWriterSize(w, 64<<10)
	}
	return l.buf.Write(p)
}

func (l *lateFile) Close() error {
	if l.buf == nil {
		return nil
	}
	err := l.buf.Flush()
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	return err
}
