package terminus

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

var ls = []command{{"ls\n", 0.5}}

// TestParse: answers as models write them.
func TestParse(t *testing.T) {
	const whole = `{"analysis":"a","plan":"p","commands":[{"keystrokes":"ls\n","duration":0.5}],"task_complete":false}`
	for _, c := range []struct {
		name, text string
		want       answer
		warned     string // words of each warning, by ;
		err        string
	}{
		{"whole", whole, answer{Commands: ls}, "", ""},
		{"a thought before", "<think>{\"commands\":[]} or so</think>\n" + whole, answer{Commands: ls}, "", ""},
		{"a fence", "```json\n" + whole + "\n```", answer{Commands: ls}, "", ""},
		{"text around", "Here it is:\n" + whole + "\nGood luck!", answer{Commands: ls}, "text before;text behind", ""},
		{"an object before", `{"note": 1} ` + whole, answer{Commands: ls}, "text before", ""},
		{"a trailing comma", strings.Replace(whole, "}],", "},],", 1), answer{Commands: ls}, "comma too many", ""},
		{"a missing comma", strings.Replace(whole, `"p",`, `"p"`, 1), answer{Commands: ls}, "comma missing", ""},
		{"a missing brace", strings.TrimSuffix(whole, "}"), answer{Commands: ls}, "brace", ""},
		{"all closing ones missing", strings.TrimSuffix(whole, `}],"task_complete":false}`), answer{Commands: ls}, "brace", ""},
		{"a missing bracket in the middle", strings.Replace(whole, "}],", "}},", 1), answer{Commands: ls}, "brace;text behind", ""},
		{"a raw line break", strings.Replace(whole, `ls\n`, "ls\n", 1), answer{Commands: ls}, "line breaks", ""},
		{"a wrong escape", `{"analysis":"a","plan":"p","commands":[{"keystrokes":"grep '\d\.' f\n"}]}`,
			answer{Commands: []command{{`grep '\d\.' f` + "\n", 1}}}, "escape", ""},
		{"escapes", `{"analysis":"a","plan":"p","commands":[{"keystrokes":"\"\\\u00e9\ud83d\ude00\t"},],}`,
			answer{Commands: []command{{"\"\\é😀\t", 1}}}, "comma too many", ""},
		{"Python's words", strings.Replace(whole, "false", "False", 1), answer{Commands: ls}, "none of JSON's", ""},
		{"words for numbers", strings.Replace(strings.Replace(whole, "0.5", `"0.5"`, 1), "false", `"true"`, 1), answer{Commands: ls, TaskComplete: true}, "", ""},
		{"too long a wait", strings.Replace(whole, "0.5", "1e9", 1), answer{Commands: []command{{"ls\n", 60}}}, "cut to 60", ""},
		{"no wait", strings.Replace(whole, "0.5", `"soon"`, 1), answer{Commands: []command{{"ls\n", 1}}}, "no number", ""},
		{"a time before now", strings.Replace(whole, "0.5", "-3", 1), answer{Commands: []command{{"ls\n", 1}}}, "no number", ""},
		{"bare commands", `{"commands":["ls\n"]}`, answer{Commands: []command{{"ls\n", 1}}}, "analysis;plan;taken for keystrokes", ""},
		{"typed together", `{"analysis":"","plan":"","commands":[{"keystrokes":"cd x"},{"keystrokes":"C-c"},{"keystrokes":"ls\n"}]}`,
			answer{Commands: []command{{"cd x", 1}, {"C-c", 1}, {"ls\n", 1}}}, "command 1 has no", ""},
		{"nothing to do", `{"analysis":"a","plan":"p","commands":[]}`, answer{}, "", ""},
		{"done", `{"analysis":"a","plan":"p","task_complete":true}`, answer{TaskComplete: true}, "", ""},
		{"tools", `{"analysis":"a","plan":"p","tool_calls":[{"name":"x","arguments":{"a":1}},{"type":"function","function":{"name":"y","arguments":"{}"}}]}`,
			answer{ToolCalls: []toolCall{{"x", `{"a":1}`}, {"y", "{}"}}}, "", ""},

		{"nothing", "", answer{}, "", "no JSON object"},
		{"words", "I am done.", answer{}, "", "no JSON object"},
		{"another object", `{"answer": 42}`, answer{}, "", `"commands" is missing`},
		{"two others", `{"answer": 42} {}`, answer{}, "", "no JSON object"},
		{"broken off in a command", `{"analysis":"a","plan":"p","commands":[{"keystrokes":"rm -rf /tmp`, answer{}, "", "breaks off"},
		{"broken off before one", `{"analysis":"a","plan":"p","commands":`, answer{}, "", "breaks off"},
		{"no commands", `{"analysis":"a","plan":"p","task_complete":false}`, answer{}, "", `"commands" is missing`},
		{"no list", `{"analysis":"a","plan":"p","commands":"ls"}`, answer{}, "", "no list"},
		{"no keys", `{"analysis":"a","plan":"p","commands":[{"duration":1}]}`, answer{}, "", "keystrokes"},
		{"a tool without a name", `{"commands":[],"tool_calls":[{"arguments":{}}]}`, answer{}, "", "name"},
	} {
		got, err := parse(c.text)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %+v, error %v", c.name, got, err)
			}
			continue
		}
		warnings := got.Warnings
		got.Warnings = nil
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, error %v", c.name, got, err)
		}
		words := strings.FieldsFunc(c.warned, func(r rune) bool { return r == ';' })
		if len(warnings) != len(words) {
			t.Errorf("%s: warned %q", c.name, warnings)
			continue
		}
		for i, w := range words {
			if !strings.Contains(warnings[i], w) {
				t.Errorf("%s: warned %q", c.name, warnings)
			}
		}
	}
}

// FuzzParse: whatever a model writes, reading it ends; what is valid JSON is
// read as it stands, also with a text before it.
func FuzzParse(f *testing.F) {
	f.Add(`{"commands":[{"keystrokes":"ls\n","duration":0.5}],}`)
	f.Add(`{"commands":["\u00e9\ud83d\ude00\ud83d"],"task_complete":true}`)
	f.Add(`{"a":{"b":[1,2,{"commands":[]`)
	f.Add("{\"commands\"\x00:[\\")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parse(text)
		for _, c := range a.Commands {
			if err == nil && (c.Duration < 0 || c.Duration > maxDuration) {
				t.Errorf("%q waits %v", text, c.Duration)
			}
		}
		var object map[string]any
		if json.Unmarshal([]byte(text), &object) != nil || !wanted(object) || strings.Contains(text, "<think") {
			return
		}
		m := mender{text: text}
		got, err := m.value()
		if err != nil && m.depth < deepest && !strings.Contains(err.Error(), "nested") {
			t.Errorf("%q is refused: %v", text, err)
		}
		if err == nil && m.did == nil && !reflect.DeepEqual(got, any(object)) {
			t.Errorf("%q is read as %v", text, got)
		}
	})
}
