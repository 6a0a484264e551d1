package rapl

import (
	"slices"
	"strconv"
	"strings"

	"ipw/lib/power"
)

// Control types of powercap that count a processor's energy.
const (
	msr  = "intel-rapl"      // model-specific registers; AMD too
	mmio = "intel-rapl-mmio" // the same counters at another address
)

// found is a zone's directory.
type found struct {
	dir     string
	control string
	numbers []int // intel-rapl:0:1 is 0, 1
	name    string
}

// parseZone reads the name of a zone's or control type's directory.
func parseZone(base string) (control string, numbers []int, ok bool) {
	control, rest, nested := strings.Cut(base, ":")
	if control != msr && control != mmio {
		return "", nil, false
	}
	if !nested {
		return control, nil, true
	}
	for s := range strings.SplitSeq(rest, ":") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return "", nil, false
		}
		numbers = append(numbers, n)
	}
	return control, numbers, true
}

// sortZones puts parents before their sub-zones and registers before their
// twins.
func sortZones(zones []found) {
	slices.SortFunc(zones, func(a, b found) int {
		if c := strings.Compare(a.control, b.control); c != 0 {
			return c
		}
		return slices.Compare(a.numbers, b.numbers)
	})
}

// named is a zone and the domain it is.
type named struct {
	zone             found
	id, kind, partOf string
}

// identify names the domains. Zones with names it does not know, and second
// ones of one name, are left out: what they contain would be a guess.
func identify(zones []found) []named {
	var all []named
	parents := make(map[string]string) // package directory → suffix of its ids
	taken := make(map[string]bool)
	boards := 0
	for _, z := range zones {
		var n named
		switch {
		case len(z.numbers) == 1 && z.name == "psys":
			n = named{z, "psys:" + strconv.Itoa(boards), power.Board, ""}
			boards++
		case len(z.numbers) == 1:
			k, ok := packageNumber(z.name)
			if !ok {
				continue
			}
			parents[key(z.control, z.numbers)] = k
			n = named{z, "cpu:" + k, power.CPU, ""}
		case len(z.numbers) == 2:
			k, ok := parents[key(z.control, z.numbers[:1])]
			if !ok {
				continue
			}
			switch z.name {
			case "core":
				n = named{z, "cpu:" + k + "/core", power.Core, "cpu:" + k}
			case "uncore":
				n = named{z, "cpu:" + k + "/uncore", power.Uncore, "cpu:" + k}
			case "dram":
				n = named{z, "dram:" + k, power.DRAM, ""}
			default:
				continue
			}
		default:
			continue
		}
		if z.control == mmio && taken[n.id] { // the same counter again
			n.partOf, n.id = n.id, n.id+"/mmio"
		}
		if !taken[n.id] {
			taken[n.id] = true
			all = append(all, n)
		}
	}
	return all
}

func key(control string, numbers []int) string {
	return control + ":" + strconv.Itoa(numbers[0])
}

// packageNumber reads package-K and package-K-die-D as K and K.D.
func packageNumber(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "package-")
	if !ok {
		return "", false
	}
	k, die, hasDie := strings.Cut(rest, "-die-")
	if !number(k) || hasDie && !number(die) {
		return "", false
	}
	if hasDie {
		return k + "." + die, true
	}
	return k, true
}

func number(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && strconv.Itoa(n) == s
}
