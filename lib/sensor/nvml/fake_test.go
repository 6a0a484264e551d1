//go:build cgo && linux

package nvml

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ipw/lib/sensor"
)

// The fake library is compiled once and stays loaded: the binding's calls are
// bound to the first library of a process for good.
var fakeLibrary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "nvml")
	if err != nil {
		panic(err)
	}
	fakeLibrary = filepath.Join(dir, "libnvidia-ml.so.1")
	args := []string{"-Wall", "-Werror", "-shared", "-fPIC", "-o", fakeLibrary, "testdata/fake/nvml.c"}
	if os.Getenv(childEnv) == "old" {
		args = append(args, "-DOLD")
	}
	if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the fake library: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// childEnv is set in a test process of its own.
const childEnv = "IPW_NVML_TEST"

// inChild runs a test in a process of its own, with another library.
func inChild(t *testing.T, kind string) (isChild bool) {
	t.Helper()
	if os.Getenv(childEnv) == kind {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+kind)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// fake opens the GPUs of a script.
func fake(t *testing.T, script string) []sensor.Sensor {
	t.Helper()
	sensors, err := openFake(t, script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, s := range sensors {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return sensors
}

func openFake(t *testing.T, script string) ([]sensor.Sensor, error) {
	t.Helper()
	sensors, _, err := openFakeWith(t, script, Options{})
	return sensors, err
}

func openFakeWith(t *testing.T, script string, o Options) ([]sensor.Sensor, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FAKE_NVML", path)
	o.Library = fakeLibrary
	return Open(o)
}
