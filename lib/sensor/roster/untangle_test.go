package roster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// fixed is a sensor that always gives the same.
type fixed struct {
	domain sensor.Domain
	err    error
	closed int
}

func (f *fixed) Domain() *sensor.Domain { return &f.domain }
func (f *fixed) Close() error           { f.closed++; return nil }
func (f *fixed) Read(_ int64, _ bool, r *sensor.Reading) {
	if f.err != nil {
		r.JErr = f.err
	} else {
		r.MicroJ = 1
	}
}

// offer is a source with sensors, "id [part_of]" each; ! before an id is one
// that cannot be read, ? one that its source would leave out.
func offer(source string, ids ...string) Found {
	f := Found{Name: source}
	for _, text := range ids {
		id, partOf, _ := strings.Cut(strings.TrimLeft(text, "!?"), " ")
		kind, _, _ := strings.Cut(id, ":")
		switch {
		case kind == "psys" || kind == "module":
			kind = power.Board
		case strings.HasSuffix(id, "/core"):
			kind = power.Core
		}
		s := &fixed{domain: sensor.Domain{Domain: power.Domain{ID: id, Kind: kind, Source: source, PartOf: partOf, Energy: power.Counter, Power: power.Derived}}}
		switch text[0] {
		case '!':
			s.err = errors.New("broken")
		case '?':
			s.domain.Spare = "not visible"
		}
		f.Sensors = append(f.Sensors, s)
	}
	return f
}

func TestUntangle(t *testing.T) {
	tests := []struct {
		name        string
		found       []Found
		names, only []string
		want        string // recorded
		left        string
	}{
		{"powercap and perf", []Found{offer("rapl", "cpu:0", "cpu:0/core cpu:0"), offer("perf", "cpu:0", "dram:0")}, nil, nil,
			"cpu:0 rapl, cpu:0/core=cpu:0 rapl, dram:0 perf", "perf cpu:0: rapl reads the same"},
		{"perf where powercap is shut", []Found{offer("rapl", "!cpu:0", "!dram:0"), offer("perf", "cpu:0")}, nil, nil,
			"dram:0 rapl, cpu:0 perf", "rapl cpu:0: perf tells it"},
		{"both shut", []Found{offer("rapl", "!cpu:0"), offer("perf", "!cpu:0"), offer("nvml", "gpu:0")}, nil, nil,
			"cpu:0 rapl, gpu:0 nvml", "perf cpu:0: rapl tells it"},
		{"both asked for", []Found{offer("rapl", "cpu:0"), offer("perf", "cpu:0")}, []string{"rapl", "perf"}, nil,
			"cpu:0 rapl, cpu:0/perf=cpu:0 perf", ""},
		{"GPUs of two makers", []Found{offer("nvml", "gpu:0", "gpu:2"), offer("amdgpu", "gpu:0", "gpu:1"), offer("hwmon", "gpu:0", "gpu:0/pkg gpu:0")}, nil, nil,
			"gpu:0 nvml, gpu:2 nvml, gpu:1 amdgpu, gpu:3 amdgpu, gpu:4 hwmon, gpu:4/pkg=gpu:4 hwmon", ""},
		{"Jetson's GPU", []Found{offer("nvml", "!gpu:0"), offer("jetson", "board:0", "gpu:0")}, nil, nil,
			"board:0 jetson, gpu:0 jetson", "nvml gpu:0: jetson tells it"},
		{"boards in boards", []Found{offer("rapl", "cpu:0", "psys:0"), offer("nvml", "gpu:0", "module:0"), offer("hwmon", "board:0", "module:0", "module:1")}, nil, nil,
			"cpu:0 rapl, psys:0=board:0 rapl, gpu:0 nvml, module:0=board:0 nvml, board:0 hwmon, module:1=board:0 hwmon", "hwmon module:0: nvml reads the same"},
		{"twice one name", []Found{offer("jetson", "board:0", "rail:vin", "rail:vin")}, nil, nil, "board:0 jetson, rail:vin jetson", "jetson rail:vin: a second one of this name"},
		{"an APU", []Found{offer("rapl", "cpu:0"), offer("amdgpu", "soc:0")}, nil, nil, "cpu:0 rapl, soc:0=cpu:0 amdgpu", ""},
		{"an APU alone", []Found{offer("amdgpu", "soc:0")}, nil, nil, "soc:0 amdgpu", ""},
		{"not visible", []Found{offer("nvml", "gpu:0", "?gpu:1")}, nil, nil, "gpu:0 nvml", "nvml gpu:1: not visible"},
		{"not visible, its id is not another's", []Found{offer("nvml", "?gpu:0", "gpu:1"), offer("amdgpu", "gpu:0")}, nil, nil, "gpu:1 nvml, gpu:2 amdgpu", "nvml gpu:0: not visible"},
		{"not visible and asked for", []Found{offer("nvml", "gpu:0", "?gpu:1")}, nil, []string{"gpu:1"}, "gpu:1 nvml", ""},
	}
	for _, tt := range tests {
		var all []*fixed
		for _, f := range tt.found {
			for _, s := range f.Sensors {
				all = append(all, s.(*fixed))
			}
		}
		sensors, err := Choose(tt.found, Options{Names: tt.names, Only: tt.only})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got, left []string
		for _, s := range sensors {
			d := s.Domain()
			id := d.ID
			if d.PartOf != "" {
				id += "=" + d.PartOf
			}
			got = append(got, id+" "+d.Source)
		}
		for _, f := range tt.found {
			for _, l := range f.Left {
				left = append(left, fmt.Sprintf("%s %s: %s", f.Name, l.Domain.ID, l.Why))
			}
		}
		if strings.Join(got, ", ") != tt.want || strings.Join(left, ", ") != tt.left {
			t.Errorf("%s:\n got %q\nwant %q\nleft %q\nwant %q", tt.name, strings.Join(got, ", "), tt.want, left, tt.left)
		}
		for _, s := range all {
			if s.closed > 1 || (s.closed == 1) == slices.Contains(sensors, sensor.Sensor(s)) {
				t.Errorf("%s: %s closed %d times", tt.name, s.domain.ID, s.closed)
			}
		}
	}
}

func TestNothingVisible(t *testing.T) {
	_, err := Choose([]Found{offer("nvml", "?gpu:0")}, Options{})
	if err == nil || !strings.Contains(err.Error(), "gpu:0: not visible") {
		t.Error(err)
	}
}

// Every source has its section in docs/sensors.md.
func TestDocumented(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "sensors.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names()[1:] {
		if !strings.Contains(string(b), "\n## "+name+": ") {
			t.Errorf("docs/sensors.md has no section on %s", name)
		}
	}
}
