package nvml

import (
	"fmt"
	"strings"
	"testing"
)

func TestVisible(t *testing.T) {
	same := []device{
		{"H100", "GPU-aa11", "00000000:C1:00.0", []string{"MIG-77aa", "MIG-77bb"}},
		{"H100", "GPU-aa22", "00000000:1A:00.0", nil},
		{"H100", "GPU-bb33", "00000000:3b:00.0", []string{"MIG-88cc"}},
	}
	mixed := []device{same[0], {"A10", "GPU-cc44", "00000000:01:00.0", nil}}
	tests := []struct {
		list, order string
		devices     []device
		want        string // a digit per visible device, in NVML's order; ? unknown
	}{
		// CUDA's order of one model is the bus: 1A, 3b, C1, whatever NVML's is.
		{"0", "", same, "1"}, {"1", "", same, "2"}, {"2", "", same, "0"}, {"0,1", byPCI, same, "12"}, {"2,0", "FASTEST_FIRST", same, "01"},
		{" 0 , 1 ", "", same, "12"},
		{"0,2,-1,1", "", same, "01"}, {"0,9,1", "", same, "1"}, {"0,x,1", "", same, "1"}, {"0,,1", "", same, "1"},
		{"", "", same, ""}, {"-1", "", same, ""}, {"NoDevFiles", "", same, ""}, {"void", "", same, ""}, {"all", "", same, ""},
		{"0x1", "", same, ""}, {"1.5", "", same, ""}, {"99999999999999999999", "", same, ""},
		// By the beginning of a UUID, if only one GPU has it.
		{"GPU-aa11", "", same, "0"}, {"GPU-bb", "", same, "2"}, {"GPU-aa", "", same, ""}, {"GPU-", "", same, ""},
		{"GPU-bb33,GPU-aa11", "", same, "02"}, {"GPU-aa11,GPU-zz,GPU-bb33", "", same, "0"}, {"GPU-aa11,0", "", same, "01"},
		// A MIG device makes its GPU visible.
		{"MIG-77aa", "", same, "0"}, {"MIG-77bb,MIG-88cc", "", same, "02"}, {"MIG-99", "", same, ""},
		{"MIG-77", "", same, "0"},
		{"MIG-GPU-aa22/3/0", "", same, "1"}, {"MIG-GPU-aa/3/0", "", same, ""},
		// Several models: numbers mean something only by the bus.
		{"0", "", mixed, "?"}, {"1", "FASTEST_FIRST", mixed, "?"}, {"0", byPCI, mixed, "1"}, {"1", byPCI, mixed, "0"},
		{"GPU-cc44", "", mixed, "1"}, {"GPU-cc44,0", "", mixed, "?"}, {"-1", "", mixed, ""}, {"", "", mixed, ""}, {"7", "", mixed, ""},
		{"0", "", nil, ""},
	}
	for _, tt := range tests {
		seen, ok := visible(tt.list, tt.order, tt.devices)
		got := ""
		for i, s := range seen {
			if s {
				got += fmt.Sprint(i)
			}
		}
		if !ok {
			got = "?"
		}
		if got != tt.want {
			t.Errorf("%q %s: %q, want %q", tt.list, tt.order, got, tt.want)
		}
	}
}

func TestHidden(t *testing.T) {
	devices := []device{{"H100", "GPU-a", "1", nil}, {"H100", "GPU-b", "2", nil}}
	env := func(set map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { v, ok := set[name]; return v, ok }
	}
	for _, tt := range []struct {
		env  func(string) (string, bool)
		want string
	}{
		{nil, "[ ]"}, {env(nil), "[ ]"},
		{env(map[string]string{visibleEnv: "0,1"}), "[ ]"},
		{env(map[string]string{visibleEnv: "1"}), "[CUDA_VISIBLE_DEVICES=1 hides it; --only records it all the same ]"},
	} {
		if why, remark := hidden(tt.env, devices); fmt.Sprint(why) != tt.want || remark != "" {
			t.Errorf("%q %q", why, remark)
		}
	}
	devices[1].name = "A10"
	why, remark := hidden(env(map[string]string{visibleEnv: "1"}), devices)
	if why[0] != "" || why[1] != "" || !strings.Contains(remark, "CUDA_DEVICE_ORDER=PCI_BUS_ID") {
		t.Errorf("%q %q", why, remark)
	}
}

// An entry more never hides what was visible, and the order of UUIDs is nothing.
func FuzzVisible(f *testing.F) {
	f.Add("0,GPU-aa", "1")
	f.Add("-1,2", "MIG-77")
	devices := []device{{"H100", "GPU-aa11", "3", []string{"MIG-77aa"}}, {"H100", "GPU-aa22", "1", nil}, {"H100", "GPU-bb33", "2", nil}}
	f.Fuzz(func(t *testing.T, list, more string) {
		a, ok := visible(list, "", devices)
		b, ok2 := visible(list+","+more, "", devices)
		if !ok || !ok2 {
			t.Fatal("one model has one order")
		}
		for i := range devices {
			if a[i] && !b[i] {
				t.Errorf("%q shows %d, with %q it does not", list, i, more)
			}
		}
	})
}
