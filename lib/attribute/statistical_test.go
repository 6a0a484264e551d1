package attribute_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ipw/lib/attribute"
)

// TestStatistical: of watts read at random moments, the truth lies within two
// standard errors in at least nine of ten numbers, for loads that would alias
// with regular readings too, in windows of more and of fewer than 20 readings.
// Read at regular moments nothing is claimed.
func TestStatistical(t *testing.T) {
	const interval = 0.05 // s
	loads := []struct {
		name string
		used course
	}{
		{"one period a reading", square(60, 400, interval, 0.5)},
		{"a short burst each reading", square(60, 400, interval, 0.15)},
		{"two readings a period", square(60, 400, 2*interval, 0.3)},
		{"slow", square(60, 400, 1.7, 0.6)},
		{"sine of one period a reading", sine(200, 150, interval)},
		{"ramp", ramp(50, 0.2)},
	}
	for i, load := range loads {
		for _, readings := range []float64{6, 45} {
			name := fmt.Sprintf("%s, %g readings", load.name, readings)
			rng := rand.New(rand.NewPCG(uint64(i), 51))
			inside, n := draws(t, rng, load.used, interval, readings)
			t.Logf("%s: %d of %d", name, inside, n)
			if n != 1000 || inside < 900 {
				t.Errorf("%s: the truth lies within the uncertainty of %d numbers of %d", name, inside, n)
			}
		}
	}
}

// draws attributes 1000 windows at random phases and counts those whose
// uncertainty holds the truth.
func draws(t *testing.T, rng *rand.Rand, used course, interval, readings float64) (inside, n int) {
	const queries = 1000
	us := func(s float64) int64 { return int64(s * 1e6) }
	var power, events strings.Builder
	fmt.Fprintf(&power, `{"type":"header","schema":"ipw.power/1","host":"h","t_us":0,"interval_us":%d,"ticks":"random","domains":[{"id":"gpu:0","kind":"gpu","energy":"none","power":"instant"}]}`+"\n", us(interval))
	fmt.Fprintf(&events, `{"type":"header","schema":"ipw.events/1","run":"r","host":"h","t_us":0}`+"\n")
	truth := map[string]float64{}
	now := 25 * interval // so that 20 readings are known
	for i := range queries {
		id := fmt.Sprint("q", i)
		from := now + 3*interval*rng.Float64()
		to := from + readings*interval*(0.9+0.2*rng.Float64())
		from, to = math.Floor(from*1e6)/1e6, math.Floor(to*1e6)/1e6
		fmt.Fprintf(&events, `{"type":"query_start","t_us":%d,"query":%q}`+"\n"+`{"type":"query_end","t_us":%d,"query":%q}`+"\n", int64(math.Round(from*1e6)), id, int64(math.Round(to*1e6)), id)
		truth[id] = used(to) - used(from)
		now = to
	}
	fmt.Fprintf(&events, `{"type":"end","records":%d,"status":"ok"}`+"\n", 2*queries)
	samples := 0
	for tick := 0.0; tick < now+2*interval; tick += interval {
		at := tick + interval*rng.Float64()
		const moment = 1e-7 // s; the load changes more slowly than that
		watts := (used(at+moment) - used(at)) / moment
		fmt.Fprintf(&power, `{"t_us":%d,"w":[%.3f]}`+"\n", us(at), watts)
		samples++
	}
	fmt.Fprintf(&power, `{"type":"end","records":%d,"status":"ok"}`+"\n", samples)
	r, err := attributeFiles([]byte(power.String()), []byte(events.String()), attribute.Options{MinCoverage: 0.9})
	must(t, err)
	for _, q := range r.traces {
		e := q.Energy
		if q.Query.GPU == nil || e.UncertaintyKind["gpu"] != "statistical" || e.UncertaintyJoules["gpu"] == nil {
			t.Fatalf("%s: %v J, %q", q.QueryID, q.Query.GPU, e.UncertaintyKind["gpu"])
		}
		n++
		if math.Abs(q.Query.GPU.Float()-truth[q.QueryID]) <= *e.UncertaintyJoules["gpu"]+1e-3 {
			inside++
		}
	}
	return inside, n
}
