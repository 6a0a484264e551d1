package apple

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// report is what powermetrics prints about an interval.
func report(second int, parts ...string) string {
	text := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
<key>is_delta</key><true/>
<key>elapsed_ns</key><integer>100000000</integer>
<key>timestamp</key><date>2025-11-23T09:00:%02dZ</date>
<key>processor</key>
<dict>
`, second)
	for _, p := range parts {
		key, value, _ := strings.Cut(p, "=")
		text += fmt.Sprintf("<key>%s</key><real>%s</real>\n", key, value)
	}
	return text + "</dict>\n</dict>\n</plist>\n\x00"
}

// command writes a powermetrics: a shell script.
func command(t *testing.T, script string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "powermetrics")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncd "+filepath.Dir(path)+"\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{path}
}

func put(t *testing.T, command []string, file, text string) {
	t.Helper()
	dir := filepath.Dir(command[0])
	if err := os.WriteFile(filepath.Join(dir, "new"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, file)); err != nil {
		t.Fatal(err)
	}
}

// each prints the files 1, 2, … as they come.
const each = `
echo "$*" >arguments
n=1
while :; do
	until test -e $n; do sleep 0.01; done
	cat $n
	n=$((n+1))
done
`

func read(s sensor.Sensor, now int64) sensor.Reading {
	var r sensor.Reading
	r.Clear()
	s.Read(now, false, &r)
	return r
}

// until waits until a sensor's reading is as wanted.
func until(t *testing.T, s sensor.Sensor, now int64, want func(sensor.Reading) bool) {
	t.Helper()
	var r sensor.Reading
	for range 3000 {
		if r = read(s, now); want(r) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%+v", r)
}

func TestReports(t *testing.T) {
	c := command(t, each)
	put(t, c, "1", report(0, "cpu_power=1000", "gpu_power=200.5", "ane_power=0"))
	var now atomic.Int64
	sensors, err := Open(Options{Command: c, Interval: 50 * time.Millisecond, Now: now.Load})
	if err != nil || len(sensors) != 3 {
		t.Fatal(sensors, err)
	}
	cpu, gpu := sensors[0], sensors[1]
	d := cpu.Domain()
	if d.ID != "cpu:0" || d.Kind != power.CPU || d.Source != Source || d.Energy != power.Counter || d.Power != power.Derived || *d.UpdateUs != 100_000 || d.LagUs != 100_000 || !d.Paced || sensors[2].Domain().Kind != power.ANE {
		t.Errorf("%+v", d)
	}
	is := func(j int64) func(sensor.Reading) bool { return func(r sensor.Reading) bool { return r.MicroJ == j } }
	until(t, cpu, 0, is(100_000)) // 1 W for 0.1 s
	put(t, c, "2", report(0, "cpu_power=2000", "gpu_power=0", "ane_power=0"))
	until(t, cpu, 0, is(300_000))
	until(t, gpu, 0, is(20_050))

	// A report without a part, then one that cannot be read: a hole, after which
	// counting begins again.
	put(t, c, "3", report(0, "cpu_power=2000", "ane_power=0"))
	until(t, cpu, 0, is(500_000))
	if r := read(gpu, 0); r.MicroJ != power.Null || !errors.Is(r.JErr, sensor.ErrStale) {
		t.Errorf("%+v", r)
	}
	put(t, c, "4", report(0, "cpu_power=0", "gpu_power=30", "ane_power=0"))
	until(t, gpu, 0, is(3_000)) // begun again
	put(t, c, "5", strings.Replace(report(0, "cpu_power=9"), "elapsed_ns", "elapsed", 1))
	put(t, c, "6", report(0, "cpu_power=1000", "gpu_power=10", "ane_power=0"))
	until(t, cpu, 0, is(100_000))

	// Nothing new for three intervals.
	if r := read(cpu, 300_001); r.MicroJ != power.Null || !errors.Is(r.JErr, sensor.ErrStale) {
		t.Errorf("%+v", r)
	}
	args, err := os.ReadFile(filepath.Join(filepath.Dir(c[0]), "arguments"))
	if err != nil || string(args) != "--samplers cpu_power,gpu_power -i 100 -f plist\n" {
		t.Errorf("%q %v", args, err)
	}
	for _, s := range sensors {
		s.Close()
		s.Close() // a second time is nothing
	}
}

// powermetrics ends, and is started again; what was used in between is not known.
func TestEnds(t *testing.T) {
	c := command(t, "echo x >>starts\ncat 1\ntest $(wc -l <starts) -gt 1 || { echo 'it broke' >&2; exit 3; }\nexec sleep 1000\n")
	put(t, c, "1", report(0, "cpu_power=1000")+report(0, "cpu_power=1000"))
	var now atomic.Int64
	sensors, err := Open(Options{Command: c, Now: now.Load})
	if err != nil {
		t.Fatal(err)
	}
	defer sensors[0].Close()
	late := int64(1_000_000)
	until(t, sensors[0], late, func(r sensor.Reading) bool {
		return r.JErr != nil && r.JErr.Error() == "powermetrics: it broke"
	})
	until(t, sensors[0], 0, func(r sensor.Reading) bool { return r.MicroJ == 200_000 }) // not 400000
}

func TestPermission(t *testing.T) {
	for _, said := range []string{
		"powermetrics must be invoked as the superuser",
		"sudo: a password is required",
		"Sorry, user me is not allowed to execute '/usr/bin/powermetrics' as root on mac.",
		"me is not in the sudoers file.",
	} {
		sensors, err := Open(Options{Command: command(t, `echo "`+said+`" >&2; exit 1`), Now: func() int64 { return 0 }})
		if err != nil || len(sensors) != 3 {
			t.Fatal(said, sensors, err)
		}
		for _, s := range sensors {
			r := read(s, 0)
			var h interface{ Hint() string }
			if !s.Domain().Silent() || r.MicroJ != power.Null || r.MicroW != power.Null || !errors.Is(r.JErr, fs.ErrPermission) || !errors.As(r.JErr, &h) || !strings.Contains(h.Hint(), "sudo") || !strings.Contains(r.JErr.Error(), said) {
				t.Errorf("%s: %+v", said, r)
			}
		}
	}
}

func TestNotThere(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for why, o := range map[string]Options{
		"no powermetrics, which is a part of macOS": {},
		"powermetrics: bad option":                  {Command: command(t, "echo 'bad option' >&2; exit 64")},
		"powermetrics: exit status 5":               {Command: command(t, "exit 5")},
		"powermetrics ended":                        {Command: command(t, "echo text")},
		"powermetrics: fork/exec":                   {Command: []string{filepath.Join(t.TempDir(), "powermetrics")}},
	} {
		o.Now = func() int64 { return 0 }
		_, err := Open(o)
		var u *sensor.Unavailable
		if !errors.As(err, &u) || !strings.HasPrefix(u.Why, why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	m := &meter{period: time.Second, counts: []count{{microJ: 5, told: true}}}
	p := &part{meter: m}
	var r sensor.Reading
	if n := testing.AllocsPerRun(1000, func() {
		r.Clear()
		p.Read(0, true, &r)
	}); n != 0 || r.MicroJ != 5 {
		t.Errorf("%v allocations a reading, %+v", n, r)
	}
}
