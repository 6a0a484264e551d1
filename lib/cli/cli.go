// Package cli is the frame of every main: streams, flags, signals, error lines
// and exit codes. It is the only place that knows a terminal or os.Exit.
//
//	func main() { cli.Main("ipw-judge", run) }
//
//	func run(c *cli.Context) error {
//		var flags struct { … }
//		if err := c.Parse(&flags, "one line", "example"); err != nil { return err }
//		…
//	}
//
// An error prints as "ipw-judge: what is wrong", then, if it carries a hint,
// "ipw-judge: hint: the command to type". Exit codes: 0 done, 1 failed, 2 wrong
// usage, 130 and 143 after a clean stop on SIGINT and SIGTERM.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong" // flags: the struct is the documentation
	"golang.org/x/term"          // is stderr a terminal, and how wide

	"ipw/lib/stream"
)

// Version is set by the linker.
var Version = "0.1.0"

// Context is what a command runs in.
type Context struct {
	context.Context // ends at the first SIGINT or SIGTERM, if the command asked for that with Signals

	Name   string
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	mu     sync.Mutex
	signal os.Signal
	line   *Line  // at the bottom of the terminal; nil for none
	settle func() // takes signals that have come and were not looked at yet
}

// Main runs a command and exits with its code.
func Main(name string, run func(*Context) error) {
	c := &Context{Context: context.Background(), Name: name, Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(c.Run(run))
}

// Run runs a command and returns its exit code.
func (c *Context) Run(run func(*Context) error) int {
	err := run(c)
	switch {
	case err == nil || errors.Is(err, errHelp) || errors.Is(err, syscall.EPIPE):
		return c.signalled(0)
	case errors.Is(err, context.Canceled) && c.signalled(0) != 0:
		return c.signalled(0)
	}
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Err != nil {
		c.Error(err)
	}
	if exit != nil {
		return exit.Code
	}
	var usage interface{ Usage() bool }
	if errors.As(err, &usage) && usage.Usage() {
		return 2
	}
	return c.signalled(1)
}

// signalled is the exit code of a clean stop, or code if there was no signal.
func (c *Context) signalled(code int) int {
	if c.settle != nil {
		c.settle()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.signal.(syscall.Signal); ok {
		return 128 + int(s)
	}
	return code
}

// Signals makes the context end at the first SIGINT or SIGTERM, for a command
// that has something to finish; the second one kills. first, if not nil, is
// called at the first. A command that reads a pipe must not call it: it drains
// to the end of its input, because Ctrl-C reaches the whole pipe.
func (c *Context) Signals(first func(os.Signal)) {
	ctx, cancel := context.WithCancel(c.Context)
	c.Context = ctx
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s := <-ch
		c.mu.Lock()
		c.signal = s
		c.mu.Unlock()
		if first != nil {
			first(s)
		}
		cancel()
		for s := range ch {
			if f := atNext.Swap(nil); f != nil {
				(*f)()
				continue
			}
			die(s)
		}
	}()
}

// Drain makes a filter outlive the first SIGINT: it goes on to the end of its
// input. The second kills.
func (c *Context) Drain() {
	ch := make(chan os.Signal, 2)
	done := make(chan struct{})
	signal.Notify(ch, syscall.SIGINT)
	go func() {
		defer close(done)
		for s := range ch {
			c.mu.Lock()
			second := c.signal != nil
			c.signal = s
			c.mu.Unlock()
			if second {
				die(s)
			}
		}
	}()
	c.settle = sync.OnceFunc(func() {
		signal.Stop(ch) // what has come is in ch by then
		close(ch)
		<-done
	})
}

// die is what the second signal does. Resetting the signal would not do: a
// shell without job control starts background commands with SIGINT ignored,
// and ignored it would be again.
func die(s os.Signal) { os.Exit(128 + int(s.(syscall.Signal))) }

// ExitError ends the command with a code, and with a message if Err is not nil.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return "exit " + strconv.Itoa(e.Code)
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// UsageError is wrong usage: exit 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Usage marks wrong usage. The errors of a library may have it too, as they
// may have a Hint.
func (e *UsageError) Usage() bool { return true }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// hinted is an error with the command that would mend it.
type hinted struct {
	error
	hint string
}

func (h *hinted) Hint() string  { return h.hint }
func (h *hinted) Unwrap() error { return h.error }

// Hint adds a hint to an error.
func Hint(err error, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// Error prints an error and its hint.
func (c *Context) Error(err error) {
	c.Say("%s", err)
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		c.Say("hint: %s", h.Hint())
	}
}

// Say prints a line of words on stderr, behind the command's name. Control
// characters are made visible.
func (c *Context) Say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line.erase()
	defer c.line.draw()
	fmt.Fprintf(c.Stderr, "%s: %s\n", c.Name, Clean(fmt.Sprintf(format, args...)))
}

// Problems makes the collector of input problems that prints through Say.
func (c *Context) Problems(strict, partial bool) *stream.Problems {
	return &stream.Problems{Print: func(s string) { c.Say("%s", s) }, Strict: strict, Partial: partial}
}

// Clean makes control characters visible, so that foreign text cannot steer
// the terminal. Newlines and tabs stay.
func Clean(s string) string {
	bad := func(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f }
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if bad(r) {
			fmt.Fprintf(&b, "\\x%02x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var errHelp = errors.New("help was printed")

// Parse reads the arguments into flags, a pointer to a kong struct. about is
// one or more paragraphs; example is a real command line, or several.
func (c *Context) Parse(flags any, about, example string) error {
	_, err := c.ParseCommand(flags, about, example)
	return err
}

// ParseCommand is Parse for commands with subcommands: it returns the one
// chosen.
func (c *Context) ParseCommand(flags any, about, example string) (string, error) {
	printed := false
	k, err := kong.New(flags,
		kong.Name(c.Name),
		kong.Description(about+"\n\nExample:\n\n    "+strings.ReplaceAll(strings.TrimSpace(example), "\n", "\n    ")),
		kong.Writers(c.Stdout, c.Stderr),
		kong.Exit(func(int) { printed = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 96}),
		kong.NamedMapper("duration", durationMapper{}),
		kong.TypeMapper(durationType, durationMapper{}),
		kong.Vars{"version": c.Name + " " + Version + " " + revision()},
		kong.Embed(&struct {
			Version kong.VersionFlag `help:"Print the version and exit." name:"version"`
		}{}))
	if err != nil {
		return "", err
	}
	parsed, err := k.Parse(flagsFirst(k.Model, c.Args))
	if printed {
		return "", errHelp
	}
	if err != nil {
		return "", Hint(&UsageError{err}, "%s --help", c.Name)
	}
	return parsed.Command(), nil
}

// revision is the commit a binary was built from, as far as Go recorded it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return info.GoVersion
}

// ParseDuration reads Go's durations, and a bare number as seconds.
func ParseDuration(s string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if f != f || f > 1e9 || f < -1e9 {
			return 0, fmt.Errorf("%q is no duration", s)
		}
		return time.Duration(f * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration (50ms, 2m; a bare number is seconds)", s)
	}
	return d, nil
}

// Terminal reports whether w is a terminal, and its width.
func Terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}
