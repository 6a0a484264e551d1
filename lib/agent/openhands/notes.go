package openhands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

const finishName = "finish"

// finish ends the work.
type finish struct{}

func (finish) Name() string { return finishName }
func (finish) Description() string {
	return "End the work. Call it once, when the task is done or cannot be done, with the answer or a short account of what was changed."
}
func (finish) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"message":{"type":"string","description":"the answer to the task"}},"required":["message"]}`)
}

func (finish) Call(_ context.Context, arguments string) (string, error) {
	var a struct {
		Message *string `json:"message"`
	}
	if err := decode(arguments, &a); err != nil {
		return "", err
	}
	if a.Message == nil {
		return "", errors.New(`finish needs a "message", the answer`)
	}
	return *a.Message, nil
}

// think keeps a thought and does nothing.
type think struct{}

func (think) Name() string { return "think" }
func (think) Description() string {
	return "Note down a thought. It changes nothing and tells nothing new; use it to reason before a difficult step."
}
func (think) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"thought":{"type":"string","description":"the thought"}},"required":["thought"]}`)
}

func (think) Call(_ context.Context, arguments string) (string, error) {
	var a struct {
		Thought string `json:"thought"`
	}
	if err := decode(arguments, &a); err != nil {
		return "", err
	}
	return "The thought is noted.", nil
}

// tracker is a list of tasks that the model keeps.
type tracker struct {
	mu   sync.Mutex
	list []entry
}

type entry struct {
	Title  string `json:"title"`
	Notes  string `json:"notes"`
	Status string `json:"status"`
}

var statuses = []string{"todo", "in_progress", "done"}

func (*tracker) Name() string { return "task_tracker" }
func (*tracker) Description() string {
	return "Keep a list of tasks, for work of several steps. `view` shows it. `plan` replaces it by task_list, the whole list with what has changed. Have one task in_progress at a time, and set it to done as soon as it is."
}
func (*tracker) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"command":{"type":"string","enum":["view","plan"],"description":"view or plan; view if not given"},"task_list":{"type":"array","description":"of plan: the whole list","items":{"type":"object","properties":{"title":{"type":"string"},"notes":{"type":"string"},"status":{"type":"string","enum":["todo","in_progress","done"]}},"required":["title"]}}}}`)
}

func (t *tracker) Call(_ context.Context, arguments string) (string, error) {
	var a struct {
		Command  string   `json:"command"`
		TaskList *[]entry `json:"task_list"`
	}
	if err := decode(arguments, &a); err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch a.Command {
	case "plan":
		if a.TaskList == nil {
			return "", errors.New(`plan needs a "task_list"`)
		}
		if err := t.plan(*a.TaskList); err != nil {
			return "", err
		}
	case "view", "":
	default:
		return "", fmt.Errorf("unknown command %q; there are view and plan", a.Command)
	}
	return t.String(), nil
}

// plan takes over a list. A task without a status is to be done.
func (t *tracker) plan(list []entry) error {
	for i := range list {
		e := &list[i]
		if e.Status == "" {
			e.Status = statuses[0]
		}
		if strings.TrimSpace(e.Title) == "" || !slices.Contains(statuses, e.Status) {
			return fmt.Errorf("task %d needs a title and a status of %s", i+1, strings.Join(statuses, ", "))
		}
	}
	t.list = list
	return nil
}

func (t *tracker) String() string {
	if len(t.list) == 0 {
		return "The list is empty; plan fills it."
	}
	var b strings.Builder
	for i, e := range t.list {
		fmt.Fprintf(&b, "%d. [%s] %s\n", i+1, e.Status, e.Title)
		if e.Notes != "" {
			fmt.Fprintf(&b, "   %s\n", e.Notes)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
