package sampler

import "testing"

func TestCPUName(t *testing.T) {
	for text, want := range map[string]string{
		"processor\t: 0\nmodel name\t: AMD EPYC 7B13\n":     "AMD EPYC 7B13",
		"processor\t: 0\ncpu\t\t: POWER9, altivec\n":        "POWER9, altivec",
		"processor\t: 0\nBogoMIPS\t: 50\nCPU part: 0xd0c\n": "",
	} {
		if got := cpuName(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if s := System(); s.OS == "" || s.CPUs < 1 {
		t.Errorf("%+v", s)
	}
}
