package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/power"
	"ipw/lib/sampler"
	"ipw/lib/sensor"
	"ipw/lib/stream"
)

// A self-test reads as fast as makes sense, to see the sensors refresh, and then
// as it would in earnest, to see whether it can.
const (
	testFast  = 500 * time.Microsecond
	testWatch = 500 * time.Millisecond
	testRun   = 3 * time.Second
)

// selfTest says on stdout how well this machine is sampled. It fails if the
// interval cannot be held.
func selfTest(c *cli.Context, f *flags, sensors []sensor.Sensor, keeper clock.Keeper) error {
	watch, err := rehearse(c, sensors, testFast, testWatch)
	if err != nil {
		return err
	}
	length := testRun
	if f.Duration != nil {
		length = *f.Duration
	}
	r, err := rehearse(c, sensors, f.Interval, max(length, 2*f.Interval))
	if err != nil {
		return err
	}
	if err := errors.Join(tell(c.Stdout, f.Interval, r, watch, keeper), sensorLines(c.Stdout, sensors, watch)); err != nil {
		return err
	}
	if c.Context.Err() == nil && !held(r, f.Interval) {
		return cli.Hint(fmt.Errorf("%v between samples is more than this machine can hold now", f.Interval), "ipw-sample --self-test --interval %v", 2*f.Interval)
	}
	return nil
}

// rehearse samples for so long, and throws the stream away.
func rehearse(c *cli.Context, sensors []sensor.Sensor, interval, length time.Duration) (*sampler.Report, error) {
	w, err := stream.Create(os.DevNull, power.Schema, nil)
	if err != nil {
		return nil, err
	}
	s := sampler.New(sensors, w, sampler.Config{
		Interval: interval, Clock: clock.System, Wait: sampler.Sleeper(func() int64 { return clock.System().MUs }), Flush: flushFile,
	})
	ctx, cancel := context.WithTimeout(c.Context, length)
	defer cancel()
	err = errors.Join(s.Begin(), s.Run(ctx))
	report := s.Report()
	return report, errors.Join(err, s.End("ok"), s.Close())
}

// held allows one tick in a hundred to be late by a whole interval.
func held(r *sampler.Report, interval time.Duration) bool {
	return r.RateHz != nil && 100*float64(r.Missed) <= r.Seconds/interval.Seconds()
}

func tell(out io.Writer, interval time.Duration, r, watch *sampler.Report, keeper clock.Keeper) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	rate := "fewer than two samples"
	if r.RateHz != nil {
		rate = fmt.Sprintf("%.5g of %.5g samples a second, %d ticks missed, %d gaps", *r.RateHz, 1/interval.Seconds(), r.Missed, r.Gaps)
	}
	fmt.Fprintf(w, "interval\t%v: %s\n", interval, rate)
	fmt.Fprintf(w, "late\t%s\n", percentiles(r.LateUs))
	fmt.Fprintf(w, "reading\t%s a sample\n", percentiles(r.ReadUs))
	if r.CPUSecs != nil && r.Seconds > 0 && watch.Seconds > 0 {
		fmt.Fprintf(w, "cpu\t%.2f %% of one core; %.2f %% at %v\n", 100**r.CPUSecs/r.Seconds, 100**watch.CPUSecs/watch.Seconds, testFast)
	}
	fmt.Fprintf(w, "clock\t%s\n", keeper)
	return w.Flush()
}

// sensorLines tells how often each sensor was seen to change, and what is said
// of it.
func sensorLines(out io.Writer, sensors []sensor.Sensor, watch *sampler.Report) error {
	stated := make(map[string]string)
	for _, s := range sensors {
		if d := s.Domain(); d.UpdateUs != nil {
			stated[d.ID] = "; the stream says " + micros(*d.UpdateUs)
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, id := range slices.Sorted(maps.Keys(watch.RefreshUs)) {
		words := "not seen to refresh"
		if p := watch.RefreshUs[id]; p != nil {
			words = "refreshes every " + percentiles(p)
		} else if watch.Fresh[id] {
			words = fmt.Sprintf("refreshes faster than every %v", testFast)
		}
		fmt.Fprintf(w, "%s\t%s%s\n", id, words, stated[id])
	}
	return w.Flush()
}

func percentiles(p *sampler.Percentiles) string {
	if p == nil {
		return "nothing to tell"
	}
	return fmt.Sprintf("%s (99 %% within %s, longest %s)", micros(p.P50), micros(p.P99), micros(p.Max))
}

func micros(us int64) string { return (time.Duration(us) * time.Microsecond).String() }
