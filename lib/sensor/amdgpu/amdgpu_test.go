package amdgpu

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// machine is files below DIR/class/drm and their content.
type machine map[string]string

func (m machine) write(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for file, text := range m {
		put(t, filepath.Join(root, "class/drm", file), text)
	}
	return root
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// card adds a card: its device id, its table, and files of its hwmon.
func (m machine) card(n int, device string, table []byte, hwmon ...string) machine {
	dir := fmt.Sprintf("card%d/device/", n)
	m[dir+"vendor"], m[dir+"device"] = "0x1002\n", device+"\n"
	m[dir+fmt.Sprintf("hwmon/hwmon%d/name", n+3)] = "amdgpu\n"
	if table != nil {
		m[dir+"gpu_metrics"] = string(table)
	}
	for _, h := range hwmon {
		file, text, _ := strings.Cut(h, " ")
		m[dir+fmt.Sprintf("hwmon/hwmon%d/%s", n+3, file)] = text + "\n"
	}
	return m
}

func read(s sensor.Sensor, now int64, full bool) sensor.Reading {
	var r sensor.Reading
	r.Clear()
	s.Read(now, full, &r)
	return r
}

func TestCards(t *testing.T) {
	const joule = 1 << 16
	m := machine{
		"card0/device/vendor":      "0x10de\n",
		"card1-DP-1/device/vendor": "0x1002\n",
		"card9/device/vendor":      "0x1002\n", // a partition: no hwmon
	}.
		card(1, "0x74a1", table(1, 6, 1000, 7*joule), "power1_input 650000000").
		card(2, "0x740f", table(1, 3, 120, 8*joule), "power1_average 300000000").
		card(3, "0x740c", table(1, 3, 120, 0), "power1_average 0").
		card(4, "0x744c", table(1, 3, 120, 9*joule), "power1_average 100000000").
		card(5, "0x164e", table(2, 1, 120, 0), "power1_input 15000000").
		card(6, "0x66af", nil, "power1_average 25000000").
		card(7, "0x74a1", table(1, 8, 1000, 3*joule)).
		card(8, "0x73bf", table(1, 2, 120, 3*joule)).
		card(10, "0x74a0", table(1, 6, 1000, joule), "power1_input 500000000")
	want := []string{
		"gpu:0 gpu counter instant 0 7000000 650000000",
		"gpu:1 gpu counter averaged 1000000 8000000 300000000",
		"gpu:2 gpu none none 0 the other die of this GPU counts for both",
		"gpu:3 gpu integrated averaged 1000000 null 100000000",
		"soc:0 soc integrated instant 0 null 15000000",
		"gpu:4 gpu integrated averaged 1000000 null 25000000",
		"gpu:5 gpu counter derived 0 3000000 null",
		"gpu:6 gpu none none 0 this GPU tells no power",
		"soc:1 soc counter instant 0 1000000 500000000",
	}
	sensors, err := Open(m.write(t))
	if err != nil || len(sensors) != len(want) {
		t.Fatal(sensors, err)
	}
	number := func(v int64) string {
		if v == power.Null {
			return "null"
		}
		return fmt.Sprint(v)
	}
	for i, s := range sensors {
		d, r := s.Domain(), read(s, 0, false)
		got := fmt.Sprint(d.ID, " ", d.Kind, " ", d.Energy, " ", d.Power, " ", d.PowerWindowUs, " ", number(r.MicroJ), " ", number(r.MicroW))
		if d.Silent() {
			got = fmt.Sprint(d.ID, " ", d.Kind, " ", d.Energy, " ", d.Power, " ", d.PowerWindowUs, " ", r.JErr)
		}
		if got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestDescription(t *testing.T) {
	m := machine{}.card(0, "0x74a1", table(1, 6, 1000, 5), "power1_input 5", "power1_cap 750000000", "freq1_input 2100000000", "freq2_input 1300000000", "temp1_input 61000")
	m["card0/device/product_name"], m["card0/device/unique_id"] = "AMD Instinct MI300X\n", "a1b2c3\n"
	m["card0/device/gpu_busy_percent"], m["card0/device/mem_info_vram_used"] = "87\n", "8000000000\n"
	m["../../module/amdgpu/version"] = "6.10.5\n"
	sensors, err := Open(m.write(t))
	if err != nil {
		t.Fatal(err)
	}
	d := sensors[0].Domain()
	if d.Name != "AMD Instinct MI300X" || d.UUID != "a1b2c3" || d.PowerLimitW != 750 || d.DriverVersion != "6.10.5" || d.Clocks == nil || *d.Clocks != (power.Clocks{Graphics: 2100, Memory: 1300}) {
		t.Errorf("%+v %+v", d, d.Clocks)
	}
	if r := read(sensors[0], 0, true); r.Util != 0.87 || r.MemBytes != 8e9 || r.TempC != 61 {
		t.Errorf("%+v", r)
	}
	if r := read(sensors[0], 0, false); !math.IsNaN(r.Util) {
		t.Errorf("%+v", r)
	}
}

// What a table and a gauge can do while they are read.
func TestReadings(t *testing.T) {
	root := machine{}.card(0, "0x74a1", table(1, 6, 1000, 1<<16), "power1_input 5").write(t)
	sensors, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "class/drm/card0/device")
	now := int64(0)
	for _, tt := range []struct {
		name, table, watts string
		j, w               int64
		jErr, wErr         error
	}{
		{"fine", string(table(1, 6, 1000, 2<<16)), "7", 2_000_000, 7, nil, nil},
		{"empty", "", "", power.Null, power.Null, sensor.ErrEmpty, sensor.ErrEmpty},
		{"torn", string(table(1, 6, 1000, 2<<16)[:100]), "12x", power.Null, power.Null, errTorn, sensor.ErrGarbage},
		{"a sentinel", string(table(1, 6, 1000, math.MaxUint64)), "99999999999999999999", power.Null, power.Null, sensor.ErrRange, sensor.ErrRange},
		{"no watts", string(table(1, 6, 1000, 2<<16)), "0", 2_000_000, power.Null, nil, sensor.ErrNoPower},
		{"another table", string(table(2, 6, 1000, 5)), "8", power.Null, 8, errVersion, nil},
		{"fine again", string(table(1, 6, 1000, 3<<16)), "9", 3_000_000, 9, nil, nil},
	} {
		put(t, filepath.Join(dir, "gpu_metrics"), tt.table)
		put(t, filepath.Join(dir, "hwmon/hwmon3/power1_input"), tt.watts)
		now += 2_000_000
		r := read(sensors[0], now, false)
		if r.MicroJ != tt.j || r.MicroW != tt.w || !errors.Is(r.JErr, tt.jErr) || !errors.Is(r.WErr, tt.wErr) {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
	// The driver goes away and comes back with its hwmon under another number.
	os.Rename(filepath.Join(dir, "hwmon/hwmon3"), filepath.Join(dir, "hwmon/hwmon8"))
	for range 2 {
		now += 2_000_000
		if r := read(sensors[0], now, false); r.MicroW != 9 || r.MicroJ != 3_000_000 {
			t.Errorf("renumbered: %+v", r)
		}
	}
	os.RemoveAll(dir)
	for range 2 {
		now += 2_000_000
		read(sensors[0], now, false)
	}
	if r := read(sensors[0], now+2_000_000, false); r.MicroW != power.Null || !errors.Is(r.WErr, fs.ErrNotExist) {
		t.Errorf("gone: %+v", r)
	}
}

func TestAsleep(t *testing.T) {
	if err := awake(unix.EPERM); err != errAsleep || errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	if err := awake(unix.EACCES); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	if err := awake(unix.ENODEV); err != unix.ENODEV {
		t.Error(err)
	}
}

func TestPermission(t *testing.T) {
	root := machine{}.card(0, "0x74a1", table(1, 6, 1000, 5), "power1_input 5").write(t)
	sensors, err := open(root, func(string) (int, error) { return -1, unix.EACCES })
	if err != nil {
		t.Fatal(err)
	}
	if r := read(sensors[0], 0, true); !sensors[0].Domain().Silent() || !errors.Is(r.JErr, fs.ErrPermission) {
		t.Errorf("%+v", r)
	}
	_, err = Open(t.TempDir())
	var u *sensor.Unavailable
	if !errors.As(err, &u) {
		t.Error(err)
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	root := machine{}.card(0, "0x74a1", table(1, 6, 1000, 5), "power1_input 5").write(t)
	sensors, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
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
	dir := filepath.Join(b.TempDir(), "class/drm/card0/device")
	for file, text := range map[string]string{"vendor": "0x1002", "device": "0x74a1", "gpu_metrics": string(table(1, 6, 1800, 5)), "hwmon/hwmon1/power1_input": "650000000"} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755)
		os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644)
	}
	sensors, err := Open(filepath.Join(dir, "../../../.."))
	if err != nil {
		b.Fatal(err)
	}
	var r sensor.Reading
	for b.Loop() {
		r.Clear()
		sensors[0].Read(0, false, &r)
	}
}
