package tool

import (
	"context"
	"encoding/json"

	"ipw/lib/sandbox"
)

// Bash runs shell commands in a box. Each call is a shell of its own.
type Bash struct{ Box sandbox.Box }

const (
	bashTimeout    = 120 // seconds
	bashMaxTimeout = 3600
)

// shellOf runs $1 with bash where there is one, else with the system's shell:
// small images have none.
const shellOf = `if command -v bash >/dev/null 2>&1; then exec bash -c "$1"; fi; exec sh -c "$1"`

// Name is the tool's name.
func (Bash) Name() string { return "bash" }

// Description tells the model what the tool is for.
func (Bash) Description() string {
	return "Run a shell command in the sandbox and return what it prints and its exit status if that is not 0. " +
		"It begins in the workspace. Files stay from call to call; the working directory and variables do not, so join steps that need them with &&. " +
		"There is no terminal and no input: use flags that ask nothing."
}

// Parameters is the schema of the arguments.
func (Bash) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"command":{"type":"string","description":"the command line"},"timeout":{"type":"integer","minimum":1,"maximum":3600,"description":"seconds until it is stopped, 120 if not given"}},"required":["command"]}`)
}

// Call runs the command.
func (b Bash) Call(ctx context.Context, text string) (string, error) {
	args, err := parseArguments(text, `{"command": "ls -l && wc -l *.csv", "timeout": 60}`)
	if err != nil {
		return "", err
	}
	command, err := args.text("command")
	if err != nil {
		return "", err
	}
	limit, err := seconds(args, bashTimeout, bashMaxTimeout)
	if err != nil {
		return "", err
	}
	return execute(ctx, b.Box, sandbox.Command{Args: []string{"sh", "-c", shellOf, "sh", command}, Timeout: limit})
}
