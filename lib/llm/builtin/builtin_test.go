package builtin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"ipw/lib/llm"
	"ipw/lib/llm/builtin"
)

func start(t *testing.T, p builtin.Pace) string {
	t.Helper()
	url, stop, err := p.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}

func client(url string) llm.Client {
	return clientWith(url, llm.Config{Retry: llm.Retry{Sleep: func(context.Context, time.Duration) error { return nil }}})
}

func clientWith(url string, cfg llm.Config) llm.Client {
	c, err := llm.New(llm.Endpoint{Provider: llm.Builtin, BaseURL: url}, cfg)
	if err != nil {
		panic(err)
	}
	return c
}

// post sends a body as it is.
func post(t *testing.T, url, body string) (status int, header http.Header, answer string) {
	t.Helper()
	resp, err := http.Post(url+"/chat/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(raw)
}

const lighthouse = "How many metres tall is the Skell lighthouse?"

var searchTool = llm.Tool{Name: "search", Description: "search", Parameters: json.RawMessage(`{"type":"object"}`)}

func ask(problem string, tools ...llm.Tool) llm.Request {
	return llm.Request{Model: builtin.Model, Messages: []llm.Message{{Role: llm.User, Content: problem}}, Tools: tools}
}

func TestSaysWhatItIs(t *testing.T) {
	url := start(t, builtin.Pace{})
	resp, err := http.Get(url + "/models")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	list, _ := io.ReadAll(resp.Body)
	if !bytes.Contains(list, []byte(`"id":"builtin"`)) || !bytes.Contains(list, []byte("no language model")) {
		t.Errorf("/v1/models: %s", list)
	}
	for _, tools := range [][]llm.Tool{nil, {searchTool}} {
		got, err := client(url).Chat(context.Background(), ask("What is the meaning of life?", tools...), llm.Observer{})
		if err != nil || len(got.Message.ToolCalls) > 0 || !strings.Contains(got.Message.Content, "scripted model") {
			t.Errorf("an unknown problem: %+v, %v", got.Message, err)
		}
	}
}

func TestTurns(t *testing.T) {
	c := client(start(t, builtin.Pace{}))
	req := ask("Please:  \n"+strings.Replace(lighthouse, " ", "\n", 1)+" Thanks.", searchTool)
	got, err := c.Chat(context.Background(), req, llm.Observer{})
	if err != nil || got.FinishReason != "tool_calls" || len(got.Message.ToolCalls) != 1 || got.Message.ToolCalls[0].Name != "search" {
		t.Fatalf("%+v, %v", got, err)
	}
	call := got.Message.ToolCalls[0]
	if !json.Valid([]byte(call.Arguments)) || call.ID == "" || got.Message.Content == "" {
		t.Errorf("%+v", got.Message)
	}
	withResult := func(result string) string {
		again := req
		again.Messages = append(again.Messages[:1:1], got.Message, llm.Message{Role: llm.ToolRole, ToolCallID: call.ID, Content: result})
		got, err := c.Chat(context.Background(), again, llm.Observer{})
		if err != nil {
			t.Fatal(err)
		}
		return got.Message.Content
	}
	if got := withResult("[1] x: Skell lighthouse\nThe Skell lighthouse is 1234 metres tall."); !strings.HasSuffix(got, "FINAL ANSWER: 1234") {
		t.Errorf("the answer does not come from the result: %q", got)
	}
	if got := withResult("error: no corpus"); !strings.Contains(got, "FINAL ANSWER: unknown") {
		t.Errorf("after a failed search: %q", got)
	}
}

func TestWithoutTools(t *testing.T) {
	c := client(start(t, builtin.Pace{}))
	for _, req := range []llm.Request{ask(lighthouse), ask(lighthouse, llm.Tool{Name: "hammer"})} {
		got, err := c.Chat(context.Background(), req, llm.Observer{})
		if err != nil || len(got.Message.ToolCalls) != 0 || !strings.Contains(got.Message.Content, "FINAL ANSWER") || got.FinishReason != "stop" {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestBusy(t *testing.T) {
	url := start(t, builtin.Pace{})
	body := `{"model":"builtin","messages":[{"role":"user","content":"How many megawatts does the Hollow Moor wind farm give when all its turbines run at full power?"}]}`
	for i, want := range []int{429, 200, 429, 200} {
		status, header, answer := post(t, url, body)
		if status != want || want == 429 && (header.Get("Retry-After") != "1" || !strings.Contains(answer, "rate_limit_exceeded")) {
			t.Errorf("request %d: %d %v %s", i, status, header, answer)
		}
	}
}

func TestRefuses(t *testing.T) {
	url := start(t, builtin.Pace{})
	for _, test := range []struct {
		body   string
		status int
		text   string
	}{
		{`{"model":"builtin","mess`, 400, "not valid"},
		{`{"model":"builtin","messages":[]}`, 400, "empty"},
		{`{"model":"gpt-5","messages":[{"role":"user","content":"x"}]}`, 404, `scripted model, called \"builtin\"`},
	} {
		if status, _, answer := post(t, url, test.body); status != test.status || !strings.Contains(answer, test.text) {
			t.Errorf("%s: %d %s", test.body, status, answer)
		}
	}
	resp, err := http.Get(strings.TrimSuffix(url, "/v1") + "/elsewhere")
	if err != nil || resp.StatusCode != 404 {
		t.Errorf("%v, %v", resp, err)
	}
	if resp, err = http.Get(url + "/models/other"); err != nil || resp.StatusCode != 404 {
		t.Errorf("%v, %v", resp, err)
	}
	var e *llm.Error
	req := ask("x")
	req.Model = "other"
	if _, err := client(url).Chat(context.Background(), req, llm.Observer{}); !errors.As(err, &e) || e.Status != 404 {
		t.Errorf("%v", err)
	}
}

// TestStreamedAndWhole: both ways of asking give the same answer and usage, and
// the same question the same answer.
func TestStreamedAndWhole(t *testing.T) {
	url := start(t, builtin.Pace{})
	for _, problem := range []string{"Which whole number comes next: 2, 6, 12, 20, 30?", lighthouse, "How many metres taller is the Skell lighthouse than the North Cape lighthouse?", "unknown"} {
		body := `{"model":"builtin","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"` + problem + `"}]}],"tools":[{"type":"function","function":{"name":"search"}}]`
		var both []llm.Response
		for _, stream := range []string{`,"stream":true,"stream_options":{"include_usage":true}}`, `}`} {
			both = append(both, through(t, url, body+stream))
		}
		if !reflect.DeepEqual(both[0], both[1]) {
			t.Errorf("%s:\n%+v\n%+v", problem, both[0], both[1])
		}
		if u := both[0].Usage; u.Estimated || *u.OutputTokens <= 0 || *u.InputTokens <= 0 || (*u.ReasoningTokens > 0) != (both[0].Message.Reasoning != "") {
			t.Errorf("%s: usage %+v", problem, u)
		}
	}
}

// through answers the real client's request with what the server says to body.
func through(t *testing.T, url, body string) llm.Response {
	_, header, answer := post(t, url, body)
	c := clientWith("http://h/v1", llm.Config{Transport: canned{header, answer}})
	got, err := c.Chat(context.Background(), ask("x"), llm.Observer{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Message.ToolCalls {
		got.Message.ToolCalls[i].ID = "" // counts up
	}
	return got
}

type canned struct {
	header http.Header
	body   string
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: c.header, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
}

func TestLimits(t *testing.T) {
	url := start(t, builtin.Pace{})
	req := ask(lighthouse, searchTool)
	req.MaxTokens = 3
	got, err := client(url).Chat(context.Background(), req, llm.Observer{})
	if err != nil || got.FinishReason != "length" || *got.Usage.OutputTokens != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	_, _, answer := post(t, url, `{"model":"builtin","stream":true,"messages":[{"role":"user","content":"x"}]}`)
	if strings.Contains(answer, "usage") || !strings.HasSuffix(answer, "data: [DONE]\n\n") {
		t.Errorf("usage without being asked: %s", answer)
	}
	_, _, answer = post(t, url, `{"model":"builtin","tool_choice":"none","tools":[{"function":{"name":"search"}}],"messages":[{"role":"user","content":"`+lighthouse+`"}]}`)
	if strings.Contains(answer, "tool_calls") {
		t.Errorf("calls a tool that it may not: %s", answer)
	}
}

// TestStop: a server that is stopped lets nobody wait.
func TestStop(t *testing.T) {
	url, stop, err := builtin.Pace{Token: time.Hour}.Start()
	if err != nil {
		t.Fatal(err)
	}
	c := clientWith(url, llm.Config{Retry: llm.Retry{MaxTries: 1}})
	got, err := c.Chat(context.Background(), ask("x"), llm.Observer{FirstToken: func() { go stop() }})
	if err == nil || got.Message.Content == "" {
		t.Errorf("%+v, %v", got, err)
	}
	stop() // again does no harm
}

// TestPace: tokens come one by one, so that a call has a length and a first
// token.
func TestPace(t *testing.T) {
	const token = 2 * time.Millisecond
	c := client(start(t, builtin.Pace{First: 10 * time.Millisecond, Token: token}))
	began := time.Now()
	var first time.Duration
	got, err := c.Chat(context.Background(), ask("x"), llm.Observer{FirstToken: func() { first = time.Since(began) }})
	if err != nil {
		t.Fatal(err)
	}
	whole := time.Since(began)
	if least := time.Duration(*got.Usage.OutputTokens-1) * token; first < 10*time.Millisecond || whole-first < least/2 {
		t.Errorf("first token after %v, %d tokens after %v", first, *got.Usage.OutputTokens, whole)
	}
}
