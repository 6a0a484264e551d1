package terminus

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ipw/lib/agent"
	"ipw/lib/agent/conform"
	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/llm"
	"ipw/lib/sandbox"
	"ipw/lib/sandbox/host"
	"ipw/lib/stream"
	"ipw/lib/tool"
)

// model plays a script: a func from the number of the call to its answer.
type model struct {
	play func(n int, req llm.Request) (llm.Response, error)
	reqs []llm.Request
}

func (*model) Endpoint() string { return "http://127.0.0.1:9/v1" }
func (*model) Provider() string { return "openai" }
func (*model) Local() bool      { return true }

func (m *model) Chat(ctx context.Context, req llm.Request, obs llm.Observer) (llm.Response, error) {
	req.Messages = slices.Clone(req.Messages)
	m.reqs = append(m.reqs, req)
	obs.FirstToken()
	in, out := int64(100*len(req.Messages)), int64(5)
	r, err := m.play(len(m.reqs)-1, req)
	if err == nil {
		err = ctx.Err()
	}
	r.Message.Role, r.Attempts, r.Usage = llm.Assistant, 1, llm.Usage{InputTokens: &in, OutputTokens: &out}
	return r, err
}

// says plays answers one after the other.
func says(answers ...string) *model {
	return &model{play: func(n int, _ llm.Request) (llm.Response, error) {
		if n >= len(answers) {
			return llm.Response{}, fmt.Errorf("the script has %d answers", len(answers))
		}
		return llm.Response{Message: llm.Message{Content: answers[n]}, FinishReason: "stop"}, nil
	}}
}

// types is an answer with commands, each with time for a loaded machine.
func types(keys ...string) string {
	commands := []command{}
	for _, k := range keys {
		commands = append(commands, command{k, 2})
	}
	b, _ := json.Marshal(map[string]any{"analysis": "a", "plan": "p", "commands": commands})
	return string(b)
}

const done = `{"analysis":"it works","plan":"none","commands":[],"task_complete":true}`

type outcome struct {
	end   event.Event
	tools []event.Event // their ends
	dir   string        // of artifacts
}

// solve runs the agent over one task in a box of the bare host, and checks the
// stream.
func solve(t *testing.T, a *Agent, p *agent.Place, timeout time.Duration) (o outcome) {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("no tmux on this machine")
	}
	var out bytes.Buffer
	w := event.NewWriter(stream.NewWriter(&out), clock.System)
	config, _ := json.Marshal(map[string]int{"max_turns": a.MaxTurns})
	if err := w.Header(event.Header{Run: "r@1", Host: "h", Tool: "test", Agent: "terminus", Model: "m", Dataset: "d", Config: config}); err != nil {
		t.Fatal(err)
	}
	a.Request.Model = "m"
	o.dir = t.TempDir()
	run := agent.Run{Agent: a, Recorder: agent.NewRecorder(w), Timeout: timeout, Artifacts: o.dir,
		Open: func(context.Context, *agent.Query, dataset.Task) (*agent.Place, error) { return p, nil }}
	var task iter.Seq2[dataset.Task, error] = func(yield func(dataset.Task, error) bool) {
		yield(dataset.Task{ID: "q", Problem: "do it", WorkloadType: "test"}, nil)
	}
	if _, err := run.Tasks(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if err := w.End("ok"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range conform.Check(strings.NewReader(out.String())) {
		t.Error(bad)
	}
	in := event.NewReader(&stream.Problems{}, stream.NewInput("events", &out))
	for {
		rec, err := in.Next()
		if err != nil {
			return o
		}
		switch e := rec.Event; {
		case e == nil:
		case e.Type == event.QueryEnd:
			o.end = *e
		case e.Type == event.ToolEnd:
			o.tools = append(o.tools, *e)
		}
	}
}

func place(t *testing.T) *agent.Place {
	b, err := host.Sandbox{}.Open(t.Context(), sandbox.Spec{Workspace: t.TempDir(), Env: map[string]string{"PS1": "$ "}})
	if err != nil {
		t.Fatal(err)
	}
	return &agent.Place{Box: b, Workspace: b.Path(""), Close: b.Close}
}

func content(t *testing.T, p *agent.Place, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.Workspace, name))
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// last is the last message of a request.
func last(r llm.Request) string { return r.Messages[len(r.Messages)-1].Content }

