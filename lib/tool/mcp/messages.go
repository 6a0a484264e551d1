package mcp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"ipw/lib/stream"
)

const (
	maxMessage = 16 << 20 // bytes of one message of a server
	maxNoise   = 4 << 20  // bytes between two messages that are none
)

// messages reads a server's stdout and lets its messages through, a line each.
// What is no message, such as a greeting for people, is dropped; a server that
// floods has no more to say.
type messages struct {
	in      *bufio.Reader
	line    []byte
	noise   int
	silence func(why error) // told once nothing more will come, with what was wrong
}

func newMessages(in io.Reader, silence func(error)) *messages {
	return &messages{in: bufio.NewReaderSize(in, 64<<10), silence: silence}
}

func (m *messages) Read(p []byte) (int, error) {
	for len(m.line) == 0 {
		line, err := m.next()
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			m.silence(err)
			return 0, io.EOF
		}
		if bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("{")) {
			m.line, m.noise = line, 0
		} else if m.noise += len(line); m.noise > maxNoise {
			m.silence(fmt.Errorf("it wrote %d bytes that are no messages, and was ended", m.noise))
			return 0, io.EOF
		}
	}
	n := copy(p, m.line)
	m.line = m.line[n:]
	return n, nil
}

// next is the next line, with its end.
func (m *messages) next() ([]byte, error) {
	var line []byte
	for {
		part, err := m.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxMessage:
			return nil, fmt.Errorf("it sent a message of more than %d bytes, and was ended", maxMessage)
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil:
			return line, nil
		default:
			return nil, io.EOF // a line without its end is none
		}
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 2048 // bytes

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[max(0, len(p)-tailSize):]...)
	t.text = append([]byte(nil), t.text[max(0, len(t.text)-tailSize):]...)
	return len(p), nil
}

// String is the last words, in one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	words := strings.Join(strings.Fields(strings.ToValidUTF8(string(t.text), "")), " ")
	return stream.Clip(words, 500)
}
