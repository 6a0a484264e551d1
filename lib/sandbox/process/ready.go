package process

import (
	"crypto/rand"
	"maps"
	"slices"

	"ipw/lib/sandbox"
)

// Environ is the variables of a command.
type Environ map[string]string

// Ready makes a command of a box ready to be run on this machine. Its variables
// are those of base, then LANG and TERM, then of the others in turn, then its
// own.
func Ready(c sandbox.Command, dir string, base Environ, others ...map[string]string) Command {
	mark := Mark()
	env := Environ{"LANG": "C.UTF-8", "TERM": "xterm-256color"}
	for _, m := range slices.Concat([]map[string]string{base}, others, []map[string]string{c.Env}) {
		maps.Copy(env, m)
	}
	env[sandbox.MarkName] = mark
	return Command{Args: c.Args, Dir: dir, Env: env.list(), Mark: mark, Stdin: c.Stdin,
		Timeout: c.Timeout, MaxOutput: c.MaxOutput, Cols: c.Cols, Rows: c.Rows}
}

// Mark is a new command's value of sandbox.MarkName.
func Mark() string { return rand.Text() }

func (e Environ) list() []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(e)) {
		out = append(out, k+"="+e[k])
	}
	return out
}
