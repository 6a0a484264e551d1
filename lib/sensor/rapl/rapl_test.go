package rapl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// A tree is what to write below DIR/class/powercap: the zone's path, its name.
type tree []struct{ zone, name string }

func (tr tree) write(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for i, z := range tr {
		dir := filepath.Join(root, "class/powercap", z.zone)
		put(t, dir, "name", z.name+"\n")
		put(t, dir, "energy_uj", fmt.Sprintf("%d\n", 1000*(i+1)))
		put(t, dir, "max_energy_range_uj", "262143328850\n")
	}
	return root
}

func put(t *testing.T, dir, file, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// domains lists "id kind part_of raw" of what is found.
func domains(t *testing.T, root string) []string {
	t.Helper()
	sensors, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, s := range sensors {
		r := read(s, 0)
		d := s.Domain()
		list = append(list, strings.Join(strings.Fields(fmt.Sprint(d.ID, " ", d.Kind, " ", d.PartOf, " ", r.MicroJ)), " "))
		if d.Source != Source || d.Energy != power.Counter || d.Power != power.Derived || *d.UpdateUs != 1000 || d.WrapJoules != 262143.32885 || d.Range != 262143328850 {
			t.Errorf("%+v", d)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	return list
}

func read(s sensor.Sensor, now int64) sensor.Reading {
	var r sensor.Reading
	r.Clear()
	s.Read(now, false, &r)
	return r
}

func TestZones(t *testing.T) {
	tests := []struct {
		name string
		tree tree
		want []string
	}{
		{"a client", tree{
			{"intel-rapl:0", "package-0"}, {"intel-rapl:0:0", "core"}, {"intel-rapl:0:1", "uncore"}, {"intel-rapl:0:2", "dram"}, {"intel-rapl:1", "psys"}, {"intel-rapl-mmio:0", "package-0"},
		}, []string{"cpu:0 cpu 1000", "cpu:0/core core cpu:0 2000", "cpu:0/uncore uncore cpu:0 3000", "dram:0 dram 4000", "psys:0 board 5000", "cpu:0/mmio cpu cpu:0 6000"}},
		{"two packages, numbered the other way round", tree{
			{"intel-rapl:0", "package-1"}, {"intel-rapl:0:0", "dram"}, {"intel-rapl:1", "package-0"}, {"intel-rapl:1:0", "dram"},
		}, []string{"cpu:1 cpu 1000", "dram:1 dram 2000", "cpu:0 cpu 3000", "dram:0 dram 4000"}},
		{"dies", tree{
			{"intel-rapl:0", "package-0-die-0"}, {"intel-rapl:1", "package-0-die-1"}, {"intel-rapl:1:0", "dram"}, {"intel-rapl:2", "package-1-die-0"}, {"intel-rapl:2:0", "core"},
		}, []string{"cpu:0.0 cpu 1000", "cpu:0.1 cpu 2000", "dram:0.1 dram 3000", "cpu:1.0 cpu 4000", "cpu:1.0/core core cpu:1.0 5000"}},
		{"nested below the control type", tree{
			{"intel-rapl/intel-rapl:0", "package-0"}, {"intel-rapl/intel-rapl:0/intel-rapl:0:0", "core"}, {"intel-rapl/intel-rapl:0/intel-rapl:0:1", "dram"}, {"intel-rapl-mmio/intel-rapl-mmio:0", "package-0"},
		}, []string{"cpu:0 cpu 1000", "cpu:0/core core cpu:0 2000", "dram:0 dram 3000", "cpu:0/mmio cpu cpu:0 4000"}},
		{"both layouts: each zone once", tree{
			{"intel-rapl/intel-rapl:0", "package-0"}, {"intel-rapl:0", "package-0"}, {"intel-rapl:0/intel-rapl:0:0", "core"}, {"intel-rapl:0:0", "core"},
		}, []string{"cpu:0 cpu 2000", "cpu:0/core core cpu:0 4000"}},
		{"only the twin", tree{{"intel-rapl-mmio:0", "package-0"}, {"intel-rapl-mmio:0:0", "dram"}}, []string{"cpu:0 cpu 1000", "dram:0 dram 2000"}},
		{"a twin with memory", tree{
			{"intel-rapl:0", "package-0"}, {"intel-rapl:0:0", "dram"}, {"intel-rapl-mmio:0", "package-0"}, {"intel-rapl-mmio:0:0", "dram"}, {"intel-rapl-mmio:1", "package-1"},
		}, []string{"cpu:0 cpu 1000", "dram:0 dram 2000", "cpu:0/mmio cpu cpu:0 3000", "dram:0/mmio dram dram:0 4000", "cpu:1 cpu 5000"}},
		{"a board alone", tree{{"intel-rapl:0", "psys"}}, []string{"psys:0 board 1000"}},
		{"more than ten", tree{
			{"intel-rapl:10", "package-10"}, {"intel-rapl:2", "package-2"},
		}, []string{"cpu:2 cpu 2000", "cpu:10 cpu 1000"}},
		{"names nobody knows", tree{
			{"intel-rapl:0", "package-0"}, {"intel-rapl:0:0", "gt"}, {"intel-rapl:1", "package-x"}, {"intel-rapl:1:0", "core"}, {"intel-rapl:2", "package-0"}, {"intel-rapl:x", "package-9"}, {"dtpm:0", "package-8"},
		}, []string{"cpu:0 cpu 1000"}},
	}
	for _, tt := range tests {
		if got := domains(t, tt.tree.write(t)); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

// The real tree is made of links, some of which lead round in circles.
func TestLinks(t *testing.T) {
	root := t.TempDir()
	real := filepath.Join(root, "devices/virtual/powercap/intel-rapl/intel-rapl:0")
	for _, dir := range []string{real, filepath.Join(real, "intel-rapl:0:0")} {
		put(t, dir, "name", map[bool]string{true: "core\n", false: "package-0\n"}[strings.HasSuffix(dir, ":0:0")])
		put(t, dir, "energy_uj", "7\n")
		put(t, dir, "max_energy_range_uj", "262143328850\n")
	}
	class := filepath.Join(root, "class/powercap")
	if err := os.MkdirAll(class, 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		filepath.Join(class, "intel-rapl"):                    filepath.Dir(real),
		filepath.Join(class, "intel-rapl:0"):                  real,
		filepath.Join(class, "intel-rapl:0:0"):                filepath.Join(real, "intel-rapl:0:0"),
		filepath.Join(real, "intel-rapl:0:0", "device"):       real,
		filepath.Join(real, "intel-rapl:0:0", "intel-rapl:0"): real,
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"cpu:0 cpu 7", "cpu:0/core core cpu:0 7"}
	if got := domains(t, root); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestNotThere(t *testing.T) {
	empty := t.TempDir()
	bare := t.TempDir()
	put(t, filepath.Join(bare, "class/powercap/intel-rapl"), "enabled", "1\n")
	nameless := t.TempDir()
	put(t, filepath.Join(nameless, "class/powercap/intel-rapl:0"), "energy_uj", "1\n")
	noCounter := t.TempDir()
	put(t, filepath.Join(noCounter, "class/powercap/intel-rapl:0"), "name", "package-0\n")
	for _, root := range []string{empty, bare, nameless, noCounter} {
		_, err := Open(root)
		var u *sensor.Unavailable
		if !errors.As(err, &u) || u.Source != Source || !strings.Contains(u.Why, root) {
			t.Errorf("%v", err)
		}
	}
}

func TestRangeUnknown(t *testing.T) {
	for _, text := range []string{"", "0\n", "much\n", "-5\n", "999\n"} {
		root := tree{{"intel-rapl:0", "package-0"}}.write(t)
		path := filepath.Join(root, "class/powercap/intel-rapl:0/max_energy_range_uj")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			os.Remove(path)
		}
		sensors, err := Open(root)
		if err != nil {
			t.Fatal(err)
		}
		if d := sensors[0].Domain(); d.Range != 0 || d.WrapJoules != 0 || d.Energy != power.Counter {
			t.Errorf("%q: %+v", text, d)
		}
	}
}

// denying refuses to open the files whose path contains what.
func denying(what string) sensor.Opener {
	return func(path string) (int, error) {
		if strings.Contains(path, what) {
			return -1, unix.EACCES
		}
		return sensor.OpenFile(path)
	}
}

func TestPermission(t *testing.T) {
	root := tree{{"intel-rapl:0", "package-0"}, {"intel-rapl:0:0", "dram"}}.write(t)
	sensors, err := open(root, denying("rapl:0/energy_uj"))
	if err != nil {
		t.Fatal(err)
	}
	s := sensors[0]
	if d := s.Domain(); d.ID != "cpu:0" || d.Kind != power.CPU || !d.Silent() || d.UpdateUs != nil || d.WrapJoules != 0 {
		t.Errorf("%+v", d)
	}
	r := read(s, 0)
	var hint interface{ Hint() string }
	if r.MicroJ != power.Null || !errors.Is(r.JErr, fs.ErrPermission) || !errors.As(r.JErr, &hint) || !strings.Contains(hint.Hint(), "chmod a+r "+root) {
		t.Errorf("%+v", r)
	}
	if r := read(sensors[1], 0); r.MicroJ != 2000 {
		t.Errorf("%+v", r)
	}
}

// What a counter's file can do while it is read.
func TestReadings(t *testing.T) {
	root := tree{{"intel-rapl:0", "package-0"}}.write(t)
	dir := filepath.Join(root, "class/powercap/intel-rapl:0")
	path := filepath.Join(dir, "energy_uj")
	opener := sensor.OpenFile
	sensors, err := open(root, func(path string) (int, error) { return opener(path) })
	if err != nil {
		t.Fatal(err)
	}
	s, now := sensors[0], int64(0)
	expect := func(what string, v int64, want error) {
		t.Helper()
		now += 1_000_000
		r := read(s, now)
		if r.MicroJ != v || !errors.Is(r.JErr, want) {
			t.Errorf("%s: %d %v, want %d %v", what, r.MicroJ, r.JErr, v, want)
		}
	}
	write := func(text string) { put(t, dir, "energy_uj", text) }
	expect("first", 1000, nil)
	write("2000\n")
	expect("counted on", 2000, nil)
	write("")
	expect("empty", power.Null, sensor.ErrEmpty)
	write("3000")
	expect("without newline", 3000, nil)
	write("\x00\x01garbage")
	expect("garbage", power.Null, sensor.ErrGarbage)
	write(strings.Repeat("9", 500))
	expect("too long", power.Null, sensor.ErrRange)
	write("4000\n")
	expect("back", 4000, nil)

	put(t, dir, "new", "5000\n")
	if err := os.Rename(filepath.Join(dir, "new"), path); err != nil {
		t.Fatal(err)
	}
	expect("replaced", 5000, nil)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("removed", power.Null, fs.ErrNotExist)
	expect("still away", power.Null, fs.ErrNotExist)
	write("6000\n")
	expect("here again", 6000, nil)

	away := dir + ".away"
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	expect("the whole zone gone", power.Null, fs.ErrNotExist)
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	expect("and back", 6000, nil)

	opener = denying("energy_uj")
	os.Remove(path)
	expect("permission lost", power.Null, fs.ErrPermission)
}

func TestReadAllocatesNothing(t *testing.T) {
	root := tree{{"intel-rapl:0", "package-0"}}.write(t)
	sensors, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer sensors[0].Close()
	var r sensor.Reading
	now := int64(0)
	if n := testing.AllocsPerRun(1000, func() {
		now += 1000
		r.Clear()
		sensors[0].Read(now, true, &r)
	}); n != 0 {
		t.Errorf("%v allocations a reading", n)
	}
}

func BenchmarkRead(b *testing.B) {
	root := b.TempDir()
	dir := filepath.Join(root, "class/powercap/intel-rapl:0")
	os.MkdirAll(dir, 0o755)
	os.WriteFile(filepath.Join(dir, "name"), []byte("package-0\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "energy_uj"), []byte("123456789012\n"), 0o644)
	sensors, err := Open(root)
	if err != nil {
		b.Fatal(err)
	}
	var r sensor.Reading
	for b.Loop() {
		r.Clear()
		sensors[0].Read(0, false, &r)
	}
}
