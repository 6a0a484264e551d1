package foreign

import (
	"encoding/json"
	"io"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// memberText is the text of an object's member, "" if it has none: a string as
// it is, anything else as JSON.
func memberText(object []byte, name string) (text string) {
	s := stream.Scan(object)
	for s.Next() {
		raw := s.Value()
		if string(s.Key()) != name || len(raw) == 0 {
			continue
		}
		if text = string(raw); raw[0] == '"' {
			json.Unmarshal(raw, &text)
		} else if text == "null" {
			text = ""
		}
	}
	return text
}

// typed gives the queries of a stream the workload type that is in their
// metadata.
type typed struct {
	event.Source
	problems *stream.Problems
	name     string
	any, hit bool
}

// Next returns the next record. One that is changed has no Raw of its reader's.
func (t *typed) Next() (*event.Record, error) {
	rec, err := t.Source.Next()
	if err == io.EOF && t.any && !t.hit {
		t.any = false // said once
		t.problems.Warn("no query has %q of --type-from in its metadata", t.name)
	}
	if err != nil || rec.Event == nil || rec.Event.Type != event.QueryStart {
		return rec, err
	}
	t.any = true
	text := memberText(rec.Event.Metadata, t.name)
	if text == "" {
		return rec, nil
	}
	t.hit = true
	changed := *rec.Event
	changed.WorkloadType = text
	out := *rec
	out.Event = &changed
	if rec.Raw != nil {
		if out.Raw, err = withType(rec.Raw, text); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// withType writes a record with another workload_type, everything else as it
// was.
func withType(raw []byte, text string) ([]byte, error) {
	var members []byte
	s := stream.Scan(raw)
	for s.Next() {
		key, value := string(s.Key()), s.Value()
		if key != "workload_type" {
			members = appendPair(members, key, value)
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	value, err := stream.AppendJSON(nil, text)
	if err != nil {
		return nil, err
	}
	members = appendPair(members, "workload_type", value)
	return append(append([]byte{'{'}, members...), '}'), nil
}
