package attribute_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"

	"ipw/lib/unit"
)

// course is a power whose integral is known: joules used up to a moment, in
// seconds.
type course func(seconds float64) (joules float64)

func constant(watts float64) course { return func(t float64) float64 { return watts * t } }

func step(before, after, at float64) course {
	return func(t float64) float64 { return before*t + (after-before)*max(0, t-at) }
}

// square is high for the first part of each period.
func square(low, high, period, part float64) course {
	return func(t float64) float64 {
		n, rest := math.Floor(t/period), math.Mod(t, period)
		return low*t + (high-low)*(n*part*period+min(rest, part*period))
	}
}

func ramp(watts, perSecond float64) course {
	return func(t float64) float64 { return watts*t + perSecond*t*t/2 }
}

// sine swings round a mean that is larger than the swing.
func sine(mean, swing, period float64) course {
	w := 2 * math.Pi / period
	return func(t float64) float64 { return mean*t + swing/w*(1-math.Cos(w*t)) }
}

// pulses are joules used at once.
func pulses(at []float64, joules float64) course {
	return func(t float64) float64 { return joules * float64(sort.SearchFloat64s(at, t)) }
}

func randomCourse(rng *rand.Rand, length float64) (string, course) {
	u := func(lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }
	switch rng.IntN(6) {
	case 0:
		return "constant", constant(u(5, 400))
	case 1:
		return "step", step(u(0, 100), u(0, 700), u(1, length))
	case 2:
		return "square", square(u(0, 50), u(100, 700), u(0.002, 0.7), u(0.1, 0.9))
	case 3:
		return "ramp", ramp(u(1, 50), u(0, 100))
	case 4:
		mean := u(50, 300)
		return "sine", sine(mean, mean*u(0.2, 1), u(0.003, 2))
	}
	at := make([]float64, 40)
	for i := range at {
		at[i] = u(0, length)
	}
	sort.Float64s(at)
	return "pulses", pulses(at, u(0.1, 20))
}

// counter is an energy counter as sensors have them. All its times are
// microseconds.
type counter struct {
	id, kind string
	used     course
	update   int64 // longest time between two refreshes; 0: always fresh
	lag      int64 // how old a fresh value may be
	origin   int64 // microjoules it shows at first
	next     int64 // its next refresh
	shows    int64 // the moment whose energy it shows
}

// read returns the microjoules that the counter shows at a moment. Moments must
// not fall.
func (c *counter) read(rng *rand.Rand, t int64) int64 {
	old := func() int64 {
		if c.lag == 0 {
			return 0
		}
		return rng.Int64N(c.lag + 1)
	}
	if c.update == 0 {
		c.shows = max(c.shows, t-old())
	}
	for c.update > 0 && c.next <= t {
		c.shows = max(c.shows, c.next-old())
		c.next += c.update - rng.Int64N(c.update/3+1)
	}
	return c.origin + int64(math.Floor(1e6*c.used(float64(c.shows)/1e6)))
}

// sampler reads counters.
type sampler struct {
	host       string
	interval   int64 // µs
	jitter     int64 // each sample is up to this late
	readUs     int64 // and takes up to this long
	clock      int64 // its clock is ahead by this
	clockError int64 // and it says so; 0: says nothing
}

// sample writes a power stream of the time from 0 to some moment, a quarter of
// a second more on both sides.
func (s sampler) sample(rng *rand.Rand, to int64, counters []*counter) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"type":"header","schema":"ipw.power/1","host":%q,"t_us":%d,"interval_us":%d`, s.host, epoch+s.clock, s.interval)
	if s.clockError > 0 {
		fmt.Fprintf(&out, `,"clock_error_us":%d`, s.clockError)
	}
	out.WriteString(`,"domains":[`)
	for i, c := range counters {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"id":%q,"kind":%q,"energy":"counter","power":"none","update_us":%d,"lag_us":%d}`, c.id, c.kind, c.update, c.lag)
	}
	out.WriteString("]}\n")
	n := 0
	for tick := int64(-250_000); tick <= to+250_000; tick += s.interval {
		at := tick
		if s.jitter > 0 {
			at += rng.Int64N(s.jitter)
		}
		fmt.Fprintf(&out, `{"t_us":%d,"read_us":%d,"j":[`, epoch+at+s.clock, s.readUs)
		for i, c := range counters {
			if i > 0 {
				out.WriteByte(',')
			}
			out.Write(unit.AppendMicro(nil, c.read(rng, at+s.readUs*int64(i)/int64(len(counters)))))
		}
		out.WriteString("]}\n")
		n++
	}
	fmt.Fprintf(&out, `{"type":"end","records":%d,"status":"ok"}`+"\n", n)
	return out.Bytes()
}

// epoch is 0 on the wall clock. The courses begin a second before.
const epoch = 1_763_884_800_000_000
