package perf

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/sensor"
)

// pmu is the kernel's description of the counters.
type pmu struct {
	kind   uint32
	cpus   []int // on which they are opened
	events []event
}

type event struct {
	name   string
	config uint64
	scale  scale
}

// readPMU reads the description in dir.
func readPMU(dir string) (p pmu, err error) {
	kind, err := strconv.ParseUint(sensor.ReadText(filepath.Join(dir, "type")), 10, 32)
	if err != nil {
		return p, errors.New("no " + dir)
	}
	p.kind = uint32(kind)
	if p.cpus, err = parseCPUs(sensor.ReadText(filepath.Join(dir, "cpumask"))); err != nil {
		return p, fmt.Errorf("%s/cpumask: %w", dir, err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "events/energy-*"))
	for _, path := range files {
		e := event{name: filepath.Base(path)}
		if strings.Contains(e.name, ".") {
			continue // its scale and unit
		}
		if e.config, err = parseConfig(sensor.ReadText(path)); err != nil {
			return p, fmt.Errorf("%s: %w", path, err)
		}
		if unit := sensor.ReadText(path + ".unit"); unit != "Joules" {
			return p, fmt.Errorf("%s.unit is %q, not Joules", path, unit)
		}
		if e.scale, err = parseScale(sensor.ReadText(path + ".scale")); err != nil {
			return p, fmt.Errorf("%s.scale: %w", path, err)
		}
		p.events = append(p.events, e)
	}
	// The package comes before its parts.
	slices.SortStableFunc(p.events, func(a, b event) int {
		return strings.Compare(strings.TrimPrefix(a.name, "energy-pkg"), strings.TrimPrefix(b.name, "energy-pkg"))
	})
	return p, nil
}

// mostCPUs is far above what Linux can be built for (8192).
const mostCPUs = 1 << 16

// parseCPUs reads a list such as "0,18" or "0-3,8".
func parseCPUs(s string) (cpus []int, err error) {
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		b := a
		if err == nil && isRange {
			b, err = strconv.Atoi(to)
		}
		if err != nil || a < 0 || b < a || b >= mostCPUs || len(cpus) > mostCPUs {
			return nil, fmt.Errorf("%.60q is no list of processors", s)
		}
		for cpu := a; cpu <= b; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// parseConfig reads "event=0x02", which is all the format this unit has.
func parseConfig(s string) (uint64, error) {
	value, ok := strings.CutPrefix(s, "event=")
	n, err := strconv.ParseUint(value, 0, 8)
	if !ok || err != nil {
		return 0, fmt.Errorf("%.40q is no event", s)
	}
	return n, nil
}

// scale is microjoules per count, in units of 2⁻⁶⁴: an integer holds the
// kernel's 2⁻³² J exactly.
type scale uint64

// parseScale reads joules per count, which must be less than a microjoule.
func parseScale(s string) (scale, error) {
	r, ok := new(big.Rat).SetString(s)
	if !ok || len(s) > 100 {
		return 0, fmt.Errorf("%.40q is no number", s)
	}
	r.Mul(r, new(big.Rat).SetInt64(1_000_000))
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 64)))
	n := new(big.Int).Quo(r.Num(), r.Denom())
	if !n.IsUint64() || n.Sign() == 0 {
		return 0, fmt.Errorf("%.40q joules per count", s)
	}
	return scale(n.Uint64()), nil
}

func (s scale) microJ(count uint64) (uint64, error) {
	hi, _ := bits.Mul64(count, uint64(s))
	if hi > math.MaxInt64 {
		return 0, sensor.ErrRange
	}
	return hi, nil
}

// placesOf are the packages that processors are in, as in ids: K, or K.D where
// several dies of a package count by themselves.
func placesOf(root string, cpus []int) []string {
	topology := func(cpu int, file string) string {
		path := filepath.Join(root, "devices/system/cpu", "cpu"+strconv.Itoa(cpu), "topology", file)
		return strconv.FormatInt(sensor.ReadCount(path), 10) // −1, a virtual machine's unknown, is 0
	}
	places := make([]string, len(cpus))
	times := make(map[string]int)
	for i, cpu := range cpus {
		places[i] = topology(cpu, "physical_package_id")
		times[places[i]]++
	}
	for i, cpu := range cpus {
		if times[places[i]] > 1 {
			places[i] += "." + topology(cpu, "die_id")
		}
	}
	return places
}
