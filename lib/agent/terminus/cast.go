package terminus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"
)

// cast is what a terminal printed, moment by moment, as an asciinema recording
// of version 2: a header and then one line [seconds, "o", text] for each piece.
type cast struct {
	ended chan struct{} // the terminal has closed

	mu    sync.Mutex
	lines bytes.Buffer
	begun time.Time
	half  []byte // of a character
	last  []byte // printed lately, for words
}

// maxCast is how long a recording may be, in bytes: beyond it nothing is kept.
const maxCast = 64 << 20

// newCast records until r ends.
func newCast(r io.Reader) *cast {
	c := &cast{ended: make(chan struct{}), begun: time.Now()}
	header, _ := json.Marshal(map[string]any{"version": 2, "width": cols, "height": rows, "timestamp": c.begun.Unix(),
		"env": map[string]string{"TERM": "xterm-256color"}}) // of numbers and texts: cannot fail
	c.lines.Write(append(header, '\n'))
	go func() {
		defer close(c.ended)
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Read(buf)
			c.add(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	return c
}

func (c *cast) add(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b = append(c.half, b...)
	whole := len(b) - incomplete(b)
	c.half = bytes.Clone(b[whole:])
	c.last = append(c.last, b[:whole]...)
	c.last = c.last[max(0, len(c.last)-1000):]
	if whole == 0 || c.lines.Len() > maxCast {
		return
	}
	text, _ := json.Marshal(string(b[:whole])) // of a string: cannot fail
	fmt.Fprintf(&c.lines, "[%.6f, \"o\", %s]\n", time.Since(c.begun).Seconds(), text)
}

// incomplete is the length of the character that is not whole yet at b's end.
func incomplete(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if last := b[len(b)-i:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return i
		}
	}
	return 0
}

// words are the last that were printed.
func (c *cast) words() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.last)
}

func (c *cast) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.lines.Bytes())
}
