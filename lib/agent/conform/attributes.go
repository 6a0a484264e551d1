package conform

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ipw/lib/event"
)

// An attribute is name:kind, with a ? behind it if it may be absent. Kinds:
// s a string with something in it, t any text, c a text cut at 16 KiB,
// b a boolean, n a count, f a number not below zero, o an object.
var attributes = map[string]string{
	event.QueryStart:   "workload_type:s query_text:t reference:t? metadata:o?",
	event.QueryEnd:     "response_text:t completed:b timed_out:b reason:s error:c?",
	event.SetupStart:   "what:s",
	event.SetupEnd:     "error:c?",
	event.ScoringStart: "what:s",
	event.ScoringEnd:   "is_resolved:b? unscorable_reason:s? score_metadata:o? error:c?",
	event.LMStart:      "model:s provider:s endpoint:s local:b",
	event.LMFirstToken: "",
	event.LMEnd: "input_tokens:n? output_tokens:n? cached_tokens:n? cache_write_tokens:n? reasoning_tokens:n? " +
		"cost_usd:f? queue_s:f? finish_reason:s? attempts:n error:c? tokens_estimated:b?",
	event.ToolStart: "tool:s call_id:s arguments:c",
	event.ToolEnd:   "tool:s call_id:s? ok:b error:c? result_tokens:n result_bytes:n",
	event.Retry:     "error_class:s wait_s:f",
}

// cutText is the longest cut text: 16 KiB and the note in the middle.
const cutText = event.MaxText + 64

// checkAttributes compares a record's keys with the table.
func checkAttributes(typ string, keys map[string]json.RawMessage) error {
	table, known := attributes[typ]
	if !known {
		return fmt.Errorf("unknown type")
	}
	spec := "type:s t_us:n m_us:n query:s attempt:n " + table
	switch typ {
	case event.QueryStart, event.QueryEnd:
	case event.SetupStart, event.SetupEnd, event.ScoringStart, event.ScoringEnd:
		spec += " span:s"
	default:
		spec += " span:s turn:n"
	}
	var allowed []string
	for _, a := range strings.Fields(spec) {
		name, kind, _ := strings.Cut(a, ":")
		allowed = append(allowed, name)
		v, there := keys[name]
		if !there {
			if !strings.HasSuffix(kind, "?") {
				return fmt.Errorf("without %s", name)
			}
		} else if !isKind(kind[0], v) {
			return fmt.Errorf("%s is %.60s", name, v)
		}
	}
	for k := range keys {
		if !slices.Contains(allowed, k) {
			return fmt.Errorf("has %s, which does not belong there", k)
		}
	}
	return nil
}

func isKind(kind byte, v json.RawMessage) bool {
	var s string
	var f float64
	var n int64
	var b bool
	var o map[string]json.RawMessage
	if string(v) == "null" {
		return false
	}
	switch kind {
	case 's':
		return json.Unmarshal(v, &s) == nil && s != ""
	case 't':
		return json.Unmarshal(v, &s) == nil
	case 'c':
		return json.Unmarshal(v, &s) == nil && len(s) <= cutText
	case 'b':
		return json.Unmarshal(v, &b) == nil
	case 'n':
		return json.Unmarshal(v, &n) == nil && n >= 0
	case 'f':
		return json.Unmarshal(v, &f) == nil && f >= 0
	}
	return json.Unmarshal(v, &o) == nil
}
