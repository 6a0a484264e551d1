package powerlog

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"ipw/lib/power"
	"ipw/lib/unit"
)

// perf reads what perf stat -I prints of the power events, with any separator
// (-x), or without one:
//
//	# started on Sun Nov 23 10:00:00 2025
//
//	     1.000123456,45.10,Joules,power/energy-pkg/,1000123456,100.00,,
//
// A line is an interval's joules, and the seconds since the start at which it
// ended. With --per-socket the socket and its number of CPUs stand behind the
// time. The line with the start is there with -o FILE or --append; without it
// the log does not tell its times.
//
// Followed: perf 5 and 6 (tools/perf/util/stat-display.c).
type perf struct {
	src     *source
	stamps  stamps
	opts    Options
	start   int64 // Unix µs; 0: unknown
	sep     string
	at      int64 // µs since the start, of the interval being read
	from    int64 // where it began
	seq     int
	again   bool
	cpus    map[string]int // packages in order of appearance, by their first CPU
	skipped unread
	row     row
	fatal   error
}

// perfEvents are the events of the power PMU.
var perfEvents = map[string]struct{ prefix, suffix, kind, name string }{
	"energy-pkg":   {"cpu:", "", power.CPU, "package"},
	"energy-cores": {"cpu:", "/core", power.Core, "cores"},
	"energy-gpu":   {"cpu:", "/uncore", power.Uncore, "graphics"},
	"energy-ram":   {"dram:", "", power.DRAM, "dram"},
	"energy-psys":  {"psys:", "", power.Board, "psys"},
}

func openPerf(s *source, o Options) Reader {
	r := &perf{src: s, stamps: newStamps(s, o), opts: o, start: o.StartUs, cpus: make(map[string]int), skipped: unread{src: s}}
	r.stamps.resolution = 1
	return join(r, s, &r.stamps, o)
}

var (
	perfTime = regexp.MustCompile(`^\s*([0-9]{1,9}\.[0-9]{9})(\s+|[,;|:])[^0-9]*[0-9<]`)
	perfID   = regexp.MustCompile(`^(S[0-9]+(-D[0-9]+)?(-C[0-9]+)?|N[0-9]+|CPU[0-9]+)$`)
)

// perfSummary is what stands behind the intervals with --summary, or where the
// command has ended.
var perfSummary = regexp.MustCompile(`^ *(summary\b|Performance counter stats for|[0-9][0-9.,'’\x{a0}\x{202f}]* +(Joules +power/energy-|seconds (time elapsed|user|sys)))`)

const perfStart = "# started on "

// isPerf recognizes a line of an interval, or the one with the start.
func isPerf(line string) bool {
	if strings.HasPrefix(line, perfStart) {
		return true
	}
	return perfTime.MatchString(line)
}

// isPerfTotal recognizes what perf stat prints without -I.
func isPerfTotal(line string) bool {
	return strings.Contains(line, "Joules") && strings.Contains(line, "power/energy-") && perfTime.FindStringSubmatch(line) == nil
}

func (r *perf) next() (*row, error) {
	for {
		line, err := r.src.next()
		if err != nil {
			return nil, err
		}
		ok := false
		if next := behind(line, perfStart); next != "" {
			if err := r.src.cut(); err != nil {
				return nil, err
			}
			line = next
		}
		switch text, isStart := strings.CutPrefix(line, perfStart); {
		case isStart:
			err = r.begin(text)
		case strings.HasPrefix(strings.TrimSpace(line), "#"), r.seq > 0 && perfSummary.MatchString(line):
		case isPerfTotal(line):
			return nil, hinted{r.src.fail("perf stat without -I: one total, no times"), "perf stat -a -I 1000 -x, -e power/energy-pkg/"}
		default:
			ok, err = r.read(line)
		}
		if r.fatal != nil {
			return nil, r.fatal
		}
		if err != nil {
			if err := r.src.reject(err); err != nil {
				return nil, err
			}
		} else if ok {
			return &r.row, nil
		}
	}
}

// begin takes the line that tells the start.
func (r *perf) begin(text string) error {
	t, err := time.Parse("Mon Jan _2 15:04:05 2006", strings.TrimSpace(text))
	if err != nil {
		return fmt.Errorf("%.40q is no time", text)
	}
	us, err := r.stamps.local(t.UnixMicro(), text)
	if err != nil {
		return err
	}
	r.stamps.resolution = 1_000_000
	r.start, r.at, r.from, r.again = us, 0, 0, true
	return nil
}

