package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ipw/lib/llm"
	"ipw/lib/llm/hostile"
)

var protocols = []llm.Protocol{llm.ChatCompletions, llm.Messages, llm.GenerateContent}

// TestFaults lives through everything that can go wrong, in every protocol.
func TestFaults(t *testing.T) {
	s := hostile.Start()
	t.Cleanup(s.Close)
	for _, protocol := range protocols {
		for _, f := range hostile.Faults {
			t.Run(fmt.Sprintf("%s/%s", protocol, f.Name), func(t *testing.T) {
				t.Parallel()
				cfg := llm.Config{}
				if f.Slow {
					cfg.IdleTimeout = 500 * time.Millisecond
				}
				c, err := llm.New(llm.Endpoint{Protocol: protocol, Provider: "test", BaseURL: s.URL + "/v1"}, cfg)
				if err != nil {
					t.Fatal(err)
				}
				survive(t, c, f, protocol)
			})
		}
	}
}

func survive(t *testing.T, c *llm.Caller, f hostile.Fault, protocol llm.Protocol) {
	var retries []string
	first := 0
	obs := llm.Observer{FirstToken: func() { first++ }, Retry: func(class string, _ time.Duration, _ error) { retries = append(retries, class) }}
	req := llm.Request{Model: f.Name, Messages: []llm.Message{{Role: llm.System, Content: "be good"}, {Role: llm.User, Content: "how are you?"}},
		Tools: []llm.Tool{{Name: "calculator", Description: "It calculates.", Parameters: json.RawMessage(`{"type":"object"}`)}}}
	got, err := c.Chat(context.Background(), req, obs)
	var e *llm.Error
	switch f.Outcome {
	case hostile.Fatal:
		if !errors.As(err, &e) || e.Class != f.Class || retries != nil || llm.IsContextOverflow(err) != (f.Class == llm.ContextOverflow) {
			t.Fatalf("error %v, retries %q", err, retries)
		}
		return
	case hostile.Retried:
		if err != nil || !slices.Equal(retries, []string{f.Class}) || got.Attempts != 2 {
			t.Fatalf("%v; retries %q, want one of class %q", err, retries, f.Class)
		}
		if f.Begun != (got.Usage.Estimated || *got.Usage.InputTokens > hostile.Input) && f.Class != llm.Empty {
			t.Errorf("the tokens of the failed try: %d in, %d out, estimated %v", *got.Usage.InputTokens, *got.Usage.OutputTokens, got.Usage.Estimated)
		}
	case hostile.Answered:
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(got.Message.ToolCalls); n > 0 {
		callBack(t, c, req, got)
		return
	}
	if got.Message.Content != hostile.Answer || got.FinishReason != "stop" || first != 1 {
		t.Errorf("%+v, first token told %d times", got, first)
	}
	if estimated := f.Name == "no-usage"; !f.Begun && got.Usage.Estimated != estimated {
		t.Errorf("estimated %v, want %v", got.Usage.Estimated, estimated)
	}
	if f.Outcome == hostile.Answered && f.Name != "no-usage" && retries == nil && (*got.Usage.InputTokens != hostile.Input || *got.Usage.OutputTokens != hostile.Output) {
		t.Errorf("%d in, %d out", *got.Usage.InputTokens, *got.Usage.OutputTokens)
	}
}

// callBack answers the calls and expects the conversation to go on.
func callBack(t *testing.T, c *llm.Caller, req llm.Request, got llm.Response) {
	ids := make(map[string]bool)
	req.Messages = append(req.Messages, got.Message)
	for _, call := range got.Message.ToolCalls {
		if call.ID == "" || ids[call.ID] {
			t.Errorf("the id %q of a call is nobody's or another's", call.ID)
		}
		ids[call.ID] = true
		req.Messages = append(req.Messages, llm.Message{Role: llm.ToolRole, ToolCallID: call.ID, Name: call.Name, Content: "2"})
	}
	req.Tools = nil
	if got, err := c.Chat(context.Background(), req, llm.Observer{}); err != nil || got.Message.Content != hostile.Answer {
		t.Errorf("after the calls: %+v, %v", got, err)
	}
}
