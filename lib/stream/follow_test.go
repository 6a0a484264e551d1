package stream

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// follower reads a followed file in a goroutine and hands over each line.
type follower struct {
	t     *testing.T
	got   chan string
	said  chan string
	stop  context.CancelFunc
	err   error // after got was closed
	probs *Problems
}

func follow(t *testing.T, path string) *follower {
	ctx, stop := context.WithCancel(t.Context())
	f := &follower{t: t, got: make(chan string), said: make(chan string, 10), stop: stop}
	f.probs = &Problems{Print: func(s string) { f.said <- s }}
	go f.run(ctx, path)
	return f
}

func (f *follower) run(ctx context.Context, path string) {
	defer close(f.got)
	in, err := Open(ctx, path, nil, true)
	if err != nil {
		f.err = err
		return
	}
	r := NewReader("s/1", f.probs, in)
	defer r.Close()
	for {
		line, err := r.Next()
		if err != nil {
			f.err = err
			return
		}
		switch line.Kind {
		case Header:
			f.got <- "header"
		case End:
			f.got <- "end " + line.Status
		default:
			f.got <- string(line.Bytes)
		}
	}
}

// want waits for lines; the time is for a machine that hangs, not for speed.
func (f *follower) want(lines ...string) {
	f.t.Helper()
	for _, want := range lines {
		select {
		case got, ok := <-f.got:
			if !ok || got != want {
				f.t.Fatalf("got %q (%v, %v), want %q", got, ok, f.err, want)
			}
		case <-time.After(20 * time.Second):
			f.t.Fatalf("nothing came, want %q", want)
		}
	}
}

func (f *follower) quiet() {
	f.t.Helper()
	select {
	case got, ok := <-f.got:
		f.t.Fatalf("got %q (%v, %v), want nothing", got, ok, f.err)
	case <-time.After(3 * pollInterval):
	}
}

// over waits for the end of the reading, which must be a proper one.
func (f *follower) over(said ...string) {
	f.t.Helper()
	select {
	case got, ok := <-f.got:
		if ok || f.err != io.EOF {
			f.t.Fatalf("got %q, %v, want the end", got, f.err)
		}
	case <-time.After(20 * time.Second):
		f.t.Fatal("does not end")
	}
	close(f.said)
	var all []string
	for s := range f.said {
		all = append(all, s)
	}
	if strings.Join(all, "|") != strings.Join(said, "|") {
		f.t.Errorf("said %q, want %q", all, said)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.jsonl")
	f := follow(t, path)
	f.quiet() // it is not there yet
	appendTo(t, path, "")
	f.quiet()
	appendTo(t, path, head+"\n"+rec(1)+"\n"+`{"t_u`)
	f.want("header", rec(1))
	f.quiet() // half a line is waited for
	appendTo(t, path, `s":2}`+"\n")
	f.want(rec(2))
	appendTo(t, path, lines(end(2), head, rec(3)))
	f.want("end ok", "header", rec(3))
	f.quiet() // an end within the file is not the last one
	appendTo(t, path, lines(end(1)))
	f.want("end ok")
	f.over()
	if f.probs.Err() != nil {
		t.Error(f.probs.Err())
	}
}

func TestFollowStopped(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"in a segment":   {lines(head, rec(1)), []string{"header", rec(1)}},
		"in a line":      {lines(head, rec(1)) + `{"t_us":`, []string{"header", rec(1)}},
		"in a header":    {head[:9], nil},
		"before a line":  {"", nil},
		"an old segment": {lines(head, end(0), head), []string{"header", "end ok", "header"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.jsonl")
			appendTo(t, path, c.text)
			f := follow(t, path)
			f.want(c.want...)
			f.stop()
			if len(c.want) > 0 {
				f.want("end open")
			}
			f.over()
			if f.probs.Err() != nil {
				t.Error(f.probs.Err())
			}
		})
	}
}

