package stream

import (
	"fmt"
	"sync"
)

// Problems collects what is wrong with the input of one command. It is safe
// for concurrent use. The zero value prints nothing.
type Problems struct {
	Print   func(string) // prints one line, without prefix; nil for none
	Strict  bool         // the first rejected line ends the reading
	Partial bool         // incomplete segments are accepted

	mu         sync.Mutex
	rejected   int
	incomplete int
	once       map[string]bool
}

// Error is a failure at a place in an input.
type Error struct {
	File string
	Line int // 0 for the input as a whole
	Text string
}

func (e *Error) Error() string {
	switch {
	case e.File == "": // the text says where
		return e.Text
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Warn prints a warning.
func (p *Problems) Warn(format string, args ...any) { p.print(fmt.Sprintf(format, args...)) }

// WarnOnce prints a warning the first time it is called with this key.
func (p *Problems) WarnOnce(key, format string, args ...any) {
	p.mu.Lock()
	seen := p.once[key]
	if p.once == nil {
		p.once = make(map[string]bool)
	}
	p.once[key] = true
	p.mu.Unlock()
	if !seen {
		p.Warn(format, args...)
	}
}

// Reject counts and prints a rejected line. It returns the error under Strict,
// else nil.
func (p *Problems) Reject(file string, line int, why error) error {
	p.mu.Lock()
	p.rejected++
	p.mu.Unlock()
	e := &Error{file, line, why.Error()}
	if p.Strict {
		return e
	}
	p.print(e.Error())
	return nil
}

// Incomplete counts and prints an incomplete segment.
func (p *Problems) Incomplete(file string, line int, why string) {
	p.mu.Lock()
	p.incomplete++
	p.mu.Unlock()
	p.print((&Error{file, line, why}).Error())
}

// Err tells, at the end, whether the input was bad enough for the command to
// fail: a line was rejected, or a segment incomplete and not accepted.
func (p *Problems) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.rejected > 0:
		return fmt.Errorf("%s rejected", count(p.rejected, "record"))
	case p.incomplete > 0 && !p.Partial:
		return &IncompleteError{p.incomplete}
	}
	return nil
}

// IncompleteError says how many segments had no proper end.
type IncompleteError struct{ Segments int }

func (e *IncompleteError) Error() string {
	return "input incomplete: " + count(e.Segments, "segment") + " without a proper end"
}

// Hint is what a user may type next.
func (e *IncompleteError) Hint() string { return "--partial accepts what is there" }

func (p *Problems) print(s string) {
	if p.Print == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Print(s)
}

func count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
