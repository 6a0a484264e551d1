package roster

import (
	"fmt"
	"slices"
	"strings"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

var kinds = []string{power.GPU, power.CPU, power.DRAM, power.SOC, power.ANE, power.Board, power.Core, power.Uncore}

// OnlyError is an id or kind that names no domain here.
type OnlyError struct {
	Item string
	Have []string // ids
	Odd  bool     // it is neither a kind nor looks like an id
}

func (e *OnlyError) Error() string {
	if e.Odd {
		return fmt.Sprintf("--only %q: neither a kind (%s) nor an id such as gpu:0", e.Item, strings.Join(kinds, ", "))
	}
	return fmt.Sprintf("no domain %q here (%s)", e.Item, strings.Join(e.Have, ", "))
}

// Hint is what a user may type next.
func (e *OnlyError) Hint() string { return "ipw-sample --list" }

// only keeps the sensors that an item names, and closes the others. An item
// that names none is an error: what was asked for would be missing in silence.
func only(sensors []sensor.Sensor, items []string) ([]sensor.Sensor, error) {
	if len(items) == 0 {
		return sensors, nil
	}
	var have []string
	for _, s := range sensors {
		have = append(have, s.Domain().ID)
	}
	for _, item := range items {
		if !slices.ContainsFunc(sensors, func(s sensor.Sensor) bool { return names(item, s.Domain()) }) {
			return nil, &OnlyError{item, have, !slices.Contains(kinds, item) && !strings.Contains(item, ":")}
		}
	}
	var kept []sensor.Sensor
	for _, s := range sensors {
		if slices.ContainsFunc(items, func(item string) bool { return names(item, s.Domain()) }) {
			kept = append(kept, s)
		} else {
			s.Close()
		}
	}
	return kept, nil
}

func names(item string, d *sensor.Domain) bool { return item == d.ID || item == d.Kind }
