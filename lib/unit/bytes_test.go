package unit

import "testing"

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{"512m": 512 << 20, "2G": 2 << 30, "1.5Gi": 3 << 29, "100": 100, "64kb": 64 << 10, "1T": 1 << 40, " 2 gb ": 2 << 30} {
		if n, err := ParseBytes(text); err != nil || n != want {
			t.Errorf("%q is %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "G", "-1g", "1x", "0", "NaN", "1e300g"} {
		if n, err := ParseBytes(text); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
}
