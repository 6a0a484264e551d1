package run

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"ipw/lib/event"
	"ipw/lib/stream"
)

// Whatever byte a crash cut the stream at, and then again while it was mended,
// what is left is a whole stream that begins with the whole lines before it.
func TestOpenStreamAfterACrash(t *testing.T) {
	whole := []byte(`{"type":"header","schema":"ipw.events/1","t_us":1}
{"type":"query_start","t_us":2,"query":"a"}

{"type":"query_end","t_us":3,"query":"a","reason":"finished"}
{"type":"end","records":2,"status":"ok"}
{"type":"header","schema":"ipw.events/1","t_us":4}
{"type":"query_start","t_us":5,"query":"ä"}
`)
	path := filepath.Join(t.TempDir(), "events.jsonl")
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			f, err := openStream(path)
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.LastIndexByte(whole[:cut], '\n') + 1
		if !bytes.HasPrefix(got, whole[:lines]) {
			t.Fatalf("cut at %d: whole lines are lost:\n%s", cut, got)
		}
		if len(got) == 0 {
			continue
		}
		problems := &stream.Problems{Print: func(s string) { t.Errorf("cut at %d: %s\n%s", cut, s, got) }}
		r := event.NewReader(problems, stream.NewInput("events.jsonl", bytes.NewReader(got)))
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("cut at %d: %v\n%s", cut, err, got)
			}
		}
	}
}

func TestName(t *testing.T) {
	for _, c := range []struct{ agent, model, dataset, tag, want string }{
		{"react", "builtin", "demo", "", "run_react_builtin_demo"},
		{"react", "openai/gpt-4o", "tasks.jsonl", "a b", "run_react_openai_gpt-4o_tasks.jsonl_a_b"},
		{"react", "m:latest  é", "../x", "", "run_react_m_latest_.._x"},
	} {
		if got := Name(c.agent, c.model, c.dataset, c.tag); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestFigure(t *testing.T) {
	for _, c := range []struct {
		value, uncertainty float64
		want               string
	}{
		{12.3456, 0.9, "12.3"}, {1234, 90, "1230"}, {0.4, 0.5, "<0.9"}, {0.4, 0.4, "<0.8"}, {0, 0.02, "<0.02"},
		{12.3456, 0, "12.3456"}, {-5, 0.1, "-5.0"}, {1e-7, 1e-9, "1.00e-07"}, {99.96, 0.1, "100.0"}, {0.41, 0.47, "<0.9"},
	} {
		if got := Figure(c.value, c.uncertainty); got != c.want {
			t.Errorf("Figure(%v, %v) = %s, want %s", c.value, c.uncertainty, got, c.want)
		}
	}
	if got := Joules(12.345, nil, true); got != "est. 12 J" {
		t.Error(got)
	}
	if got := between(0.0123, 0.0101, 0.0146); got != "0.0123 (0.0101 to 0.0146)" {
		t.Error(got)
	}
	if got := between(0.03, 0.0011, 5234); got != "0.030 (0.0011 to 5200)" {
		t.Error(got)
	}
	if got := grouped(-1234567); got != "-1 234 567" {
		t.Error(got)
	}
}

func TestShown(t *testing.T) {
	got := shown([]string{"ipw-agent", "--base-url=http://me:secret@h:8000/v1?key=secret", "--serves=http://h/v1=gpu:0", "http://me:secret@h/"})
	want := []string{"ipw-agent", "--base-url=http://h:8000/v1", "--serves=http://h/v1=gpu:0", "http://h/"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
}

func TestNeighbours(t *testing.T) {
	got := parseNeighbours("GPU-1, 812, /usr/bin/python3, 20512\nGPU-2, 900, a name, with a comma, 1\nGPU-2, 901, x, [N/A]\n")
	if len(got) != 3 || got[0].PID != 812 || *got[0].Memory != 20512 || got[1].Name != "a name, with a comma" || got[2].Memory != nil {
		t.Errorf("%+v", got)
	}
	if got := parseNeighbours(""); got == nil || len(got) != 0 {
		t.Errorf("%v, want nobody", got)
	}
}
