package foreign

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// otelSpan is what is kept of an OpenTelemetry span.
type otelSpan struct {
	trace, id, parentID string
	name                string
	entry               bool  // its parent is in another process: it is served here
	start, end          int64 // end 0: not known
	bent                bool  // its end lay before its start
	file                string
	line                int
	resource            *resource
	scope               *scope

	class  class
	failed bool
	status string // what the status says
	thrown string // what an exception event says
	first  int64  // the time of a first-token event

	attrs conventions
	other []byte // attributes not known here, as members of an object
	typed string // the attribute of --type-from

	// known once the trace is complete
	parent *otelSpan
	depth  int
	agent  *otelSpan // the outermost agent round it, itself included
	tool   *otelSpan // the innermost tool round it
	call   *otelSpan // the model call round it, if it is a part of that
	root   *otelSpan
	inner  []*otelSpan // of a model call: its parts that are model calls
	calls  bool        // there are model calls below it
	tools  bool
	agents bool
}

// read takes a span's JSON.
func (sp *otelSpan) read(raw []byte, typeFrom string, w words) error {
	var kind, flags int64
	s := stream.Scan(raw)
	for s.Next() {
		switch string(s.Key()) {
		case "traceId", "trace_id":
			sp.trace = readID(&s)
		case "spanId", "span_id":
			sp.id = readID(&s)
		case "parentSpanId", "parent_span_id":
			sp.parentID = readID(&s)
		case "name":
			s.Text(&sp.name)
		case "kind":
			kind = readEnum(&s, map[string]int64{"SPAN_KIND_SERVER": 2, "SPAN_KIND_CONSUMER": 5})
		case "flags":
			s.Int(&flags)
		case "startTimeUnixNano", "start_time_unix_nano":
			sp.start = readNanos(&s)
		case "endTimeUnixNano", "end_time_unix_nano":
			sp.end = readNanos(&s)
		case "attributes":
			readAttributes(&s, func(key string, v value) { sp.attribute(key, v, typeFrom, w) })
		case "events":
			readObjects(&s, sp.event)
		case "status":
			readObject(&s, sp.readStatus)
		default:
			s.Skip()
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	sp.name, sp.attrs.finish = w.keep(sp.name), w.keep(sp.attrs.finish)
	const server, consumer, remote = 2, 5, 0x200 // of Span.SpanKind and SpanFlags
	sp.entry = kind == server || kind == consumer || flags&remote != 0
	return sp.check()
}

func (sp *otelSpan) check() error {
	switch {
	case sp.trace == "" || sp.id == "":
		return errors.New("span without traceId or spanId")
	case sp.start == 0:
		return errors.New("span without startTimeUnixNano")
	}
	if t := time.UnixMicro(sp.start).UTC(); t.Year() < 1970 || t.Year() > 2200 {
		return fmt.Errorf("span begins in the year %d", t.Year())
	}
	if sp.end < 0 || time.UnixMicro(sp.end).UTC().Year() > 2200 {
		return fmt.Errorf("span ends in the year %d", time.UnixMicro(sp.end).UTC().Year())
	}
	sp.attrs.settle()
	sp.class = sp.classify()
	return nil
}

// event looks for an exception and for the first token.
func (sp *otelSpan) event(s *stream.Scanner) {
	var name, thrown string
	var t int64
	for s.Next() {
		switch string(s.Key()) {
		case "name":
			s.Text(&name)
		case "timeUnixNano", "time_unix_nano":
			t = readNanos(s)
		case "attributes":
			readAttributes(s, func(key string, v value) {
				if key == "exception.message" || key == "exception.type" && thrown == "" {
					thrown = v.text()
				}
			})
		default:
			s.Skip()
		}
	}
	switch {
	case name == "exception":
		sp.thrown = thrown
	case isFirstToken(name) && (sp.first == 0 || t < sp.first):
		sp.first = t
	}
}

func (sp *otelSpan) readStatus(s *stream.Scanner) {
	for s.Next() {
		switch string(s.Key()) {
		case "code":
			sp.failed = readEnum(s, map[string]int64{"STATUS_CODE_ERROR": 2}) == 2
		case "message":
			s.Text(&sp.status)
		default:
			s.Skip()
		}
	}
}

// size estimates what a span holds.
func (sp *otelSpan) size() int {
	n := 1000 + len(sp.trace) + len(sp.name) + len(sp.other) + len(sp.status) + len(sp.thrown)
	return n + sp.attrs.size()
}

// readID reads a trace or span id: hexadecimal in either case, or base64, as
// protobuf's own JSON mapping has it. All zeros is none.
func readID(s *stream.Scanner) string {
	var id string
	s.Text(&id)
	switch len(id) {
	case 12, 24:
		if b, err := base64.StdEncoding.DecodeString(id); err == nil {
			id = hex.EncodeToString(b)
		}
	case 16, 32:
		id = strings.ToLower(id)
	}
	if strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}

// readNanos reads nanoseconds since 1970, a string or a number, as
// microseconds.
func readNanos(s *stream.Scanner) int64 {
	raw := s.Value()
	if len(raw) == 0 || string(raw) == "null" || string(raw) == `""` {
		return 0
	}
	if raw[0] == '"' {
		raw = raw[1 : len(raw)-1]
	}
	ns, err := unit.ParseDecimal(raw, 0)
	if err != nil {
		s.Fail("is %.40q, no time in nanoseconds", raw)
	}
	if ns < 0 {
		s.Fail("is %.40s, before 1970", raw)
	}
	return ns / 1000
}

// readEnum reads an enum's number or name.
func readEnum(s *stream.Scanner, names map[string]int64) int64 {
	raw := s.Value()
	if len(raw) > 1 && raw[0] == '"' {
		name := string(raw[1 : len(raw)-1])
		if n, ok := names[name]; ok {
			return n
		}
		raw = []byte(name) // a number in quotes, or a name that means nothing here
	}
	n, err := unit.ParseDecimal(raw, 0)
	if err != nil {
		return 0
	}
	return n
}