// TestWork: keys are typed as they stand, whatever is in them, and the work
// ends when the model has confirmed that it is done.
func TestWork(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&long, "line %d: $HOME 'quoted' \"too\" \\back é😀;\n", i)
	}
	m := says(
		types("cat >script <<'EOF'\n"+long.String()+"EOF\n", "printf '%s' \"it's; $((1 + 1))\" >out;\n"),
		types("wc -l script\n"),
		done,
		types("cat ou", "Tab", "Enter", "\n"),
		done, done)
	p := place(t)
	o := solve(t, &Agent{Client: m, MaxTurns: 20, Record: true}, p, 0)
	if got := content(t, p, "script"); got != long.String() {
		t.Errorf("%d bytes, not %d: %.200q", len(got), long.Len(), got)
	}
	if got := content(t, p, "out"); got != "it's; 2" {
		t.Errorf("%q", got)
	}
	if o.end.Reason != event.Finished || !strings.Contains(*o.end.ResponseText, "1500 script") || !strings.Contains(*o.end.ResponseText, "it's; 2") {
		t.Errorf("%s %q", o.end.Reason, *o.end.ResponseText)
	}
	if len(m.reqs) != 6 || len(o.tools) != 7 || o.tools[0].Tool != "terminal" || !*o.tools[0].OK {
		t.Errorf("%d calls, %d tool calls", len(m.reqs), len(o.tools))
	}
	if news := last(m.reqs[2]); !strings.Contains(news, "1500 script") || strings.Contains(news, "line 1499") {
		t.Errorf("shown again: %q", news)
	}
	if news := last(m.reqs[1]); len(news) > maxNews+200 || !strings.Contains(news, "bytes cut]") {
		t.Errorf("%d bytes are shown", len(news))
	}
	if !strings.Contains(last(m.reqs[3]), "task_complete") || !strings.Contains(last(m.reqs[5]), "task_complete") {
		t.Error("no confirmation is asked for")
	}
	if text := m.reqs[0].Messages; text[0].Content != SystemPrompt || !strings.Contains(text[1].Content, "do it") {
		t.Errorf("%+v", text)
	}
	checkCast(t, filepath.Join(o.dir, "q", "terminal.cast"))
}

// checkCast reads a recording as asciinema's page on version 2 says.
func checkCast(t *testing.T, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	var header struct{ Version, Width, Height, Timestamp int }
	if err := json.Unmarshal(lines.Bytes(), &header); err != nil || header.Version != 2 || header.Width != 160 || header.Height != 40 || header.Timestamp == 0 {
		t.Errorf("%s, %v", lines.Bytes(), err)
	}
	var text strings.Builder
	before := 0.0
	for lines.Scan() {
		var e []any
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || len(e) != 3 || e[1] != "o" || e[0].(float64) < before {
			t.Fatalf("%s, %v", lines.Bytes(), err)
		}
		before = e[0].(float64)
		text.WriteString(e[2].(string))
	}
	if !strings.Contains(text.String(), "1500 script") {
		t.Error("the recording lacks what was printed")
	}
}

// TestScreen: a program that fills the screen, one that is interrupted, a
// screen that is cleared, and a shell that is left.
func TestScreen(t *testing.T) {
	t.Parallel()
	m := says(
		types("i=0; while [ $i -lt 300 ]; do echo row $i; i=$((i+1)); done >rows; less rows\n"),
		types("G"),
		types("q", "sleep 1000\n"),
		types("C-c"),
		types("echo before; clear; echo after\n"),
		types("x=5; exit\n"),
		types("echo again $x.\n"),
		done, done)
	o := solve(t, &Agent{Client: m, MaxTurns: 20}, place(t), 0)
	if o.end.Reason != event.Finished {
		t.Fatalf("%s, %v", o.end.Reason, o.end.Error)
	}
	for i, want := range []string{"[the whole screen]\nrow 0\n", "row 299", "sleep 1000", "^C", "after", "this is a new one", "again ."} {
		if text := last(m.reqs[i+1]); !strings.Contains(text, want) {
			t.Errorf("%d: %q lacks %q", i, text, want)
		}
	}
	if text := last(m.reqs[5]); strings.Contains(text, "row 299") {
		t.Errorf("shown again: %q", text)
	}
}

// TestBadAnswers: what cannot be read is told of and not executed; what was
// mended is executed and told of.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	m := says("I will list the files.", `{"analysis":"a","plan":"p","commands":[{"keystrokes":"touch mended\n"},]}`, done, "No, wait.", done, done)
	cut := m.play
	m.play = func(n int, r llm.Request) (llm.Response, error) {
		if n == 0 {
			return llm.Response{Message: llm.Message{Content: `{"commands":[{"keystrokes":"rm`}, FinishReason: "length"}, nil
		}
		return cut(n-1, r)
	}
	p := place(t)
	o := solve(t, &Agent{Client: m, MaxTurns: 20}, p, 0)
	content(t, p, "mended")
	if o.end.Reason != event.Finished || len(m.reqs) != 7 {
		t.Errorf("%s after %d answers", o.end.Reason, len(m.reqs))
	}
	for i, want := range []string{cutOff, "nothing of it was executed", "comma too many", "You said that", "could not be read", "You said that"} {
		if text := last(m.reqs[i+1]); !strings.Contains(text, want) {
			t.Errorf("%d: %q lacks %q", i, text, want)
		}
	}
}

