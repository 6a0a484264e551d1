package roster

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/sensor/estimate"
	"ipw/lib/sensor/nvml"
	"ipw/lib/sensor/rapl"
)

// machine writes a sysfs with these zones, "directory name text-of-energy_uj"
// each, and a /proc/stat.
func machine(t *testing.T, zones ...string) Options {
	t.Helper()
	root := t.TempDir()
	for _, z := range zones {
		f := strings.SplitN(z, " ", 3)
		dir := filepath.Join(root, "class/powercap", f[0])
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "name"), []byte(f[1]+"\n"), 0o644)
		os.WriteFile(filepath.Join(dir, "max_energy_range_uj"), []byte("262143328850\n"), 0o644)
		os.WriteFile(filepath.Join(dir, "energy_uj"), []byte(f[2]+"\n"), 0o644)
	}
	os.WriteFile(filepath.Join(root, "stat"), []byte("cpu  1 2 3 4\ncpu0 1 2 3 4\n"), 0o644)
	return Options{Sysfs: root, Proc: root, Now: func() int64 { return 0 }, Sleep: func(time.Duration) {}, NVML: nvml.Options{Library: "libnowhere.so", Command: "nvidia-smi-nowhere"}}
}

// choose lists "id[=part_of] source" of what is taken, and what is said of the
// rest.
func choose(t *testing.T, o Options) (ids []string, unused string, err error) {
	t.Helper()
	found, err := Look(o)
	if err != nil {
		return nil, "", err
	}
	sensors, err := Choose(found, o)
	for _, s := range sensors {
		d := s.Domain()
		id := d.ID
		if d.PartOf != "" {
			id += "=" + d.PartOf
		}
		if d.Silent() {
			id += " silent"
		}
		ids = append(ids, id+" "+d.Source)
		if d.Estimated != (d.Source == estimate.Source) {
			t.Errorf("%+v", d)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, f := range found {
		for _, l := range f.Left {
			unused += l.Why
		}
	}
	return ids, unused, err
}

func TestChoose(t *testing.T) {
	const (
		pkg   = "intel-rapl:0 package-0 1000"
		dram  = "intel-rapl:0:0 dram 1000"
		psys  = "intel-rapl:1 psys 1000"
		twin  = "intel-rapl-mmio:0 package-0 1000"
		empty = "intel-rapl:0 package-0 "
	)
	tests := []struct {
		name   string
		zones  []string
		names  []string
		only   []string
		want   []string
		unused string
	}{
		{"a machine with RAPL", []string{pkg, dram}, nil, nil, []string{"cpu:0 rapl", "dram:0 rapl"}, "cpu:0 can be read"},
		{"without", nil, nil, nil, []string{"cpu:0 estimate"}, ""},
		{"auto by name", nil, []string{"auto"}, nil, []string{"cpu:0 estimate"}, ""},
		{"a board is enough", []string{psys}, nil, nil, []string{"psys:0 rapl"}, "psys:0 can be read"},
		{"memory is not", []string{"intel-rapl:0 gt 5", "intel-rapl:1 package-0 ", "intel-rapl:1:0 dram 5"}, nil, nil, []string{"cpu:0 silent rapl", "dram:0 rapl", "cpu:estimate estimate"}, ""},
		{"a counter that gives nothing", []string{empty}, nil, nil, []string{"cpu:0 silent rapl", "cpu:estimate estimate"}, ""},
		{"asked for alone", []string{pkg}, []string{"estimate"}, nil, []string{"cpu:0 estimate"}, ""},
		{"asked for beside", []string{pkg, dram}, []string{"rapl", "estimate"}, nil, []string{"cpu:0 rapl", "dram:0 rapl", "cpu:estimate=cpu:0 estimate"}, ""},
		{"asked for beside auto", []string{psys}, []string{"auto", "estimate"}, nil, []string{"psys:0 rapl", "cpu:0=psys:0 estimate"}, ""},
		{"asked for without", []string{empty}, []string{"rapl"}, nil, []string{"cpu:0 rapl"}, ""},
		{"only by kind", []string{pkg, dram, psys, twin}, nil, []string{"cpu"}, []string{"cpu:0 rapl", "cpu:0/mmio=cpu:0 rapl"}, "cpu:0 can be read"},
		{"only by id and kind", []string{pkg, dram, psys, twin}, nil, []string{"board", "cpu:0"}, []string{"cpu:0 rapl", "psys:0 rapl"}, "cpu:0 can be read"},
		{"only one that makes the estimate needless", []string{psys}, nil, []string{"board"}, []string{"psys:0 rapl"}, "psys:0 can be read"},
		{"only the estimate", nil, nil, []string{"cpu"}, []string{"cpu:0 estimate"}, ""},
	}
	for _, tt := range tests {
		o := machine(t, tt.zones...)
		o.Names, o.Only = tt.names, tt.only
		got, unused, err := choose(t, o)
		if err != nil || !slices.Equal(got, tt.want) || unused != tt.unused {
			t.Errorf("%s: %q %q %v, want %q %q", tt.name, got, unused, err, tt.want, tt.unused)
		}
	}
}

func TestRefusals(t *testing.T) {
	here := machine(t, "intel-rapl:0 package-0 1000")
	nowhere := machine(t)
	os.Remove(filepath.Join(nowhere.Proc, "stat"))
	with := func(o Options, names, only []string) Options { o.Names, o.Only = names, only; return o }
	tests := []struct {
		o    Options
		want string
		hint bool
	}{
		{with(here, []string{"rapl", "magic"}, nil), `unknown source "magic" (auto, rapl, perf, nvml, apple, amdgpu, hwmon, jetson, estimate)`, false},
		{with(here, []string{"hwmon"}, nil), "hwmon: no chips in ", false},
		{with(nowhere, []string{"rapl"}, nil), "rapl: no ", true},
		{nowhere, "nothing to measure: rapl: no ", true},
		{with(here, nil, []string{"cpu", "gpu:5"}), `no domain "gpu:5" here (cpu:0)`, true},
		{with(here, nil, []string{"dram"}), `no domain "dram" here (cpu:0)`, true},
		{with(here, nil, []string{"cpus"}), `--only "cpus": neither a kind`, true},
	}
	for _, tt := range tests {
		_, _, err := choose(t, tt.o)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
			continue
		}
		var h interface{ Hint() string }
		if errors.As(err, &h) && h.Hint() != "" != tt.hint {
			t.Errorf("%v: hint %q", err, h.Hint())
		}
	}
}

// What may not be read is part of the stream, and the estimate stands in.
func TestDenied(t *testing.T) {
	denied := sensor.Silent(power.Domain{ID: "cpu:0", Kind: power.CPU, Source: rapl.Source}, &sensor.Denied{What: "energy_uj", Fix: "sudo chmod"})
	o := machine(t)
	guess, err := estimate.Open(o.Proc)
	if err != nil {
		t.Fatal(err)
	}
	sensors, err := Choose([]Found{{Name: rapl.Source, Sensors: []sensor.Sensor{denied}}, {Name: estimate.Source, Sensors: []sensor.Sensor{guess}}}, o)
	if err != nil || len(sensors) != 2 || sensors[0] != denied || sensors[1].Domain().ID != "cpu:estimate" || sensors[1].Domain().PartOf != "" {
		t.Errorf("%v %v", sensors, err)
	}
	if why := Refusal(denied); why == nil || !strings.Contains(why.Error(), "permission") || Refusal(sensors[1]) != nil {
		t.Error(why)
	}
	// With nothing to stand in, there is nothing to measure, and it says why.
	_, err = Choose([]Found{{Name: rapl.Source, Sensors: []sensor.Sensor{denied}}}, o)
	if err == nil || !strings.Contains(err.Error(), "energy_uj: permission denied") {
		t.Error(err)
	}
	// Asked for by name, it is recorded as it is.
	o.Names = []string{rapl.Source}
	if sensors, err := Choose([]Found{{Name: rapl.Source, Sensors: []sensor.Sensor{denied}}}, o); err != nil || len(sensors) != 1 {
		t.Error(sensors, err)
	}
}

// busy and idle, as the estimate tells them, differ by at least two.
func TestEstimateSpan(t *testing.T) {
	o := machine(t)
	s, err := estimate.Open(o.Proc)
	if err != nil {
		t.Fatal(err)
	}
	var watts []float64
	for i, stat := range []string{"cpu  1 2 3 104", "cpu  101 2 3 104"} {
		os.WriteFile(filepath.Join(o.Proc, "stat"), []byte(fmt.Sprintln(stat)), 0o644)
		var r sensor.Reading
		r.Clear()
		s.Read(int64(i+1)*1e6, false, &r)
		watts = append(watts, float64(r.MicroW)/1e6)
	}
	if watts[0] <= 0 || watts[1]/watts[0] < 2 || math.IsNaN(watts[1]) {
		t.Errorf("%v W", watts)
	}
}
