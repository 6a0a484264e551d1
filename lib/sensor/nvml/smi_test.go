package nvml

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

func TestParseRow(t *testing.T) {
	tests := []struct {
		line  string
		ok    bool
		index string
		w     int64
		err   string
		util  float64
		mem   float64
		temp  float64
	}{
		{"0, 68.13, 42, 1024, 55", true, "0", 68_130_000, "", 0.42, 1 << 30, 55},
		{"1, [N/A], [N/A], [N/A], 30\r", true, "1", power.Null, "not told", math.NaN(), math.NaN(), 30},
		{"2, [Unknown Error], 0, 0, 0", true, "2", power.Null, `nvidia-smi says "[Unknown Error]"`, 0, 0, 0},
		{"3, 99999999999, 101, -1, x", true, "3", power.Null, "value out of range", math.NaN(), math.NaN(), math.NaN()},
		{"4, 0.00, 0, 0, 30", true, "4", power.Null, "0 W, which nothing that answers draws", 0, 0, 30},
		{"index, power.draw [W], utilization.gpu [%], memory.used [MiB], temperature.gpu", false, "", 0, "", 0, 0, 0},
		{"", false, "", 0, "", 0, 0, 0},
		{"0, 68.13, 42", false, "", 0, "", 0, 0, 0},
	}
	same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
	for _, tt := range tests {
		index, r, ok := parseRow(tt.line)
		if ok != tt.ok || ok && (index != tt.index || r.MicroW != tt.w || !same(r.Util, tt.util) || !same(r.MemBytes, tt.mem) || !same(r.TempC, tt.temp)) {
			t.Errorf("%q: %q %+v %v", tt.line, index, r, ok)
		}
		if text := ""; ok {
			if r.WErr != nil {
				text = r.WErr.Error()
			}
			if text != tt.err {
				t.Errorf("%q: %q", tt.line, text)
			}
		}
	}
}

func TestListed(t *testing.T) {
	tests := []struct {
		name, lines, column string
		power               []string // per GPU
	}{
		{"new", "0, GPU-a, 550.1, 700.00, 00000000:1A:00.0, 1200, 2619, 1980, 2619, 100, 101, 9.0, NVIDIA H100\n", columnInstant, []string{"instant"}},
		{"old nvidia-smi", "0, GPU-a, 450.1, 300.00, 00000000:1A:00.0, [N/A], [N/A], 1530, 877, 100, Tesla V100\n", columnUsage, []string{"averaged"}},
		{"old GPU among new", "0, GPU-a, 550.1, 700.00, 00000000:1A:00.0, 1200, 2619, 1980, 2619, 100, 101, 9.0, NVIDIA H100\n1, GPU-b, 550.1, 250.00, 00000000:1B:00.0, 1200, 877, 1530, 877, 60, [N/A], 7.0, Tesla V100\n", columnUsage, []string{"averaged", "instant"}},
		{"one without watts", "0, GPU-a, 550.1, 700.00, 00000000:1A:00.0, 1200, 2619, 1980, 2619, 100, 101, 9.0, NVIDIA H100\n1, GPU-b, 550.1, [N/A], 00000000:1B:00.0, 1200, 877, 1530, 877, [N/A], [N/A], 5.0, GeForce\n", columnInstant, []string{"instant", "none"}},
	}
	for _, tt := range tests {
		var list []listedGPU
		for line := range strings.Lines(tt.lines) {
			g, ok := parseListed(line)
			if !ok {
				t.Fatalf("%s: %q", tt.name, line)
			}
			list = append(list, g)
		}
		if got := powerColumn(list); got != tt.column {
			t.Errorf("%s: column %s", tt.name, got)
		}
		for i := range list {
			d := list[i].domain(tt.column)
			if d.Power != tt.power[i] || (d.Energy == power.Integrated) != (d.Power != power.None) || (d.PowerWindowUs == 1_000_000) != (d.Power == power.Averaged) {
				t.Errorf("%s: %+v", tt.name, d)
			}
		}
	}
}

