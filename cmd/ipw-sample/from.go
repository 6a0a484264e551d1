package main

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/power"
	"ipw/lib/powerlog"
	"ipw/lib/stream"
)

// fromFlags are the flags that go with --from only.
type fromFlags struct {
	Timezone string        `help:"With --from: zone of times without an offset, as in Europe/Berlin or +01:00; else this machine's." placeholder:"ZONE"`
	Host     string        `help:"With --from: the machine of a log that names none; of several hosts' log, the one to take." placeholder:"NAME"`
	Start    string        `help:"With --from: when a log without times began." placeholder:"TIME"`
	Step     time.Duration `help:"With --from: from one reading to the next of a log without times." placeholder:"1s"`
	Partial  bool          `help:"With --from: accept a log that is cut short."`
	Strict   bool          `help:"With --from: stop at the first rejected line."`
}

// from checks what goes with --from, and what does not.
func (f *flags) from(wrapped bool) error {
	if f.From == "" {
		if f.FromFormat != "auto" || f.Log != (fromFlags{}) {
			return cli.Usagef("--from-format, --timezone, --host, --start, --step, --partial and --strict go with --from FILE")
		}
		return nil
	}
	for _, other := range []struct {
		name string
		set  bool
	}{{"--source", f.Source != nil}, {"--only", f.Only != nil}, {"--list", f.List}, {"--duration", f.Duration != nil}, {"--self-test", f.SelfTest}, {"--rotate", f.Rotate != nil}, {"a command behind --", wrapped}} {
		if other.set {
			return cli.Usagef("%s does not go with --from, which reads no sensor", other.name)
		}
	}
	switch {
	case f.FromFormat != "auto" && !slices.Contains(powerlog.Formats(), f.FromFormat):
		return cli.Hint(cli.Usagef("--from-format %q: no such format", f.FromFormat), "auto, %s", strings.Join(powerlog.Formats(), ", "))
	case f.Log.Step < 0:
		return cli.Usagef("--step %v is no length of time", f.Log.Step)
	case f.Log.Step > 0 && f.Log.Start == "":
		return cli.Usagef("--step needs --start, when the log began")
	}
	return nil
}

// convert makes a power stream of a log.
func convert(c *cli.Context, f *flags) error {
	problems := c.Problems(f.Log.Strict, f.Log.Partial)
	opts, err := f.Log.options(problems)
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	if cli.SameFile(f.From, f.Output) {
		return cli.Usagef("-o %s is the log itself", f.Output)
	}
	c.Drain()
	in, err := stream.Open(c, f.From, c.Stdin, false)
	if err != nil {
		return err
	}
	defer in.Close()
	if !ordinary(c, f.From) {
		opts.Now = func() int64 { return clock.System().TUs }
	}
	job := powerlog.Job{
		Options: opts, Name: in.Name, Log: in, Format: f.FromFormat, Tool: "ipw-sample " + cli.Version,
		Open: func() (*stream.Writer, error) { return stream.Create(f.Output, power.Schema, c.Stdout) },
	}
	if f.Every != nil {
		job.IntervalUs = f.Interval.Microseconds()
	}
	if err := job.Run(); err != nil {
		return err
	}
	return problems.Err()
}

func (f *fromFlags) options(problems *stream.Problems) (o powerlog.Options, err error) {
	o = powerlog.Options{Problems: problems, Host: f.Host, StepUs: f.Step.Microseconds(), Zone: time.Local}
	if f.Timezone != "" {
		if o.Zone, err = powerlog.ParseZone(f.Timezone); err != nil {
			return o, fmt.Errorf("--timezone: %w", err)
		}
	}
	if f.Start != "" {
		if o.StartUs, err = powerlog.ParseTime(f.Start, o.Zone); err != nil {
			return o, fmt.Errorf("--start: %w", err)
		}
	}
	return o, nil
}

// ordinary reports whether a log is a file that was written before: its lines
// come when they are read, not when they were measured.
func ordinary(c *cli.Context, name string) bool {
	var fi fs.FileInfo
	var err error
	if name != "-" {
		fi, err = os.Stat(name)
	} else if file, ok := c.Stdin.(*os.File); ok {
		fi, err = file.Stat()
	}
	return err == nil && fi != nil && fi.Mode().IsRegular()
}
