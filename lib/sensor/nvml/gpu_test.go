//go:build cgo && linux

package nvml

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

const hopper = `
driver 550.90.07
gpu
name NVIDIA Fake H100
uuid GPU-0000
capability 9 0
energy 1000000 1000000 1000100 1000250
instant 300000 300000 311000 312500
average 290000
usage 290000
util 87
memory 8000000000 80000000000
temp 61
limit 700000
`

func read(s sensor.Sensor, now int64, full bool) sensor.Reading {
	var r sensor.Reading
	r.Clear()
	s.Read(now, full, &r)
	return r
}

func TestGPU(t *testing.T) {
	s := fake(t, hopper)[0]
	d := s.Domain()
	want := power.Domain{ID: "gpu:0", Kind: "gpu", Source: "nvml", Name: "NVIDIA Fake H100", UUID: "GPU-0000", Energy: "counter", Power: "instant", DriverVersion: "550.90.07", PowerLimitW: 700}
	got := d.Domain
	if *got.UpdateUs != 100_000 {
		t.Error(*got.UpdateUs)
	}
	got.UpdateUs = nil
	if got.ID != want.ID || got.Kind != want.Kind || got.Source != want.Source || got.Name != want.Name || got.UUID != want.UUID || got.Energy != want.Energy || got.Power != want.Power || got.DriverVersion != want.DriverVersion || got.PowerLimitW != 700 || got.PowerWindowUs != 0 || d.Range != 0 {
		t.Errorf("%+v", got)
	}
	// One value of each was taken to see what there is, one by each of the tries.
	var joules, watts []int64
	for i := range int64(3) {
		r := read(s, i, false)
		joules, watts = append(joules, r.MicroJ), append(watts, r.MicroW)
		if r.JErr != nil || r.WErr != nil || !math.IsNaN(r.Util) {
			t.Errorf("%+v", r)
		}
	}
	if joules[2] != 1000250_000 || watts[2] != 312_500_000 {
		t.Errorf("%d %d", joules, watts)
	}
	if r := read(s, 4, true); r.Util != 0.87 || r.MemBytes != 8e9 || r.TempC != 61 {
		t.Errorf("%+v", r)
	}
}