func TestFollowNeverThere(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "none"), nil, true); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestFollowReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.jsonl")
	appendTo(t, path, lines(head, rec(1)))
	f := follow(t, path)
	f.want("header", rec(1))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	appendTo(t, path+".1", lines(rec(2))) // written before its producer noticed
	f.want(rec(2))
	appendTo(t, path, lines(head, rec(3), end(1)))
	f.want("end incomplete", "header", rec(3), "end ok")
	f.over(path+":3: was replaced while it was read, going on with the new file", path+":3: incomplete: no end line in the old file")
	if f.probs.Err() == nil {
		t.Error("the old segment had no end")
	}
}

// A file that is written anew in place is noticed, be it shorter or longer now.
func TestFollowOverwritten(t *testing.T) {
	for name, more := range map[string][]string{"shorter": nil, "longer": {rec(3), rec(4), rec(5)}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.jsonl")
			appendTo(t, path, lines(head, rec(1), rec(2), rec(22222222)))
			f := follow(t, path)
			f.want("header", rec(1), rec(2), rec(22222222))
			f.quiet() // it waits for more
			all := append(append([]string{head}, more...), end(len(more)))
			if err := os.WriteFile(path, []byte(lines(all...)), 0o600); err != nil {
				t.Fatal(err)
			}
			f.want("end incomplete", "header")
			f.want(more...)
			f.want("end ok")
			f.over(path+":4: was overwritten while it was read, going on with the new file", path+":4: incomplete: no end line in the old file")
		})
	}
}

func TestFollowPacked(t *testing.T) {
	for _, suffix := range []string{".gz", ".zst"} {
		t.Run(suffix, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s"+suffix)
			w, err := Create(path, "s/1", nil)
			if err != nil {
				t.Fatal(err)
			}
			f := follow(t, path)
			f.quiet()
			if err := errors.Join(w.Header(header{"header", "s/1"}), w.Record(map[string]int{"t_us": 1})); err != nil {
				t.Fatal(err)
			}
			f.want("header", rec(1))
			if err := w.Record(map[string]int{"t_us": 2}); err != nil {
				t.Fatal(err)
			}
			f.want(rec(2))
			if err := w.End("ok", nil); err != nil {
				t.Fatal(err)
			}
			f.want("end ok")
			f.over() // although the producer has not closed it yet
			if err := errors.Join(f.probs.Err(), w.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFollowPackedStopped(t *testing.T) {
	for _, suffix := range []string{".gz", ".zst"} {
		path := filepath.Join(t.TempDir(), "s"+suffix)
		w, err := Create(path, "s/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Header(header{"header", "s/1"}); err != nil {
			t.Fatal(err)
		}
		f := follow(t, path)
		f.want("header")
		f.stop()
		f.want("end open")
		f.over()
		if err := errors.Join(f.probs.Err(), w.Close()); err != nil {
			t.Error(err)
		}
	}
}

// The open segment of a followed file is open, although another file follows.
func TestFollowTwo(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var inputs []*Input
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		appendTo(t, path, lines(head, rec(1)))
		in, err := Open(ctx, path, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, in)
	}
	got := read(new(Problems), inputs...)
	if s := strings.Join(got.lines, " "); s != `header {"t_us":1} end open header {"t_us":1} end open` || got.at != nil || got.err != nil {
		t.Errorf("%+v", got)
	}
}

// A regular file as stdin grows too.
func TestFollowStdin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.jsonl")
	appendTo(t, path, lines(head))
	stdin, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	in, err := Open(t.Context(), "-", stdin, true)
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader("s/1", new(Problems), in)
	if line, err := r.Next(); err != nil || line.Kind != Header {
		t.Fatal(line, err)
	}
	time.AfterFunc(pollInterval, func() {
		if f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err == nil {
			_, _ = f.WriteString(lines(end(0)))
			f.Close()
		}
	})
	if line, err := r.Next(); err != nil || line.Status != "ok" {
		t.Fatal(line, err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatal(err)
	}
}

// A pipe is read to its end.
func TestFollowPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := Open(t.Context(), "-", r, true)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.WriteString(w, lines(head, rec(1)))
		w.Close()
	}()
	if got := read(new(Problems), in); strings.Join(got.lines, " ") != `header {"t_us":1} end incomplete` {
		t.Errorf("%+v", got)
	}
}
