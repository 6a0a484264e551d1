package terminus

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var thought = regexp.MustCompile(`(?s)^\s*<think(?:ing)?>.*?</think(?:ing)?>`)

// findObject finds the object in an answer and says what had to be mended: text
// and fences around it, and the mistakes that models make in JSON.
func findObject(text string) (object map[string]any, warnings []string, err error) {
	text = strings.TrimSpace(thought.ReplaceAllString(text, ""))
	if json.Unmarshal([]byte(text), &object) == nil && object != nil {
		return object, nil, nil
	}
	err = errors.New("there is no JSON object in it")
	for at := 0; ; at++ {
		i := strings.IndexByte(text[at:], '{')
		if i < 0 {
			return nil, nil, err
		}
		at += i
		m := mender{text: text, at: at}
		v, failed := m.value()
		if failed != nil {
			err = failed
			if errors.Is(failed, errBrokenOff) {
				return nil, nil, err
			}
			continue
		}
		o, _ := v.(map[string]any)
		if !wanted(o) {
			continue
		}
		return o, append(m.warnings(), around(text[:at], text[m.at:])...), nil
	}
}

// wanted is whether an object is the answer, and not one within a text.
func wanted(o map[string]any) bool {
	for _, name := range []string{"commands", "task_complete", "tool_calls"} {
		if _, ok := o[name]; ok {
			return true
		}
	}
	return false
}

// around warns of text around the object. A fence is no text.
func around(before, after string) (warnings []string) {
	if strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(before), "json"), "```")) != "" {
		warnings = append(warnings, "there was text before the JSON object; nobody reads it")
	}
	if strings.TrimSpace(strings.Trim(strings.TrimSpace(after), "`}]")) != "" {
		warnings = append(warnings, "there was text behind the JSON object; nobody reads it")
	}
	return warnings
}

// errBrokenOff is of an answer that ends within a text: what would be executed
// is not whole.
var errBrokenOff = errors.New("it breaks off in the middle of a text")

// mender reads JSON with mistakes.
type mender struct {
	text  string
	at    int
	depth int
	did   map[string]bool // what was mended
}

// deepest nesting that is followed: no answer needs it.
const deepest = 100

func (m *mender) mended(what string) {
	if m.did == nil {
		m.did = map[string]bool{}
	}
	m.did[what] = true
}

// mistakes, in the order in which they are told.
var mistakes = []string{"raw line breaks or control characters within a text", "a wrong escape within a text", "a comma too many", "a comma missing", "a closing brace or bracket missing", "a word that is none of JSON's"}

func (m *mender) warnings() (w []string) {
	for _, what := range mistakes {
		if m.did[what] {
			w = append(w, "the JSON was not valid and was mended: "+what)
		}
	}
	return w
}

func (m *mender) space() {
	for m.at < len(m.text) && strings.IndexByte(" \t\r\n", m.text[m.at]) >= 0 {
		m.at++
	}
}

// next is the next byte that is no space, 0 at the end.
func (m *mender) next() byte {
	m.space()
	if m.at == len(m.text) {
		return 0
	}
	return m.text[m.at]
}

func (m *mender) value() (any, error) {
	if m.depth++; m.depth > deepest {
		return nil, errors.New("it is nested too deeply")
	}
	defer func() { m.depth-- }()
	switch c := m.next(); {
	case c == '{':
		return m.object()
	case c == '[':
		return m.list()
	case c == '"':
		return m.string()
	case c == 0:
		return nil, errBrokenOff
	}
	return m.word()
}

func (m *mender) object() (map[string]any, error) {
	o := map[string]any{}
	return o, m.items('}', func() error {
		if m.next() != '"' {
			return fmt.Errorf("there is %q where the name of a field should be", m.rest())
		}
		name, err := m.string()
		if err != nil {
			return err
		}
		if m.next() != ':' {
			return fmt.Errorf("there is no : behind %q", name)
		}
		m.at++
		o[name], err = m.value()
		return err
	})
}

func (m *mender) list() ([]any, error) {
	l := []any{}
	return l, m.items(']', func() error {
		v, err := m.value()
		l = append(l, v)
		return err
	})
}

// items reads what is between braces or brackets. A closing one that is missing
// at the end, or before that of what it stands in, is put in.
func (m *mender) items(closing byte, item func() error) error {
	m.at++
	for comma := true; ; {
		switch c := m.next(); {
		case c == closing:
			m.at++
			return nil
		case c == 0 || c == '}' || c == ']' || c == '`':
			m.mended(mistakes[4])
			return nil
		case c == ',':
			if comma {
				m.mended(mistakes[2])
			}
			comma = true
			m.at++
			if n := m.next(); n == closing {
				m.mended(mistakes[2])
			}
			continue
		}
		if !comma {
			m.mended(mistakes[3])
		}
		if err := item(); err != nil {
			return err
		}
		comma = false
	}
}

func (m *mender) string() (string, error) {
	var b strings.Builder
	for m.at++; m.at < len(m.text); m.at++ {
		switch c := m.text[m.at]; {
		case c == '"':
			m.at++
			return b.String(), nil
		case c == '\\':
			m.escape(&b)
		case c < ' ':
			m.mended(mistakes[0])
			fallthrough
		default:
			b.WriteByte(c)
		}
	}
	return "", errBrokenOff
}

// escape reads an escape, and takes one that is none for what it says: a
// backslash and a character.
func (m *mender) escape(b *strings.Builder) {
	for n := 2; n <= 12 && m.at+n <= len(m.text); n++ { // two \uXXXX make one character
		var s string
		if json.Unmarshal([]byte(`"`+m.text[m.at:m.at+n]+`"`), &s) != nil {
			if n == 2 && m.text[m.at+1] != 'u' {
				break
			}
			continue
		}
		if s == string(utf8.RuneError) && n == 6 {
			continue // half of a pair
		}
		b.WriteString(s)
		m.at += n - 1
		return
	}
	m.mended(mistakes[1])
	b.WriteByte('\\')
}

func (m *mender) word() (any, error) {
	begun := m.at
	for m.at < len(m.text) && strings.IndexByte(" \t\r\n,:{}[]\"`", m.text[m.at]) < 0 {
		m.at++
	}
	word := m.text[begun:m.at]
	switch strings.ToLower(word) {
	case "true", "false", "null", "none":
		if strings.ToLower(word) != word || word == "none" {
			m.mended(mistakes[5])
		}
		return map[string]any{"true": true, "false": false}[strings.ToLower(word)], nil
	}
	if f, err := strconv.ParseFloat(word, 64); err == nil {
		return f, nil
	}
	m.at = begun
	return nil, fmt.Errorf("there is %q where a value should be", m.rest())
}

// rest shows where reading ended.
func (m *mender) rest() string {
	s := m.text[m.at:]
	if len(s) > 20 {
		s = strings.ToValidUTF8(s[:20], "") + "…"
	}
	return s
}
