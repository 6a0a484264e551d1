package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/server"
)

// TestTools: what servers offer, and what their results are.
func TestTools(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-secret")
	s := open(t, Options{MaxResult: 1000}, fake(t, "one", "well"), fake(t, "two", "paged"))
	if n := len(s.Tools()); n != len(fakeTools)+10 {
		t.Errorf("%d tools", n)
	}
	for _, name := range []string{"one__echo", "two__tool_0", "two__tool_9"} {
		x := s.find(name)
		var schema struct{ Type string }
		if err := json.Unmarshal(x.Parameters(), &schema); err != nil || schema.Type != "object" || x.Description() == "" {
			t.Errorf("%s: %s, %v, %q", name, x.Parameters(), err, x.Description())
		}
	}
	for _, test := range []struct{ name, arguments, want string }{
		{"one__echo", `{"text":"hello "}`, "hello 17"},
		{"one__echo", ``, "nothing2"},
		{"one__echo", `[1]`, `error: the arguments must be a JSON object that fits the schema {`},
		{"one__echo", `{`, `error: the arguments must be a JSON object`},
		{"two__tool_3", `{"text":"x"}`, "x12"},
		{"one__refuse", `{}`, "error: there is no such city"},
		{"one__huge", `{}`, "xxx"},
		{"one__spam", `{}`, "still here"},
		{"one__structured", `{}`, `{"a":1}`},
		{"one__mixed", `{}`, "a picture:\n[an image, image/png, 5 bytes, that cannot be shown]\n[a sound, audio/wav, 4 bytes, that cannot be played]\n" +
			"[resource a: file:///a, text/plain] the first\n[resource file:///b]\nin b\n[resource file:///c, application/zip, 3 bytes, that cannot be shown]"},
		{"one__echo", `{"text":"still "}`, "still 17"},
	} {
		if got := s.said(t.Context(), test.name, test.arguments); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s %s: %q", test.name, test.arguments, got)
		}
	}
	if got := s.said(t.Context(), "one__huge", `{}`); len(got) > 1100 || !strings.Contains(got, "bytes cut") {
		t.Errorf("%d bytes", len(got))
	}
	environment := s.said(t.Context(), "one__environment", `{}`)
	if !strings.Contains(environment, "PATH=") || !strings.Contains(environment, "GIVEN=yes") || strings.Contains(environment, "sk-secret") {
		t.Errorf("%q", environment)
	}
}

// TestDeath: a server that dies fails the calls in flight, says why, and is
// started again for the next one.
func TestDeath(t *testing.T) {
	t.Parallel()
	s := open(t, Options{}, fake(t, "f", "well"))
	for range 3 {
		got := s.said(t.Context(), "f__die", `{}`)
		if got != "error: MCP server f: it ended (exit status 7); its last words: out of memory" {
			t.Errorf("%q", got)
		}
	}
	if got := s.said(t.Context(), "f__echo", `{}`); got != "nothing2" {
		t.Errorf("%q", got)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if i == 0 {
				s.said(t.Context(), "f__die", `{}`)
			}
			if got := s.said(t.Context(), "f__echo", `{}`); got != "nothing2" && !strings.Contains(got, "it ended") {
				t.Errorf("%q", got)
			}
		})
	}
	wg.Wait()
	if got := s.said(t.Context(), "f__echo", `{}`); got != "nothing2" {
		t.Errorf("%q", got)
	}
}

// TestFlood: a server that writes without measure is ended, and started again.
func TestFlood(t *testing.T) {
	t.Parallel()
	s := open(t, Options{}, fake(t, "f", "well"))
	for name, want := range map[string]string{
		"f__flood": "error: MCP server f: it sent a message of more than 16777216 bytes, and was ended",
		"f__noise": "bytes that are no messages, and was ended",
	} {
		if got := s.said(t.Context(), name, `{}`); !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
		if got := s.said(t.Context(), "f__echo", `{}`); got != "nothing2" {
			t.Errorf("after %s: %q", name, got)
		}
	}
}

// TestHang: a call that is not answered ends after its time, the server is told
// so, and others are not held up. One that answers nothing any more is ended.
func TestHang(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Timeout: 3 * time.Second}, fake(t, "f", "well"))
	file := filepath.Join(t.TempDir(), "cancelled")
	late := make(chan string)
	go func() { late <- s.said(context.Background(), "f__hang", object(t, map[string]any{"text": file})) }()
	if got := s.said(t.Context(), "f__echo", `{}`); got != "nothing2" {
		t.Errorf("%q", got)
	}
	if got := <-late; got != "error: MCP server f: no answer within 3s" {
		t.Errorf("%q", got)
	}
	eventually(t, "the server knows", func() bool { _, err := os.Stat(file); return err == nil })

	if got := s.said(t.Context(), "f__freeze", `{}`); got != "error: MCP server f: no answer within 3s" {
		t.Errorf("%q", got)
	}
	eventually(t, "a new server", func() bool { return s.said(t.Context(), "f__echo", `{}`) == "nothing2" })
}

// TestCancel: a query that is cut is not held up by a server, and its reason is
// the error.
func TestCancel(t *testing.T) {
	s := open(t, Options{}, fake(t, "f", "well"))
	why := errors.New("query timeout")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(100*time.Millisecond, func() { cancel(why) })
	if _, err := s.find("f__hang").Call(ctx, `{}`); !errors.Is(err, why) {
		t.Error(err)
	}
	if got := s.said(t.Context(), "f__echo", `{}`); got != "nothing2" {
		t.Errorf("%q", got)
	}
}

