package mcp

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mark3labs/mcp-go/client/transport"
)

// process is a server that ipw started. It has a process group of its own: the
// terminal's Ctrl-C does not reach it, and its children end with it.
type process struct {
	cmd    *exec.Cmd
	stdin  *os.File
	io     transport.Interface
	words  tail          // the last that it said on stderr
	silent chan struct{} // closed when no more answers will come
	hush   sync.Once
	why    error // of the silence, if that was not the process's end
	exited chan struct{}
	status error
}

const (
	exitTime  = 2 * time.Second        // from the end of its input, and from SIGTERM
	writeTime = 10 * time.Second       // for a server to take a request
	holdTime  = 500 * time.Millisecond // for its children to let go of stderr
)

func startProcess(s Server) (*process, error) {
	p := &process{silent: make(chan struct{}), exited: make(chan struct{})}
	p.cmd = exec.Command(s.Command[0], s.Command[1:]...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr, p.cmd.WaitDelay = s.Dir, environment(s.Env), &p.words, holdTime
	ownGroup(p.cmd)
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		theirIn.Close()
		in.Close()
		return nil, err
	}
	p.cmd.Stdin, p.cmd.Stdout, p.stdin = theirIn, theirOut, in
	err = p.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	p.io = transport.NewIO(newMessages(out, p.silence), requests{p}, io.NopCloser(strings.NewReader("")))
	go p.wait(out)
	return p, nil
}

// environment is all that a server is told: keys of models are none of its
// business.
func environment(more map[string]string) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range more {
		env = append(env, name+"="+value)
	}
	return env
}

func (p *process) wait(out *os.File) {
	p.status = p.cmd.Wait()
	killGroup(p.cmd) // what it leaves behind holds stdout open
	close(p.exited)
	<-p.silent
	out.Close()
}

// kill ends the process, and who waits for its answers is told why.
func (p *process) kill(why error) { p.silence(why) }

// silence is told when no message will come any more, and what was wrong if
// something was: then the process is ended.
func (p *process) silence(why error) {
	p.hush.Do(func() {
		p.why = why
		close(p.silent)
	})
	if why != nil {
		killGroup(p.cmd)
	}
}

func (p *process) transport() transport.Interface { return p.io }

func (p *process) alive() bool {
	select {
	case <-p.silent:
		return false
	case <-p.exited:
		return false
	default:
		return true
	}
}

// obituary says how the process ended, if it has, and its last words.
func (p *process) obituary(err error) error {
	select {
	case <-p.silent:
	default:
		if errors.Is(err, transport.ErrTransportClosed) {
			break
		}
		return p.quote(err)
	}
	if p.why != nil {
		return p.why
	}
	select {
	case <-p.exited:
	case <-time.After(exitTime):
		return p.quote(errors.New("it closed its output"))
	}
	if p.status == nil {
		return p.quote(errors.New("it ended (exit status 0)"))
	}
	return p.quote(fmt.Errorf("it ended (%w)", p.status))
}

func (p *process) quote(err error) error {
	if words := p.words.String(); words != "" {
		return fmt.Errorf("%w; its last words: %s", err, words)
	}
	return err
}

// close ends the process: by the end of its input, else by SIGTERM, else by
// SIGKILL; and then whatever it has started.
func (p *process) close() error {
	p.stdin.Close()
	defer p.silence(nil)
	defer killGroup(p.cmd)
	for _, end := range []func(){func() {}, func() { endGroup(p.cmd) }, func() { killGroup(p.cmd) }} {
		end()
		select {
		case <-p.exited:
			return nil
		case <-time.After(exitTime):
		}
	}
	return fmt.Errorf("process %d did not end", p.cmd.Process.Pid)
}

// requests is the way to the process. One that takes nothing is ended, which
// also ends who waits for its answers.
type requests struct{ p *process }

func (r requests) Write(b []byte) (int, error) {
	err := r.p.stdin.SetWriteDeadline(time.Now().Add(writeTime))
	if err == nil {
		_, err = r.p.stdin.Write(b)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.p.silence(fmt.Errorf("it took no request for %s, and was ended", writeTime))
	case errors.Is(err, os.ErrClosed):
		return 0, err
	case err != nil && !errors.Is(err, syscall.EPIPE): // a broken pipe is the process's end, of which wait tells
		r.p.silence(err)
	}
	return len(b), nil
}

func (r requests) Close() error { return r.p.stdin.Close() }
