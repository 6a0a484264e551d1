package hwmon

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

// A tree is files below DIR/class/hwmon and their text.
type tree map[string]string

func (tr tree) write(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for file, text := range tr {
		put(t, filepath.Join(root, "class/hwmon", file), text)
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

func (tr tree) meter(n int, oem, watts, interval string) tree {
	dir := fmt.Sprintf("hwmon%d/", n)
	tr[dir+"name"] = "power_meter"
	tr[dir+"device/power1_average"] = watts
	if oem != "" {
		tr[dir+"device/power1_oem_info"] = oem
	}
	if interval != "" {
		tr[dir+"device/power1_average_interval"] = interval
	}
	return tr
}

func read(s sensor.Sensor, now int64) sensor.Reading {
	var r sensor.Reading
	r.Clear()
	s.Read(now, false, &r)
	return r
}

// describe lists "id kind part_of energy power value" of what is found.
func describe(t *testing.T, root string) []string {
	t.Helper()
	sensors, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, s := range sensors {
		d, r := s.Domain(), read(s, 0)
		v := r.MicroW
		if d.Energy == power.Counter {
			v = r.MicroJ
		}
		list = append(list, strings.Join(strings.Fields(fmt.Sprint(d.ID, " ", d.Kind, " ", d.PartOf, " ", d.Energy, " ", d.Power, " ", v)), " "))
		if d.Source != Source || (d.Power == power.Averaged) != (d.PowerWindowUs > 0) {
			t.Errorf("%+v", d)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	return list
}

func TestMeters(t *testing.T) {
	grace := tree{"hwmon0/name": "nvme"}.
		meter(1, "Module Power Socket 0", "512000000", "50").
		meter(2, "Grace Power Socket 0", "93000000", "50").
		meter(3, "CPU Power Socket 0", "60000000", "50").
		meter(4, "SysIO Power Socket 0", "21000000", "50")
	tests := []struct {
		name string
		tree tree
		want []string
	}{
		{"Grace Hopper", grace, []string{
			"module:0 board integrated averaged 512000000",
			"cpu:0 cpu integrated averaged 93000000",
			"cpu:0/core core cpu:0 integrated averaged 60000000",
			"cpu:0/uncore uncore cpu:0 integrated averaged 21000000"}},
		{"without the whole Grace", tree{}.meter(3, "CPU Power Socket 1", "60000000", "50").meter(10, "SysIO Power Socket 1", "21000000", "50"), []string{
			"cpu:1 cpu integrated averaged 60000000",
			"cpu:1/uncore uncore integrated averaged 21000000"}},
		{"a server, and one that says nothing about itself", tree{}.meter(0, "", "250000000", "1000").meter(11, "PSU 2", "1000000", ""), []string{
			"board:0 board integrated averaged 250000000",
			"board:1 board integrated averaged 1000000"}},
		{"instant", tree{"hwmon0/name": "power_meter", "hwmon0/power1_input": "7"}, []string{"board:0 board integrated instant 7"}},
		{"twice the same name", tree{}.meter(0, "Module Power Socket 0", "1", "").meter(1, "Module Power Socket 0", "2", ""), []string{"module:0 board integrated averaged 1"}},
		{"Intel GPUs", tree{
			"hwmon2/name": "xe", "hwmon2/energy1_input": "1000", "hwmon2/energy1_label": "card", "hwmon2/energy2_input": "900", "hwmon2/energy2_label": "pkg",
			"hwmon3/name": "i915", "hwmon3/energy1_input": "500",
			"hwmon4/name": "i915_gt0", "hwmon4/energy1_input": "400",
			"hwmon5/name": "i915_gt1",
		}, []string{
			"gpu:0 gpu counter derived 1000", "gpu:0/pkg gpu gpu:0 counter derived 900",
			"gpu:1 gpu counter derived 500", "gpu:1/gt0 gpu gpu:1 counter derived 400"}},
		{"amd_energy", tree{
			"hwmon1/name": "amd_energy", "hwmon1/energy1_input": "5", "hwmon1/energy1_label": "Ecore000", "hwmon1/energy17_input": "170", "hwmon1/energy17_label": "Esocket0", "hwmon1/energy18_input": "180", "hwmon1/energy18_label": "Esocket1",
		}, []string{"cpu:0 cpu counter derived 170", "cpu:1 cpu counter derived 180"}},
		{"a Mac with Linux", tree{
			"hwmon1/name": "macsmc_hwmon", "hwmon1/power1_input": "3", "hwmon1/power1_label": "Heatpipe Power", "hwmon1/power2_input": "9500000", "hwmon1/power2_label": "Total System Power",
		}, []string{"board:0 board integrated instant 9500000"}},
	}
	for _, tt := range tests {
		if got := describe(t, tt.tree.write(t)); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestWindow(t *testing.T) {
	for text, want := range map[string]int64{"50": 50_000, "1000": 1_000_000, "": windowUs, "0": windowUs, "often": windowUs} {
		tr := tree{}.meter(0, "", "1", text)
		tr["hwmon0/device/power1_accuracy"] = "97.5%"
		sensors, err := Open(tr.write(t))
		if err != nil {
			t.Fatal(err)
		}
		if d := sensors[0].Domain(); string(d.Accuracy) != `"97.5%"` || d.PowerWindowUs != want || *d.UpdateUs != want {
			t.Errorf("%q: %+v", text, d)
		}
	}
}

func TestAccuracyOfAnInput(t *testing.T) {
	sensors, err := Open(tree{"hwmon0/name": "power_meter", "hwmon0/power1_input": "7", "hwmon0/power1_accuracy": "90.0%"}.write(t))
	if err != nil || string(sensors[0].Domain().Accuracy) != `"90.0%"` {
		t.Fatal(sensors, err)
	}
}

func TestNotThere(t *testing.T) {
	for _, tr := range []tree{{}, {"hwmon0/name": "nvme", "hwmon0/power1_input": "5"}, {"hwmon0/name": "power_meter"}, {"hwmon0/name": "xe"}, {"hwmon0/name": "amdgpu", "hwmon0/power1_average": "5"}} {
		_, err := Open(tr.write(t))
		var u *sensor.Unavailable
		if !errors.As(err, &u) || u.Source != Source || tr["hwmon0/name"] == "nvme" && !strings.HasSuffix(u.Why, "only nvme") {
			t.Errorf("%v: %v", tr, err)
		}
	}
}

func TestPermission(t *testing.T) {
	root := tree{}.meter(0, "", "1", "").write(t)
	sensors, err := open(root, func(string) (int, error) { return -1, unix.EACCES })
	if err != nil {
		t.Fatal(err)
	}
	r := read(sensors[0], 0)
	var hint interface{ Hint() string }
	if !sensors[0].Domain().Silent() || !errors.Is(r.JErr, fs.ErrPermission) || !errors.As(r.JErr, &hint) || !strings.Contains(hint.Hint(), "chmod a+r "+root) {
		t.Errorf("%+v %+v", sensors[0].Domain(), r)
	}
}

// The machine's chips are links to devices; a chip that goes away may come back
// with another number, and another chip may have its old one.
func TestRenumbered(t *testing.T) {
	root := t.TempDir()
	class := filepath.Join(root, "class/hwmon")
	link := func(n int, device, name, watts string) {
		dir := filepath.Join(class, fmt.Sprintf("hwmon%d", n))
		put(t, filepath.Join(root, "devices", device, "uevent"), "")
		put(t, filepath.Join(dir, "name"), name)
		put(t, filepath.Join(dir, "energy1_input"), watts)
		if err := os.Symlink("../../../devices/"+device, filepath.Join(dir, "device")); err != nil {
			t.Fatal(err)
		}
	}
	link(3, "0000:03:00.0", "xe", "111")
	link(4, "0000:04:00.0", "xe", "222")
	sensors, err := Open(root)
	if err != nil || len(sensors) != 2 || sensors[1].Domain().Name != "Intel GPU 0000:04:00.0" {
		t.Fatal(sensors, err)
	}
	for _, s := range sensors {
		read(s, 0)
	}
	os.RemoveAll(filepath.Join(class, "hwmon3"))
	os.RemoveAll(filepath.Join(class, "hwmon4"))
	if r := read(sensors[1], 10_000_000); !errors.Is(r.JErr, fs.ErrNotExist) || r.MicroJ != power.Null {
		t.Errorf("%+v", r)
	}
	if r := read(sensors[0], 10_000_000); r.JErr == nil {
		t.Errorf("%+v", r)
	}
	link(3, "0000:04:00.0", "xe", "333")
	link(9, "0000:03:00.0", "xe", "112")
	for i, want := range []int64{112, 333} {
		if r := read(sensors[i], 20_000_000); r.MicroJ != want {
			t.Errorf("%d: %+v", i, r)
		}
	}
}

// A tree that does not tell devices: a chip that is the only one of its name is
// found under another number, one of two is not.
func TestRenumberedAlone(t *testing.T) {
	root := tree{"hwmon3/name": "xe", "hwmon3/energy1_input": "111"}.meter(0, "", "1000000", "").meter(1, "", "2000000", "").write(t)
	sensors, err := Open(root)
	if err != nil || len(sensors) != 3 {
		t.Fatal(sensors, err)
	}
	class := filepath.Join(root, "class/hwmon")
	for from, to := range map[string]string{"hwmon3": "hwmon8", "hwmon1": "hwmon9"} {
		if err := os.Rename(filepath.Join(class, from), filepath.Join(class, to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range sensors {
		r := read(s, 0)
		read(s, 10_000_000) // the same value: is it still there?
		r = read(s, 20_000_000)
		switch d := s.Domain(); d.ID {
		case "gpu:0":
			if r.MicroJ != 111 {
				t.Errorf("%+v", r)
			}
		case "board:1":
			if !errors.Is(r.WErr, fs.ErrNotExist) {
				t.Errorf("one of two: %+v", r)
			}
		}
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	root := tree{"hwmon1/name": "xe", "hwmon1/energy1_input": "5"}.meter(0, "", "1", "").write(t)
	sensors, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	var r sensor.Reading
	now := int64(0)
	if n := testing.AllocsPerRun(1000, func() {
		now += 1000
		for _, s := range sensors {
			r.Clear()
			s.Read(now, true, &r)
		}
	}); n != 0 {
		t.Errorf("%v allocations a reading", n)
	}
}

// Whatever a chip says about itself, each id stands once, what is a part is a
// part of something that is there, and no reading is negative.
func FuzzChips(f *testing.F) {
	f.Add("power_meter", "Grace Power Socket 0", "power1_average", "93000000\n")
	f.Add("power_meter", "SysIO Power Socket 7", "power1_average", "")
	f.Add("xe", "card", "energy1_input", "18446744073709551615\n")
	f.Add("amd_energy", "Esocket0", "energy17_input", "-5")
	f.Add("i915_gt0", "", "energy1_input", "0x12")
	f.Fuzz(func(t *testing.T, name, mark, file, text string) {
		if strings.ContainsAny(file, "/\x00") || file == "" || len(file) > 100 || strings.HasPrefix(file, ".") {
			t.Skip()
		}
		root := t.TempDir()
		for i := range 2 {
			dir := filepath.Join(root, "class/hwmon", fmt.Sprintf("hwmon%d", i))
			os.MkdirAll(dir, 0o755)
			os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644)
			os.WriteFile(filepath.Join(dir, "power1_oem_info"), []byte(mark), 0o644)
			os.WriteFile(filepath.Join(dir, "energy1_label"), []byte(mark), 0o644)
			os.WriteFile(filepath.Join(dir, "name"), []byte(name), 0o644)
		}
		sensors, err := Open(root)
		if err != nil {
			return
		}
		ids := make(map[string]bool)
		for _, s := range sensors {
			if ids[s.Domain().ID] {
				t.Errorf("%s twice", s.Domain().ID)
			}
			ids[s.Domain().ID] = true
		}
		for _, s := range sensors {
			d, r := s.Domain(), read(s, 0)
			if d.PartOf != "" && !ids[d.PartOf] {
				t.Errorf("%s is part of %s", d.ID, d.PartOf)
			}
			if r.MicroJ < 0 && r.MicroJ != power.Null || r.MicroW < 0 && r.MicroW != power.Null {
				t.Errorf("%+v", r)
			}
			s.Close()
		}
	})
}
