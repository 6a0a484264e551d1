package builtin

import "encoding/json"

// repairs are tasks that are done in a sandbox, by the openhands agent: for
// tests of the way through it, with tools that it brings.
var repairs = []dialogue{
	{
		problem: "tally.mean of an empty list fails with ZeroDivisionError. It must return None. Note the change in a new file CHANGES.md.",
		find:    map[string]string{"dir": `\[exit code \d+, in (\S+)\]`},
		steps: []step{
			{say: "I will look at the code and see it fail.", calls: []call{terminal(`cat tally.py; python3 -c "import tally; tally.mean([])"`)}},
			{say: "An empty list needs its own answer.", calls: []call{edit("str_replace", "{dir}/tally.py",
				"old_str", "    return sum(values) / len(values)", "new_str", "    if not values:\n        return None\n    return sum(values) / len(values)")}},
			{say: "Now the note.", calls: []call{edit("create", "{dir}/CHANGES.md", "file_text", "- mean of an empty list is None\n")}},
			{say: "I will see whether it works.", calls: []call{terminal(`python3 -c "import tally; print(tally.mean([]), tally.mean([1, 2]))"`)}},
			{say: "It does.", calls: []call{tell("finish", "message", "tally.mean returns None for an empty list.")}},
		},
		without: "I have no tools to change anything with.",
	},
}

func terminal(command string) call { return tell("terminal", "command", command) }

func edit(command, path string, more ...string) call {
	return tell("file_editor", append([]string{"command", command, "path", path}, more...)...)
}

// tell makes a call of keys and values.
func tell(tool string, pairs ...string) call {
	arguments := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		arguments[pairs[i]] = pairs[i+1]
	}
	b, _ := json.Marshal(arguments) // of strings: cannot fail
	return call{tool, string(b)}
}
