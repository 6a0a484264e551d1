//go:build cgo && linux

package nvml

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

const graceHopper = `
driver 560.1
gpu
name NVIDIA GH200 480GB
uuid GPU-0
serial 111
energy 5000
energyfield 1
instant 300000
moduleinstant 590000
moduleaverage 600000
memoryaverage 40000
clocks 1200 2619 1980 2619
gpu
name NVIDIA GH200 480GB
uuid GPU-1
serial 222
energy 6000
instant 310000
moduleaverage 610000
gpu
name NVIDIA GB200
uuid GPU-2
serial 222
energy 7000
energyfield 1
instant 320000
moduleaverage 610000
memoryinstant 50000
`

// Module and memory are domains of their own, never summed with the GPU; a
// module of two GPUs is there once.
func TestScopes(t *testing.T) {
	sensors := fake(t, graceHopper)
	var got []string
	for i, s := range sensors {
		d, r := s.Domain(), read(s, int64(1000+i), false)
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s %d", d.ID, d.Kind, d.PartOf, d.Scope, d.Energy, d.Power, r.MicroW/1e6))
		if r.WErr != nil || d.Scope != "" && r.MicroJ != power.Null || d.Scope != "" && d.Counts() || d.Scope == "" && !d.Counts() {
			t.Errorf("%+v %+v", d, r)
		}
	}
	want := []string{
		"gpu:0 gpu   counter instant 300",
		"gpu:0/memory dram gpu:0 memory integrated averaged 40",
		"module:0 board  module integrated averaged 600",
		"gpu:1 gpu   counter instant 310",
		"module:1 board  module integrated averaged 610",
		"gpu:2 gpu   counter instant 320",
		"gpu:2/memory dram gpu:2 memory integrated instant 50",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	if c := sensors[0].Domain().Clocks; c == nil || *c != (power.Clocks{Graphics: 1200, Memory: 2619, MaxGraphics: 1980, MaxMemory: 2619}) {
		t.Errorf("%+v", c)
	}
	if sensors[3].Domain().Clocks != nil {
		t.Error("clocks of a GPU that tells none")
	}
}

// All scopes of a GPU are one call a tick. A part that is read without its GPU
// asks for itself.
func TestOneCallATick(t *testing.T) {
	sensors := fake(t, "gpu\nuuid GPU-0\nenergyfield 1\nenergy 0 stairs:1:0:0\ninstant 1 1 2 3 4 5\nmoduleaverage 10 10 10 20 30 40 50\n")
	whole, module := sensors[0], sensors[1]
	first := read(whole, 1, false).MicroW
	if a, b := read(module, 1, false).MicroW, read(module, 1, false).MicroW; a != b {
		t.Errorf("%d and %d in one tick", a, b)
	}
	if second := read(module, 2, false); second.MicroW == read(module, 3, false).MicroW || first == power.Null {
		t.Errorf("%+v", second)
	}
	var r sensor.Reading
	if n := testing.AllocsPerRun(500, func() {
		r.Clear()
		whole.Read(4, false, &r)
		module.Read(4, false, &r)
	}); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
}

// A part may be the first that is read of its GPU, before there is any tick.
func TestTrialOfAPart(t *testing.T) {
	sensors := fake(t, "gpu\nuuid GPU-0\nenergyfield 1\nenergy 5\ninstant 1\nmoduleaverage 10 error:15 30\n")
	if r := read(sensors[1], 0, false); r.WErr == nil {
		t.Errorf("%+v", r)
	}
	if r := read(sensors[1], 0, false); r.MicroW != 30_000 {
		t.Errorf("the second trial: %+v", r)
	}
}

const cut = `
gpu
name NVIDIA A100
uuid GPU-aa
pci 0 c1 0
energy 5
instant 5
mig MIG-77 MIG-78 MIG-79
gpu
name NVIDIA A100
uuid GPU-bb
pci 0 1a 0
energy 6
instant 6
moduleaverage 7
`

func TestMIGAndVisible(t *testing.T) {
	tests := []struct{ list, order, hidden string }{
		{"-", "", ""},
		{"0", "", "gpu:0"}, // the bus has the second first
		{"1", "PCI_BUS_ID", "gpu:1 module:0"},
		{"MIG-78", "", "gpu:1 module:0"},
		{"GPU-bb", "", "gpu:0"},
		{"0,1", "", ""},
		{"", "", "gpu:0 gpu:1 module:0"},
	}
	for _, tt := range tests {
		env := func(name string) (string, bool) {
			if name == orderEnv {
				return tt.order, tt.order != ""
			}
			return tt.list, name == visibleEnv && tt.list != "-"
		}
		sensors, remark, err := openFakeWith(t, cut, Options{Env: env})
		if err != nil || remark != "" {
			t.Fatal(remark, err)
		}
		var hidden []string
		for _, s := range sensors {
			if d := s.Domain(); d.Spare != "" {
				hidden = append(hidden, d.ID)
			}
		}
		if strings.Join(hidden, " ") != tt.hidden {
			t.Errorf("%q: %q hidden", tt.list, hidden)
		}
		if d := sensors[0].Domain(); d.MIGInstances != 3 || sensors[1].Domain().MIGInstances != 0 {
			t.Errorf("%+v", d)
		}
		for _, s := range sensors {
			s.Close()
		}
	}
}
