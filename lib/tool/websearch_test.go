package tool

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// asked is a fake search engine: each answer is a status and a body.
type asked struct {
	bodies, keys []string
	answers      []string
	header       http.Header
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.bodies, a.keys = append(a.bodies, string(body)), append(a.keys, r.Header.Get("Authorization"))
	var status int
	var answer string
	fmt.Sscanf(a.answers[0], "%d", &status)
	_, answer, _ = strings.Cut(a.answers[0], " ")
	if len(a.answers) > 1 {
		a.answers = a.answers[1:]
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(status)
	io.WriteString(w, answer)
}

// RoundTrip answers without a network, so that waiting takes no time.
func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Result(), nil
}

const found = `200 {"query":"q","answer":"It is 46 m tall.","images":[],"results":[{"title":"Skell","url":"http://skell.example/","content":" A lighthouse. ","score":0.9,"raw_content":null},{"title":"Two","url":"http://two.example/","content":"Text."}],"response_time":1.2}`

func TestWebSearch(t *testing.T) {
	a := &asked{answers: []string{found}}
	server := httptest.NewServer(a)
	defer server.Close()
	tools, err := Build([]string{"web_search"}, Options{SearchURL: server.URL + "/search", SearchKey: "tvly-1"})
	if err != nil {
		t.Fatal(err)
	}
	got := said(t, tools[0], `{"query":"how tall","max_results":"2","search_depth":"advanced","include_answer":"false"}`)
	if want := "Answer: It is 46 m tall.\n\n[1] Skell\nhttp://skell.example/\nA lighthouse.\n\n[2] Two\nhttp://two.example/\nText."; got != want {
		t.Errorf("%q", got)
	}
	if a.keys[0] != "Bearer tvly-1" {
		t.Errorf("key %q", a.keys[0])
	}
	var q map[string]any
	if err := json.Unmarshal([]byte(a.bodies[0]), &q); err != nil || fmt.Sprint(q) != "map[include_answer:false max_results:2 query:how tall search_depth:advanced]" {
		t.Errorf("%v, %v", q, err)
	}
	for arguments, want := range map[string]string{
		`{}`:                                   `the argument "query" is missing`,
		`{"query":"x","search_depth":"deep"}`:  `the argument "search_depth" must be one of basic, advanced`,
		`{"query":"x","include_answer":"yes"}`: `the argument "include_answer" must be true or false`,
		`{"query":"x","max_results":0}`:        `the argument "max_results" must be a whole number from 1 to 20`,
	} {
		if got := said(t, tools[0], arguments); !strings.HasPrefix(got, "error: "+want) {
			t.Errorf("%s: %q", arguments, got)
		}
	}
}

// TestWebSearchFaults: what may pass is asked again after the time the server
// names, the rest is told at once.
func TestWebSearchFaults(t *testing.T) {
	for _, test := range []struct {
		answers []string
		want    string
		asked   int
		after   string // the Retry-After of each answer
		waited  time.Duration
	}{
		{[]string{"429 slow", "503 busy", found}, "Answer: It is", 3, "7", 14 * time.Second},
		{[]string{"500 broken", found}, "Answer: It is", 2, "soon", time.Second},
		{[]string{"500 <html>broken\x00\xff</html>"}, "error: the search was refused: 500 Internal Server Error <html>broken\x00</html>", 3, "3600", time.Minute},
		{[]string{`401 {"detail":{"error":"Unauthorized: missing or invalid API key."}}`}, "error: the search was refused: 401 Unauthorized {", 1, "7", 0},
		{[]string{"200 no JSON"}, "error: the search gave no answer that can be read", 1, "7", 0},
		{[]string{`200 {"results":[]}`}, `nothing was found for "x"`, 1, "7", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := &asked{answers: test.answers, header: http.Header{"Retry-After": {test.after}}}
			w := newWebSearch(Options{SearchURL: "http://search.example/"})
			w.client.Transport = a
			begun := time.Now()
			got := said(t, w, `{"query":"x"}`)
			if !strings.HasPrefix(got, test.want) || len(a.bodies) != test.asked || time.Since(begun) != test.waited {
				t.Errorf("%q: %q after %d and %s", test.answers, got, len(a.bodies), time.Since(begun))
			}
		})
	}
}
