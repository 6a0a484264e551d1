package run_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ipw/lib/run"
)

// server is a model endpoint that lists models, or answers with a status.
func server(t *testing.T, status int, models string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/v1/models" {
			t.Errorf("asked for %s %s", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, models)
	}))
	t.Cleanup(s.Close)
	return s
}

func hint(err error) string {
	var h interface{ Hint() string }
	if e, ok := err.(interface{ Hint() string }); ok {
		h = e
		return h.Hint()
	}
	return ""
}

func TestEndpointIsLookedAt(t *testing.T) {
	const listed = `{"object":"list","data":[{"id":"small","object":"model"},{"id":"m","object":"model"}]}`
	for _, c := range []struct {
		name      string
		status    int
		body      string
		err, hint string
		word      string
	}{
		{"there", 200, listed, "", "", ""},
		{"another model", 200, `{"data":[{"id":"large"}]}`, "", "", `does not list "m"; it lists large`},
		{"no list of models", 404, "not found", "", "", ""},
		{"not even an error", 200, "<html>", "", "", ""},
		{"wrong key", 401, `{"error":{"message":"no"}}`, "the model refuses the key", "export the key", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.o.Dataset, b.o.Model = b.file("tasks.jsonl", b.task("a")), "m"
			b.o.BaseURL = server(t, c.status, c.body).URL
			t.Setenv("FAKE", "any-endpoint")
			_, err := b.run(t.Context())
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(hint(err), c.hint)) {
				t.Fatalf("%v (hint %q), want %q", err, hint(err), c.err)
			}
			if words := strings.Join(b.words, "\n"); !strings.Contains(words, c.word) || c.word == "" && strings.Contains(words, "warning") {
				t.Errorf("words %q, want %q", words, c.word)
			}
			if _, err := os.Stat(b.o.OutputDir); (err == nil) != (c.err == "") {
				t.Errorf("directory: %v", err)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	b := newBench(t)
	b.o.Dataset, b.o.Model = b.file("tasks.jsonl", b.task("a")), "m"
	gone := httptest.NewServer(nil)
	gone.Close()
	b.o.BaseURL = gone.URL
	_, err := b.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the model does not answer") || !strings.Contains(hint(err), "--base-url") {
		t.Errorf("%v, hint %q", err, hint(err))
	}
	if _, err := os.Stat(b.o.OutputDir); err == nil {
		t.Error("a directory was made")
	}
	b.o.Model, b.o.BaseURL, b.o.Scorer, b.o.EvalBaseURL = "builtin", "", "judge", gone.URL
	_, err = b.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the judge does not answer") || !strings.Contains(hint(err), "--scorer exact") {
		t.Errorf("%v, hint %q", err, hint(err))
	}
}

// No key and no password is in any file of the directory.
func TestNoSecretIsWritten(t *testing.T) {
	b := newBench(t)
	b.o.Dataset, b.o.Model = b.file("tasks.jsonl", b.task("a")), "m"
	url := server(t, 200, `{"data":[{"id":"m"}]}`).URL
	b.o.BaseURL = strings.Replace(url, "http://", "http://me:hunter2@", 1)
	b.o.Getenv = func(string) string { return "sk-hunter2" }
	b.o.Args = []string{"ipw", "run", "--base-url", b.o.BaseURL, "--base-url=" + b.o.BaseURL}
	res := b.good()
	err := filepath.WalkDir(res.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("hunter2")) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if want := strings.TrimPrefix(res.Summary.Config.Endpoint, "http://"); !strings.HasPrefix(url, "http://"+strings.TrimSuffix(want, "/v1")) {
		t.Errorf("endpoint %q", res.Summary.Config.Endpoint)
	}
}

// A judge on this machine would be measured with the queries, so it is asked
// when they are over; traces.jsonl grows all the same.
func TestJudgeOnThisMachine(t *testing.T) {
	b := newBench(t)
	gate := filepath.Join(b.dir, "gate")
	b.o.Dataset = b.file("tasks.jsonl", b.task("a")+"\n"+b.task("b", "wait", gate))
	b.o.Scorer, b.o.EvalModel = "judge", "m"
	b.o.EvalBaseURL = server(t, 200, `{"data":[{"id":"m"}]}`).URL
	traces := filepath.Join(b.o.OutputDir, "run_react_builtin_tasks.jsonl", "traces.jsonl")
	seen := false
	b.o.Progress = func(run.State) {
		text, err := os.ReadFile(traces)
		if seen || err != nil || !bytes.Contains(text, []byte("\n")) {
			return
		}
		seen = true
		if len(b.judged()) > 0 {
			t.Errorf("judged %v while a query runs", b.judged())
		}
		b.file("gate", "")
	}
	res := b.good()
	b.want(res, "finished", "a/1 finished true", "b/1 finished true")
	if got := b.judged(); !slices.Equal(got, []string{"a/1", "b/1"}) {
		t.Errorf("judged %v", got)
	}
	if !seen || res.Summary.Provenance.Judging == "" || res.Summary.Config.EvalEndpoint != b.o.EvalBaseURL+"/v1" {
		t.Errorf("%v, %+v", seen, res.Summary)
	}
}

func TestScorerIsChosenBefore(t *testing.T) {
	b := newBench(t)
	b.o.Dataset, b.o.Scorer = b.file("tasks.jsonl", b.task("a")), "auto"
	if res := b.good(); res.Summary.Config.Scorer != "exact" {
		t.Errorf("without a key: %s", res.Summary.Config.Scorer)
	}
	b.o.EvalBaseURL, b.o.EvalModel, b.o.Overwrite = server(t, 200, `{"data":[{"id":"m"}]}`).URL, "m", true
	if res := b.good(); res.Summary.Config.Scorer != "judge" {
		t.Errorf("with an endpoint: %s", res.Summary.Config.Scorer)
	}
	b.o.EvalBaseURL, b.o.Dataset, b.o.MaxQueries = "", "demo", 1
	b.o.Getenv = func(name string) string {
		if name == "IPW_EVAL_API_KEY" {
			return "sk-test"
		}
		return ""
	}
	if res := b.good(); res.Summary.Config.Scorer != "exact" {
		t.Errorf("the data set's own: %s", res.Summary.Config.Scorer)
	}
}
