package openhands

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// call calls a tool with arguments written as a value.
func call(t *testing.T, x interface {
	Call(context.Context, string) (string, error)
}, arguments any) (string, string) {
	t.Helper()
	b, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	result, err := x.Call(t.Context(), string(b))
	if err != nil {
		return result, err.Error()
	}
	return result, ""
}

type args map[string]any

// TestTerminal is one session with the shell: each line sees what the ones
// before it did.
func TestTerminal(t *testing.T) {
	b := box(t)
	x := newTerminal(b)
	x.quiet = 300 * time.Millisecond
	defer x.close()
	dir := b.Path(".")
	exit := func(code, where string) string { return "[exit code " + code + ", in " + where + "]" }
	running := "exit code -1"
	for _, step := range []struct {
		name   string
		args   args
		result string // what it ends with
		err    string
	}{
		{"a command", args{"command": "echo hello"}, "hello\n" + exit("0", dir), ""},
		{"nothing printed", args{"command": "true"}, exit("0", dir), ""},
		{"a status", args{"command": "false"}, exit("1", dir), ""},
		{"a variable stays", args{"command": "export X='a  b'; cd /usr"}, exit("0", "/usr"), ""},
		{"and is there", args{"command": `echo "$X" in $PWD`}, "a  b in /usr\n" + exit("0", "/usr"), ""},
		{"history signs", args{"command": `echo 'it'"'"'s!' "wow!!" \\ $'x'`}, "it's! wow!! \\ x\n" + exit("0", "/usr"), ""},
		{"several lines", args{"command": "for i in 1 2\ndo\n  echo $i\ndone"}, "1\n2\n" + exit("0", "/usr"), ""},
		{"a here document", args{"command": "cat <<'E' | tr a-z A-Z\nan 'open quote\nE\necho \"$?\""}, "AN 'OPEN QUOTE\n0\n" + exit("0", "/usr"), ""},
		{"a quote left open", args{"command": "echo 'open"}, "matching `''\n" + exit("0", "/usr"), ""}, // bash's own status
		{"long", args{"command": "echo " + strings.Repeat("x", 9000) + " | wc -c"}, "9001\n" + exit("0", "/usr"), ""},
		{"no newline at the end", args{"command": "printf abc"}, "abc\n" + exit("0", "/usr"), ""},
		{"nothing runs", args{"command": "", "is_input": true}, "", "no command is running to type into or to wait for"},
		{"a program that asks", args{"command": "read -p 'name? ' n; echo \"<$n>\""}, running + ". With is_input true: wait, type, or C-c]", ""},
		{"not now", args{"command": "echo x"}, "", "a command is still running"},
		{"its answer", args{"command": "Ada Lovelace", "is_input": "true"}, "<Ada Lovelace>\n" + exit("0", "/usr"), ""},
		{"longer than its limit", args{"command": "echo one; sleep 1000", "timeout": 0.3}, running + ". With is_input true: wait, type, or C-c]", ""},
		{"stopped", args{"command": "C-c", "is_input": true}, exit("130", "/usr"), ""},
		{"a limit in quotes", args{"command": "sleep 0.4; echo late", "timeout": "30"}, "late\n" + exit("0", "/usr"), ""},
		{"end of input", args{"command": "cat"}, running + ". With is_input true: wait, type, or C-c]", ""},
		{"C-d", args{"command": "C-d", "is_input": true}, exit("0", "/usr"), ""},
		{"colours and progress", args{"command": `printf '\033[31mred\033[0m\n10%%\r50%%\r100%%\n'`}, "red\n100%\n" + exit("0", "/usr"), ""},
		{"reset with input", args{"command": "x", "reset": true, "is_input": true}, "", "reset begins a new shell"},
		{"reset", args{"command": "echo \"[$X]\"", "reset": true}, "[]\n" + exit("0", dir), ""},
		{"the shell ends", args{"command": "exit 3"}, "", "the shell has ended; the next command begins a new shell"},
		{"a new one", args{"command": "echo again"}, "again\n" + exit("0", dir), ""},
		{"wrong arguments", args{"command": 7}, "", `the argument "command" cannot be a number`},
		{"wrong limit", args{"command": "x", "timeout": "soon"}, "", "is no number"},
	} {
		result, err := call(t, x, step.args)
		if !strings.HasSuffix(result, step.result) || !strings.Contains(err, step.err) || (err == "") != (step.err == "") {
			t.Errorf("%s: %q, error %q", step.name, result, err)
		}
	}
}

// TestTerminalFlood: of very much output head and tail are shown.
func TestTerminalFlood(t *testing.T) {
	x := newTerminal(box(t))
	defer x.close()
	result, err := call(t, x, args{"command": "seq 1 900000", "timeout": 60})
	if err != "" || len(result) > maxScreen+100 || !strings.HasPrefix(result, "1\n2\n") || !strings.Contains(result, "\n900000\n[exit code 0") {
		t.Errorf("%d bytes: %.50q … %q, %s", len(result), result, result[max(0, len(result)-60):], err)
	}
}

// TestTerminalCut: the end of a query ends the wait.
func TestTerminalCut(t *testing.T) {
	x := newTerminal(box(t))
	defer x.close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := x.Call(ctx, `{"command":"sleep 1000","timeout":900}`); err == nil {
		t.Error("no error")
	}
}
