package estimate

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// proc writes a /proc with a stat of so many CPUs.
func proc(t *testing.T, cpus int, first string) (root string) {
	t.Helper()
	root = t.TempDir()
	rewrite(t, root, cpus, first)
	return root
}

func rewrite(t *testing.T, root string, cpus int, first string) {
	t.Helper()
	text := first + "\n"
	for i := range cpus {
		text += fmt.Sprintf("cpu%d 1845 0 1175 169068 79 0 12 17 0 0\n", i)
	}
	if first == "" {
		text = ""
	} else {
		text += "intr 1\nctxt 2\n"
	}
	if err := os.WriteFile(filepath.Join(root, "stat"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEstimate(t *testing.T) {
	root := proc(t, 4, "cpu  1000 0 0 9000 0 0 0 0 0 0")
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := s.Domain()
	if d.ID != "cpu:0" || d.Kind != power.CPU || d.Energy != power.Integrated || d.Power != power.Instant || !d.Estimated || !d.Mean || *d.UpdateUs != 20_000 {
		t.Errorf("%+v", d)
	}
	for _, part := range []string{"4 logical CPUs", "0.74 W idle", "3.5 W busy", "not a measurement"} {
		if !strings.Contains(d.Model, part) {
			t.Errorf("%q lacks %q", d.Model, part)
		}
	}
	idle, busy := 4*0.74, 4*3.5
	steps := []struct {
		at    int64
		stat  string
		watts float64 // NaN: none
		err   error
	}{
		{1, "cpu  1000 0 0 9000 0 0 0 0 0 0", math.NaN(), sensor.ErrStale}, // nothing has passed yet
		{2, "cpu  1000 0 0 9100 0 0 0 0 0 0", idle, nil},
		{10_000, "cpu  1100 0 0 9100 0 0 0 0 0 0", idle, nil}, // not looked at yet
		{50_000, "cpu  1100 0 0 9100 0 0 0 0 0 0", busy, nil},
		{100_000, "cpu  1100 0 0 9100 0 0 0 0 0 0", busy, nil}, // nothing moved
		{150_000, "cpu  1110 10 20 9150 5 5 5 0 0 0", idle + (busy-idle)*50/105, nil},
		{200_000, "cpu  1110 10 20 9150 5 5 5 100 0 0", idle, nil}, // stolen time is not ours
		{250_000, "cpu  1100 10 20 9260 5 5 5 100 0 0", idle, nil}, // user ran backwards
		{300_000, "cpu  1200 10 20 9200 5 5 5 100 0 0", busy, nil}, // idle ran backwards
		{350_000, "", math.NaN(), sensor.ErrEmpty},
		{400_000, "cpu  1300 10 20 9200 5 5 5 100 0 0", busy, nil},
		{450_000, "cpu  many", math.NaN(), sensor.ErrGarbage},
		{500_000, "intr 5", math.NaN(), sensor.ErrGarbage},
		{550_000, "cpu  1 2 3", math.NaN(), sensor.ErrGarbage},
	}
	for i, st := range steps {
		rewrite(t, root, 4, st.stat)
		var r sensor.Reading
		r.Clear()
		s.Read(st.at, true, &r)
		if !errors.Is(r.WErr, st.err) || r.MicroJ != power.Null {
			t.Errorf("step %d: %+v", i, r)
		}
		if math.IsNaN(st.watts) != (r.MicroW == power.Null) || r.MicroW != power.Null && math.Abs(float64(r.MicroW)/1e6-st.watts) > 1e-5 {
			t.Errorf("step %d: %d µW, want %g W", i, r.MicroW, st.watts)
		}
		if r.MicroW != power.Null && math.Abs(r.Util-(st.watts-idle)/(busy-idle)) > 1e-9 {
			t.Errorf("step %d: load %g", i, r.Util)
		}
	}
	if busy/idle < 2 {
		t.Error("busy differs from idle by less than 2×")
	}
}

func TestNotThere(t *testing.T) {
	for _, root := range []string{t.TempDir(), proc(t, 0, ""), proc(t, 1, "page 1 2")} {
		_, err := Open(root)
		var u *sensor.Unavailable
		if !errors.As(err, &u) || u.Source != Source {
			t.Errorf("%v", err)
		}
	}
}

// A machine with more CPUs than one buffer holds.
func TestManyCPUs(t *testing.T) {
	s, err := Open(proc(t, 768, "cpu  99999999999999 99999999999999 99999999999999 99999999999999 99999999999999 99999999999999 0 0 0 0"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !strings.Contains(s.Domain().Model, "768 logical CPUs") {
		t.Error(s.Domain().Model)
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	s, err := Open(proc(t, 4, "cpu  1000 0 0 9000 0 0 0 0 0 0"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var r sensor.Reading
	now := int64(0)
	if n := testing.AllocsPerRun(1000, func() {
		now += 50_000
		r.Clear()
		s.Read(now, true, &r)
	}); n != 0 {
		t.Errorf("%v allocations a reading", n)
	}
}

func FuzzTimes(f *testing.F) {
	f.Add([]byte("cpu  4375 0 2884 336544 421 0 70 44 0 0\ncpu0 1 2"))
	f.Add([]byte("cpu 1 2 3 4"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseTimes(b)
		if err != nil {
			return
		}
		if load, ok := a.since(times{}); ok && (load < 0 || load > 1) {
			t.Fatalf("load %g", load)
		}
	})
}
