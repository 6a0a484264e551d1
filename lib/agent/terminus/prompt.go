package terminus

import (
	"fmt"
	"strings"

	"ipw/lib/tool"
)

// SystemPrompt is what a model is told to begin with.
const SystemPrompt = `You solve a task on your own in a Linux terminal. Nobody answers questions. You press keys and are shown what the terminal prints.

Answer with one JSON object and nothing around it:

{
  "analysis": "what you see: what has been done, what went wrong, what is missing",
  "plan": "what you do next, and what you expect of it",
  "commands": [
    {"keystrokes": "ls -la\n", "duration": 0.1},
    {"keystrokes": "make test\n", "duration": 30}
  ],
  "task_complete": false
}

- "keystrokes" is typed exactly as it stands. End a shell command with \n, or it is not run. A key alone is written as tmux names it: "C-c", "C-d", "Escape", "Up", "Enter".
- "duration" is how many seconds to wait before the next keys or the next look, 1 if not given and 60 at most. Quick commands need 0.1. To wait longer, look again: {"keystrokes": "", "duration": 30}.
- "commands" may be empty: then you only look.
- Commands share one terminal. Do not type over a program that still runs.
- "task_complete" true ends the work. Check your work first; you are asked once more.`

const (
	confirm = `The terminal now:
%s

You said that the task is done. When you confirm that, it is graded and nothing can be changed any more. If you are sure, answer with "task_complete": true again; if not, go on.`

	malformed = `Your answer could not be read, and nothing of it was executed: %v. Answer with one JSON object that has "analysis", "plan" and "commands", and nothing around it.`

	cutOff = `Your answer was cut off at the longest length an answer may have, and nothing of it was executed. Answer again in fewer words; write long files in several steps.`

	finalWords = `This is your last turn, and no more keys are pressed. Say in plain words what you have done and what is left; if the task asks a question, end with one line:
FINAL ANSWER: the answer alone`

	summaryPrompt = `Below is the record of your work in a terminal on the following task. It has grown too long. Sum it up for yourself, so that you can go on without it: what was tried and what came of it, which files and programs matter and in what state they are, what is left to do. Be exact about names, paths and values.

The task:
%s

The record:
%s`

	summary = `The record of your work so far was too long and is gone. What you have noted of it:
%s

The terminal now:
%s`
)

// toolPrompt tells of tools beside the terminal. They are called in the same
// object: so it works with every model, whether it calls tools natively or not.
func toolPrompt(tools []tool.Tool) string {
	if len(tools) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n\nBeside the terminal there are tools. Call them with a further field of the object, before its commands: \"tool_calls\": [{\"name\": \"…\", \"arguments\": {…}}]. What they say is shown above the terminal. The tools, with the schema of their arguments:\n")
	for _, t := range tools {
		fmt.Fprintf(&b, "\n%s: %s\n%s\n", t.Name(), t.Description(), t.Parameters())
	}
	return b.String()
}
