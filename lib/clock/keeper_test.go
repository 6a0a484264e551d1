package clock

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Reports of chrony 4.3.
const (
	synchronised = "7F000001,127.0.0.1,11,1795662886.056237947,-0.000002846,-0.000000099,0.000000295,-0.042,-0.007,0.166,0.000009780,0.000001052,0.5,Normal\n"
	starting     = "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised\n"
	alone        = "7F7F0101,,10,1795662894.781450883,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal\n"
)

func TestTracking(t *testing.T) {
	for text, want := range map[string]string{
		synchronised: "kept by chrony, at most 0.009 ms off", // 2.846 + 1.052 + 9.780/2 = 8.788
		strings.Replace(synchronised, "Normal", "Insert second", 1): "kept by chrony, at most 0.009 ms off",
		strings.Replace(synchronised, "0.000009780", "0.25", 1):     "kept by chrony, at most 125 ms off",
		starting:             "kept by chrony, nobody knows how far off",
		alone:                "kept by chrony, nobody knows how far off",
		"":                   "error",
		"506 Cannot talk to": "error",
		strings.Replace(synchronised, "0.000009780", "NaN", 1): "error",
		strings.Replace(synchronised, "0.000009780", "", 1):    "error",
	} {
		k, err := parseTracking(text)
		got := k.String()
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// The report is asked for, and what cannot answer is nobody.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\ntest \"$*\" = '-n -c tracking' && echo '" + strings.TrimSpace(synchronised) + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "chronyc"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if k := Kept(context.Background()); k.Source != "chrony" || k.ErrorUs == nil || *k.ErrorUs != 9 {
		t.Errorf("%v", k)
	}
	t.Setenv("PATH", t.TempDir())
	if k := Kept(context.Background()); k.ErrorUs != nil {
		t.Errorf("%v", k)
	}
}

// A report is a bound or none; it is never negative.
func FuzzTracking(f *testing.F) {
	for _, s := range []string{synchronised, starting, alone, ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := parseTracking(s)
		if err == nil && k.Source != "chrony" || err != nil && k != (Keeper{}) || k.ErrorUs != nil && *k.ErrorUs < 0 {
			t.Errorf("%+v, %v", k, err)
		}
	})
}