// TestMaxTurns: in the last turn the model is asked for words, and keys in its
// answer are not pressed.
func TestMaxTurns(t *testing.T) {
	t.Parallel()
	m := says(types("echo on the way\n"), types("touch too-late\n"))
	p := place(t)
	o := solve(t, &Agent{Client: m, MaxTurns: 2}, p, 0)
	if o.end.Reason != event.MaxTurns || !strings.Contains(*o.end.ResponseText, "on the way") || !strings.HasSuffix(*o.end.ResponseText, types("touch too-late\n")) {
		t.Errorf("%s %q", o.end.Reason, *o.end.ResponseText)
	}
	if _, err := os.Stat(filepath.Join(p.Workspace, "too-late")); err == nil {
		t.Error("keys of the last turn were pressed")
	}
	if last(m.reqs[1]) != finalWords {
		t.Errorf("%q", last(m.reqs[1]))
	}
	one := says("42")
	if o := solve(t, &Agent{Client: one, MaxTurns: 1}, place(t), 0); o.end.Reason != event.Finished || !strings.HasSuffix(*o.end.ResponseText, "42") {
		t.Errorf("%s %q", o.end.Reason, *o.end.ResponseText)
	}
}

// TestTimeout: the time limit ends a wait, and what the terminal showed is the
// answer all the same.
func TestTimeout(t *testing.T) {
	t.Parallel()
	m := says(strings.ReplaceAll(types("echo begun\n", "sleep 1000\n"), `"duration":2}]`, `"duration":60}]`))
	p := place(t)
	p.Timeout = 12 * time.Second
	o := solve(t, &Agent{Client: m, MaxTurns: 5}, p, time.Hour)
	if o.end.Reason != event.Timeout || !strings.Contains(*o.end.ResponseText, "begun") {
		t.Errorf("%s %q", o.end.Reason, *o.end.ResponseText)
	}
}

// TestOverflow: a conversation that is too long is summed up; if it cannot be,
// it is dropped; if the task alone is too long, that is the error.
func TestOverflow(t *testing.T) {
	t.Parallel()
	long := func(n int) *model {
		script := says(types("echo one\n"), types("echo two\n"), done, done)
		answered := 0
		return &model{play: func(_ int, r llm.Request) (llm.Response, error) {
			size := 0
			for _, m := range r.Messages {
				size += len(m.Content)
			}
			switch {
			case size > n:
				return llm.Response{}, &llm.Error{Class: llm.ContextOverflow, Text: "400 too long"}
			case strings.Contains(last(r), "Sum it up"):
				return llm.Response{Message: llm.Message{Content: "one was echoed"}}, nil
			}
			answered++
			return script.play(answered-1, r)
		}}
	}
	begin := len(SystemPrompt) + 200
	m := long(begin + 500)
	if o := solve(t, &Agent{Client: m, MaxTurns: 20}, place(t), 0); o.end.Reason != event.Finished {
		t.Errorf("%s %v", o.end.Reason, o.end.Error)
	}
	if !slices.ContainsFunc(m.reqs, func(r llm.Request) bool { return strings.Contains(last(r), "one was echoed") && len(r.Messages) == 3 }) {
		t.Error("there is no summary")
	}
	m = long(10)
	if o := solve(t, &Agent{Client: m, MaxTurns: 20}, place(t), 0); o.end.Reason != event.Failed || !strings.Contains(*o.end.Error, "too long") || len(m.reqs) != 1 {
		t.Errorf("%s %v after %d calls", o.end.Reason, o.end.Error, len(m.reqs))
	}
}

// TestTools: tools beside the terminal are told of, and called in the same
// answer.
func TestTools(t *testing.T) {
	t.Parallel()
	m := says(`{"analysis":"a","plan":"p","commands":[{"keystrokes":"echo typed\n"}],"tool_calls":[{"name":"weigh","arguments":{"what":"lead"}},{"name":"none"}]}`, done, done)
	o := solve(t, &Agent{Client: m, MaxTurns: 9, Tools: []tool.Tool{weigh{}}}, place(t), 0)
	if text := m.reqs[0].Messages[0].Content; !strings.Contains(text, "weigh: says how heavy") || !strings.Contains(text, `{"type":"object"}`) {
		t.Errorf("%q", text)
	}
	if text := last(m.reqs[1]); !strings.Contains(text, `The tool weigh:`+"\n"+`heavy: {"what":"lead"}`) || !strings.Contains(text, "unknown tool") || !strings.Contains(text, "typed") {
		t.Errorf("%q", text)
	}
	var names []string
	for _, e := range o.tools {
		names = append(names, fmt.Sprint(e.Tool, *e.OK))
	}
	if got := strings.Join(names, " "); got != "weightrue nonefalse terminaltrue" {
		t.Errorf("%s", got)
	}
}

type weigh struct{}

func (weigh) Name() string                { return "weigh" }
func (weigh) Description() string         { return "says how heavy something is" }
func (weigh) Parameters() json.RawMessage { return json.RawMessage(`{"type":"object"}`) }
func (weigh) Call(_ context.Context, arguments string) (string, error) {
	return "heavy: " + arguments, nil
}

// TestNoBox: without a box there is nothing to press keys on.
func TestNoBox(t *testing.T) {
	t.Parallel()
	o := solve(t, &Agent{Client: says(), MaxTurns: 2}, &agent.Place{}, 0)
	if o.end.Reason != event.Failed || *o.end.Error != errNoBox.Error() {
		t.Errorf("%s %v", o.end.Reason, o.end.Error)
	}
}
