// Package conform tests what every box promises, whatever it is made of.
package conform

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipw/lib/sandbox"
)

// Test tests the boxes of sb. spec gives what the sandbox needs, such as an
// image; a workspace is added to it.
func Test(t *testing.T, sb sandbox.Sandbox, spec sandbox.Spec) {
	spec.Label, spec.Workspace = "conform", t.TempDir()
	spec.Env = map[string]string{"OF_BOX": "b"}
	t.Setenv("OF_HOST", "secret")
	b, err := sb.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Errorf("closed twice: %v", err)
		}
	}()
	if err := b.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	x := box{b, spec}
	t.Run("exec", x.exec)
	t.Run("environment", x.environment)
	t.Run("workspace", x.workspace)
	t.Run("output", x.output)
	t.Run("background", x.background)
	t.Run("timeout", x.timeout)
	t.Run("cancel", x.cancel)
	t.Run("copy", x.copy)
	t.Run("terminal", x.terminal)
	t.Run("interrupt", x.interrupt)
}

type box struct {
	sandbox.Box
	spec sandbox.Spec
}

func (b box) run(t *testing.T, c sandbox.Command) sandbox.Result {
	t.Helper()
	r, err := b.Exec(t.Context(), c)
	if err != nil {
		t.Fatalf("%q: %v", c.Args, err)
	}
	return r
}

func (b box) sh(t *testing.T, script string) string {
	t.Helper()
	r := b.run(t, sandbox.Command{Args: []string{"sh", "-c", script}})
	if r.Code != 0 {
		t.Fatalf("%s: status %d: %s", script, r.Code, r.Stderr)
	}
	return r.Stdout
}

func (b box) exec(t *testing.T) {
	r := b.run(t, sandbox.Command{
		Args:  []string{"sh", "-c", `cat; echo "$1" >&2; exit 7`, "sh", "it's \"quoted\" $HOME"},
		Stdin: strings.NewReader("typed\n"),
	})
	if r != (sandbox.Result{Stdout: "typed\n", Stderr: "it's \"quoted\" $HOME\n", Code: 7}) {
		t.Errorf("%+v", r)
	}
	if r := b.run(t, sandbox.Command{Args: []string{"sh", "-c", "kill -TERM $$"}}); r.Code != 128+15 {
		t.Errorf("a killed command has status %d", r.Code)
	}
	// one that reads nothing does not wait for its input
	b.run(t, sandbox.Command{Args: []string{"true"}, Stdin: strings.NewReader(strings.Repeat("x", 1<<20))})
	r, err := b.Exec(t.Context(), sandbox.Command{Args: []string{"no-such-command"}})
	if err == nil && r.Code != 127 && r.Code != 126 && r.Code != 1 {
		t.Errorf("a command that is not there: %+v", r)
	}
}

func (b box) environment(t *testing.T) {
	r := b.run(t, sandbox.Command{Args: []string{"sh", "-c", `echo "$OF_HOST,$OF_BOX,$OF_COMMAND"; cd "$HOME" && : >made && rm made`},
		Env: map[string]string{"OF_COMMAND": "c"}})
	if r.Stdout != ",b,c\n" || r.Code != 0 {
		t.Errorf("%+v", r)
	}
}

