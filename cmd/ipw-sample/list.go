package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"ipw/lib/cli"
	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/sensor/roster"
	"ipw/lib/unit"
)

// list prints each source with its domains, or why it has none and the command
// that would change that.
func list(w io.Writer, found []roster.Found, opts roster.Options) error {
	opts.Only = nil
	chosen := opts
	chosen.Names = nil // look, do not insist
	_, choice := roster.Choose(found, chosen)
	var nothing *roster.NothingError
	if choice != nil && !errors.As(choice, &nothing) {
		return choice
	}
	defer roster.Close(found)
	for _, f := range found {
		if err := listSource(w, &f); err != nil {
			return err
		}
	}
	return nil
}

func listSource(w io.Writer, f *roster.Found) error {
	state, fix := state(f)
	if f.Via != "" {
		state += " (" + f.Via + ")"
	}
	fmt.Fprintf(w, "%s\t%s\n", f.Name, state)
	if fix != "" {
		fmt.Fprintf(w, "  to change that: %s\n", fix)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, s := range f.Sensors {
		row := strings.Join(columns(s.Domain()), "\t")
		if d := s.Domain(); !d.Silent() && !d.Estimated {
			if err := roster.Trouble(s, time.Sleep); err != nil {
				row += "; no reading now: " + err.Error()
			}
		}
		fmt.Fprintf(t, "  %s\n", row)
	}
	for _, l := range f.Left {
		fmt.Fprintf(t, "  %s\t%s\t%s\tnot recorded: %s\n", l.Domain.ID, l.Domain.Kind, l.Domain.Name, l.Why)
	}
	return t.Flush()
}

// state says what a source gives, and what would give more.
func state(f *roster.Found) (words, fix string) {
	if f.Err != nil {
		return "not available: " + strings.TrimPrefix(f.Err.Error(), f.Name+": "), hint(f.Err)
	}
	if len(f.Sensors) == 0 && len(f.Left) > 0 {
		return "available, not used by auto: " + f.Left[0].Why, ""
	}
	var refused error
	silent := 0
	for _, s := range f.Sensors {
		if why := roster.Refusal(s); why != nil {
			refused = why
			silent++
		}
	}
	switch silent {
	case 0:
		return "available", ""
	case len(f.Sensors):
		return "not readable: " + refused.Error(), hint(refused)
	}
	return "available in part: " + refused.Error(), hint(refused)
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// columns describes a domain.
func columns(d *sensor.Domain) []string {
	kind := d.Kind
	if d.PartOf != "" {
		kind += " of " + d.PartOf
	}
	if d.Silent() {
		return []string{d.ID, kind, d.Name, "not readable"}
	}
	var more []string
	if d.UpdateUs != nil {
		more = append(more, "refresh "+(time.Duration(*d.UpdateUs)*time.Microsecond).String())
	}
	if d.Range > 0 {
		more = append(more, "wraps at "+string(unit.AppendMicro(nil, d.Range))+" J")
	}
	if d.Power == power.Averaged {
		more = append(more, "averaged over "+(time.Duration(d.PowerWindowUs)*time.Microsecond).String())
	}
	if d.Scope != "" {
		more = append(more, "the GPU's "+d.Scope)
	}
	if d.MIGInstances > 0 {
		more = append(more, fmt.Sprintf("all %d MIG instances together", d.MIGInstances))
	}
	if d.Estimated {
		more = append(more, d.Model)
	}
	return []string{d.ID, kind, d.Name, "energy " + d.Energy, "power " + d.Power, strings.Join(more, ", ")}
}

// plausibleWatts is what a package or a board may draw for long.
const plausibleWatts = 500

// remark says, before anything is measured, what the numbers will not be. all: no
// domain was asked for by name.
func remark(c *cli.Context, found []roster.Found, sensors []sensor.Sensor, interval time.Duration, all bool) {
	told := make(map[string]bool)
	for _, s := range sensors {
		d := s.Domain()
		if why := roster.Refusal(s); why != nil && !told[hint(why)] {
			told[hint(why)] = true
			c.Error(fmt.Errorf("%s is not measured: %w", d.ID, why))
		}
		if d.Estimated {
			c.Say("%s is estimated from load, not measured: ipw-sample --list tells why", d.ID)
		}
		if d.WrapJoules > 0 && interval.Seconds()*plausibleWatts > d.WrapJoules/2 {
			c.Say("%s wraps at %.0f J, and %v at %d W is more than half of that: wraps may be missed", d.ID, d.WrapJoules, interval, plausibleWatts)
		}
	}
	for _, f := range found {
		if f.Via != "" {
			c.Say("%s", f.Via)
		}
		if len(f.Sensors) == 0 && len(f.Left) > 0 && f.Left[0].Spare && all {
			c.Say("no GPU of %s is recorded: %s: %s", f.Name, f.Left[0].Domain.ID, f.Left[0].Why)
		}
	}
}
