package builtin

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// dialogue is what the script does about one problem.
type dialogue struct {
	problem string
	busy    bool              // the first request is refused with 429
	find    map[string]string // name → pattern with one group, looked for in the tools' results; {name} stands for what it found
	steps   []step            // one a turn
	again   *step             // behind the last step, as long as tools are offered
	without string            // said when the tools it wants are not offered, or have not told what it needs
}

// step is one turn. A step without calls is the answer.
type step struct {
	think string
	say   string
	calls []call
}

type call struct{ tool, arguments string }

// reply is one turn made up.
type reply struct {
	think string
	say   string
	calls []call
}

const stranger = "I am builtin, a scripted model and no language model. I know the dialogues of the demo data set and nothing else, so I have no answer to this."

// lookUp finds the dialogue of a conversation: the last user message that holds
// a known problem decides. spoken is the number of turns since.
func lookUp(messages []message) (d *dialogue, since []message, spoken int) {
	for i := len(messages) - 1; i >= 0; i-- {
		if messages[i].Role != "user" {
			continue
		}
		if d := holds(messages[i].text()); d != nil {
			since := messages[i+1:]
			return d, since, countRole(since, "assistant")
		}
	}
	return nil, nil, 0
}

// holds finds the longest known problem within a text, white space aside.
func holds(text string) *dialogue {
	var found *dialogue
	text = words(text)
	for _, known := range [][]dialogue{dialogues, repairs, screens} {
		for i := range known {
			d := &known[i]
			if strings.Contains(text, words(d.problem)) && (found == nil || len(d.problem) > len(found.problem)) {
				found = d
			}
		}
	}
	return found
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

func countRole(messages []message, role string) int {
	n := 0
	for _, m := range messages {
		if m.Role == role {
			n++
		}
	}
	return n
}

// next makes up the next turn of a conversation, given the tools offered.
func next(messages []message, offered []string) reply {
	d, since, spoken := lookUp(messages)
	if d == nil {
		return reply{say: stranger}
	}
	found := d.found(since)
	s := d.step(spoken)
	if d.again != nil && spoken >= len(d.steps) {
		s = d.again
	}
	if s != nil && s.possible(offered) {
		if r, ok := s.fill(found); ok {
			return r
		}
	}
	if say, ok := fill(d.without, found, false); ok {
		return reply{say: say}
	}
	return reply{say: "I could not find out what I need. " + final("unknown")}
}

func (d *dialogue) step(i int) *step {
	if i >= len(d.steps) {
		return nil
	}
	return &d.steps[i]
}

func (s *step) possible(offered []string) bool {
	return !slices.ContainsFunc(s.calls, func(c call) bool { return !slices.Contains(offered, c.tool) })
}

// found applies the patterns to the tools' results, in order.
func (d *dialogue) found(since []message) map[string]string {
	var results []string
	for _, m := range since {
		if m.Role == "tool" {
			results = append(results, m.text())
		}
	}
	values := make(map[string]string)
	if len(results) > 0 {
		values["result"] = strings.TrimSpace(results[len(results)-1])
	}
	all := strings.Join(results, "\n\n")
	for name, pattern := range d.find {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(all); m != nil {
			values[name] = plain(m[1])
		}
	}
	return values
}

// plain takes the thousands separators out of a number.
func plain(s string) string {
	if strings.Trim(s, "0123456789,.") == "" {
		return strings.ReplaceAll(s, ",", "")
	}
	return s
}

func (s *step) fill(values map[string]string) (r reply, ok bool) {
	r.think = s.think
	if r.say, ok = fill(s.say, values, false); !ok {
		return r, false
	}
	for _, c := range s.calls {
		if c.arguments, ok = fill(c.arguments, values, true); !ok {
			return r, false
		}
		r.calls = append(r.calls, c)
	}
	return r, true
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// fill puts what was found into a text, within a JSON string if quoted. Not ok:
// something was not found.
func fill(text string, values map[string]string, quoted bool) (filled string, ok bool) {
	ok = true
	filled = placeholder.ReplaceAllStringFunc(text, func(p string) string {
		v, known := values[p[1:len(p)-1]]
		ok = ok && known
		if quoted {
			b, _ := json.Marshal(v) // of a string: cannot fail
			v = string(b[1 : len(b)-1])
		}
		return v
	})
	return filled, ok
}
