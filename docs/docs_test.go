// Package docs is the documentation; its test runs the commands in it.
//
// In README.md and docs/*.md, the lines of a block marked console that begin
// with "$ " are commands (a following "> " continues one). The blocks of a file
// run in one shell, in an empty directory, with the programs on PATH. Every
// command must exit 0, or as "# exit N" at its end says. What stands below a
// command is what it printed once; in a block marked "console stable" it must
// still print that. A further word is a program that the block needs: where that
// is not installed, it is not run. Blocks with any other mark are not run.
package docs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// command is one of a document, with what it should do.
type command struct {
	line   int
	text   string
	exit   int
	stable bool
	output string
}

var exitMark = regexp.MustCompile(`# exit (\d+)$`)

// commands finds them in Markdown.
func commands(markdown string) (all []command) {
	inside, stable := false, false
	var c *command
	for i, line := range strings.Split(markdown, "\n") {
		if mark, fence := strings.CutPrefix(line, "```"); fence {
			words := strings.Fields(mark)
			inside = !inside && len(words) > 0 && words[0] == "console"
			stable = inside && len(words) > 1 && words[1] == "stable"
			c, inside = nil, inside && installed(words[1:])
			continue
		}
		if !inside {
			continue
		}
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, command{line: i + 1, text: text, stable: stable})
			c = &all[len(all)-1]
			if m := exitMark.FindStringSubmatch(text); m != nil {
				c.exit, _ = strconv.Atoi(m[1])
			}
		} else if more, ok := strings.CutPrefix(line, "> "); ok && c != nil && c.output == "" {
			c.text += "\n" + more
		} else if c != nil {
			c.output += line + "\n"
		}
	}
	return all
}

// installed reports whether the programs that a block names are there.
func installed(words []string) bool {
	for _, name := range words {
		if _, err := exec.LookPath(name); err != nil && name != "stable" {
			return false
		}
	}
	return true
}

func TestCommandsOfTheDocuments(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	var bin string
	for _, file := range append(files, "../README.md") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all := commands(string(b))
		if len(all) == 0 {
			continue
		}
		if bin == "" {
			bin = build(t)
		}
		t.Run(filepath.Base(file), func(t *testing.T) { run(t, bin, all) })
	}
}

// build makes every program, ipw-sql with DuckDB too where there is a compiler.
func build(t *testing.T) string {
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../cmd/...")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// run gives the commands to one shell, with a mark behind the output of each.
func run(t *testing.T, bin string, all []command) {
	const mark = "@@end-of-command"
	var script strings.Builder
	for _, c := range all {
		fmt.Fprintf(&script, "%s\nprintf '\\n%s %%d\\n' $?\n", c.text, mark)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	sh := exec.CommandContext(ctx, "/bin/sh", "-c", script.String())
	sh.Dir = t.TempDir()
	sh.Env = environment(bin)
	sh.WaitDelay = time.Second // of what it left in the background
	var out bytes.Buffer
	sh.Stdout, sh.Stderr = &out, &out
	_ = sh.Run() // each command's status is in the output
	rest := out.String()
	for _, c := range all {
		said, after, ok := strings.Cut(rest, "\n"+mark+" ")
		if !ok {
			t.Fatalf("line %d: %s\ndid not end:\n%s", c.line, c.text, rest)
		}
		status, after, _ := strings.Cut(after, "\n")
		rest = after
		if status != strconv.Itoa(c.exit) {
			t.Errorf("line %d: %s\nexit status %s, want %d\n%s", c.line, c.text, status, c.exit, said)
		}
		if want := strings.TrimSpace(c.output); c.stable && strings.TrimSpace(said) != want {
			t.Errorf("line %d: %s\nprinted\n%s\nand the document says\n%s", c.line, c.text, said, want)
		}
	}
}

// environment has the programs, and no key.
func environment(bin string) []string {
	env := []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
	for _, name := range []string{"HOME", "TMPDIR", "LANG"} {
		env = append(env, name+"="+os.Getenv(name))
	}
	return env
}

func TestCommands(t *testing.T) {
	got := commands("text\n```sh\n$ not this\n```\n```console\n$ one |\n> two\nout\n\nmore\n$ three  # exit 2\n```\n```console stable\n$ four\nout\n```\n")
	want := []command{
		{line: 6, text: "one |\ntwo", output: "out\n\nmore\n"},
		{line: 11, text: "three  # exit 2", exit: 2},
		{line: 14, text: "four", stable: true, output: "out\n"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
