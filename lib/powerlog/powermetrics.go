package powerlog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ipw/lib/power"
	"ipw/lib/unit"
)

// powermetrics reads what macOS's powermetrics prints as text. A report has one
// line per part of the chip, in milliwatts: the mean over the time elapsed, which
// it names, so that each is joules.
//
//	*** Sampled system activity (Sun Nov 23 10:00:00 2025 +0100) (1003.45ms elapsed) ***
//	CPU Power: 1234 mW
//	GPU Power: 56 mW
//	ANE Power: 0 mW
//
// GPU Power may come again in the GPU's own section: the first counts.
//
// Followed: powermetrics of macOS 10.10 (Intel) and 11 to 26 (Apple silicon).
type powermetrics struct {
	src    *source
	stamps stamps
	clock  reportClock
	seq    int
	length int64 // of the report, ns
	row    row
}

// reportClock tells when reports were made: they name whole seconds, and
// exactly how long each took.
type reportClock struct{ t int64 }

// next is the span of a report that ended about stamp, Unix µs.
func (c *reportClock) next(stamp, elapsedNs int64) (from, to int64) {
	elapsed := elapsedNs / 1000
	to = c.t + elapsed
	if d := stamp - to; c.t == 0 || d < -1_500_000 || d > 1_500_000 {
		to = stamp
	}
	c.t = to
	return to - elapsed, to
}

func openPowermetrics(s *source, o Options) Reader {
	r := &powermetrics{src: s, stamps: newStamps(s, o)}
	return join(r, s, &r.stamps, o)
}

var reportLine = regexp.MustCompile(`^\*\*\* Sampled system activity \((.*?)\) \(([0-9.]+)ms elapsed\)`)

const reportBegin = "*** Sampled system activity"

func isPowermetrics(line string) bool { return strings.HasPrefix(line, reportBegin) }

// appleLines are the lines with power, by what stands before the colon.
var appleLines = map[string]power.Domain{
	"CPU Power":     {ID: "cpu:0", Kind: power.CPU},
	"GPU Power":     {ID: "gpu:0", Kind: power.GPU},
	"ANE Power":     {ID: "ane:0", Kind: power.ANE},
	"DRAM Power":    {ID: "dram:0", Kind: power.DRAM},
	intelMacPackage: {ID: "cpu:0", Kind: power.CPU, Name: "CPUs+GT+SA"},
}

const intelMacPackage = "Intel energy model derived package power (CPUs+GT+SA)"

func (r *powermetrics) next() (*row, error) {
	for {
		line, err := r.src.next()
		if err != nil {
			return nil, err
		}
		ok := false
		if next := behind(line, reportBegin); next != "" {
			if err := r.src.cut(); err != nil {
				return nil, err
			}
			line = next
		}
		if isPowermetrics(line) {
			err = r.report(line)
		} else if r.seq > 0 {
			ok, err = r.read(line)
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

// report takes the line that begins a report.
func (r *powermetrics) report(line string) error {
	r.length = 0 // what follows is of an unknown report, unless this line is good
	m := reportLine.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("%.60q does not tell when and how long", line)
	}
	t, err := time.Parse("Mon Jan _2 15:04:05 2006 -0700", m[1])
	if err != nil {
		return fmt.Errorf("%.60q is no time", m[1])
	}
	ns, err := unit.ParseDecimal([]byte(m[2]), 6)
	if err != nil || ns <= 0 || ns > int64(24*time.Hour) {
		return fmt.Errorf("%.40q is no length of a report", m[2])
	}
	r.stamps.saw(0)
	r.seq++
	r.length = ns
	r.row.from, r.row.t = r.clock.next(t.UnixMicro(), ns)
	return nil
}

// read takes any other line; ok if it tells power.
func (r *powermetrics) read(line string) (ok bool, err error) {
	name, value, found := strings.Cut(line, ":")
	d, known := appleLines[strings.TrimSpace(name)]
	if !found || !known || r.length == 0 {
		return false, nil
	}
	text := strings.TrimSpace(value)
	for i := range text { // older ones write 1.83W
		if text[i] != '.' && (text[i] < '0' || text[i] > '9') {
			text = text[:i] + " " + strings.TrimSpace(text[i:])
			break
		}
	}
	w, err := units["mW"].cell(text)
	if err != nil {
		return false, fmt.Errorf("%s: %w", strings.TrimSpace(name), err)
	}
	v := nothing
	if v.W = w; w != power.Null {
		v.J = energyOf(w, r.length)
	}
	r.row.line, r.row.seq = r.src.line, r.seq
	r.row.values = append(r.row.values[:0], cell{appleDomain(d, "powermetrics"), v})
	return true, nil
}

// appleDomain is a part of an Apple chip whose energy per report is known.
func appleDomain(d power.Domain, source string) Domain {
	d.Source, d.Energy, d.Power = source, power.Counter, power.Derived
	return Domain{Domain: d, PerInterval: true}
}

// energyOf is the microjoules of so many microwatts over ns nanoseconds, rounded
// half up.
func energyOf(microW, ns int64) int64 {
	const second = int64(time.Second)
	whole, rest := microW*(ns/second), ns%second
	f := float64(microW) * float64(rest) / float64(second)
	n, _ := strconv.ParseInt(strconv.FormatFloat(f, 'f', 0, 64), 10, 64)
	return whole + n
}