// read takes a line of an interval; ok if it tells power.
func (r *perf) read(line string) (ok bool, err error) {
	m := perfTime.FindStringSubmatch(line)
	if m == nil {
		return false, fmt.Errorf("%.40q: no interval of perf stat -I", line)
	}
	if r.sep == "" {
		r.sep = strings.TrimSpace(m[2]) // "" is white space
	}
	id, value, event, ok := r.fields(line[strings.Index(line, m[1])+len(m[1])+len(m[2]):])
	if !ok {
		r.skipped.name([]string{event})
		return false, nil
	}
	if err := r.time(m[1]); err != nil {
		return false, err
	}
	c := cell{domain: r.domain(event, id), Value: nothing}
	if c.J, err = units["J"].parse(unlocalized(value)); err != nil {
		return false, err
	}
	r.row.line, r.row.values = r.src.line, append(r.row.values[:0], c)
	r.row.seq, r.row.again, r.again = r.seq, r.again, false
	return true, nil
}

var perfEvent = regexp.MustCompile(`\benergy-[a-z]+`)

// fields splits what stands behind the time: a package, if the command asked for
// them apart, the value and the event. Not ok is an event of something else.
func (r *perf) fields(rest string) (id, value, event string, ok bool) {
	f := strings.Fields(rest)
	if r.sep != "" {
		f = strings.Split(rest, r.sep)
	}
	if len(f) > 1 && perfID.MatchString(f[0]) {
		id, f = f[0], f[1:]
		if id[0] != 'C' && len(f) > 1 && isNumber(f[0]) {
			f = f[1:] // CPUs
		}
	}
	for i, text := range f {
		if event = perfEvent.FindString(text); event == "" {
			continue
		}
		if _, known := perfEvents[event]; known {
			value, _, _ = strings.Cut(strings.Join(f, " "), " Joules") // <not counted> is two words
			if r.sep != "" {
				// in front of unit and event; its comma may be a separator too
				value = strings.Join(f[:max(i-1, 1)], r.sep)
			}
			return id, strings.TrimSpace(value), event, true
		}
		return "", "", text, false
	}
	event = strings.Join(f, " ")
	if r.sep != "" && len(f) > 2 {
		event = f[2]
	} else if len(f) > 1 {
		event = f[1]
	}
	return "", "", event, false
}

// thousands are the marks between groups of three digits, where there are any.
var thousands = strings.NewReplacer(".", "", ",", "", "'", "", "’", "", " ", "", "\u00a0", "", "\u202f", "")

// unlocalized gives a value a decimal point. perf obeys the user's locale: 1046.20
// joules are 1,046.20, 1.046,20 or 1 046,20, always with two decimals.
func unlocalized(value string) string {
	if n := len(value) - 3; n > 0 && (value[n] == ',' || value[n] == '.') {
		return thousands.Replace(value[:n]) + "." + value[n+1:]
	}
	return value
}

// time takes the end of an interval, in seconds since the start. A log that
// cannot be placed in time is not read at all.
func (r *perf) time(text string) error {
	s, err := unit.ParseDecimal([]byte(text), 6)
	if err != nil {
		return fmt.Errorf("%.40q is no time", text)
	}
	switch {
	case s < r.at:
		return fmt.Errorf("the time since the start falls, from %.6f to %.6f s, without a line that tells another start", float64(r.at)/1e6, float64(s)/1e6)
	case s > r.at:
		r.seq++
		r.from, r.at = r.at, s
	}
	if r.start == 0 {
		if r.opts.Now == nil {
			r.fatal = hinted{r.src.fail("the log does not tell when it began"), "--start 2025-11-23T10:00:00 says when (perf stat -o FILE writes it into the log)"}
			return r.fatal
		}
		r.start = r.opts.Now() - s
		r.src.problems.Warn("%s: the log does not tell when it began: its first line is taken as of now", r.src.name)
	}
	r.row.from, r.row.t = r.start+r.from, r.start+r.at
	return nil
}

// domain is what an event counts. Without -A, --per-socket and the like it is
// the sum of all packages.
func (r *perf) domain(event, id string) Domain {
	e := perfEvents[event]
	pkg, name := "0", e.name
	switch {
	case id == "":
		name = "all packages: " + name
	case id[0] == 'C':
		n, ok := r.cpus[id]
		if !ok {
			n = len(r.cpus)
			r.cpus[id] = n
		}
		pkg = fmt.Sprint(n)
	default:
		socket, die, _ := strings.Cut(id[1:], "-D")
		if pkg = socket; die != "" {
			die, _, _ = strings.Cut(die, "-")
			pkg += "." + die
		}
	}
	d := power.Domain{ID: e.prefix + pkg + e.suffix, Kind: e.kind, Source: "perf", Name: name, Energy: power.Counter, Power: power.Derived, UpdateUs: micro(raplUpdate)}
	if e.suffix != "" {
		d.PartOf = e.prefix + pkg
	}
	return Domain{Domain: d, PerInterval: true}
}
