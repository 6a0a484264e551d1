package terminus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// answer is what a model's answer asks for.
type answer struct {
	Commands     []command
	ToolCalls    []toolCall
	TaskComplete bool
	Warnings     []string // for the model
}

// command is keys, and how long to wait behind them.
type command struct {
	Keystrokes string  `json:"keystrokes"`
	Duration   float64 `json:"duration"` // seconds
}

type toolCall struct{ Name, Arguments string }

const (
	defaultDuration = 1  // s
	maxDuration     = 60 // s
)

func (c command) wait() time.Duration { return time.Duration(c.Duration * float64(time.Second)) }

// parse reads an answer. What can be mended is, with a warning; an error means
// that nothing may be executed.
func parse(text string) (answer, error) {
	object, warnings, err := findObject(text)
	if err != nil {
		return answer{}, err
	}
	a := answer{Warnings: warnings}
	for _, name := range []string{"analysis", "plan"} {
		if _, ok := object[name].(string); !ok {
			a.warn("%q is missing", name)
		}
	}
	if a.TaskComplete, err = truth(object["task_complete"]); err != nil {
		a.warn("task_complete is %v", err)
	}
	if err := a.readTools(object["tool_calls"]); err != nil {
		return answer{}, err
	}
	return a, a.readCommands(object["commands"])
}

func (a *answer) warn(format string, args ...any) {
	a.Warnings = append(a.Warnings, fmt.Sprintf(format, args...))
}

func (a *answer) readCommands(v any) error {
	list, ok := v.([]any)
	switch {
	case v == nil && (a.TaskComplete || len(a.ToolCalls) > 0):
		return nil
	case v == nil:
		return errors.New(`"commands" is missing`)
	case !ok:
		return errors.New(`"commands" is no list`)
	}
	for i, v := range list {
		c, err := a.readCommand(i+1, v)
		if err != nil {
			return err
		}
		a.Commands = append(a.Commands, c)
	}
	for i, c := range a.Commands {
		if i+1 < len(a.Commands) && c.Keystrokes != "" && !isKey(c.Keystrokes) && !strings.HasSuffix(c.Keystrokes, "\n") {
			a.warn(`command %d has no \n at its end, so command %d was typed on behind it`, i+1, i+2)
		}
	}
	return nil
}

func (a *answer) readCommand(n int, v any) (command, error) {
	c := command{Duration: defaultDuration}
	if keys, ok := v.(string); ok {
		a.warn("command %d is no object and was taken for keystrokes", n)
		c.Keystrokes = keys
		return c, nil
	}
	o, ok := v.(map[string]any)
	if !ok {
		return c, fmt.Errorf("command %d is no object", n)
	}
	if c.Keystrokes, ok = o["keystrokes"].(string); !ok {
		return c, fmt.Errorf(`command %d has no "keystrokes"`, n)
	}
	given, has := o["duration"]
	if has {
		d, err := strconv.ParseFloat(strings.TrimSpace(fmt.Sprint(given)), 64)
		switch {
		case err != nil || d < 0 || d != d:
			a.warn("the duration of command %d is no number of seconds; %d was taken", n, defaultDuration)
		case d > maxDuration:
			a.warn("the duration of command %d was cut to %d seconds", n, maxDuration)
			c.Duration = maxDuration
		default:
			c.Duration = d
		}
	}
	return c, nil
}

// readTools reads calls of tools beside the terminal, in this form or in that
// of chat completions.
func (a *answer) readTools(v any) error {
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		return errors.New(`"tool_calls" is no list`)
	}
	for i, v := range list {
		o, _ := v.(map[string]any)
		if f, ok := o["function"].(map[string]any); ok {
			o = f
		}
		name, ok := o["name"].(string)
		if !ok {
			return fmt.Errorf(`tool call %d has no "name"`, i+1)
		}
		arguments, ok := o["arguments"].(string)
		if !ok {
			b, err := json.Marshal(o["arguments"])
			if err != nil {
				return fmt.Errorf("the arguments of tool call %d: %w", i+1, err)
			}
			arguments = string(b)
		}
		a.ToolCalls = append(a.ToolCalls, toolCall{name, arguments})
	}
	return nil
}

func truth(v any) (bool, error) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		if b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(v))); err == nil {
			return b, nil
		}
	}
	return false, errors.New("neither true nor false, and was taken for false")
}