func (b box) workspace(t *testing.T) {
	if err := os.WriteFile(filepath.Join(b.spec.Workspace, "in"), []byte("from outside"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := b.sh(t, "cat in; mkdir -p sub; echo from inside >sub/out; pwd"); got != "from outside"+b.Path("")+"\n" {
		t.Errorf("%q", got)
	}
	if got, err := os.ReadFile(filepath.Join(b.spec.Workspace, "sub/out")); string(got) != "from inside\n" {
		t.Errorf("%q, %v", got, err)
	}
	if r := b.run(t, sandbox.Command{Args: []string{"cat", "out"}, Dir: b.Path("sub")}); r.Stdout != "from inside\n" {
		t.Errorf("%+v", r)
	}
	info, err := os.Stat(filepath.Join(b.spec.Workspace, "sub/out"))
	if err != nil || !owned(info) {
		t.Errorf("a file made inside belongs to another outside: %v", err)
	}
}

func (b box) output(t *testing.T) {
	r := b.run(t, sandbox.Command{
		Args:      []string{"sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo end >&2"},
		MaxOutput: 1000,
	})
	if len(r.Stdout) > 1100 || !strings.HasPrefix(r.Stdout, "line 0\n") || !strings.HasSuffix(r.Stdout, "line 19999\n") ||
		!strings.Contains(r.Stdout, "bytes cut]") || r.Stderr != "end\n" {
		t.Errorf("%+v", r)
	}
}

// background: a command ends with its first process; what it left behind does
// not hold it up.
func (b box) background(t *testing.T) {
	begun := time.Now()
	if got := b.sh(t, "sleep 500 & echo done"); got != "done\n" {
		t.Errorf("%q", got)
	}
	if time.Since(begun) > 100*time.Second {
		t.Error("it waited for the background")
	}
}

// stubborn starts every kind of child that outlives a kill of its parent or of
// its group. Each writes into its file twice a second.
const stubborn = `beat() { while :; do echo x >>"$1"; sleep 0.1; done; }
trap '' TERM INT HUP
beat plain & (beat orphan &)
f='while :; do echo x >>"$0"; sleep 0.1; done'
setsid sh -c "$f" session & (setsid sh -c "$f" daemon >/dev/null 2>&1 </dev/null &)
echo started; beat main`

var hearts = []string{"plain", "orphan", "session", "daemon", "main"}

// silent tests that all of stubborn's processes ran, and that none does now.
func (b box) silent(t *testing.T, dir string) {
	t.Helper()
	size := func() (all string) {
		for _, name := range hearts {
			info, err := os.Stat(filepath.Join(b.spec.Workspace, dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all += fmt.Sprintln(name, info.Size())
		}
		return all
	}
	before := size()
	time.Sleep(500 * time.Millisecond)
	if after := size(); after != before {
		t.Errorf("still alive:\n%s\nbefore:\n%s", after, before)
	}
}

// alive waits until all of stubborn's processes run.
func (b box) alive(dir string) {
	for range 3000 {
		n := 0
		for _, name := range hearts {
			if _, err := os.Stat(filepath.Join(b.spec.Workspace, dir, name)); err == nil {
				n++
			}
		}
		if n == len(hearts) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (b box) timeout(t *testing.T) {
	b.sh(t, "mkdir late")
	for _, limit := range []time.Duration{time.Second, 4 * time.Second, 20 * time.Second} {
		r := b.run(t, sandbox.Command{Args: []string{"sh", "-c", stubborn}, Dir: b.Path("late"), Timeout: limit})
		if !r.TimedOut || r.Code != 128+9 {
			t.Errorf("%+v", r)
		}
		if entries, _ := os.ReadDir(filepath.Join(b.spec.Workspace, "late")); len(entries) == len(hearts) {
			if r.Stdout != "started\n" {
				t.Errorf("%+v", r)
			}
			break // a loaded machine may need the longer limit
		}
	}
	b.silent(t, "late")
}

func (b box) cancel(t *testing.T) {
	b.sh(t, "mkdir cut")
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go func() {
		b.alive("cut")
		cancel(enough)
	}()
	_, err := b.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", stubborn}, Dir: b.Path("cut")})
	if !errors.Is(err, enough) {
		t.Errorf("error %v", err)
	}
	b.silent(t, "cut")
}

func (b box) copy(t *testing.T) {
	var in bytes.Buffer
	w := tar.NewWriter(&in)
	w.WriteHeader(&tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o755})
	w.WriteHeader(&tar.Header{Name: "d/run", Typeflag: tar.TypeReg, Mode: 0o755, Size: 18})
	io.WriteString(w, "#!/bin/sh\necho ran")
	w.Close()
	if err := b.CopyIn(t.Context(), "/tmp/made for it", &in); err != nil {
		t.Fatal(err)
	}
	if got := b.sh(t, "'/tmp/made for it/d/run'"); got != "ran\n" {
		t.Errorf("%q", got)
	}
	out, err := b.CopyOut(t.Context(), "/tmp/made for it/d")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	names := map[string]string{}
	r := tar.NewReader(out)
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r)
		names[strings.TrimSuffix(h.Name, "/")] = string(text)
	}
	if names["d/run"] != "#!/bin/sh\necho ran" {
		t.Errorf("%q", names)
	}
	out, err = b.CopyOut(t.Context(), "/no/such/path")
	if err == nil {
		_, err = io.ReadAll(out)
		out.Close()
	}
	if err == nil {
		t.Error("a path that is not there can be copied out")
	}
	b.sh(t, "rm -r '/tmp/made for it'")
}

// terminal: a shell on a terminal of the size asked for, that is typed at.
func (b box) terminal(t *testing.T) {
	p, err := b.Start(t.Context(), sandbox.Command{Args: []string{"sh"}, Cols: 133, Rows: 41})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s := screen{t: t, p: p}
	s.typed("stty size; [ -t 0 ] && echo is a termi''nal\n")
	s.until("41 133")
	s.until("is a terminal")
	s.typed("cd sub; x=5\n")
	s.typed("echo $x $(cat out); exit 3\n")
	s.until("5 from inside")
	if code, err := p.Wait(); code != 3 || err != nil {
		t.Errorf("status %d, %v; %q", code, err, s.text)
	}
	if rest, err := io.ReadAll(p); err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// interrupt: Ctrl-C, a signal, and the end of what still runs.
func (b box) interrupt(t *testing.T) {
	p, err := b.Start(t.Context(), sandbox.Command{Args: []string{"sh"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s := screen{t: t, p: p}
	s.typed("trap 'echo caught it' INT; (trap - INT; echo asle''ep; exec sleep 500)\n")
	s.until("asleep")
	s.typed("\x03")
	s.until("caught it")
	s.typed("sleep 500; echo status''=$?\n")
	s.typed("\x1a") // nothing is said of job control: sh may have none
	if err := p.Signal("KILL"); err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(); code != 128+9 || err != nil {
		t.Errorf("status %d, %v", code, err)
	}
	if err := p.Signal("NONSENSE"); err == nil {
		t.Error("there is a signal NONSENSE")
	}

	b.sh(t, "mkdir -p left")
	q, err := b.Start(t.Context(), sandbox.Command{Args: []string{"sh", "-c", stubborn}, Dir: b.Path("left")})
	if err != nil {
		t.Fatal(err)
	}
	b.alive("left")
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	b.silent(t, "left")
}

// screen is what a terminal has printed so far.
type screen struct {
	t    *testing.T
	p    sandbox.Process
	text string
}

func (s *screen) typed(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.p, keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) until(word string) {
	s.t.Helper()
	buf := make([]byte, 4096)
	for !strings.Contains(s.text, word) {
		n, err := s.p.Read(buf)
		s.text += string(buf[:n])
		if err != nil {
			s.t.Fatalf("%q does not come: %v; %q", word, err, s.text)
		}
	}
}
