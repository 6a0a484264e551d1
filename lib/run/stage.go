package run

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stage is one process of the pipeline.
type stage struct {
	name   string // as errors call it: ipw-agent
	args   []string
	cmd    *exec.Cmd
	stdout *os.File // the reading end, nil if its output goes elsewhere
	words  *lastWords

	isSampler bool
	done      chan struct{} // closed when it has ended
	err       error         // how, valid after done
}

// startStage starts argv with its output on a pipe. say gets every line of its
// stderr.
func startStage(argv []string, stdin *os.File, say func(string)) (*stage, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &stage{name: baseName(argv[0]), args: argv, stdout: r, done: make(chan struct{}), words: &lastWords{say: say}}
	s.cmd = exec.Command(argv[0], argv[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = w, s.words
	if stdin != nil {
		s.cmd.Stdin = stdin
	}
	s.cmd.WaitDelay = 2 * time.Second // a grandchild may hold stderr open
	ownGroup(s.cmd)
	err = s.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	go func() {
		s.err = s.cmd.Wait()
		if errors.Is(s.err, exec.ErrWaitDelay) {
			s.err = nil
		}
		s.words.flush()
		close(s.done)
	}()
	return s, nil
}

// interrupt asks the process, and nothing it started, to end well.
func (s *stage) interrupt() { _ = signalProcess(s.cmd.Process, syscall.SIGINT) }

// kill ends the stage and what it started at once.
func (s *stage) kill() {
	if !s.over() {
		_ = signalGroup(s.cmd.Process, syscall.SIGKILL)
	}
}

func (s *stage) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// wait returns how the stage ended.
func (s *stage) wait() error {
	<-s.done
	return s.err
}

// code is the exit status, 128+n if a signal ended it; valid after done.
func (s *stage) code() int { return exitCode(s.cmd.ProcessState) }

func exitCode(p *os.ProcessState) int {
	if p == nil {
		return 1
	}
	if ws, ok := p.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return p.ExitCode()
}

// StageError is a stage that failed.
type StageError struct {
	Name  string
	How   string   // exit status 3, signal: killed
	Words []string // the last lines of its stderr
	Code  int      // its exit status
}

func (e *StageError) Error() string {
	s := e.Name + " failed: " + e.How
	if len(e.Words) > 0 {
		s += "; its last words:\n    " + strings.Join(e.Words, "\n    ")
	}
	return s
}

// Usage tells that the stage was called wrongly. A Go program that panics has
// the same exit status.
func (e *StageError) Usage() bool {
	return e.Code == 2 && !slices.ContainsFunc(e.Words, func(s string) bool { return strings.Contains(s, ".go:") })
}

// failure describes how the stage ended, for a stage that should not have.
func (s *stage) failure(how string) error {
	<-s.done
	if s.err != nil {
		how = s.err.Error()
	}
	return &StageError{Name: s.name, How: how, Words: s.words.last(), Code: s.code()}
}

// lastWords passes lines on and keeps the latest.
type lastWords struct {
	say func(string)

	mu    sync.Mutex
	part  []byte
	lines []string
}

const keepWords = 5

func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.part = append(w.part, p...)
	for {
		i := bytes.IndexByte(w.part, '\n')
		if i < 0 {
			break
		}
		w.line(string(w.part[:i]))
		w.part = w.part[i+1:]
	}
	if len(w.part) > 1<<16 { // no line is that long
		w.line(string(w.part))
		w.part = nil
	}
	return len(p), nil
}

func (w *lastWords) line(s string) {
	s = strings.TrimRight(s, "\r")
	if w.lines = append(w.lines, s); len(w.lines) > keepWords {
		w.lines = w.lines[1:]
	}
	if w.say != nil {
		w.say(s)
	}
}

func (w *lastWords) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.part) > 0 {
		w.line(string(w.part))
		w.part = nil
	}
}

func (w *lastWords) last() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.lines...)
}

func baseName(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[i+1:]
	}
	return path
}

// runStage runs a stage that is no part of the pipe: to its end, its output
// thrown away. stdin nil is none.
func runStage(argv []string, stdin []byte, say func(string)) error {
	var in *os.File
	if stdin != nil {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		go func() {
			_, _ = w.Write(stdin) // it may not want all of it
			w.Close()
		}()
		in = r
	}
	s, err := startStage(argv, in, say)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, s.stdout)
	s.stdout.Close()
	if s.wait() != nil {
		return s.failure("")
	}
	return nil
}
