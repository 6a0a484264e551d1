package foreign

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"ipw/lib/agent/conform"
	"ipw/lib/event"
	"ipw/lib/stream"
)

// filled adds to a record what an agent of ours knows and a log does not say,
// so that the rest can be held against what our agents promise.
func filled(line string) string {
	var m map[string]any
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		panic(err)
	}
	delete(m, "time_derived")
	add := func(name string, v any) {
		if _, ok := m[name]; !ok {
			m[name] = v
		}
	}
	switch typ := m["type"]; typ {
	case "header":
		for name, v := range map[string]any{"host": "h", "agent": "a", "model": "m", "config": map[string]any{}} {
			add(name, v)
		}
	case "end":
	default:
		add("m_us", m["t_us"])
		for name, v := range map[string]map[string]any{
			event.QueryStart: {"query_text": ""}, event.QueryEnd: {"response_text": "x"},
			event.LMStart: {"model": "m", "provider": "p", "endpoint": "http://x", "local": false}, event.LMEnd: {"attempts": 1, "input_tokens": 1, "output_tokens": 1},
			event.ToolStart: {"call_id": "c", "arguments": ""}, event.ToolEnd: {"result_tokens": 0, "result_bytes": 0},
		}[typ.(string)] {
			add(name, v)
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestConform holds the streams of logs in which an agent does one thing after
// the other against what the streams of our own agents promise.
func TestConform(t *testing.T) {
	for name, text := range map[string]string{
		"spans": otlpCases[0].text, "claude": claudeCases[0].text, "claude, tools at once": claudeCases[1].text, "codex": codexCases[0].text, "list": lines(recorderCases[0].events...),
	} {
		var b bytes.Buffer
		if err := event.Copy(stream.NewWriter(&b), NewReader(new(stream.Problems), Options{}, stream.NewInput("x", strings.NewReader(text)))); err != nil {
			t.Fatal(err)
		}
		var out []string
		for line := range strings.Lines(b.String()) {
			out = append(out, filled(line))
		}
		for _, bad := range conform.Check(strings.NewReader(lines(out...))) {
			t.Errorf("%s: %s\n%s", name, bad, b.String())
		}
	}
}
