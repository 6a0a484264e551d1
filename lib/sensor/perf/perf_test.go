package perf

import (
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

const twoToMinus32 = "2.3283064365386962890625e-10"

// tree writes a sysfs with these events and processors, "cpu package die" each.
func tree(t *testing.T, mask string, events, cpus []string) (root string) {
	t.Helper()
	root = t.TempDir()
	pmu := filepath.Join(root, "bus/event_source/devices/power")
	put(t, filepath.Join(pmu, "type"), "35")
	put(t, filepath.Join(pmu, "cpumask"), mask)
	for i, e := range events {
		path := filepath.Join(pmu, "events", e)
		put(t, path, fmt.Sprintf("event=0x%02x", i+1))
		put(t, path+".scale", twoToMinus32)
		put(t, path+".unit", "Joules")
	}
	for _, c := range cpus {
		f := strings.Fields(c)
		topology := filepath.Join(root, "devices/system/cpu", "cpu"+f[0], "topology")
		put(t, filepath.Join(topology, "physical_package_id"), f[1])
		put(t, filepath.Join(topology, "die_id"), f[2])
	}
	return root
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// played is an event that gives these counts, then the last one for ever.
type played struct {
	counts []any
	at     int
	closed bool
}

func (p *played) Count() (uint64, error) {
	v := p.counts[min(p.at, len(p.counts)-1)]
	p.at++
	if err, ok := v.(error); ok {
		return 0, err
	}
	return uint64(v.(int)), nil
}

func (p *played) Close() error { p.closed = true; return nil }

func read(s sensor.Sensor) sensor.Reading {
	var r sensor.Reading
	r.Clear()
	s.Read(0, false, &r)
	return r
}

func TestPackages(t *testing.T) {
	all := []string{"energy-cores", "energy-gpu", "energy-pkg", "energy-psys", "energy-ram", "energy-secret"}
	tests := []struct {
		name, mask string
		events     []string
		cpus       []string
		want       []string
	}{
		{"a client", "0", all, []string{"0 0 0"}, []string{"cpu:0 cpu ", "cpu:0/core core cpu:0", "cpu:0/uncore uncore cpu:0", "psys:0 board ", "dram:0 dram "}},
		{"two packages", "0,18", []string{"energy-pkg", "energy-psys", "energy-ram"}, []string{"0 0 0", "18 1 0"}, []string{"cpu:0 cpu ", "psys:0 board ", "dram:0 dram ", "cpu:1 cpu ", "dram:1 dram "}},
		{"two dies", "0-1", []string{"energy-pkg"}, []string{"0 0 0", "1 0 1"}, []string{"cpu:0.0 cpu ", "cpu:0.1 cpu "}},
		{"without topology", "0", []string{"energy-pkg"}, nil, []string{"cpu:0 cpu "}},
		{"nobody knows which package", "0", []string{"energy-pkg"}, []string{"0 -1 -1"}, []string{"cpu:0 cpu "}},
	}
	for _, tt := range tests {
		root := tree(t, tt.mask, tt.events, tt.cpus)
		sensors, err := open(root, func(kind uint32, config uint64, cpu int) (Event, error) {
			if kind != 35 || config < 1 || config > 6 {
				t.Errorf("%s: type %d event %d", tt.name, kind, config)
			}
			return &played{counts: []any{1 << 32}}, nil
		})
		if err != nil {
			t.Error(tt.name, err)
			continue
		}
		var got []string
		for _, s := range sensors {
			d := s.Domain()
			got = append(got, d.ID+" "+d.Kind+" "+d.PartOf)
			if d.Source != Source || d.Energy != power.Counter || d.Power != power.Derived || *d.UpdateUs != 1000 || d.Range != 0 {
				t.Errorf("%+v", d)
			}
			if r := read(s); r.MicroJ != 1_000_000 || r.JErr != nil {
				t.Errorf("%s: %+v", d.ID, r)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestReadings(t *testing.T) {
	ev := &played{counts: []any{0, 1 << 33, unix.EIO, errors.New("short"), -1}}
	sensors, err := open(tree(t, "0", []string{"energy-pkg"}, nil), func(uint32, uint64, int) (Event, error) { return ev, nil })
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{0, 2_000_000, power.Null, power.Null, 4294967295_999999} {
		if r := read(sensors[0]); r.MicroJ != want || (r.JErr == nil) != (want != power.Null) {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if sensors[0].Close(); !ev.closed {
		t.Error("not closed")
	}
}

func TestRefusals(t *testing.T) {
	root := tree(t, "0", []string{"energy-pkg", "energy-ram"}, nil)
	opening := func(err error) []sensor.Sensor {
		sensors, e := open(root, func(uint32, uint64, int) (Event, error) { return nil, err })
		var u *sensor.Unavailable
		if e != nil && !(errors.As(e, &u) && u.Source == Source && strings.Contains(u.Why, err.Error())) {
			t.Error(e)
		}
		return sensors
	}
	for _, errno := range []error{unix.EACCES, unix.EPERM} {
		sensors := opening(errno)
		if len(sensors) != 2 || !sensors[0].Domain().Silent() || !errors.Is(read(sensors[0]).JErr, fs.ErrPermission) {
			t.Fatal(sensors)
		}
		var h interface{ Hint() string }
		if !errors.As(read(sensors[0]).JErr, &h) || !strings.Contains(h.Hint(), "perf_event_paranoid") {
			t.Error(read(sensors[0]).JErr)
		}
	}
	if opening(unix.ENOENT) != nil || opening(errElsewhere) != nil {
		t.Error("opened")
	}
	// A fixture is never opened on the real machine.
	if _, err := Open(root); err == nil || !strings.Contains(err.Error(), errElsewhere.Error()) {
		t.Error(err)
	}
}

func TestDescriptions(t *testing.T) {
	const pmu = "bus/event_source/devices/power/"
	for file, text := range map[string]string{
		pmu + "type": "many", pmu + "cpumask": "0-", pmu + "events/energy-pkg": "umask=5",
		pmu + "events/energy-pkg.scale": "some", pmu + "events/energy-pkg.unit": "Volts",
	} {
		root := tree(t, "0", []string{"energy-pkg"}, nil)
		put(t, filepath.Join(root, file), text)
		_, err := open(root, func(uint32, uint64, int) (Event, error) { return &played{}, nil })
		var u *sensor.Unavailable
		if !errors.As(err, &u) || u.Fix == "" {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, err := open(tree(t, "0", []string{"energy-secret"}, nil), nil); err == nil {
		t.Error("an event that nobody knows")
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string][]int{"0": {0}, "0,18": {0, 18}, "0-2,8": {0, 1, 2, 8}, "": nil, "2-1": nil, "x": nil, "0-99999999": nil, "-1": nil} {
		if got, err := parseCPUs(text); !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for text, ok := range map[string]bool{twoToMinus32: true, "1e-7": true, "1e-6": false, "0": false, "-1": false, "": false, "1e-40": false, "1/3": false, "0x1": false} {
		if _, err := parseScale(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Counts become microjoules exactly, rounded down, and so never fall.
func TestScale(t *testing.T) {
	s, err := parseScale(twoToMinus32)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 10_000 {
		n := rnd.Uint64() >> rnd.UintN(60)
		want := new(big.Int).SetUint64(n)
		want.Rsh(want.Mul(want, big.NewInt(1_000_000)), 32)
		if got, err := s.microJ(n); err != nil || got != want.Uint64() {
			t.Fatalf("%d: %d %v, want %s", n, got, err, want)
		}
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	sensors, err := open(tree(t, "0", []string{"energy-pkg"}, nil), func(uint32, uint64, int) (Event, error) { return &played{counts: []any{5}}, nil })
	if err != nil {
		t.Fatal(err)
	}
	var r sensor.Reading
	if n := testing.AllocsPerRun(1000, func() {
		r.Clear()
		sensors[0].Read(0, true, &r)
	}); n != 0 {
		t.Errorf("%v allocations a reading", n)
	}
}

// Whatever the files say: no panic, no endless list.
func FuzzPMU(f *testing.F) {
	f.Add("0,18", "event=0x02", twoToMinus32, "35")
	f.Add("0-3", "event=2", "6.103515625e-05", "8")
	f.Add("99999999999", "config=1", "1e999999999", "-1")
	f.Fuzz(func(t *testing.T, mask, config, scale, kind string) {
		if cpus, err := parseCPUs(mask); err == nil && (len(cpus) == 0 || len(cpus) > 2*mostCPUs) {
			t.Error(len(cpus))
		}
		if n, err := parseConfig(config); err == nil && n > 255 {
			t.Error(n)
		}
		if s, err := parseScale(scale); err == nil && s == 0 {
			t.Error("no scale")
		}
	})
}
