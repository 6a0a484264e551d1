package foreign

import (
	"bytes"
	"fmt"

	"ipw/lib/stream"
)

// Format is whose log an input is.
type Format int

const (
	Unknown  Format = iota
	OTLP            // OpenTelemetry spans as OTLP JSON
	Recorder        // the event list of the Python reference
	Claude          // a transcript of Claude Code
	Codex           // a transcript of Codex
)

func (f Format) String() string {
	return [...]string{"unknown", "OTLP", "event list", "Claude Code transcript", "Codex transcript"}[f]
}

// head bytes are looked at, of which a pipe need not have all: a first line
// that tells is enough.
const headBytes = 64 << 10

// Sniff tells an input's format by its beginning, without consuming it.
func Sniff(in *stream.Input) (Format, error) {
	line, err := in.FirstLine()
	if err != nil || len(line) == 0 {
		return Unknown, err
	}
	if f := formatOf(line); f != Unknown {
		return f, nil
	}
	if first := line[0]; first != '{' && first != '[' || stream.Type(line) == "header" {
		return Unknown, nil
	}
	// Perhaps one value over many lines, or a transcript that begins with a
	// record of a kind not known here.
	head, err := in.Peek(headBytes)
	if err != nil {
		return Unknown, err
	}
	if pretty(line) {
		return formatOf(head), nil
	}
	for n := 0; n < 50 && len(head) > 0; n++ {
		line, head, _ = bytes.Cut(head, []byte{'\n'})
		if f := formatOf(bytes.TrimSpace(line)); f == Claude || f == Codex {
			return f, nil
		}
	}
	return Unknown, nil
}

// Unfollow makes a followed input end where it ends now if it begins as a log of
// another tool: nothing in it will say that it is complete, perhaps not even a
// newline.
func Unfollow(in *stream.Input) error {
	head, err := in.Begun()
	if err == nil && formatOf(head) != Unknown {
		in.Unfollow()
	}
	return err
}

// pretty reports a first line that is not a whole value: the value goes on in
// the next.
func pretty(line []byte) bool {
	return len(bytes.Trim(line, " \t\r{[")) == 0
}

// formatOf tells what a value is by its first keys. It may be cut.
func formatOf(text []byte) Format {
	text = bytes.TrimPrefix(bytes.TrimLeft(text, " \t\r\n"), byteOrderMark)
	if bytes.HasPrefix(text, []byte{'['}) {
		if f := formatOf(text[1:]); f == OTLP || f == Recorder {
			return f
		}
		return Unknown
	}
	has := make(map[string]string) // strings as they are, other values as JSON
	s := stream.Scan(text)
	for s.Next() {
		key := string(s.Key())
		switch key {
		case "resourceSpans", "resource_spans", "resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics":
			return OTLP
		}
		raw := s.Value()
		if raw == nil {
			break
		}
		has[key] = string(raw[:min(len(raw), 80)])
	}
	there := func(keys ...string) bool {
		for _, k := range keys {
			if _, ok := has[k]; !ok {
				return false
			}
		}
		return true
	}
	switch {
	case there("event_type", "timestamp"):
		return Recorder
	case there("type", "payload", "timestamp"):
		return codexOf(has["type"])
	case there("type", "sessionId"), there("type", "leafUuid"), there("type", "messageId", "snapshot"), there("type", "uuid", "parentUuid"):
		return Claude
	}
	return Unknown
}

// codexOf knows a Codex record by its type.
func codexOf(typ string) Format {
	switch typ {
	case `"session_meta"`, `"response_item"`, `"event_msg"`, `"turn_context"`, `"compacted"`:
		return Codex
	}
	return Unknown
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// origins makes one of each session, list or set of spans.
func (r *Reader) origins() ([]origin, error) {
	var all []origin
	var spans *otlp
	sessions := newClaudeSessions(r.problems)
	for _, in := range r.inputs {
		f, err := Sniff(in)
		if err != nil {
			return nil, &stream.Error{File: in.Name, Text: err.Error()}
		}
		in.Unfollow() // nothing in a foreign log says that it is complete
		switch f {
		case OTLP:
			if spans == nil { // a trace may be in several files
				spans = newOTLP(r.problems, r.opts)
				all = append(all, spans)
			}
			spans.inputs = append(spans.inputs, in)
		case Recorder:
			all = append(all, newRecorder(r.problems, r.opts, in))
		case Claude:
			o, err := sessions.add(in)
			if err != nil {
				return nil, err
			}
			if o != nil {
				all = append(all, o)
			}
		case Codex:
			all = append(all, newCodex(r.problems, in))
		default:
			return nil, &stream.Error{File: in.Name, Text: fmt.Sprintf("neither an event stream nor a log of %s, %s, %s or %s", OTLP, Claude, Codex, Recorder)}
		}
	}
	return all, nil
}