// smiScript writes a nvidia-smi that answers from files in its own directory:
// list, then rows for ever.
func smiScript(t *testing.T, rows string) (command string) {
	t.Helper()
	dir := t.TempDir()
	command = filepath.Join(dir, "nvidia-smi")
	script := `#!/bin/sh
case "$*" in
*compute_cap*) printf '0, GPU-a, 550.1, 700.00, 00000000:1A:00.0, 1200, 2619, 1980, 2619, 100, 101, 9.0, NVIDIA H100\n1, GPU-b, 550.1, 700.00, 00000000:1B:00.0, 1200, 2619, 1980, 2619, 100, 101, 9.0, NVIDIA H100\n' ;;
*compute-apps*) printf 'GPU-b, 4711, /usr/bin/python3\nGPU-b, 4712, a name, with a comma\nGPU-x, 1, y\nNo running processes found\n' ;;
-L) printf 'GPU 0: NVIDIA H100 (UUID: GPU-a)\n  MIG 3g.40gb     Device  0: (UUID: MIG-1)\n  MIG 3g.40gb     Device  1: (UUID: MIG-2)\nGPU 1: NVIDIA H100 (UUID: GPU-b)\n' ;;
*"index,power.draw.instant,utilization.gpu,memory.used,temperature.gpu --format=csv,noheader,nounits -lms 100")
	echo started >>` + dir + `/starts
	` + rows + ` ;;
*) echo "what? $*"; exit 2 ;;
esac
`
	if err := os.WriteFile(command, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return command
}

func TestSMI(t *testing.T) {
	command := smiScript(t, `printf '0, 68.13, 42, 1024, 55\n1, 70.5, 0, 0, 50\n'; exec sleep 1000`)
	var now atomic.Int64
	sensors, _, err := openSMI(Options{Command: command, Interval: 50 * time.Millisecond, Now: now.Load})
	if err != nil {
		t.Fatal(err)
	}
	if len(sensors) != 2 {
		t.Fatal(sensors)
	}
	d := sensors[1].Domain()
	if d.ID != "gpu:1" || d.Source != "nvidia-smi" || d.Energy != power.Integrated || d.Power != power.Instant || *d.UpdateUs != 100_000 || d.LagUs != 100_000 || d.UUID != "GPU-b" || d.PowerLimitW != 700 || !d.Paced || d.MIGInstances != 0 || sensors[0].Domain().MIGInstances != 2 || *d.Clocks != (power.Clocks{Graphics: 1200, Memory: 2619, MaxGraphics: 1980, MaxMemory: 2619}) {
		t.Errorf("%+v", d)
	}
	get := func(i int, at int64) sensor.Reading {
		var r sensor.Reading
		r.Clear()
		sensors[i].Read(at, true, &r)
		return r
	}
	if r := get(0, 1000); r.MicroW != 68_130_000 || r.Util != 0.42 || r.MemBytes != 1<<30 || r.TempC != 55 {
		t.Errorf("%+v", r)
	}
	if r := get(1, 1000); r.Neighbours == nil || *r.Neighbours != "pid 4711 /usr/bin/python3, pid 4712 a name, with a comma" {
		t.Errorf("%+v", r)
	}
	if r := get(1, 1000); r.Neighbours != nil {
		t.Errorf("told twice: %s", *r.Neighbours)
	}
	if r := get(1, 299_000); r.MicroW != 70_500_000 {
		t.Errorf("%+v", r)
	}
	if r := get(1, 301_000); r.MicroW != power.Null || !errors.Is(r.WErr, sensor.ErrStale) {
		t.Errorf("%+v", r)
	}
	for _, s := range sensors {
		s.Close() // ends the process: else the test would wait for it
	}
	if b, _ := os.ReadFile(filepath.Join(filepath.Dir(command), "starts")); string(b) != "started\n" {
		t.Errorf("%q", b)
	}
}

// CUDA's list hides GPUs here too, also by a MIG device.
func TestSMIVisible(t *testing.T) {
	command := smiScript(t, `exec sleep 1000`)
	for list, want := range map[string]int{"0": 0, "1": 1, "MIG-2": 0, "GPU-b": 1} {
		env := func(name string) (string, bool) { return list, name == visibleEnv }
		listed, err := listSMI(command, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		var devices []device
		for _, g := range listed {
			devices = append(devices, device{g.name, g.uuid, g.bus, g.mig})
		}
		why, remark := hidden(env, devices)
		if why[want] != "" || why[1-want] == "" || remark != "" {
			t.Errorf("%s: %q %q", list, why, remark)
		}
	}
}

func TestSMIDies(t *testing.T) {
	command := smiScript(t, `printf '0, 68.13, 42, 1024, 55\n1, 70.5, 0, 0, 50\n'; exit 15`)
	sensors, _, err := openSMI(Options{Command: command, Now: func() int64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	defer sensors[1].Close()
	defer sensors[0].Close()
	s := sensors[0].(*smiGPU).smi
	for range 100 {
		s.mu.Lock()
		err = s.err
		s.mu.Unlock()
		if err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	var r sensor.Reading
	r.Clear()
	sensors[0].Read(1_000_000, false, &r)
	if r.MicroW != power.Null || r.WErr == nil || !strings.Contains(r.WErr.Error(), "exit status 15") {
		t.Errorf("%+v", r)
	}
}

func TestSMIHangs(t *testing.T) {
	hung := filepath.Join(t.TempDir(), "nvidia-smi")
	os.WriteFile(hung, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755)
	_, err := listSMI(hung, 50*time.Millisecond)
	var u *sensor.Unavailable
	if !errors.As(err, &u) || !strings.HasSuffix(u.Why, "nvidia-smi does not answer") {
		t.Error(err)
	}
}

func TestSMINotThere(t *testing.T) {
	_, _, err := openSMI(Options{Command: filepath.Join(t.TempDir(), "nvidia-smi")})
	var u *sensor.Unavailable
	if !errors.As(err, &u) || u.Fix == "" {
		t.Error(err)
	}
	broken := filepath.Join(t.TempDir(), "nvidia-smi")
	os.WriteFile(broken, []byte("#!/bin/sh\necho 'NVIDIA-SMI has failed because it could not communicate with the driver.'\nexit 9\n"), 0o755)
	_, _, err = openSMI(Options{Command: broken})
	if !errors.As(err, &u) || !strings.Contains(u.Why, "could not communicate") {
		t.Error(err)
	}
}
