package tool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// arguments are the decoded arguments of a call. example is a right one, for
// the error texts, which are written for the model that got it wrong.
type arguments struct {
	fields  map[string]json.RawMessage
	example string
}

func parseArguments(text, example string) (arguments, error) {
	a := arguments{example: example}
	if strings.TrimSpace(text) == "" {
		return a, nil
	}
	if err := json.Unmarshal([]byte(text), &a.fields); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return a, a.errorf("the arguments must be a JSON object, not %s", article(wrong.Value))
		}
		return a, a.errorf("the arguments are not valid JSON (%v)", err)
	}
	return a, nil
}

func (a arguments) errorf(format string, args ...any) error {
	return fmt.Errorf(format+"; send for example %s", append(args, a.example)...)
}

// text returns a required text that says something.
func (a arguments) text(name string) (string, error) {
	s, err := a.anyText(name)
	if err == nil && strings.TrimSpace(s) == "" {
		return "", a.errorf("the argument %q is empty", name)
	}
	return s, err
}

// anyText returns a required text, which may be empty. A number is taken as its
// digits.
func (a arguments) anyText(name string) (string, error) {
	raw, ok := a.fields[name]
	if !ok || isNull(raw) {
		return "", a.errorf("the argument %q is missing", name)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var n json.Number
		if json.Unmarshal(raw, &n) != nil {
			return "", a.errorf("the argument %q must be a string", name)
		}
		s = n.String()
	}
	return s, nil
}

// oneOf returns an optional text that must be one of some; the first is the
// default.
func (a arguments) oneOf(name string, may ...string) (string, error) {
	raw, ok := a.fields[name]
	if !ok || isNull(raw) {
		return may[0], nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil || !slices.Contains(may, s) {
		return "", a.errorf("the argument %q must be one of %s", name, strings.Join(may, ", "))
	}
	return s, nil
}

// flag returns an optional true or false, which may stand in a string.
func (a arguments) flag(name string, absent bool) (bool, error) {
	raw, ok := a.fields[name]
	if !ok || isNull(raw) {
		return absent, nil
	}
	b, err := strconv.ParseBool(strings.Trim(string(raw), `"`))
	if err != nil {
		return false, a.errorf("the argument %q must be true or false", name)
	}
	return b, nil
}

// whole returns an optional whole number, which may stand in a string, and
// may end in .0.
func (a arguments) whole(name string, absent, low, high int) (int, error) {
	raw, ok := a.fields[name]
	if !ok || isNull(raw) {
		return absent, nil
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(strings.Trim(string(raw), `"`)), 64)
	if err != nil || f != float64(int(f)) || int(f) < low {
		return 0, a.errorf("the argument %q must be a whole number from %d to %d", name, low, high)
	}
	return min(int(f), high), nil
}

func isNull(raw json.RawMessage) bool { return bytes.Equal(raw, []byte("null")) }

func article(kind string) string {
	if kind == "array" {
		return "an array"
	}
	return "a " + kind
}
