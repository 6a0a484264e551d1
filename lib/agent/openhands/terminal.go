package openhands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"ipw/lib/sandbox"
	"ipw/lib/stream"
)

// terminal is the tool of that name: one shell, which stays open.
type terminal struct {
	box sandbox.Box

	mu    sync.Mutex
	shell *shell // nil until the first command
	quiet time.Duration
}

const (
	// quietTime is how long a command without a time limit may print nothing
	// until the model is asked what to do: the SDK's NO_CHANGE_TIMEOUT_SECONDS.
	quietTime = 10 * time.Second

	maxScreen = 30000 // bytes of output the model is shown: the SDK's MAX_CMD_OUTPUT_SIZE
)

func newTerminal(box sandbox.Box) *terminal { return &terminal{box: box, quiet: quietTime} }

func (*terminal) Name() string { return "terminal" }

func (t *terminal) Description() string {
	return `Run a shell command in a terminal that stays open: directory, variables and jobs last from call to call.
- One command at a time; chain several with && or ;. Do not use set -e: it would end the shell.
- The exit code stands at the end of the output. Exit code -1 means that the command still runs: it has printed nothing for ` + fmt.Sprint(int(t.quiet.Seconds())) + ` s, or its timeout is over. Then call again with is_input true: an empty command waits for more output, a text is typed into the program, C-c, C-d and C-z are keys.
- Give commands that take long, such as installations and tests, a timeout in seconds. Start servers in the background, with their output in a file.
- reset true begins a new shell, if the old one is beyond help.`
}

func (*terminal) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{` +
		`"command":{"type":"string","description":"the command, or with is_input what is typed into the running program; empty to wait for more output"},` +
		`"is_input":{"type":"boolean","description":"the command goes to the running program; false if not given"},` +
		`"timeout":{"type":"number","minimum":0,"description":"seconds that the command may take"},` +
		`"reset":{"type":"boolean","description":"begin a new shell; not with is_input"}` +
		`},"required":["command"]}`)
}

type action struct {
	Command string  `json:"command"`
	IsInput flag    `json:"is_input"`
	Timeout *number `json:"timeout"`
	Reset   flag    `json:"reset"`
}

// Call runs a command. One that exits with another status than 0 has done what
// it was told and is no error.
func (t *terminal) Call(ctx context.Context, arguments string) (string, error) {
	var a action
	if err := decode(arguments, &a); err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.Reset {
		if a.IsInput {
			return "", errors.New("reset begins a new shell, to which there is nothing to type yet: leave is_input out")
		}
		t.drop()
		if strings.TrimSpace(a.Command) == "" {
			return "The next command begins a new shell.", nil
		}
	}
	if t.shell == nil {
		s, err := startShell(ctx, t.box)
		if err != nil {
			return "", fmt.Errorf("the shell does not start: %w", err)
		}
		t.shell = s
	}
	return t.run(ctx, a)
}

func (t *terminal) run(ctx context.Context, a action) (string, error) {
	s, command := t.shell, strings.TrimSpace(a.Command)
	switch {
	case s.running && !bool(a.IsInput) && command != "":
		return "", errors.New(`a command is still running. With is_input true: "" waits for its output, text is typed into it, C-c stops it. Or begin a new shell with reset`)
	case !s.running && (bool(a.IsInput) || command == ""):
		return "", errors.New("no command is running to type into or to wait for")
	}
	var err error
	switch {
	case !s.running:
		err = s.send(ctx, command)
	case command != "":
		err = s.typeIn(a.Command)
	}
	if err != nil {
		t.drop()
		return "", fmt.Errorf("%w; the next command begins a new shell", err)
	}
	limits := limits{quiet: t.quiet}
	if a.Timeout != nil {
		limits = timeLimit(float64(*a.Timeout))
	}
	return t.wait(ctx, limits)
}

// wait tells how far the command is.
func (t *terminal) wait(ctx context.Context, l limits) (string, error) {
	screen, state, err := t.shell.wait(ctx, l)
	text := stream.Clip(screen, maxScreen)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	switch {
	case err != nil:
		t.drop()
		return text, fmt.Errorf("%w; the next command begins a new shell", err)
	case state.done:
		return text + fmt.Sprintf("[exit code %d, in %s]", state.code, state.dir), nil
	case l.total > 0:
		return text + fmt.Sprintf("[still running after %s, exit code -1. With is_input true: wait, type, or C-c]", l.total), nil
	}
	return text + fmt.Sprintf("[still running, nothing printed for %s, exit code -1. With is_input true: wait, type, or C-c]", l.quiet), nil
}

func (t *terminal) drop() {
	if t.shell != nil {
		t.shell.close()
		t.shell = nil
	}
}

func (t *terminal) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop()
}
