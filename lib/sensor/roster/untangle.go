package roster

import (
	"fmt"
	"slices"
	"strings"

	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/sensor/amdgpu"
	"ipw/lib/sensor/estimate"
	"ipw/lib/sensor/jetson"
)

// leave closes a sensor and puts it among those that are not recorded.
func (f *Found) leave(s sensor.Sensor, why string) {
	f.Left = append(f.Left, Left{s.Domain().Domain, why, why == s.Domain().Spare})
	f.Sensors = slices.DeleteFunc(slices.Clone(f.Sensors), func(x sensor.Sensor) bool { return x == s })
	s.Close()
}

// spare leaves out what its own source would not have recorded, unless its id
// is asked for.
func spare(found []Found, o Options) {
	for i := range found {
		for _, s := range slices.Clone(found[i].Sensors) {
			if d := s.Domain(); d.Spare != "" && !slices.Contains(o.Only, d.ID) {
				found[i].leave(s, d.Spare)
			}
		}
	}
}

// untangle sees to it that an id is one thing, and that what holds another is
// known to do so.
func untangle(found []Found, o Options) {
	taken := make(map[string]owner)
	spare := make(map[string]bool) // ids that may be asked for, and are not recorded
	for i := range found {
		f := &found[i]
		if f.Name == estimate.Source {
			continue // admitted last
		}
		renumber(f, func(id string) bool { _, ok := taken[id]; return ok || spare[id] })
		for _, l := range f.Left {
			spare[l.Domain.ID] = true
		}
		for _, s := range slices.Clone(f.Sensors) {
			d := s.Domain()
			switch other, ok := taken[d.ID]; {
			case ok && other.found == f:
				f.leave(s, "a second one of this name")
			case ok:
				twin(other, owner{f, s}, o)
			}
			if slices.Contains(f.Sensors, s) {
				taken[d.ID] = owner{f, s}
			}
		}
	}
	nest(found)
}

// owner is who has an id.
type owner struct {
	found  *Found
	sensor sensor.Sensor
}

// renumber gives GPUs whose numbers an earlier source has, recorded or not, the
// next free ones: each source counts its own. Jetson's is the one that NVML may
// show, too.
func renumber(f *Found, taken func(id string) bool) {
	var numbers []string // old and new ids
	next := 0
	free := func() string {
		for {
			id := fmt.Sprintf("gpu:%d", next)
			next++
			if !taken(id) {
				return id
			}
		}
	}
	if f.Name == jetson.Source || !slices.ContainsFunc(f.Sensors, func(s sensor.Sensor) bool {
		return s.Domain().Kind == power.GPU && taken(s.Domain().ID)
	}) {
		return
	}
	for _, s := range f.Sensors {
		if d := s.Domain(); d.Kind == power.GPU && d.PartOf == "" {
			id := free()
			numbers = append(numbers, d.ID, id)
			d.ID = id
		}
	}
	for _, s := range f.Sensors {
		d := s.Domain()
		for i := 0; i < len(numbers); i += 2 {
			if old := numbers[i]; d.PartOf == old {
				d.PartOf = numbers[i+1]
				d.ID = numbers[i+1] + strings.TrimPrefix(d.ID, old)
				break
			}
		}
	}
}

// twin decides between two sensors of one thing: the one that can be read,
// else the first. Both are recorded only if the second's source was named, and
// then as a part of the first.
func twin(first, second owner, o Options) {
	d := second.sensor.Domain()
	switch {
	case !readable(second.sensor, o.Sleep):
		second.found.leave(second.sensor, first.found.Name+" tells it")
	case !readable(first.sensor, o.Sleep):
		why := second.found.Name + " tells it"
		if refusal := Refusal(first.sensor); refusal != nil {
			why += "; " + refusal.Error()
		}
		first.found.leave(first.sensor, why)
	case slices.Contains(o.Names, second.found.Name):
		d.PartOf = d.ID
		d.ID += "/" + second.found.Name
	default:
		second.found.leave(second.sensor, first.found.Name+" reads the same")
	}
}

// nest finds boards that hold other boards, and processors that hold their
// graphics: a machine's meter holds the platform and its modules, a package
// holds what amdgpu tells of an APU.
func nest(found []Found) {
	first := func(prefix string) string {
		for _, f := range found {
			for _, s := range f.Sensors {
				if d := s.Domain(); f.Name != estimate.Source && strings.HasPrefix(d.ID, prefix) && d.PartOf == "" && !d.Silent() {
					return d.ID
				}
			}
		}
		return ""
	}
	machine, pkg := first("board:"), first("cpu:")
	for _, f := range found {
		for _, s := range f.Sensors {
			d := s.Domain()
			switch {
			case d.PartOf != "" || d.Silent():
			case d.Kind == power.Board && machine != "" && !strings.HasPrefix(d.ID, "board:"):
				d.PartOf = machine
			case d.Kind == power.SOC && f.Name == amdgpu.Source && pkg != "":
				d.PartOf = pkg
			}
		}
	}
}
