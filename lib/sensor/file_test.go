package sensor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// latest is the file value in the directory hwmonN below root, whatever N.
func latest(root string) string {
	found, _ := filepath.Glob(filepath.Join(root, "hwmon*", "value"))
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

func writeValue(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "value"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A directory that goes away and comes back under another number is found.
func TestFileIsFoundAgain(t *testing.T) {
	root := t.TempDir()
	writeValue(t, filepath.Join(root, "hwmon3"), "5\n")
	f, err := OpenFound(func() string { return latest(root) }, 64, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	now := int64(0)
	expect := func(what string, want int64, wantErr error) {
		t.Helper()
		now += lookUs
		got, err := f.Count(now)
		if got != want || !errors.Is(err, wantErr) {
			t.Errorf("%s: %d, %v", what, got, err)
		}
	}
	expect("first", 5, nil)
	if err := os.RemoveAll(filepath.Join(root, "hwmon3")); err != nil {
		t.Fatal(err)
	}
	expect("gone", 0, fs.ErrNotExist)
	expect("still gone", 0, fs.ErrNotExist)
	writeValue(t, filepath.Join(root, "hwmon7"), "9\n")
	expect("renumbered", 9, nil)
	if f.Path() != filepath.Join(root, "hwmon7", "value") {
		t.Error(f.Path())
	}
	// Bytes too come from the file that has the name now.
	for _, text := range []string{"10\n", "torn", ""} {
		writeValue(t, root, text)
		if err := os.Rename(filepath.Join(root, "value"), filepath.Join(root, "hwmon7", "value")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time the old file repeats itself
			now += lookUs
			f.Bytes(now)
		}
		if b, err := f.Bytes(now); err != nil || string(b) != text {
			t.Errorf("%q: %q %v", text, b, err)
		}
	}
}

func TestFileNotThere(t *testing.T) {
	if _, err := OpenFound(func() string { return "" }, 64, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := OpenAt(filepath.Join(t.TempDir(), "value"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	var none *File
	if none.Close() != nil {
		t.Error("a nil file does not close")
	}
}

func TestRandomTicks(t *testing.T) {
	s := func(energy, power string, mean, paced bool) Sensor {
		x := &stairs{}
		x.domain.Energy, x.domain.Power, x.domain.Mean, x.domain.Paced = energy, power, mean, paced
		return x
	}
	rail, counter, averaged := s("integrated", "instant", false, false), s("counter", "instant", false, false), s("integrated", "averaged", false, false)
	child, mean := s("integrated", "instant", false, true), s("integrated", "instant", true, false)
	for i, tt := range []struct {
		sensors []Sensor
		want    bool
	}{
		{nil, false},
		{[]Sensor{counter, averaged, mean}, false},
		{[]Sensor{rail}, true},
		{[]Sensor{counter, rail, averaged}, true},
		{[]Sensor{child}, false},
		{[]Sensor{rail, child}, false},
	} {
		if got := RandomTicks(tt.sensors); got != tt.want {
			t.Errorf("%d: %v", i, got)
		}
	}
}

// A pipe in a file's place is an error at once, not a wait for its writer.
func TestPipeIsNoKernelFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "value")
	if err := unix.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := OpenAt(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := f.Count(1); !errors.Is(err, unix.ESPIPE) {
		t.Errorf("%d, %v", n, err)
	}
	if text := ReadText(path); text != "" {
		t.Errorf("%q", text)
	}
}
