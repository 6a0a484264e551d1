package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// flagsFirst moves flags before positional arguments, because kong ends a list
// of arguments at the first flag. What follows -- stays behind it.
func flagsFirst(app *kong.Application, args []string) []string {
	if len(app.Children) > 0 { // a subcommand's flags belong behind its name
		return args
	}
	var flags, rest []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			rest = append(rest, a)
			continue
		}
		flags = append(flags, a)
		if takesValue(app, a) && i+1 < len(args) {
			i++
			flags = append(flags, args[i])
		}
	}
	return append(flags, rest...)
}

// takesValue reports whether a flag's value is the next argument.
func takesValue(app *kong.Application, arg string) bool {
	name, isLong := strings.CutPrefix(arg, "--")
	if strings.Contains(arg, "=") || !isLong && len(arg) > 2 {
		return false
	}
	for _, f := range app.Flags {
		if isLong && f.Name == name || !isLong && string(f.Short) == arg[1:] {
			return !f.IsBool() && !f.IsCounter()
		}
	}
	return false
}
