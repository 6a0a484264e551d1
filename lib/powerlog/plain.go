package powerlog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ipw/lib/power"
	"ipw/lib/unit"
)

// plain reads the format for everything else: a line "# id kind unit" for each
// domain, then a line per moment with its Unix microseconds and their values.
//
//	# pdu:3 board W
//	# cpu:0 cpu J
//	1763888400000000 412.5 1000.25
//	1763888401000000 - 1045.5
//
// Watts are those of the moment; joules are a counter. W, mW, kW, J, mJ, kJ, Wh,
// kWh and µ are units. Values stand apart by white space or commas; what is
// missing is -, or nan. Other lines with # are comments.
type plain struct {
	src     *source
	stamps  stamps
	domains []plainDomain
	heading bool // the line before was one of a domain
	before  []plainDomain
	again   bool
	began   bool // a time was read
	row     row
}

type plainDomain struct {
	power.Domain
	unit scale
}

func openPlain(s *source, o Options) Reader {
	r := &plain{src: s, stamps: newStamps(s, o)}
	r.stamps.resolution = 1
	return join(r, s, &r.stamps, o)
}

// isPlain recognizes "# id kind unit".
func isPlain(line string) bool {
	_, ok, err := parsePlainDomain(line)
	return ok && err == nil
}

// parsePlainDomain reads "# id kind unit"; not ok is a comment.
func parsePlainDomain(line string) (d plainDomain, ok bool, err error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	f := strings.Fields(text)
	if !ok || len(f) != 3 {
		return d, false, nil
	}
	s, known := scaleOf(f[2])
	if !known {
		return d, false, nil
	}
	if kinds := []string{power.GPU, power.CPU, power.DRAM, power.SOC, power.ANE, power.Board, power.Core, power.Uncore}; !slices.Contains(kinds, f[1]) {
		return d, true, fmt.Errorf("%.40q is no kind of domain: %s", f[1], strings.Join(kinds, ", "))
	}
	d = plainDomain{power.Domain{ID: f[0], Kind: f[1], Source: "log", Energy: power.None, Power: power.Instant}, s}
	if s.joules {
		d.Energy, d.Power = power.Counter, power.None
	}
	if whole, _, part := strings.Cut(f[0], "/"); part && whole != "" {
		d.PartOf = whole
	}
	return d, true, nil
}

func (r *plain) next() (*row, error) {
	for {
		line, err := r.src.next()
		if err != nil {
			return nil, err
		}
		if next := behind(strings.TrimSpace(line), "#"); isPlain(next) {
			if err := r.src.cut(); err != nil {
				return nil, err
			}
			line = next
		}
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			if err := r.header(line); err != nil {
				return nil, err
			}
			continue
		}
		cells := splitColumns(line)
		if r.domains == nil {
			missing := r.src.fail("no line # id kind unit above the values")
			if len(cells) == 0 || isTime(cells[0]) {
				return nil, missing
			}
			if err := r.src.preamble(missing); err != nil {
				return nil, err
			}
			continue
		}
		r.heading = false
		if err := r.read(cells); err == nil {
			return &r.row, nil
		} else if err := r.src.reject(err); err != nil {
			return nil, err
		}
	}
}

// header takes a line of a domain. The first behind values begins a new list.
func (r *plain) header(line string) error {
	d, ok, err := parsePlainDomain(line)
	switch {
	case err != nil:
		return r.src.fail("%v", err)
	case !ok:
		return nil
	case !r.heading && r.domains != nil:
		r.before, r.domains = r.domains, nil
		r.again = true
	case slices.ContainsFunc(r.domains, func(x plainDomain) bool { return x.ID == d.ID }):
		return r.src.fail("domain %q twice", d.ID)
	}
	r.heading, r.src.missing = true, nil
	r.domains = append(r.domains, d)
	return nil
}

func isTime(cell string) bool {
	_, err := unit.ParseDecimal([]byte(cell), 0)
	return err == nil
}

func (r *plain) read(cells []string) error {
	if len(cells) != len(r.domains)+1 {
		return fmt.Errorf("has %d values for %d domains", len(cells)-1, len(r.domains))
	}
	us, err := unit.ParseDecimal([]byte(cells[0]), 0)
	if err != nil {
		return fmt.Errorf("%.40q is no time in Unix microseconds", cells[0])
	}
	if us, err = checked(us, cells[0]); err != nil {
		return err
	}
	if whole, _, _ := strings.Cut(cells[0], "."); !r.began && (len(whole) == 10 || len(whole) == 13) {
		r.src.problems.Warn("%s:%d: %s is read as microseconds, %s: times in seconds or milliseconds need more digits", r.src.name, r.src.line, cells[0], time.UnixMicro(us).UTC().Format(time.DateTime))
	}
	r.began = true
	r.row = row{line: r.src.line, t: us, whole: true, values: r.row.values[:0]}
	for i, d := range r.domains {
		v := nothing
		n, err := d.unit.parse(cells[i+1])
		if err != nil {
			return fmt.Errorf("%s: %w", d.ID, err)
		}
		if d.unit.joules {
			v.J = n
		} else {
			v.W = n
		}
		r.row.values = append(r.row.values, cell{Domain{Domain: d.Domain}, v})
	}
	r.row.again = r.again && !slices.Equal(r.ids(r.before), r.ids(r.domains))
	r.again = false
	return nil
}

func (r *plain) ids(domains []plainDomain) (ids []string) {
	for _, d := range domains {
		ids = append(ids, fmt.Sprint(d.ID, " ", d.Kind, " ", d.unit))
	}
	return ids
}
