package main

import (
	"bufio"
	"io"
	"os"

	"ipw/lib/cli"
)

// output is where traces go. It is opened when the first one comes: what was
// there stays if streams are refused at once. Traces of a join that may be refused
// later wait in a temporary file until it has not been.
type output struct {
	c    *cli.Context
	path string
	out  io.WriteCloser // nil: not opened yet
	w    *bufio.Writer
	held *os.File // nil: none waits
}

func (o *output) write(line []byte, hold bool) error {
	if hold && o.held == nil && o.out == nil {
		f, err := os.CreateTemp("", "ipw-attribute")
		if err != nil {
			return err
		}
		os.Remove(f.Name())
		o.held, o.w = f, bufio.NewWriterSize(f, 64<<10)
	}
	if err := o.open(); err != nil {
		return err
	}
	_, err := o.w.Write(line)
	return err
}

// open opens what -o names, unless traces wait.
func (o *output) open() error {
	if o.held != nil || o.out != nil {
		return nil
	}
	out, err := o.c.Output(o.path)
	if err != nil {
		return err
	}
	o.out, o.w = out, bufio.NewWriterSize(out, 64<<10)
	return nil
}

func (o *output) flush() error { return o.w.Flush() }

// finish writes what has waited and closes the output. A run without traces is an
// empty file.
func (o *output) finish() error {
	if held := o.held; held != nil {
		defer held.Close()
		if err := o.w.Flush(); err != nil {
			return err
		}
		if _, err := held.Seek(0, io.SeekStart); err != nil {
			return err
		}
		o.held = nil
		if err := o.open(); err != nil {
			return err
		}
		if _, err := io.Copy(o.w, held); err != nil {
			return err
		}
	}
	if err := o.open(); err != nil {
		return err
	}
	if err := o.w.Flush(); err != nil {
		return err
	}
	return o.out.Close()
}

// broken ends the output after an error: what was written stays, what waits is
// dropped.
func (o *output) broken() {
	switch {
	case o.held != nil:
		o.held.Close()
	case o.out != nil:
		o.w.Flush()
		o.out.Close()
	}
}
