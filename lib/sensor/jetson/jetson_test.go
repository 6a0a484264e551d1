package jetson

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

// module is files below DIR/bus/i2c/drivers and their text.
type module map[string]string

func (m module) write(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for file, text := range m {
		put(t, filepath.Join(root, "bus/i2c/drivers", file), text)
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

// monitor adds an INA3221 with its rails, "label mV mA" each.
func (m module) monitor(address string, rails ...string) module {
	dir := "ina3221/" + address + "/hwmon/hwmon3/"
	for i, r := range rails {
		f := strings.Fields(r)
		m[fmt.Sprintf("%sin%d_label", dir, i+1)] = f[0]
		m[fmt.Sprintf("%sin%d_input", dir, i+1)] = f[1]
		m[fmt.Sprintf("%scurr%d_input", dir, i+1)] = f[2]
	}
	m[dir+"in7_label"], m[dir+"in7_input"] = "sum of shunt voltages", "40"
	return m
}

func read(s sensor.Sensor, now int64) sensor.Reading {
	var r sensor.Reading
	r.Clear()
	s.Read(now, false, &r)
	return r
}

func TestModules(t *testing.T) {
	tests := []struct {
		name   string
		module module
		want   []string
	}{
		{"Orin Nano", module{}.monitor("1-0040", "VDD_IN 5000 1200", "VDD_CPU_GPU_CV 5000 300", "VDD_SOC 5000 400"),
			[]string{"board:0 board VDD_IN 6000000", "soc:0 soc VDD_CPU_GPU_CV 1500000", "soc:1 soc VDD_SOC 2000000"}},
		{"AGX Orin", module{}.monitor("1-0040", "VDD_GPU_SOC 19152 208", "VDD_CPU_CV 19152 40", "VIN_SYS_5V0 5056 600").monitor("1-0041", "NC 0 0", "VDDQ_VDD2_1V8AO 5056 100", "NC 0 0"),
			[]string{"gpu:0 gpu VDD_GPU_SOC 3983616", "cpu:0 cpu VDD_CPU_CV 766080", "rail:vin_sys_5v0 uncore VIN_SYS_5V0 3033600", "dram:0 dram VDDQ_VDD2_1V8AO 505600"}},
		{"AGX Xavier", module{}.monitor("1-0040", "GPU 19000 10", "CPU 19000 20", "SOC 19000 30").monitor("1-0041", "CV 19000 0", "VDDRQ 19000 4", "SYS5V 5000 500"),
			[]string{"gpu:0 gpu GPU 190000", "cpu:0 cpu CPU 380000", "soc:0 soc SOC 570000", "soc:1 soc CV 0", "dram:0 dram VDDRQ 76000", "rail:sys5v uncore SYS5V 2500000"}},
		{"Thor", module{}.monitor("2-0040", "VDD_GPU 1000 9", "VDD_CPU_SOC_MSS 1000 8", "VIN_SYS_5V0 1000 7").monitor("2-0041", "VIN 12000 3000"),
			[]string{"gpu:0 gpu VDD_GPU 9000", "soc:0 soc VDD_CPU_SOC_MSS 8000", "rail:vin_sys_5v0 uncore VIN_SYS_5V0 7000", "board:0 board VIN 36000000"}},
		{"Nano, the older driver", module{
			"ina3221x/6-0040/iio:device0/rail_name_0": "POM_5V_IN", "ina3221x/6-0040/iio:device0/in_power0_input": "3012",
			"ina3221x/6-0040/iio:device0/rail_name_1": "POM_5V_GPU", "ina3221x/6-0040/iio:device0/in_power1_input": "40",
			"ina3221x/6-0040/iio:device0/rail_name_2": "POM_5V_CPU", "ina3221x/6-0040/iio:device0/in_power2_input": "531",
		}, []string{"board:0 board POM_5V_IN 3012000", "gpu:0 gpu POM_5V_GPU 40000", "cpu:0 cpu POM_5V_CPU 531000"}},
		{"an offset below nothing", module{}.monitor("1-0040", "VDD_IN 5000 -8"), []string{"board:0 board VDD_IN 0"}},
	}
	for _, tt := range tests {
		sensors, err := Open(tt.module.write(t))
		if err != nil {
			t.Error(tt.name, err)
			continue
		}
		var got []string
		for _, s := range sensors {
			d := s.Domain()
			got = append(got, fmt.Sprint(d.ID, " ", d.Kind, " ", d.Name, " ", read(s, 0).MicroW))
			if d.Energy != power.Integrated || d.Power != power.Instant || !d.InstantOnly() || d.UpdateUs != nil || d.PartOf != "" {
				t.Errorf("%+v", d)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestUpdateInterval(t *testing.T) {
	m := module{}.monitor("1-0040", "VDD_IN 5000 1200")
	m["ina3221/1-0040/hwmon/hwmon3/update_interval"] = "7"
	sensors, err := Open(m.write(t))
	if err != nil || *sensors[0].Domain().UpdateUs != 7000 {
		t.Error(err)
	}
}

func TestReadings(t *testing.T) {
	root := module{}.monitor("1-0040", "VDD_IN 5000 1000").write(t)
	sensors, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3")
	now := int64(0)
	for _, tt := range []struct {
		volts, amps string
		want        int64
		err         error
	}{
		{"5000", "1200", 6_000_000, nil},
		{"", "1200", power.Null, sensor.ErrGarbage},
		{"5000", "much", power.Null, sensor.ErrGarbage},
		{"5000", "-1001", power.Null, sensor.ErrRange},
		{"5000", "-", power.Null, sensor.ErrEmpty},
		{"5000", "1000001", power.Null, sensor.ErrRange},
		{"5008", "1000", 5_008_000, nil},
	} {
		put(t, filepath.Join(dir, "in1_input"), tt.volts)
		put(t, filepath.Join(dir, "curr1_input"), tt.amps)
		now += 2_000_000
		if r := read(sensors[0], now); r.MicroW != tt.want || !errors.Is(r.WErr, tt.err) && tt.volts != "" {
			t.Errorf("%+v: %d %v", tt, r.MicroW, r.WErr)
		}
	}
}

func TestNotThere(t *testing.T) {
	for _, m := range []module{{}, module{}.monitor("1-0040", "NC 0 0"), {"ina3221/1-0040/hwmon/hwmon1/in1_label": "VDD_IN"}, {"other/1-0040/hwmon/hwmon1/in1_label": "VDD_IN"}} {
		_, err := Open(m.write(t))
		var u *sensor.Unavailable
		if !errors.As(err, &u) || u.Source != Source {
			t.Errorf("%v: %v", m, err)
		}
	}
	sensors, err := open(module{}.monitor("1-0040", "VDD_IN 1 1").write(t), func(string) (int, error) { return -1, unix.EACCES })
	if err != nil || !errors.Is(read(sensors[0], 0).WErr, fs.ErrPermission) {
		t.Error(err)
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	sensors, err := Open(module{}.monitor("1-0040", "VDD_IN 5000 -1").write(t))
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

// Whatever a channel holds, it is refused or a number that a rail can have, and
// its label is a domain.
func FuzzChannel(f *testing.F) {
	f.Add("VDD_IN", "5000\n")
	f.Add("VDD_CPU_GPU_CV", "-8\n")
	f.Add("a b/\x00", "--5")
	f.Add("", "18446744073709551615")
	f.Fuzz(func(t *testing.T, label, text string) {
		if v, err := parseMilli([]byte(text)); err == nil && (v < 0 || v > mostMilli) || err != nil && v != 0 {
			t.Errorf("%q: %d %v", text, v, err)
		}
		d := name(label, map[string]int{})
		if kind, rest, ok := strings.Cut(d.ID, ":"); !ok || kind == "" || strings.ContainsAny(rest, "/: \x00") {
			t.Errorf("%q: %q", label, d.ID)
		}
	})
}
