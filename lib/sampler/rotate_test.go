package sampler

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/stream"
)

// rotated records with a rotation, into one writer a segment.
func rotated(t *testing.T, every time.Duration, size int64, ticks int, sensors ...sensor.Sensor) (files []*bytes.Buffer) {
	t.Helper()
	return rotatedWhen(t, nil, every, size, ticks, sensors...)
}

func rotatedWhen(t *testing.T, ready func() bool, every time.Duration, size int64, ticks int, sensors ...sensor.Sensor) (files []*bytes.Buffer) {
	t.Helper()
	w := &world{ticks: ticks}
	open := func() *stream.Writer {
		files = append(files, new(bytes.Buffer))
		return stream.NewWriter(files[len(files)-1])
	}
	s := New(sensors, open(), Config{Interval: 50 * time.Millisecond, Clock: w.clock, Wait: w.wait, Rotate: &Rotation{
		Every: every, Bytes: size, Ready: ready,
		Next: func() (*stream.Writer, power.Header, error) { return open(), power.Header{Host: "again"}, nil },
	}})
	if err := errors.Join(s.Begin(), s.Run(context.Background()), s.End("ok"), s.Close()); err != nil {
		t.Fatal(err)
	}
	return files
}

// Every segment begins with the record that the one before ended with; without
// those the samples are the ones of a stream that was not rotated.
func TestRotate(t *testing.T) {
	sensors := func() []sensor.Sensor {
		return []sensor.Sensor{
			counter("cpu:0", 1000, 100, 200, 250, 400, 30, 40, 60, 90, 100, 110, 130),
			gauge("gpu:0", 1000, 10, 20, 30, errLost, errLost, errLost, 70, 80, 90, 100, 110),
		}
	}
	joules := func(s string) string { return s[strings.Index(s, `"j":`):] }
	whole := samples(rotated(t, 0, 0, 10, sensors()...)[0].String())
	for _, files := range [][]*bytes.Buffer{
		rotated(t, 100*time.Millisecond, 0, 10, sensors()...),
		rotated(t, 150*time.Millisecond, 0, 10, sensors()...),
		rotated(t, 0, 700, 10, sensors()...),
	} {
		if len(files) < 3 {
			t.Errorf("%d files", len(files))
		}
		var all []string
		for i, f := range files {
			part := samples(f.String())
			if i > 0 {
				if part[0] != all[len(all)-1] {
					t.Errorf("segment %d begins with %s behind %s", i, part[0], all[len(all)-1])
				}
				if strings.Contains(joules(part[0]), "null,") || strings.Contains(joules(part[0]), `,null],"w"`) {
					t.Errorf("segment %d begins while a reading is missing: %s", i, part[0])
				}
				part = part[1:]
				if !strings.Contains(f.String(), `"host":"again"`) {
					t.Errorf("header: %s", f)
				}
			}
			all = append(all, part...)
		}
		if !slices.Equal(all, whole) {
			t.Errorf("rotated:\n%s\nwhole:\n%s", strings.Join(all, "\n"), strings.Join(whole, "\n"))
		}
	}
}

// A domain that is lost for long does not hold it up, and what it suffers from
// is told again.
func TestRotateLost(t *testing.T) {
	files := rotated(t, 100*time.Millisecond, 0, 220, gauge("gpu:0", 1000, 10, errLost))
	if n := strings.Count(files[1].String(), `"what":"lost","detail":"since the segment before"`); len(files) < 2 || n != 1 {
		t.Errorf("%s", files[1])
	}
}

// What is not ready holds it up for some ticks, which go on, and not for ever.
func TestRotateWhenReady(t *testing.T) {
	asked := 0
	files := rotatedWhen(t, func() bool { asked++; return asked > 14 }, time.Second, 0, 40, gauge("gpu:0", 1000, 10))
	// Asked from half a second before: at 500 ms, and 14 ticks later ready.
	if n := len(samples(files[0].String())); n != 25 || len(files) != 2 {
		t.Errorf("%d samples in the first of %d", n, len(files))
	}
	files = rotatedWhen(t, func() bool { return false }, 100*time.Millisecond, 0, 220, gauge("gpu:0", 1000, 10))
	if n := len(samples(files[0].String())); n != 203 || len(files) != 2 {
		t.Errorf("%d samples in the first of %d", n, len(files))
	}
}

func samples(s string) (list []string) {
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, `{"t_us"`) {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}

var errLost = errors.New("gone")
