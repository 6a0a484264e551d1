package llm

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

var chunks = []string{
	`{"id":"x","choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}`,
	`{"choices":[{"index":0,"delta":{"content":"wörd \n\u00e4"},"finish_reason":null}],"usage":null}`,
	`{"choices":[{"delta":{"reasoning_content":"hm","reasoning":"hm"}},{"index":1,"delta":{"content":"b"},"finish_reason":"stop"}]}`,
	`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":"}}]}}]}`,
	`{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":{"a":1}}}]},"finish_reason":"tool_calls"}]}`,
	`{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2},"error":null,"timings":null}`,
	`{"choices":[{"delta":{"content":[{"type":"text","text":"a"}]}}]}`,
	`{"choices":[{"message":{"content":"a"}}]}`,
	`{"choices":null,"timings":{"cache_n":3}}`,
	`{"error":{"message":"no"}}`,
	`{"choices":[{"index":"0"}]}`,
	`{"choices":[{"delta":{"content":"a"}}`,
	`{"choices":{}}`,
	`[]`, `1`, ``,
}

// TestScanChunk: what is scanned is what encoding/json reads, and the usual
// chunks are scanned.
func TestScanChunk(t *testing.T) {
	for i, text := range chunks {
		var k chunk
		if scanned := k.scan([]byte(text)); scanned != (i < 6) {
			t.Errorf("%s: scanned %v", text, scanned)
		}
	}
}

func repeats(data []byte) bool {
	for _, key := range []string{"choices", "index", "delta", "content", "tool_calls", "usage", "finish_reason", "reasoning", "refusal", "error", "timings", "x_groq", "message", "function"} {
		if bytes.Count(data, []byte(`"`+key)) > 1 {
			return true
		}
	}
	return false
}

func FuzzScanChunk(f *testing.F) {
	for _, text := range chunks {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var k, want chunk
		if bytes.ContainsAny(data, "\\ABCDEFGHIJKLMNOPQRSTUVWXYZ") || repeats(data) || !k.scan(data) {
			return // encoding/json takes keys in any case, and merges values of equal ones
		}
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("%s: scanned, and no chunk: %v", data, err)
		}
		if len(k.Choices) == 0 && len(want.Choices) == 0 {
			k.Choices, want.Choices = nil, nil
		}
		if string(k.Usage) == "null" {
			k.Usage, want.Usage = nil, nil
		}
		if string(want.Error) == "null" {
			want.Error = nil
		}
		if !reflect.DeepEqual(k, want) {
			t.Fatalf("%s:\nscanned %+v\nread    %+v", data, k, want)
		}
	})
}
