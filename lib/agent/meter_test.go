package agent

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ipw/lib/clock"
	"ipw/lib/power"
	"ipw/lib/stream"
)

// metering is a meter whose clock the test moves, in milliseconds.
type metering struct {
	*Meter
	now int64
}

func newMetering() *metering {
	m := &metering{}
	m.Meter = NewMeter(func() clock.Stamp { return clock.Stamp{TUs: 5e9 + m.now*1000, MUs: m.now * 1000} })
	return m
}

const meteredDomains = `[{"id":"gpu:0","kind":"gpu","energy":"counter","power":"none"},` +
	`{"id":"cpu:0","kind":"cpu","energy":"none","power":"instant"},` +
	`{"id":"cpu:0/core","kind":"core","part_of":"cpu:0","energy":"counter","power":"none"},` +
	`{"id":"psys:0","kind":"board","energy":"counter","power":"none"}]`

// read has the meter read a stream; ms and values of each sample.
func (m *metering) read(t *testing.T, domains string, samples ...string) {
	t.Helper()
	text := `{"type":"header","schema":"ipw.power/1","host":"other","t_us":1,"domains":` + domains + `}` + "\n" + strings.Join(samples, "\n") + "\n"
	if err := m.Read(power.NewReader(&stream.Problems{Partial: true}, stream.NewInput("power", strings.NewReader(text)))); err != nil {
		t.Fatal(err)
	}
}

func sampleAt(ms int64, rest string) string {
	return fmt.Sprintf(`{"t_us":%d,%s}`, 5_000_000_000+ms*1000, rest)
}

// TestMeter: a counter and watts are added up, parts and the board are not, and
// what two queries share they share equally while both run.
func TestMeter(t *testing.T) {
	m := newMetering()
	m.now = 1000
	a := m.begin(1e9, nil)
	m.now = 2000
	b := m.begin(1e9, nil)
	m.now = 3000
	m.end(b)
	m.now = 4000
	m.read(t, meteredDomains,
		sampleAt(0, `"j":[0,null,0,0],"w":[null,10,null,null]`),
		sampleAt(500, `"j":[null,null,100,100],"w":[null,10,null,null]`), // the GPU has no reading
		sampleAt(2500, `"j":[250,null,500,500],"w":[null,10,null,null]`), // 100 W from 0 s on
		sampleAt(4000, `"j":[250,null,900,900],"w":[null,30,null,null]`)) // stood still: nothing used, not more than a second
	// GPU: 1–2 s alone 100 J, 2–2.5 s shared 25 J. CPU: 10 J, then 2.5 J at
	// 10 W shared, and from 2.5 s on a mean of 20 W: 5 J shared, 20 J alone.
	if want := 100 + 25 + 10 + 2.5 + 5 + 20.0; math.Abs(a.joules-want) > 1e-6 {
		t.Errorf("%g J, want %g", a.joules, want)
	}
}

// TestMeterBoard: where nothing else is measured the board counts.
func TestMeterBoard(t *testing.T) {
	m := newMetering()
	var told []float64
	a := m.begin(30, func(j float64) { told = append(told, j) })
	m.now = 3000
	m.read(t, `[{"id":"psys:0","kind":"board","energy":"counter","power":"none"}]`,
		sampleAt(0, `"j":[7]`), sampleAt(1000, `"j":[27]`), sampleAt(2000, `"j":[47]`), sampleAt(3000, `"j":[67]`))
	if math.Abs(a.joules-60) > 1e-6 || len(told) != 1 || math.Abs(told[0]-40) > 1e-6 {
		t.Errorf("%g J, told of %v", a.joules, told)
	}
}

// TestMeterConserves: whatever begins and ends when, all accounts together have
// what was used while one was open, if a sample comes before each end.
func TestMeterConserves(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 9))
		m := newMetering()
		h := &power.Header{Host: "other", Domains: []power.Domain{{ID: "gpu:0", Kind: power.GPU, Energy: power.Counter}}}
		m.learn(h)
		var all, open []*metered
		j, used := int64(0), int64(0)
		for m.now < 20_000 {
			m.sample(h, &power.Sample{TUs: m.clock().TUs, J: []int64{j}})
			switch rng.IntN(3) {
			case 0:
				open = append(open, m.begin(1e9, nil))
				all = append(all, open[len(open)-1])
			case 1:
				if len(open) > 0 {
					m.end(open[0])
					open = open[1:]
				}
			}
			m.now += int64(1 + rng.IntN(300))
			more := 1 + rng.Int64N(5e7) // a counter that stands still says nothing
			if j += more; len(open) > 0 {
				used += more
			}
		}
		m.sample(h, &power.Sample{TUs: m.clock().TUs, J: []int64{j}})
		sum := 0.0
		for _, a := range all {
			sum += a.joules
		}
		if math.Abs(sum-float64(used)/1e6) > 1e-6*sum {
			t.Errorf("seed %d: %g J charged, %g J used", seed, sum, float64(used)/1e6)
		}
		if len(m.changes) > 3 {
			t.Errorf("seed %d: %d changes are kept", seed, len(m.changes))
		}
	}
}
