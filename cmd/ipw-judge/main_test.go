package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"ipw-judge": main}) }

// Scripts find a judge at $JUDGE and one that nobody may ask at $NOBODY.
func TestScripts(t *testing.T) {
	judge := httptest.NewServer(http.HandlerFunc(reply))
	t.Cleanup(judge.Close)
	nobody := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the judge was asked") }))
	t.Cleanup(nobody.Close)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("JUDGE", judge.URL)
			e.Setenv("NOBODY", nobody.URL)
			return nil
		},
	})
}

var (
	secret = regexp.MustCompile(`<response (\w+)>`)
	busy   atomic.Int64
)

// reply is a judge that says what the response tells it to, in a script's words.
func reply(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Messages []struct{ Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Messages) == 0 {
		http.Error(w, "no messages", http.StatusBadRequest)
		return
	}
	prompt := body.Messages[len(body.Messages)-1].Content
	id := ""
	if m := secret.FindStringSubmatch(prompt); m != nil {
		id = m[1]
	}
	verdict := func(correct bool) string {
		return fmt.Sprintf(`{"id":%q,"explanation":"so","correct":%v}`, id, correct)
	}
	text := verdict(false)
	switch {
	case strings.Contains(prompt, "judge this right"):
		text = verdict(true)
	case strings.Contains(prompt, "judge this with garbage"):
		text = "no idea"
	case strings.Contains(prompt, "be busy first") && busy.Add(1) == 1:
		w.Header().Set("Retry-After", "0")
		http.Error(w, "busy", http.StatusTooManyRequests)
		return
	case strings.Contains(prompt, "be busy first"):
		text = verdict(true)
	case strings.Contains(prompt, "refuse this"):
		http.Error(w, `{"error":{"message":"no such model"}}`, http.StatusNotFound)
		return
	case strings.Contains(prompt, "repeat this"):
		text = prompt + "\nAll this is no answer. " + verdict(false)
	}
	content, _ := json.Marshal(text)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"choices":[{"message":{"role":"assistant","content":%s},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3}}`, content)
}
