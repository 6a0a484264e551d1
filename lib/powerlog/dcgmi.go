package powerlog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ipw/lib/power"
)

// dcgmi reads what dcgmi dmon prints: no times, entities of two words, a header
// that comes again every 14 rows, N/A for DCGM's blank values:
//
//	#Entity   POWER               TOTEC
//	ID        W                   mJ
//	GPU 0     68.130              1234567
//
// Rows of MIG instances are left out: they repeat their GPU's figures.
//
// Followed: DCGM 3 and 4 (dcgmi/DeviceMonitor.cpp, dcgm_fields.cpp).
type dcgmi struct {
	src     *source
	stamps  stamps
	columns []string
	units   []string // of the columns; nil: not told
	again   bool     // other columns have come: another log
	skipped unread
	row     row
}

// dcgmiNames are the columns with a meaning here, and those that tell nothing of
// power: DCGM's short names.
var dcgmiNames = map[string]role{
	"POWER": watts, "POWINST": watts, "TOTEC": joules, "TMPTR": degrees, "GPUTL": busy, "FBUSD": memory,
	"EPLMT": unused, "PMLMT": unused, "PMMIN": unused, "PMMAX": unused, "PMDEF": unused,
	"SMCLK": unused, "MMCLK": unused, "PSTAT": unused, "MMTMP": unused, "MCUTL": unused,
	"DVNAM": unused, "DVBRN": unused, "UUID#": unused, "SRNUM": unused, "NVIDX": unused,
	"GRACT": unused, "SMACT": unused, "SMOCC": unused, "TENSO": unused, "DRAMA": unused,
}

func openDcgmi(s *source, o Options) Reader {
	r := &dcgmi{src: s, stamps: newStamps(s, o), skipped: unread{src: s}}
	return join(r, s, &r.stamps, o)
}

func isDcgmi(line string) bool {
	names, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	words := strings.Fields(names)
	return ok && len(words) > 0 && words[0] == "Entity"
}

func (r *dcgmi) next() (*row, error) {
	for {
		line, err := r.src.next()
		if err != nil {
			return nil, err
		}
		words := strings.Fields(line)
		switch {
		case isDcgmi(line):
			if err := r.header(line); err != nil {
				return nil, err
			}
		case strings.EqualFold(words[0], "ID"):
			if r.units = words[1:]; len(r.units) != len(r.columns) {
				r.units = nil
			}
		case strings.HasPrefix(line, "dmon was stopped"):
		case r.columns == nil:
			missing := r.src.fail("no header line that begins with #Entity")
			if words[0] == "GPU" {
				return nil, missing
			}
			if err := r.src.preamble(missing); err != nil {
				return nil, err
			}
		case words[0] != "GPU":
			r.skipped.name([]string{"rows of " + words[0]})
		default:
			if err := r.read(r.split(line, words)); err == nil {
				return &r.row, nil
			} else if err := r.src.reject(err); err != nil {
				return nil, err
			}
		}
	}
}

func (r *dcgmi) header(line string) error {
	columns := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "#"))[1:]
	if !slices.ContainsFunc(columns, func(c string) bool { return dcgmiNames[c] == watts || dcgmiNames[c] == joules }) {
		return hinted{r.src.fail("no column POWER, POWINST or TOTEC"), "dcgmi dmon -e 155,156 -d 1000"}
	}
	var skipped []string
	for _, c := range columns {
		if _, ok := dcgmiNames[c]; !ok {
			skipped = append(skipped, c)
		}
	}
	r.again = r.again || r.columns != nil && !slices.Equal(r.columns, columns)
	r.columns, r.units, r.src.missing = columns, nil, nil
	r.skipped.name(skipped)
	return nil
}

// wide is what dcgmi leaves between two columns at least.
var wide = regexp.MustCompile(`\s{2,}`)

// split gives a line's GPU, number and columns: its words, or, where a name is
// of several words, what wide gaps part.
func (r *dcgmi) split(line string, words []string) []string {
	if len(words) <= len(r.columns)+2 {
		return words
	}
	cells := wide.Split(strings.TrimSpace(line), -1)
	return append(strings.Fields(cells[0]), cells[1:]...)
}

// read makes a row of what a line holds: GPU, its number, the columns.
func (r *dcgmi) read(words []string) error {
	if len(words) != len(r.columns)+2 {
		return fmt.Errorf("has %d columns, the header line names %d", len(words)-2, len(r.columns))
	}
	if !isNumber(words[1]) {
		return fmt.Errorf("%.40q is no GPU's number", words[1])
	}
	v, instant := nothing, int64(power.Null)
	for i, name := range r.columns {
		var err error
		text := words[i+2]
		switch dcgmiNames[name] {
		case watts:
			w := &v.W
			if name == "POWINST" && r.has("POWER") {
				w = &instant
			}
			*w, err = r.scale(i, "W").parse(text)
		case joules:
			v.J, err = r.scale(i, "mJ").parse(text)
		case degrees:
			v.TempC = celsius(text)
		case busy:
			v.Util = percent(text)
		case memory:
			v.MemBytes = mebibytes(text)
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", name, err)
		}
	}
	d := r.domain(words[1])
	r.row = row{line: r.src.line, t: power.Null, again: r.again, values: append(r.row.values[:0], cell{d, v})}
	r.again = false
	if r.has("POWER") && r.has("POWINST") {
		r.row.values = append(r.row.values, instantOf(d, instant))
	}
	return nil
}

func (r *dcgmi) has(column string) bool { return slices.Contains(r.columns, column) }

// instantOf is the power of the moment beside a GPU's averaged one: a part, added
// never.
func instantOf(d Domain, w int64) cell {
	d.PartOf = d.ID
	d.ID += "/instant"
	d.Energy, d.Power, d.PowerWindowUs = power.None, power.Instant, 0
	v := nothing
	v.W = w
	return cell{d, v}
}

// scale is the unit of a column, or what DCGM documents.
func (r *dcgmi) scale(i int, documented string) scale {
	want := units[documented]
	if r.units != nil {
		if s, ok := scaleOf(r.units[i]); ok && s.joules == want.joules {
			return s
		}
	}
	return want
}

// domain is a GPU: field 155 is NVML's averaged power, 157 that of the moment,
// 156 its counter. How often DCGM itself reads them is the -d of the command,
// which the log does not tell.
func (r *dcgmi) domain(index string) Domain {
	d := gpuDomain("gpu:"+index, power.GPU, "dcgmi dmon", true)
	d.UpdateUs = nil
	switch {
	case r.has("POWER"):
	case r.has("POWINST"):
		d.Power, d.PowerWindowUs = power.Instant, 0
	default:
		d.Power, d.PowerWindowUs = power.None, 0
	}
	if r.has("TOTEC") {
		d.Energy = power.Counter
	}
	return d
}
