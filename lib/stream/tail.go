package stream

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"
)

// pollInterval is how often a followed file is looked at for growth. A finished
// query must appear within a second of its last sample; this is 4 % of that.
const pollInterval = 40 * time.Millisecond

// tail reads a growing file: at its end it waits, until the context ends, until
// the file is replaced, or, once its last segment has ended, not at all.
type tail struct {
	ctx     context.Context
	file    *os.File
	path    string // "" if the file has no name of its own
	at      int64
	last    []byte // the last bytes read, to see that they are still there
	waited  bool   // since they were read
	over    bool   // the last segment has ended
	stopped bool   // reading was stopped: the file may go on
	moved   string // what happened to the file, if it is not the same any more
}

func (t *tail) Read(p []byte) (int, error) {
	for {
		if t.waited && t.cut() {
			t.moved = "was overwritten while it was read"
			return 0, io.EOF
		}
		n, err := t.file.Read(p)
		if n > 0 {
			t.took(p[:n])
			return n, err
		}
		if err != io.EOF || t.over || t.moved != "" {
			return n, err
		}
		if t.renamed() { // what was written before still counts
			t.moved = "was replaced while it was read"
			continue
		}
		select {
		case <-t.ctx.Done():
			t.stopped = true
			return 0, io.EOF
		case <-time.After(pollInterval):
			t.waited = true
		}
	}
}

func (t *tail) took(b []byte) {
	t.at += int64(len(b))
	t.last = append(t.last[:0], b[max(0, len(b)-64):]...)
	t.waited = false
}

// cut notices that the file does not begin with what was read of it.
func (t *tail) cut() bool {
	b := make([]byte, len(t.last))
	_, err := t.file.ReadAt(b, t.at-int64(len(b)))
	return len(b) > 0 && (err == io.EOF || err == nil && !bytes.Equal(b, t.last))
}

// renamed notices that the file's name now belongs to another one.
func (t *tail) renamed() bool {
	if t.path == "" {
		return false
	}
	mine, err := t.file.Stat()
	if err != nil {
		return false
	}
	other, err := os.Stat(t.path)
	return err == nil && !os.SameFile(mine, other)
}
