package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"ipw/lib/cli"
	"ipw/lib/sampler"
	"ipw/lib/sensor/roster"
)

type flags struct {
	Every      *time.Duration    `name:"interval" help:"Time from one sample to the next (50ms). With --from, keep one sample for so much; else all." placeholder:"50ms"`
	Interval   time.Duration     `kong:"-"`
	Duration   *time.Duration    `help:"Stop after this long; else at SIGINT or with the command."`
	Source     []string          `help:"What to read: auto, rapl, perf, nvml, amdgpu, hwmon, jetson, apple or estimate; repeatable. auto is every real sensor, and the estimate where none tells CPU power."`
	Sysfs      string            `default:"/sys" help:"Root of the kernel's sysfs." placeholder:"DIR"`
	Only       []string          `help:"Domains to record, by id or kind, as in gpu:5,cpu."`
	List       bool              `help:"List the sources and domains of this machine, and what would make the others available."`
	From       string            `help:"Read no sensors: turn another tool's power log (- is stdin) into a power stream, or thin a power stream." placeholder:"FILE|-"`
	FromFormat string            `help:"Format of that log, told by its content unless named: ipw, nvidia-smi, dmon, dcgmi, powermetrics, turbostat, perf, macmon, zeus, scaphandre, prometheus or plain." default:"auto" placeholder:"FORMAT"`
	Log        fromFlags         `embed:""`
	SelfTest   bool              `help:"Sample for some seconds, write no stream, and report: rate, lateness, time to read, CPU time, how often the sensors refresh. Fails if the interval cannot be held."`
	Rotate     []string          `help:"Begin a new segment, in a file of its own if there is an -o FILE (its name gets the start time), every so often or at such a size, as in 1h,1GB." placeholder:"1h|1GB"`
	Rotation   *sampler.Rotation `kong:"-"`
	Output     string            `short:"o" help:"Write to FILE (.gz and .zst are compressed); a new segment is appended to a power stream." placeholder:"FILE"`
	Command    []string          `arg:"" optional:"" help:"After --: run this command and measure while it runs. Needs -o."`
}

const about = `Read energy sensors and write a power stream.

The stream goes to stdout or to -o FILE. Behind --, a command is run, measured from before its start until after its end, and its exit status is passed on.`

const example = `ipw-sample -o power.jsonl -- make all
ipw-sample --interval 10ms --duration 1m >power.jsonl
ipw-sample --from nvidia-smi.csv --timezone Europe/Berlin -o power.jsonl`

// parse reads the flags and cuts off the command.
func parse(c *cli.Context, f *flags) (command []string, err error) {
	wrapped := false
	if i := slices.Index(c.Args, "--"); i >= 0 {
		c.Args, command, wrapped = c.Args[:i], c.Args[i+1:], true
	}
	if err := c.Parse(f, about, example); err != nil {
		return nil, err
	}
	for _, list := range [][]string{f.Only, f.Source} { // "gpu:0, cpu"
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
	}
	if f.Interval = 50 * time.Millisecond; f.Every != nil {
		f.Interval = *f.Every
	}
	if err := f.from(wrapped); err != nil {
		return nil, err
	}
	if f.Rotation, err = rotation(f.Rotate); err != nil {
		return nil, err
	}
	switch {
	case len(f.Command) > 0:
		return nil, cli.Hint(cli.Usagef("unexpected argument %q", f.Command[0]), "a command to measure stands behind --: ipw-sample -o power.jsonl -- %s", strings.Join(f.Command, " "))
	case f.Interval < 100*time.Microsecond:
		return nil, cli.Usagef("--interval %v is too short: at least 100µs", f.Interval)
	case f.SelfTest && (wrapped || f.Output != "" || f.Rotate != nil):
		return nil, cli.Usagef("--self-test writes no stream: neither -o nor --rotate nor a command goes with it")
	case f.Duration != nil && *f.Duration <= 0:
		return nil, cli.Usagef("--duration %v is no length of time", *f.Duration)
	case wrapped && len(command) == 0:
		return nil, cli.Usagef("no command behind --")
	case wrapped && f.Duration != nil:
		return nil, cli.Usagef("--duration does not go with a command, which ends by itself")
	case wrapped && (f.Output == "" || f.Output == "-"):
		return nil, cli.Hint(cli.Usagef("a command needs -o FILE: its own output goes to stdout"), "ipw-sample -o power.jsonl -- %s", strings.Join(command, " "))
	}
	return command, nil
}

// chosen makes wrong usage of a word that cannot be right on any machine.
func chosen(err error) error {
	var only *roster.OnlyError
	if errors.As(err, &only) && only.Odd {
		return &cli.UsageError{Err: err}
	}
	return err
}

// flushEvery is how long a sample may stay in the buffer: in a file less than a
// second, which is the most that a kill may lose. Who reads a pipe wants a sample
// at once.
func flushEvery(f *flags, c *cli.Context) time.Duration {
	switch {
	case regular(f.Output, c), f.Rotate != nil && f.Output != "" && f.Output != "-":
		return flushFile
	case f.Interval < 20*time.Millisecond:
		return 20 * time.Millisecond
	}
	return 0
}

const flushFile = 900 * time.Millisecond

func regular(path string, c *cli.Context) bool {
	if path != "" && path != "-" {
		fi, err := os.Stat(path)
		return err == nil && fi.Mode().IsRegular()
	}
	file, ok := c.Stdout.(*os.File)
	if !ok {
		return false
	}
	fi, err := file.Stat()
	return err == nil && fi.Mode().IsRegular()
}
