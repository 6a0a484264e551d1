package tool

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ipw/lib/sandbox"
)

// execute runs a command in a box and tells what it printed and how it ended. A
// status other than 0 is a result, not an error of the tool: a failing test is
// what the model asked to see. A command that ran out of time is an error, and
// what it had printed comes with it.
func execute(ctx context.Context, box sandbox.Box, c sandbox.Command) (string, error) {
	r, err := box.Exec(ctx, c)
	if err != nil {
		return "", err
	}
	text := tell(r)
	switch {
	case ctx.Err() != nil:
		return text, context.Cause(ctx)
	case r.TimedOut:
		return text, fmt.Errorf("stopped after %s, and all that it had started", c.Timeout)
	}
	return text, nil
}

// tell is stdout, then what else there is to know, each under its name.
func tell(r sandbox.Result) string {
	var parts []string
	if out := strings.TrimRight(r.Stdout, "\n"); out != "" {
		parts = append(parts, out)
	}
	if out := strings.TrimRight(r.Stderr, "\n"); out != "" {
		parts = append(parts, "[stderr]\n"+out)
	}
	switch {
	case r.TimedOut:
	case r.Code != 0:
		parts = append(parts, fmt.Sprintf("[exit status %d]", r.Code))
	case len(parts) == 0:
		parts = []string{"[no output]"}
	}
	return strings.Join(parts, "\n")
}

// seconds is a time limit as an argument gives it.
func seconds(a arguments, absent, high int) (time.Duration, error) {
	n, err := a.whole("timeout", absent, 1, high)
	return time.Duration(n) * time.Second, err
}
