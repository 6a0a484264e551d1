// Ipw profiles the energy of agents: ipw run makes a whole run, ipw list and
// ipw doctor say what there is, and any other ipw X executes ipw-X, beside
// itself or on PATH.
//
//	ipw run --agent react --model builtin --dataset demo
//	ipw doctor
//	ipw attribute power.jsonl events.jsonl
package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"

	"ipw/lib/cli"
	"ipw/lib/run"
)

func main() { cli.Main("ipw", dispatch) }

const usage = `Usage: ipw COMMAND [ARGUMENTS]

Energy, cost and accuracy of LLM agents, turn by turn.

  run        make a whole run: sampler, agent, attribution, judge, summary
  list       what there is: agents, tools, data sets, scorers, formats, sensors
  doctor     what this machine can measure, and what is missing

The stages, each a program of its own (ipw X executes ipw-X):

  sample     sensors              → power stream
  agent      tasks and a model    → event stream
  attribute  events and power     → traces
  judge      traces               → scored traces, accuracy
  export     runs                 → Hugging Face data sets
  sql        runs                 → answers to SQL

ipw COMMAND --help tells about each.

Example:

    ipw run --agent react --model builtin --dataset demo
`

// dispatch is git's: the first word names the command.
func dispatch(c *cli.Context) error {
	if len(c.Args) == 0 {
		fmt.Fprint(c.Stderr, usage)
		return &cli.ExitError{Code: 2}
	}
	word, rest := c.Args[0], c.Args[1:]
	if word == "help" && len(rest) > 0 {
		word, rest = rest[0], []string{"--help"}
	}
	own := map[string]func(*cli.Context) error{"run": runRun, "list": list, "doctor": doctor}
	if f, ok := own[word]; ok {
		c.Name, c.Args = "ipw "+word, rest
		return f(c)
	}
	switch {
	case word == "help" || word == "-h" || word == "--help":
		_, err := io.WriteString(c.Stdout, usage)
		return err
	case strings.HasPrefix(word, "-"):
		return c.Parse(&struct{}{}, "Energy, cost and accuracy of LLM agents, turn by turn.", "ipw run --agent react --model builtin --dataset demo")
	}
	return execute(word, rest)
}

var command = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// execute becomes ipw-X, so that its signals and its exit status are its own.
func execute(word string, rest []string) error {
	unknown := cli.Hint(cli.Usagef("%q is no command: there is no ipw-%s beside ipw or on PATH", word, word), "ipw --help")
	if !command.MatchString(word) {
		return unknown
	}
	path, err := run.Find(run.Beside(), "ipw-"+word)
	if err != nil {
		return unknown
	}
	err = syscall.Exec(path, append([]string{path}, rest...), os.Environ())
	return fmt.Errorf("%s: %w", path, err)
}
