package powerlog

import (
	"encoding/json"

	"ipw/lib/stream"
)

// setField returns a JSON object with another value of a field, at its place or,
// if it was not there, at the end. nil removes it. The rest stays as it was.
func setField(object []byte, name string, value []byte) []byte {
	out := []byte{'{'}
	add := func(key, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	key, _ := stream.AppendJSON(nil, name)
	done := value == nil
	s := stream.Scan(object)
	for s.Next() {
		k, _ := stream.AppendJSON(nil, string(s.Key()))
		v := s.Value()
		switch {
		case string(s.Key()) != name:
			add(k, v)
		case !done:
			add(key, value)
			done = true
		}
	}
	if !done {
		add(key, value)
	}
	return append(out, '}')
}

// fieldOf is the value of a field, nil if it is not there.
func fieldOf(object []byte, name string) (value []byte) {
	s := stream.Scan(object)
	for s.Next() {
		if v := s.Value(); string(s.Key()) == name {
			value = v
		}
	}
	return value
}

// elements are the values of an array.
func elements(array []byte) (all []json.RawMessage) {
	if json.Unmarshal(array, &all) != nil {
		return nil
	}
	return all
}
