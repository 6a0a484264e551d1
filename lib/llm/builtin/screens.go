package builtin

import "encoding/json"

// screens are tasks that are done at a terminal, by the terminus agent: for
// tests of the way through it. Some answers are not quite JSON, as models write
// them.
var screens = []dialogue{
	{
		problem: `Make a file /app/greeting.txt that holds one line, "good morning", with a newline at its end.`,
		steps: []step{
			{say: keys("The directory is unknown to me.", "I look at it and write the file.", "ls -la /app\n", `echo "good morning" >/app/greeting.txt`+"\n")},
			{say: "```json\n" + keys("The file should be there.", "I check its bytes.", "od -c /app/greeting.txt\n") + "\n```"},
			{say: complete("It holds the line and one newline.")},
			{say: complete("I am sure.")},
		},
	},
	{
		problem: "Count the regular files below /usr/share/doc and write the number, alone on a line, into /app/count.txt.",
		steps: []step{
			{say: `{"analysis": "find counts files.", "plan": "I count and write in one go.", "commands": [{"keystrokes": "find /usr/share/doc -type f | wc -l >/app/count.txt\n", "duration": 3,},],}`},
			{say: keys("The number is written.", "I look at it.", "cat /app/count.txt\n")},
			{say: complete("A number alone on a line.")},
			{say: complete("I am sure.")},
		},
	},
	{
		problem: "The script /app/sum.sh adds up the numbers that it is given, one an argument. It prints 0, whatever the numbers are. Mend it.",
		steps: []step{
			{say: keys("I have to see the script.", "I read it and run it.", "cd /app && cat sum.sh && sh sum.sh 1 2 3\n")},
			{say: "The loop runs in a pipe, and so in another process. " +
				keys("The loop runs in a pipe, in a process of its own, and joins texts instead of adding numbers.", "I write it anew.",
					"cat >sum.sh <<'END'\n#!/bin/sh\ntotal=0\nfor n in \"$@\"; do\n  total=$((total + n))\ndone\necho \"$total\"\nEND\n", "C-l")},
			{say: keys("It is written.", "I run it.", "sh sum.sh 1 2 3; sh sum.sh\n")},
			{say: complete("6 and 0, as it should be.")},
			{say: complete("I am sure.")},
		},
	},
}

// keys is an answer of terminus' protocol.
func keys(analysis, plan string, strokes ...string) string {
	commands := []map[string]any{}
	for _, k := range strokes {
		commands = append(commands, map[string]any{"keystrokes": k, "duration": 2})
	}
	return object(map[string]any{"analysis": analysis, "plan": plan, "commands": commands, "task_complete": false})
}

// complete is the answer that ends the work.
func complete(analysis string) string {
	return object(map[string]any{"analysis": analysis, "plan": "Nothing is left to do.", "commands": []any{}, "task_complete": true})
}

func object(fields map[string]any) string {
	b, _ := json.Marshal(fields) // of texts and numbers: cannot fail
	return string(b)
}
