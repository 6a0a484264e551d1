package tool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"ipw/lib/sandbox"
)

// hostBox runs commands as they are, in a folder.
type hostBox struct {
	sandbox.Box
	dir string
}

func (b hostBox) Path(name string) string { return "/box/" + name }

func (b hostBox) Exec(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	limit, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	cmd := exec.CommandContext(limit, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Stdin, cmd.WaitDelay = b.dir, c.Stdin, 100*time.Millisecond
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir}
	for k, v := range c.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	r := sandbox.Result{Stdout: stdout.String(), Stderr: stderr.String(), TimedOut: limit.Err() != nil && ctx.Err() == nil}
	if cmd.ProcessState != nil {
		r.Code = cmd.ProcessState.ExitCode()
	}
	if exited := new(exec.ExitError); errors.As(err, &exited) || r.TimedOut {
		err = nil
	}
	return r, err
}

func TestBash(t *testing.T) {
	b := Bash{hostBox{dir: t.TempDir()}}
	for _, test := range []struct{ arguments, want string }{
		{`{"command":"echo hello > f; cat f"}`, "hello"},
		{`{"command":"cat f"}`, "hello"},
		{`{"command":"true"}`, "[no output]"},
		{`{"command":"false"}`, "[exit status 1]"},
		{`{"command":"echo out; echo bad >&2; exit 3"}`, "out\n[stderr]\nbad\n[exit status 3]"},
		{`{"command":"cat"}`, "[no output]"},
		{`{"command":"  "}`, `error: the argument "command" is empty`},
		{`{"command":"ls","timeout":0}`, `error: the argument "timeout" must be a whole number from 1 to 3600`},
		{`ls`, "error: the arguments are not valid JSON"},
	} {
		if got := said(t, b, test.arguments); got != test.want && !strings.HasPrefix(got, test.want+" (") && !strings.HasPrefix(got, test.want+"; send") {
			t.Errorf("%s: %q", test.arguments, got)
		}
	}
}

// TestCut: what a command had printed before it was stopped is not lost.
func TestCut(t *testing.T) {
	late := &scriptedBox{result: sandbox.Result{Stdout: "begun\n", Stderr: "oh\n", Code: 137, TimedOut: true}}
	for _, tl := range []Tool{Bash{late}, Code{late}} {
		got := said(t, tl, `{"command":"x","code":"x","timeout":7}`)
		if got != "begun\n[stderr]\noh\nerror: stopped after 7s, and all that it had started" || late.seen.Timeout != 7*time.Second {
			t.Errorf("%s: %q, %s", tl.Name(), got, late.seen.Timeout)
		}
	}
	why := errors.New("query timeout")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	cut := &scriptedBox{result: sandbox.Result{Stdout: "begun\n", Code: 137}}
	if got, err := (Bash{cut}).Call(ctx, `{"command":"x"}`); got != "begun\n[exit status 137]" || err != why {
		t.Errorf("%q, %v", got, err)
	}
	broken := &scriptedBox{err: errors.New("no daemon")}
	if got := said(t, Bash{broken}, `{"command":"x"}`); got != "error: no daemon" {
		t.Errorf("%q", got)
	}
}

// scriptedBox answers as it is told.
type scriptedBox struct {
	sandbox.Box
	result sandbox.Result
	err    error
	seen   sandbox.Command
}

func (b *scriptedBox) Exec(_ context.Context, c sandbox.Command) (sandbox.Result, error) {
	b.seen = c
	return b.result, b.err
}

func TestCode(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3 here")
	}
	c := Code{hostBox{dir: t.TempDir()}}
	for _, test := range []struct{ arguments, want string }{
		{`{"code":"print(6*7)"}`, "42"},
		{`{"code":"x = 6\nx*7"}`, "42"},
		{`{"code":"'é'"}`, "'é'"},
		{"{\"code\":\"```python\\nprint(1)\\n```\"}", "1"},
		{`{"code":"None"}`, "[no output]"},
		{`{"code":"open('f','w').write('kept') and None"}`, "[no output]"},
		{`{"code":"print(open('f').read())\nx"}`, "kept\n[stderr]\nTraceback (most recent call last):\n  File \"<code>\", line 2, in <module>\n    x\nNameError: name 'x' is not defined\n[exit status 1]"},
		{`{"code":"import sys\nsys.exit(3)"}`, "[exit status 3]"},
		{`{"code":"if __name__ == '__main__':\n  def f(n): return 1 if n < 2 else n * f(n-1)\n  print(f(5))"}`, "120"},
	} {
		if got := said(t, c, test.arguments); got != test.want {
			t.Errorf("%s: %q", test.arguments, got)
		}
	}
	got := said(t, c, `{"code":"print(1\nx"}`)
	if !strings.Contains(got, "SyntaxError") || strings.Contains(got, "ast.py") {
		t.Errorf("%q", got)
	}
}

// TestNoPython: an image without Python is told of as such.
func TestNoPython(t *testing.T) {
	c := Code{emptyBox{hostBox{dir: t.TempDir()}}}
	if got := said(t, c, `{"code":"1"}`); got != "error: there is no Python in the sandbox" {
		t.Errorf("%q", got)
	}
}

// emptyBox has a shell and no more.
type emptyBox struct{ hostBox }

func (b emptyBox) Exec(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		return sandbox.Result{}, err
	}
	c.Args[0], c.Env = sh, map[string]string{"PATH": "/nowhere"}
	return b.hostBox.Exec(ctx, c)
}

func TestUnfenced(t *testing.T) {
	for in, want := range map[string]string{
		"x = 1":                        "x = 1",
		"```\nx = 1\n```":              "x = 1",
		"  ```py \r\nx = 1\r\n```\n":   "x = 1",
		"```python\na\n```\n```\nb```": "a\n```\n```\nb",
		"s = '''```\nx\n```'''":        "s = '''```\nx\n```'''",
	} {
		if got := unfenced(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// said is what a model is told of a call.
func said(t *testing.T, tl Tool, arguments string) string {
	t.Helper()
	text, err := tl.Call(t.Context(), arguments)
	if err != nil {
		text = strings.TrimPrefix(text+"\nerror: "+err.Error(), "\n")
	}
	return text
}
