// ipw-sample reads the machine's energy sensors and writes a power stream,
// schema ipw.power/1: joules and watts of every domain, at a steady rate.
//
//	$ ipw-sample -o power.jsonl -- make all
//	$ ipw-sample --interval 10ms --duration 1m | ipw-attribute --power - events.jsonl
//	$ macmon pipe | ipw-sample --from - | ipw-attribute --power - events.jsonl
//	$ ipw-sample --list
package main

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/power"
	"ipw/lib/sampler"
	"ipw/lib/sensor"
	"ipw/lib/sensor/roster"
)

func main() { cli.Main("ipw-sample", run) }

func run(c *cli.Context) error {
	var f flags
	command, err := parse(c, &f)
	if err != nil {
		return err
	}
	if f.From != "" {
		return convert(c, &f)
	}
	runtime.GOMAXPROCS(processors)
	opts := roster.Options{
		Sysfs: f.Sysfs, Proc: "/proc", Names: f.Source, Only: f.Only, Interval: f.Interval,
		Now: func() int64 { return clock.System().MUs }, Sleep: time.Sleep, Env: os.LookupEnv,
	}
	found, err := roster.Look(opts)
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	if f.List {
		return list(c.Stdout, found, opts)
	}
	sensors, err := roster.Choose(found, opts)
	if err != nil {
		return chosen(err)
	}
	defer closeAll(sensors)
	remark(c, found, sensors, f.Interval, len(f.Only) == 0)
	var child process
	c.Signals(child.forward)
	kept := make(chan clock.Keeper, 1)
	go func() { kept <- clock.Kept(c) }()
	sensor.Watch(sensors, opts.Now, time.Sleep)
	if f.SelfTest {
		return selfTest(c, &f, sensors, <-kept)
	}
	out := &output{flags: &f, c: c}
	w, err := out.open(time.Now())
	if err != nil {
		return err
	}
	keeper := <-kept
	s := sampler.New(sensors, w, sampler.Config{
		Interval: f.Interval, Clock: clock.System, Wait: sampler.Sleeper(opts.Now), Random: rand.Int64N,
		Flush: flushEvery(&f, c), Header: header(keeper), Rotate: out.rotation(keeper),
	})
	if command != nil {
		err = measure(c, s, &child, command)
	} else {
		err = sample(c, s, f.Duration)
	}
	return cmp.Or(err, s.Close()) // a stream that cannot be written says so each time
}

// processors are those that the sampler uses at most: one to sample, and one for
// signals where a driver does not answer. By default it would be all of them, and
// the runtime looks each of them over at every tick.
const processors = 2

// header is what a segment says of this machine.
func header(keeper clock.Keeper) power.Header {
	return power.Header{
		Host: clock.Host(), BootID: clock.BootID(), ClockSource: keeper.Source, ClockErrorUs: keeper.ErrorUs,
		Tool: "ipw-sample " + cli.Version, System: sampler.System(),
	}
}

// sample samples until a signal, or for so long.
func sample(c *cli.Context, s *sampler.Sampler, duration *time.Duration) error {
	ctx := c.Context
	if duration != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *duration)
		defer cancel()
	}
	err := s.Begin()
	if err == nil {
		err = s.Run(ctx)
	}
	if err == nil {
		err = s.Finish()
	}
	status := "ok"
	if err != nil {
		status = "failed"
	} else if duration != nil && c.Context.Err() != nil {
		status = "interrupted"
	}
	err = cmp.Or(err, s.End(status))
	for _, id := range s.Unread() {
		c.Say("%s gave no reading: see the notes in the stream", id)
	}
	return err
}

func closeAll(sensors []sensor.Sensor) {
	for _, s := range sensors {
		s.Close()
	}
}
