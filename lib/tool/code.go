package tool

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"ipw/lib/sandbox"
)

// Code runs Python in a box. Each call is a program of its own, so no call can
// hang, break or fill up the next one.
type Code struct{ Box sandbox.Box }

const (
	codeTimeout    = 30 // seconds
	codeMaxTimeout = 600
)

// program reads Python from stdin, runs it as the main module and prints the
// value of its last line.
//
//go:embed program.py
var program string

// python runs $1 with the Python that there is.
const python = `for p in python3 python; do command -v $p >/dev/null 2>&1 && exec $p -c "$1"; done; echo "` + noPython + `" >&2; exit 127`

const noPython = "there is no Python in the sandbox"

// Name is the tool's name.
func (Code) Name() string { return "code_interpreter" }

// Description tells the model what the tool is for.
func (Code) Description() string {
	return "Run a Python program in the sandbox and return what it prints, and the value of its last line if that is an expression. " +
		"It begins in the workspace, whose files stay from call to call; variables and imports do not, so each call must be a whole program."
}

// Parameters is the schema of the arguments.
func (Code) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"code":{"type":"string","description":"the program, plain Python 3"},"timeout":{"type":"integer","minimum":1,"maximum":600,"description":"seconds until it is stopped, 30 if not given"}},"required":["code"]}`)
}

// Call runs the program.
func (c Code) Call(ctx context.Context, text string) (string, error) {
	args, err := parseArguments(text, `{"code": "import math\nprint(math.comb(49, 6))"}`)
	if err != nil {
		return "", err
	}
	source, err := args.text("code")
	if err != nil {
		return "", err
	}
	limit, err := seconds(args, codeTimeout, codeMaxTimeout)
	if err != nil {
		return "", err
	}
	result, err := execute(ctx, c.Box, sandbox.Command{
		Args:    []string{"sh", "-c", python, "sh", program},
		Env:     map[string]string{"PYTHONUTF8": "1"},
		Stdin:   strings.NewReader(unfenced(source)),
		Timeout: limit,
	})
	if err == nil && strings.HasPrefix(result, "[stderr]\n"+noPython) {
		return "", errors.New(noPython)
	}
	return result, err
}

// fence is a Markdown code block, in which models like to send a program.
var fence = regexp.MustCompile("(?s)^\\s*```[a-zA-Z0-9]*[ \\t]*\\r?\\n(.*?)\\r?\\n?```\\s*$")

func unfenced(source string) string {
	if m := fence.FindStringSubmatch(source); m != nil {
		return m[1]
	}
	return source
}
