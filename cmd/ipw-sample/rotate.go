package main

import (
	"context"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/power"
	"ipw/lib/sampler"
	"ipw/lib/stream"
)

// rotation reads --rotate: times and sizes, of which the first one reached
// counts.
func rotation(words []string) (*sampler.Rotation, error) {
	if len(words) == 0 {
		return nil, nil
	}
	r := &sampler.Rotation{}
	for _, word := range words {
		if n, ok := parseSize(word); ok {
			r.Bytes = n
		} else if d, err := cli.ParseDuration(word); err == nil && d >= time.Second {
			r.Every = d
		} else {
			return nil, cli.Usagef("--rotate %q is neither a time of at least 1s, as 1h, nor a size of at least 1kB, as 1GB", word)
		}
	}
	return r, nil
}

// parseSize reads 500MB, 1.5GiB.
func parseSize(s string) (int64, bool) {
	digits := strings.TrimRight(s, "kKMGTiB")
	factor, ok := map[string]float64{
		"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}[s[len(digits):]]
	f, err := strconv.ParseFloat(digits, 64)
	return int64(f * factor), ok && err == nil && f*factor >= 1e3 && f*factor < math.MaxInt64
}

// rotatedName puts the time at which a file begins before the name's endings:
// power.jsonl.zst becomes power-20251123T100000Z.jsonl.zst, so that the shell
// lists the files in the order of time.
func rotatedName(path string, start time.Time) string {
	dir, name := filepath.Split(path)
	stem, _, _ := strings.Cut(name, ".")
	if stem == "" { // a hidden file
		stem = name
	}
	return dir + stem + "-" + start.UTC().Format("20060102T150405Z") + name[len(stem):]
}

// output is what segments are written to: with --rotate and -o a file of its own
// for each, else one stream for all.
type output struct {
	*flags
	c   *cli.Context
	now *stream.Writer
}

func (o *output) open(start time.Time) (w *stream.Writer, err error) {
	files := o.Output != "" && o.Output != "-" && o.Rotation != nil
	switch {
	case !files && o.now != nil:
		return o.now, nil
	case files && o.now != nil:
		err = o.now.Close()
	}
	path := o.Output
	if files {
		path = rotatedName(path, start)
	}
	if err == nil {
		o.now, err = stream.Create(path, power.Schema, o.c.Stdout)
	}
	return o.now, err
}

// rotation is what --rotate asks for. What keeps the clock may have changed since
// the last segment; it is asked beside the sampling, which goes on.
func (o *output) rotation(keeper clock.Keeper) *sampler.Rotation {
	if o.Rotation == nil {
		return nil
	}
	r := *o.Rotation
	var asked chan clock.Keeper
	known := false
	r.Ready = func() bool {
		if asked == nil {
			asked = make(chan clock.Keeper, 1)
			go func(answer chan<- clock.Keeper) { answer <- clock.Kept(context.Background()) }(asked)
		}
		if !known {
			select {
			case keeper = <-asked:
				known = true
			case <-time.After(o.Interval / 10): // a slow sampler has the time
			}
		}
		return known
	}
	r.Next = func() (*stream.Writer, power.Header, error) {
		asked, known = nil, false
		w, err := o.open(time.Now())
		return w, header(keeper), err
	}
	return &r
}
