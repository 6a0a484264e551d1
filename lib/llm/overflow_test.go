package llm

import (
	"errors"
	"fmt"
	"testing"
)

func TestIsContextOverflow(t *testing.T) {
	for _, said := range []string{
		`{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}`,
		`{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}}`,
		`{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}}`,
		`{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`,
	} {
		if err := fmt.Errorf("http://h: %w", failedStatus(400, []byte(said))); !IsContextOverflow(err) {
			t.Errorf("not seen in %s", said)
		}
	}
	for _, err := range []error{nil, errors.New("prompt is too long"), failedStatus(400, []byte(`{"error":"unknown model"}`)), failedStatus(429, nil)} {
		if IsContextOverflow(err) {
			t.Errorf("seen in %v", err)
		}
	}
}