func TestWhatAGPUTells(t *testing.T) {
	tests := []struct {
		name, script  string
		energy, power string
		window        int64
		fields        int
	}{
		{"everything by field", "energy 5\nenergyfield 1\ninstant 5\naverage 5\nusage 5", "counter", "instant", 0, 2},
		{"energy by call", "energy 5\ninstant 5", "counter", "instant", 0, 1},
		{"only averaged", "energy 5\naverage 5\nusage 5", "counter", "averaged", 1_000_000, 1},
		{"usage of Ampere", "energy 5\nusage 5\ncapability 8 6", "counter", "averaged", 1_000_000, 0},
		{"usage of GA100", "energy 5\nusage 5\ncapability 8 0", "counter", "instant", 0, 0},
		{"usage of Pascal", "usage 5\ncapability 6 1", "integrated", "instant", 0, 0},
		{"usage of nobody knows what", "usage 5", "integrated", "averaged", 1_000_000, 0},
		{"no counter", "instant 5", "integrated", "instant", 0, 1},
		{"no watts", "energy 5", "counter", "none", 0, 0},
		{"nothing", "util 5", "none", "none", 0, 0},
		{"lost at the start", "energy error:15*3 5\ninstant error:15*3 5\nusage error:15 5", "counter", "averaged", 1_000_000, 0},
		{"not allowed", "energy error:4\ninstant error:4\nusage error:4", "none", "none", 0, 0},
		{"no handle", "handle error:4\nenergy 5", "none", "none", 0, 0},
	}
	for _, tt := range tests {
		s := fake(t, "gpu\nuuid GPU-1\n"+tt.script)[0]
		d := s.Domain()
		if d.Energy != tt.energy || d.Power != tt.power || d.PowerWindowUs != tt.window {
			t.Errorf("%s: %+v", tt.name, d.Domain)
		}
		if g, ok := s.(*gpu); ok && len(g.fields) != tt.fields {
			t.Errorf("%s: %d fields", tt.name, len(g.fields))
		}
		r := read(s, 0, true)
		if tt.energy == "none" && (r.JErr == nil || errors.Is(r.JErr, fs.ErrPermission) != strings.Contains(tt.script, "error:4")) {
			t.Errorf("%s: %v", tt.name, r.JErr)
		}
		if tt.energy != "counter" && r.MicroJ != power.Null {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
}

func TestFailures(t *testing.T) {
	s := fake(t, `
gpu
uuid GPU-1
energy 5 5 error:15 max 9223372036854775 9223372036854776 4294967295 20
instant 1000 1000 error:15 max 1000000001 4000 0 4000
util 101
temp error:3
memory 5 4
`)[0]
	steps := []struct {
		j    int64
		jErr string
		w    int64
		wErr string
	}{
		{5000, "", 1_000_000, ""},
		{power.Null, "nvml: GPU is lost", power.Null, "nvml: GPU is lost"},
		{power.Null, "value out of range", power.Null, "value out of range"},
		{9223372036854775000, "", power.Null, "value out of range"},
		{power.Null, "value out of range", 4_000_000, ""},
		{power.Null, "value out of range", power.Null, "0 W, which nothing that answers draws"},
		{20_000, "", 4_000_000, ""},
	}
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	for i, want := range steps {
		r := read(s, int64(i), true)
		if r.MicroJ != want.j || text(r.JErr) != want.jErr || r.MicroW != want.w || text(r.WErr) != want.wErr {
			t.Errorf("step %d: %d %v, %d %v", i, r.MicroJ, r.JErr, r.MicroW, r.WErr)
		}
		if !math.IsNaN(r.Util) || !math.IsNaN(r.TempC) || !math.IsNaN(r.MemBytes) {
			t.Errorf("step %d: %+v", i, r)
		}
	}
}

// The driver goes away and comes back: NVML is initialised again, every GPU's
// handle is taken anew.
func TestDriverReload(t *testing.T) {
	sensors := fake(t, "gpu\nuuid GPU-1\nenergy 7\ninstant 1\ngpu\nuuid GPU-2\nenergy 8\ninstant 1\n")
	sensors[0].(*gpu).lib.Interface.(interface{ Shutdown() nvml.Return }).Shutdown()
	now := int64(1_000_000_000)
	r := read(sensors[0], now, false)
	if r.MicroJ != power.Null || r.JErr == nil {
		t.Fatalf("%+v", r)
	}
	for range 5 {
		now += 600_000
		for _, s := range sensors {
			r = read(s, now, false)
		}
	}
	for i, want := range []int64{7000, 8000} {
		if r := read(sensors[i], now, false); r.MicroJ != want || r.JErr != nil {
			t.Errorf("GPU %d: %+v", i, r)
		}
	}
}

func TestNotThere(t *testing.T) {
	_, _, missing := Open(Options{Library: "libnowhere.so.1"})
	_, none := openFake(t, "driver 1\n")
	_, unloaded := openFake(t, "init error:9\n")
	_, denied := openFake(t, "init error:4\n")
	for _, tt := range []struct {
		err       error
		why, hint string
	}{
		{missing, "libnowhere.so.1", "driver"},
		{none, "no NVIDIA GPU", "nvidia-smi -L"},
		{unloaded, "Driver Not Loaded", "sudo modprobe nvidia"},
		{denied, "Insufficient Permissions", "chmod"},
	} {
		var u *sensor.Unavailable
		if !errors.As(tt.err, &u) || !strings.Contains(u.Why, tt.why) || !strings.Contains(u.Fix, tt.hint) {
			t.Errorf("%v", tt.err)
		}
	}
}

// An old driver's library lacks functions. Calling one would end the process.
func TestOldLibrary(t *testing.T) {
	if !inChild(t, "old") {
		return
	}
	s := fake(t, "gpu\nuuid GPU-1\nenergy 5\nusage 60000\ncapability 6 1\nmemory 5 10\nutil 5\n")[0]
	if d := s.Domain(); d.Energy != "integrated" || d.Power != "instant" {
		t.Errorf("%+v", d)
	}
	if r := read(s, 0, true); r.MicroW != 60e6 || r.MicroJ != power.Null || r.MemBytes != 5 {
		t.Errorf("%+v", r)
	}
}

func TestValue(t *testing.T) {
	dirt := byte(0x5a)
	field := func(kind nvml.ValueType, b ...byte) *nvml.FieldValue {
		f := &nvml.FieldValue{ValueType: uint32(kind)}
		for i := range f.Value {
			f.Value[i] = dirt
		}
		copy(f.Value[:], b)
		return f
	}
	le := func(v uint64) []byte {
		b := make([]byte, 8)
		for i := range b {
			b[i] = byte(v >> (8 * i))
		}
		return b
	}
	tests := []struct {
		f    *nvml.FieldValue
		want int64
		ok   bool
	}{
		{field(nvml.VALUE_TYPE_UNSIGNED_INT, 0x10, 0x27, 0, 0), 10000, true},
		{field(nvml.VALUE_TYPE_SIGNED_INT, 0xff, 0xff, 0xff, 0xff), -1, true},
		{field(nvml.VALUE_TYPE_UNSIGNED_SHORT, 0x10, 0x27), 10000, true},
		{field(nvml.VALUE_TYPE_UNSIGNED_LONG, le(1<<40)...), 1 << 40, true},
		{field(nvml.VALUE_TYPE_UNSIGNED_LONG_LONG, le(1<<63)...), 0, false},
		{field(nvml.VALUE_TYPE_SIGNED_LONG_LONG, le(1<<64-5)...), -5, true},
		{field(nvml.VALUE_TYPE_DOUBLE, le(math.Float64bits(311.6))...), 312, true},
		{field(nvml.VALUE_TYPE_DOUBLE, le(math.Float64bits(math.NaN()))...), 0, false},
		{field(nvml.VALUE_TYPE_DOUBLE, le(math.Float64bits(math.Inf(1)))...), 0, false},
		{field(77, 1), 0, false},
		{&nvml.FieldValue{NvmlReturn: uint32(nvml.ERROR_NOT_SUPPORTED), Value: [8]byte{1}}, 0, false},
	}
	for i, tt := range tests {
		if got, err := value(tt.f); got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%d: %d %v", i, got, err)
		}
	}
}

func TestReadAllocatesLittle(t *testing.T) {
	s := fake(t, "gpu\nuuid GPU-1\nenergy 5\nenergyfield 1\ninstant 5\n")[0]
	var r sensor.Reading
	if n := testing.AllocsPerRun(1000, func() {
		r.Clear()
		s.Read(0, false, &r)
	}); n != 0 {
		t.Errorf("%v allocations a reading", n)
	}
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "script")
	if err := os.WriteFile(path, []byte("gpu\nuuid GPU-1\nenergy 5\nenergyfield 1\ninstant 5\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	b.Setenv("FAKE_NVML", path)
	sensors, _, err := Open(Options{Library: fakeLibrary})
	if err != nil {
		b.Fatal(err)
	}
	defer sensors[0].Close()
	var r sensor.Reading
	for b.Loop() {
		r.Clear()
		sensors[0].Read(0, false, &r)
	}
}
