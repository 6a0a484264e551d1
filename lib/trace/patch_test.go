package trace

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestPatch(t *testing.T) {
	score := map[string]any{"accuracy_score": 1.0, "is_resolved": true}
	for line, want := range map[string]string{
		`{}`:      `{"accuracy_score":1,"is_resolved":true}`,
		` { } `:   ` { "accuracy_score":1,"is_resolved":true} `,
		`{"a":1}`: `{"a":1,"accuracy_score":1,"is_resolved":true}`,
		`{ "a" : 1.50e3 , "is_resolved" : null , "\u0062":"\u001b" }`:            `{ "a" : 1.50e3 , "is_resolved" : true , "\u0062":"\u001b" ,"accuracy_score":1}`,
		`{"accuracy_score":{"x":[1]},"t":{"is_resolved":0},"is_resolved":false}`: `{"accuracy_score":1,"t":{"is_resolved":0},"is_resolved":true}`,
		`{"is_resolved":1,"is_resolved":2}`:                                      `{"is_resolved":true,"is_resolved":true,"accuracy_score":1}`,
		`{"\u0069s_resolved":1}`:                                                 `{"\u0069s_resolved":true,"accuracy_score":1}`,
	} {
		got, err := Patch([]byte(line), score)
		if err != nil || string(got) != want {
			t.Errorf("%s\ngot  %s, %v\nwant %s", line, got, err, want)
		}
	}
	for _, line := range []string{``, `[1]`, `5`, `{"a":1`, `{"a":1}x`, `null`} {
		if got, err := Patch([]byte(line), score); err == nil {
			t.Errorf("%s became %s", line, got)
		}
	}
	if got, err := Patch([]byte(`{"a":1}`), map[string]any{"a": math.NaN()}); err == nil {
		t.Errorf("NaN: %s", got)
	}
}

// Untouched bytes stay: whatever is between the values that were replaced is
// there, in order; and patching again changes nothing.
func FuzzPatch(f *testing.F) {
	for _, c := range traces {
		f.Add([]byte(c.line))
	}
	f.Add([]byte(` {"x" :1 , "is_resolved":{"y":"}"} } `))
	f.Fuzz(func(t *testing.T, line []byte) {
		values := map[string]any{"is_resolved": true, "x": nil}
		got, err := Patch(line, values)
		if err != nil {
			if object := bytes.HasPrefix(bytes.TrimLeft(line, " \t\r\n"), []byte("{")); object && json.Valid(line) {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		var had, has map[string]json.RawMessage
		if err := json.Unmarshal(got, &has); err != nil {
			t.Fatalf("%q became %q: %v", line, got, err)
		}
		_ = json.Unmarshal(line, &had)
		for key, raw := range had {
			if _, replaced := values[key]; !replaced && !bytes.Equal(raw, has[key]) {
				t.Fatalf("%q: %q became %q", line, raw, has[key])
			}
		}
		if string(has["is_resolved"]) != "true" || string(has["x"]) != "null" {
			t.Fatalf("%q became %q", line, got)
		}
		if again, err := Patch(got, values); err != nil || !bytes.Equal(got, again) {
			t.Fatalf("%q became %q, then %q", line, got, again)
		}
		if none, err := Patch(line, nil); err != nil || !bytes.Equal(none, line) {
			t.Fatalf("%q became %q with nothing to do", line, none)
		}
	})
}

// A patched trace has what was not patched as it was.
func TestPatchKeepsOrder(t *testing.T) {
	line := `{"z":1,"query_id":"q","a":[ 1,2 ]}`
	got, err := Patch([]byte(line), map[string]any{"query_id": "r"})
	if err != nil || string(got) != strings.Replace(line, `"q"`, `"r"`, 1) {
		t.Errorf("%s, %v", got, err)
	}
}