// TestProgress: a call that makes progress may take longer.
func TestProgress(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Timeout: 4 * time.Second}, fake(t, "f", "well")) // it takes 6 s
	if got := s.said(t.Context(), "f__plod", `{}`); got != "arrived" {
		t.Errorf("%q", got)
	}
}

// TestChange: a tool that its server has no more is an error and its end is
// told; new ones are not offered in this run.
func TestChange(t *testing.T) {
	var w told
	s := open(t, Options{Say: w.say}, fake(t, "f", "well"))
	if got := s.said(t.Context(), "f__change", `{}`); got != "changed" {
		t.Errorf("%q", got)
	}
	eventually(t, "the change is seen", func() bool { return w.all() != "" })
	if got := w.all(); got != "MCP server f has changed its tools; calls of echo fail from now on" {
		t.Errorf("%q", got)
	}
	got := s.said(t.Context(), "f__echo", `{}`)
	if !strings.HasPrefix(got, `error: MCP server f has no tool "echo" any more; it has change, child, `) {
		t.Errorf("%q", got)
	}
	if len(s.Tools()) != len(fakeTools) {
		t.Errorf("%d tools", len(s.Tools()))
	}
}

// TestEnd: nothing of a server is left, whatever it has started and however it
// behaves.
func TestEnd(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), []Server{fake(t, "f", "well"), fake(t, "g", "well")}, Options{Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var pids [4]int
	for i, name := range []string{"f__child", "g__child"} {
		if n, err := fmt.Sscan(s.said(t.Context(), name, `{}`), &pids[2*i], &pids[2*i+1]); n != 2 {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(pids[2], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		eventually(t, fmt.Sprintf("process %d ends", pid), func() bool { return gone(pid) })
	}
	if got := s.said(t.Context(), "f__echo", `{}`); !strings.Contains(got, "the run is over") {
		t.Errorf("%q", got)
	}
}

// TestNoServer: a server that cannot be had is told of before the run, with
// what is known, and the others do not stay.
func TestNoServer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server Server
		want   string
	}{
		{fake(t, "bad", "dies"), "MCP server bad: it ended (exit status 3); its last words: no configuration found"},
		{Server{Name: "bad", Command: []string{"no-such-program"}}, "MCP server bad: exec: \"no-such-program\": executable file not found"},
		{Server{Name: "bad", Command: []string{"sh", "-c", "no-such-program"}}, "it ended (exit status 127); its last words: "},
		{Server{Name: "bad", Command: []string{"true"}}, "MCP server bad: it ended (exit status 0)"},
		{Server{Name: "bad", URL: "http://user:secret@127.0.0.1:1/mcp"}, "MCP server bad: dial tcp 127.0.0.1:1: connect"},
	} {
		_, err := Open(t.Context(), []Server{test.server, fake(t, "good", "well")}, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), test.want) && !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v", test.server, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := Open(ctx, []Server{fake(t, "mute", "mute")}, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	disabled := fake(t, "bad", "dies")
	disabled.Disabled = true
	if s, err := Open(t.Context(), []Server{disabled}, Options{}); err != nil || len(s.Tools()) != 0 {
		t.Error(err)
	}
}

// TestHTTP: the same tools over both of the protocol's ways through the web,
// with the headers of the server, also after it was started anew.
func TestHTTP(t *testing.T) {
	t.Parallel()
	for _, sse := range []bool{false, true} {
		t.Run(fmt.Sprintf("sse %v", sse), func(t *testing.T) {
			var mu sync.Mutex
			var web http.Handler
			site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				now := web
				mu.Unlock()
				if r.Header.Get("Authorization") != "Bearer tok" {
					http.Error(w, "who are you?", http.StatusUnauthorized)
					return
				}
				now.ServeHTTP(w, r)
			}))
			site.Start()
			defer site.Close()
			defer site.CloseClientConnections()
			begin := func() {
				mu.Lock()
				defer mu.Unlock()
				if sse {
					web = server.NewSSEServer(newFake(), server.WithBaseURL(site.URL))
				} else {
					web = server.NewStreamableHTTPServer(newFake())
				}
			}
			begin()
			path := map[bool]string{false: "/mcp", true: "/sse"}[sse]
			address := Server{Name: "w", URL: site.URL + path, SSE: sse}
			if _, err := Open(t.Context(), []Server{address}, Options{}); err == nil || !strings.Contains(err.Error(), "401") && !strings.Contains(err.Error(), "authoriz") {
				t.Errorf("without a header: %v", err)
			}
			address.Headers = map[string]string{"Authorization": "Bearer tok"}
			s := open(t, Options{Timeout: 5 * time.Second}, address)
			for _, call := range [][2]string{
				{"w__echo", "nothing2"}, {"w__refuse", "error: there is no such city"}, {"w__huge", "xxx"}, {"w__flood", "error: MCP server w: "},
			} {
				if got := s.said(t.Context(), call[0], `{}`); !strings.HasPrefix(got, call[1]) {
					t.Errorf("%s: %q", call[0], got)
				}
			}
			site.CloseClientConnections()
			begin() // with none of the sessions of before
			eventually(t, "a new session", func() bool { return s.said(t.Context(), "w__echo", `{}`) == "nothing2" })
		})
	}
}
