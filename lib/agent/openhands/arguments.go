package openhands

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// decode reads the arguments of a call. The error is written for the model that
// got them wrong.
func decode(arguments string, into any) error {
	err := json.Unmarshal([]byte(arguments), into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("the argument %q cannot be a %s", wrong.Field, wrong.Value)
	}
	return fmt.Errorf("the arguments must be one JSON object: %w", err)
}

// number is a number that a model may have put into quotes.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	f, err := strconv.ParseFloat(unquoted(b), 64)
	if err != nil {
		return fmt.Errorf("%s is no number", b)
	}
	*n = number(f)
	return nil
}

// flag is a truth value that a model may have put into quotes.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	v, err := strconv.ParseBool(strings.ToLower(unquoted(b)))
	if err != nil {
		return fmt.Errorf("%s is neither true nor false", b)
	}
	*f = flag(v)
	return nil
}

func unquoted(b []byte) string { return strings.TrimSpace(strings.Trim(string(b), `"`)) }
