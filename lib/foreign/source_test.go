package foreign

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"ipw/lib/event"
	"ipw/lib/stream"
)

func TestSniff(t *testing.T) {
	span := data(sp("a", "", "chat", 1, 2))
	for _, c := range []struct {
		name, text string
		want       Format
	}{
		{"spans", span, OTLP}, {"spans, indented", indented(span), OTLP}, {"spans, a list", "[" + span + "]", OTLP}, {"snake case", `{"resource_spans":[]}`, OTLP}, {"logs", `{"resourceLogs":[]}`, OTLP},
		{"spans behind a byte order mark", "\xef\xbb\xbf\r\n" + span, OTLP},
		{"spans, long line", data(sp("a", "", "chat", 1, 2, "x", strings.Repeat("y", 1<<20))), OTLP},
		{"events", ev("x", 1, ""), Recorder}, {"events, a list", "[" + ev("x", 1, "") + "]", Recorder}, {"events, indented", indented("[" + ev("x", 1, "") + "]"), Recorder},
		{"claude", cc("user", 1, says("q"), ""), Claude}, {"claude, summary", `{"type":"summary","summary":"x","leafUuid":"u"}`, Claude}, {"claude, snapshot", `{"type":"file-history-snapshot","messageId":"m","snapshot":{}}`, Claude},
		{"claude, something new first", `{"type":"new-thing","x":1}` + "\n" + cc("user", 1, says("q"), ""), Claude},
		{"claude, a queue operation", `{"type":"queue-operation","operation":"dequeue","timestamp":"2026-01-20T11:57:17.716Z","sessionId":"9"}`, Claude},
		{"codex", meta(""), Codex}, {"codex, something new first", `{"type":"new","payload":1,"timestamp":"x"}` + "\n" + meta(""), Codex},
		{"nothing", "", Unknown}, {"header", `{"type":"header","schema":"ipw.events/1"}`, Unknown}, {"table", "start,end\n", Unknown}, {"table of JSON", `{"start":1,"end":2}`, Unknown},
		{"another object", `{"a":1}`, Unknown}, {"a list of numbers", `[1,2]`, Unknown}, {"words", "resourceSpans", Unknown}, {"torn", `{"resourceSpans`, Unknown}, {"trace", `{"schema":"ipw.trace/1"}`, Unknown},
	} {
		in := stream.NewInput("x", strings.NewReader(c.text))
		got, err := Sniff(in)
		if got != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
		var rest bytes.Buffer
		if rest.ReadFrom(in); rest.String() != c.text {
			t.Errorf("%s: %d of %d bytes are left", c.name, rest.Len(), len(c.text))
		}
	}
}

func source(opts Options, files ...file) *outcome {
	o := &outcome{}
	p := &stream.Problems{Print: func(s string) { o.said = append(o.said, s) }}
	o.drain(NewSource(p, time.UTC, opts, inputs(files)...))
	if o.err == nil {
		o.err = p.Err()
	}
	return o
}

const native = `{"type":"header","schema":"ipw.events/1","run":"r","new":{"x":1},"t_us":1}
{"type":"query_start","t_us":5,"query":"q","workload_type":"demo","metadata":{"level":3},"later":[1]}
{"type":"marker","t_us":6,"what":"new"}
{"type":"query_end","t_us":7,"query":"q"}
{"type":"end","records":3,"status":"ok"}
`

// Sources of all kinds are one stream, in the order given.
func TestSource(t *testing.T) {
	span := file{"spans.jsonl", data(sp("a", "", "chat", 100, 200, op(chat)...))}
	table := file{"jobs.csv", "id,start,end,level\nj,10,20,5\n"}
	talk := file{"t.jsonl", cc("user", 1, says("q"), "") + "\n" + cc("assistant", 2, msg("m", said0, `"end_turn"`, tokens(1, 1, 1, 1)), "")}
	for _, c := range []struct {
		files []file
		want  string
	}{
		{[]file{{"e.jsonl", native}, span}, "q T1"},
		{[]file{span, {"e.jsonl", native}, table, talk}, "T1 q j S-q0000"},
		{[]file{talk, span, table}, "T1 S-q0000 j"}, // neighbours of other formats are put in order
	} {
		o := source(Options{}, c.files...)
		if o.err != nil || len(o.said) > 0 {
			t.Errorf("%v %v", o.err, o.said)
		}
		var got []string
		for i := range o.events {
			if o.events[i].Type == event.QueryStart {
				got = append(got, short(o.events[i].Query))
			}
		}
		if s := strings.Join(got, " "); s != c.want || len(o.headers) != len(c.files) {
			t.Errorf("got %s, want %s, %d headers", s, c.want, len(o.headers))
		}
	}
	if o := source(Options{}, file{"x", `{"a":1}` + "\n"}); errorText(o.err) == "" || strings.Contains(errorText(o.err), "panic") {
		t.Error(o.err)
	}
	if o := source(Options{}, file{"x", ""}); errorText(o.err) != "x: empty: a stream begins with a header line" {
		t.Error(o.err)
	}
}

func TestTypeFromMetadata(t *testing.T) {
	for _, c := range []struct{ from, want string }{{"level", "3"}, {"no", "demo"}} {
		o := source(Options{TypeFrom: c.from}, file{"e.jsonl", native})
		if got := o.events[0].WorkloadType; got != c.want {
			t.Errorf("%s: %s", c.from, got)
		}
		if want := c.from == "no"; (len(o.said) > 0) != want {
			t.Errorf("%s: %v", c.from, o.said)
		}
	}
	if o := source(Options{TypeFrom: "level"}, file{"jobs.csv", "id,start,end,level\nj,10,20,5\nk,11,20,\n"}); o.events[0].WorkloadType != "5" || o.events[1].WorkloadType != "jobs.csv" {
		t.Error(o.text())
	}
}

// What is written of a native stream is that stream, with another type where
// one was asked for.
func TestCopy(t *testing.T) {
	for from, want := range map[string]string{
		"":      native,
		"level": strings.Replace(native, `"workload_type":"demo","metadata":{"level":3},"later":[1]}`, `"metadata":{"level":3},"later":[1],"workload_type":"3"}`, 1),
	} {
		var b bytes.Buffer
		p := new(stream.Problems)
		if err := event.Copy(stream.NewWriter(&b), NewSource(p, nil, Options{TypeFrom: from}, stream.NewInput("e", strings.NewReader(native)))); err != nil || b.String() != want {
			t.Errorf("%s: %v\n%s", from, err, b.String())
		}
	}
}

// What is written of a foreign log is read as the same stream.
func TestCopyForeign(t *testing.T) {
	texts := map[string]string{"claude": claudeCases[2].text, "codex": codexCases[0].text, "list": lines(recorderCases[3].events...)}
	for i, c := range otlpCases {
		texts[fmt.Sprint("spans", i)] = c.text
	}
	for name, text := range texts {
		want := read(Options{}, file{"x", text})
		var b bytes.Buffer
		w := stream.NewWriter(&b)
		w.Lazy()
		if err := event.Copy(w, NewReader(new(stream.Problems), Options{}, stream.NewInput("x", strings.NewReader(text)))); err != nil {
			t.Fatal(name, err)
		}
		got := source(Options{}, file{"x", b.String()})
		if got.text() != want.text() || got.err != nil || len(got.said) > 0 {
			t.Errorf("%s: %v %v\n%s\nwant\n%s", name, got.err, got.said, got.text(), want.text())
		}
	}
}
