package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// WrongType words an error of encoding/json for users: it names the field and
// what was expected there, not Go's types.
func WrongType(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		if t.Field == "" {
			return fmt.Errorf("%s, not %s", article(t.Value), wanted(t.Type))
		}
		return fmt.Errorf("field %q is %s, not %s", t.Field, article(t.Value), wanted(t.Type))
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: %w", err)
	}
	return err
}

// NotJSON says why a line is no JSON.
func NotJSON(line []byte) error {
	var value json.RawMessage
	if err := json.Unmarshal(line, &value); err != nil {
		return WrongType(err)
	}
	return errors.New("not JSON")
}

// typeOf names the kind of a JSON value.
func typeOf(raw []byte) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return string(raw)
	case 'n':
		return "null"
	}
	return "a number"
}

// article takes encoding/json's word for a value: "number 1.5", "string", ….
func article(value string) string {
	switch {
	case value == "object" || value == "array":
		return "an " + value
	case value == "string" || value == "number":
		return "a " + value
	case value == "bool":
		return "true or false"
	}
	return value
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "an integer"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}
