package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"ipw/lib/trace"
)

// measured tells the sensors that count, and how they were read.
func (t *table) measured(s *Summary, traces []*trace.QueryTrace) {
	label := "Measured"
	any := false
	for _, d := range s.Provenance.Sensors {
		if !d.Counted && (d.Kind != "board" || d.Silent()) {
			continue
		}
		any = true
		how := d.Energy
		if how == "none" {
			how = "watts, joined by lines"
		}
		text := fmt.Sprintf("%s on %s: %s, %s", d.ID, d.Host, strings.TrimSpace(d.Source+" "+d.Name), how)
		if d.Estimated {
			text = fmt.Sprintf("%s on %s: est., no sensor but a %s", d.ID, d.Host, d.Model)
			label = "Estimated"
		}
		if !d.Counted {
			text += " (contains others: recorded, not added up)"
		}
		t.row(label, text)
		label = ""
	}
	if !any {
		t.row(label, "no energy")
		return
	}
	for _, p := range s.Provenance.Sampling {
		t.row("", pacing(p, traces))
	}
}

func pacing(p Sampling, traces []*trace.QueryTrace) string {
	text := fmt.Sprintf("%s samples", grouped(p.Samples))
	if p.Hz != nil {
		text = fmt.Sprintf("%s samples a second", digits(*p.Hz, 3))
		if p.IntervalUs > 0 {
			text += fmt.Sprintf(" (asked for %s)", digits(1e6/float64(p.IntervalUs), 3))
		}
	}
	if p.LongestS != nil {
		text += fmt.Sprintf(", longest gap %s s", digits(*p.LongestS, 2))
	}
	lowest := math.Inf(1)
	for _, q := range traces {
		if c := q.Energy.Coverage; c != nil {
			lowest = min(lowest, *c)
		}
	}
	if !math.IsInf(lowest, 1) {
		if lowest == 1 {
			return text + ", every query covered whole"
		}
		text += fmt.Sprintf(", coverage of every query at least %s", percent(math.Floor(lowest*100)/100))
	}
	return text
}

// unmeasured tells what is null, and why.
func (t *table) unmeasured(s *Summary, traces []*trace.QueryTrace) {
	why := make(map[string]int)
	below := 0
	for _, q := range traces {
		for kind, reason := range q.Energy.Missing {
			why[kind+": "+reason]++
		}
		if b := q.Energy.BelowResolution; b != nil && *b {
			below++
		}
	}
	label := "Not measured"
	for _, text := range slices.Sorted(maps.Keys(why)) {
		if n := why[text]; n < len(traces) {
			text += fmt.Sprintf(" (%d of %d queries)", n, len(traces))
		}
		t.row(label, text)
		label = ""
	}
	for _, d := range s.Provenance.Sensors {
		for _, note := range d.Notes {
			t.row(label, d.ID+": "+note)
			label = ""
		}
	}
	if below > 0 {
		t.row(label, fmt.Sprintf("%d of %d queries are shorter than a sensor can tell apart", below, len(traces)))
	}
}

// balance tells whether every joule of the devices was charged.
func (t *table) balance(raw json.RawMessage) {
	var b struct {
		Share    string
		Balanced bool
		Domains  []struct {
			ID     string
			Device *float64 `json:"device_joules"`
			Idle   *float64 `json:"idle_joules"`
			Error  *float64 `json:"balance_error_joules"`
		}
	}
	if raw == nil || json.Unmarshal(raw, &b) != nil {
		t.row("Balance", "unknown: the attribution did not come to its end")
		return
	}
	if b.Balanced {
		t.row("Balance", fmt.Sprintf("closes for %s, share %s", plural(len(b.Domains), "domain"), b.Share))
		return
	}
	label := "Balance"
	for _, d := range b.Domains {
		if d.Error != nil && *d.Error != 0 {
			t.row(label, fmt.Sprintf("%s: %g J of the device's are not charged (share %s)", d.ID, *d.Error, b.Share))
			label = ""
		}
	}
	if label != "" {
		t.row(label, "does not close (share "+b.Share+")")
	}
}

func (t *table) overhead(s *Summary) {
	if o := s.Overhead; o != nil {
		t.row("Tool overhead", fmt.Sprintf("%s of one processor over %s s, the agent not included", digits(100*o.Share, 2)+" %", digits(o.WallS, 3)))
	}
	if s.Provenance.Judging != "" {
		t.row("Judge", s.Provenance.Judging)
	}
}
