package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript" // one txtar script per behaviour

	"ipw/lib/agent"
	"ipw/lib/agent/conform"
	"ipw/lib/event"
	"ipw/lib/llm/hostile"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ipw-agent": main, "mcp-server": serveTools})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			e := newEndpoint()
			env.Defer(e.Close)
			env.Values["endpoint"] = e
			for _, v := range []string{"OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY", "TAVILY_API_KEY"} {
				env.Setenv(v, "")
			}
			env.Setenv("URL", e.URL)
			h := hostile.Start()
			env.Defer(h.Close)
			env.Setenv("HOSTILE", h.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"conform": checkFile,
			"heal": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Value("endpoint").(*endpoint).healed.Store(true)
			},
			"count":  count,
			"faults": writeFaults,
			"lived":  checkLived,
			"meter":  meter,
		},
	})
}

// meter has a power stream of 1000 W grow in a file until the script ends:
// meter FILE
func meter(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		defer f.Close()
		fmt.Fprintln(f, `{"type":"header","schema":"ipw.power/1","host":"h","t_us":1,"interval_us":20000,"domains":[{"id":"gpu:0","kind":"gpu","energy":"counter","power":"none"}]}`)
		for begun := time.Now(); ; {
			now := time.Now()
			fmt.Fprintf(f, `{"t_us":%d,"j":[%d]}`+"\n", now.UnixMicro(), now.Sub(begun).Milliseconds())
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	ts.Defer(func() {
		close(stop)
		<-stopped
	})
}

// checkFile checks event streams: conform FILE…
func checkFile(ts *testscript.TestScript, neg bool, files []string) {
	for _, f := range files {
		wrong := conform.Check(strings.NewReader(ts.ReadFile(f)))
		if (len(wrong) > 0) != neg {
			ts.Fatalf("%s: %s", f, strings.Join(wrong, "\n"))
		}
	}
}

// count counts the lines of a file that hold every one of some texts: count N
// FILE TEXT…
func count(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
lines:
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		for _, text := range args[2:] {
			if !strings.Contains(line, text) {
				continue lines
			}
		}
		n++
	}
	if strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d lines of %s hold %q, want %s", n, args[1], args[2:], args[0])
	}
}

// TestProgress looks at the line a terminal shows.
func TestProgress(t *testing.T) {
	totals := agent.Totals{Open: 2, Kept: 3, Reasons: map[string]int{event.Finished: 4, event.Failed: 1}}
	for total, want := range map[int]string{
		18: "8/18 queries, 2 running, 1 in error, 30 a minute, 20s left",
		8:  "8/8 queries, 2 running, 1 in error, 30 a minute",
		-1: "8 queries, 2 running, 1 in error, 30 a minute",
	} {
		if got := render(totals, total, 10*time.Second); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := render(agent.Totals{Open: 1}, 5, 0); got != "0/5 queries, 1 running" {
		t.Errorf("at the start: %q", got)
	}
}
