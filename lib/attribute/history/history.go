// Package history makes random histories, a power stream and an event stream
// of one host, plausible ones and nasty ones, for tests of the attribution.
//
// What makes a history nasty is a Switch. Each history draws its own few of
// those allowed, so that most histories have several things wrong with them but
// not all at once, and a failure is narrowed by turning switches off:
//
//	h := history.Seeded(seed, history.Options{})
//	if wrong(h) {
//		h, o := history.Narrow(seed, history.Options{}, wrong)
//		t.Errorf("seed %d, %+v: fails with %s", seed, o, h.On)
//	}
//
// The streams keep to the formats: what a switch names is something that real
// producers do, if only when they crash. Where the rules of attribution leave
// a choice by a hair (a gap near the length from which on it may hide half a
// wrap, say) a history stays clear of it.
package history

import (
	"math/rand/v2"
)

// Options bound a history. The zero value is small and allows everything.
type Options struct {
	Queries int    // at most; 0 is 4
	Turns   int    // per query, at most; 0 is 3
	Samples int    // about, at most; 0 is 250
	Off     Switch // never drawn
	Must    Switch // always drawn
}

// History is one random history.
type History struct {
	Power  []byte // nil with NoPower
	Events []byte
	On     Switch // what was drawn
}

// start is the history's zero on the wall clock, 2025-11-23T08:00:00Z.
const start = 1_763_884_800_000_000

// sinceBoot is its zero on the boot's clock.
const sinceBoot = 83_920_000_000

const ms = 1000 // microseconds

// maker makes one history. All its times are microseconds from start.
type maker struct {
	rng  *rand.Rand
	on   Switch
	size Options
	grid int64 // times are multiples of it

	// the clocks
	eventsBoot, powerBoot bool // a stream has boot_id and m_us
	stepAt, stepBy        int64

	spans int // made so far
}

// Random makes a history. The same state of rng and the same Options make the
// same history.
func Random(rng *rand.Rand, size Options) History {
	if size.Queries == 0 {
		size.Queries = 4
	}
	if size.Turns == 0 {
		size.Turns = 3
	}
	if size.Samples == 0 {
		size.Samples = 250
	}
	m := &maker{size: size, on: draw(rng, size)}
	// Each part has a source of its own, so that a switch of one part leaves
	// the others as they are.
	events, power := source(rng), source(rng)
	m.rng = source(rng)
	m.clocks()
	m.rng = events
	evs, from, to := m.events()
	m.rng = power
	h := History{Events: evs, On: m.on}
	if !m.has(NoPower) {
		h.Power = m.power(from, to)
	}
	return h
}

func source(rng *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) }

// draw picks the switches of one history: few, some or many.
func draw(rng *rand.Rand, size Options) Switch {
	p := []float64{0, 0.15, 0.3, 0.6}[rng.IntN(4)]
	on := Switch(0)
	for _, s := range All.List() {
		likely := p
		switch s {
		case NoPower:
			likely = p / 20
		case NoGPU, OnlyBoard: // they leave little to attribute
			likely = p / 4
		}
		if rng.Float64() < likely {
			on |= s
		}
	}
	return on&^size.Off | size.Must
}

func (m *maker) has(s Switch) bool { return m.on&s != 0 }

// maybe is true with chance p if a switch is on.
func (m *maker) maybe(s Switch, p float64) bool {
	yes := m.rng.Float64() < p
	return yes && m.has(s)
}

func (m *maker) coin(p float64) bool { return m.rng.Float64() < p }

// between is a time on the grid, both ends included.
func (m *maker) between(lo, hi int64) int64 {
	if hi <= lo {
		return lo
	}
	t := lo + m.rng.Int64N(hi-lo+1)
	return max(lo, t-mod(t, m.grid))
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

// length is how long something takes, at least one step of the grid.
func (m *maker) length(lo, hi int64) int64 {
	if m.maybe(ZeroLength, 0.15) {
		return 0
	}
	d := lo + m.rng.Int64N(hi-lo+1)
	return max(m.grid, d-d%m.grid)
}

func (m *maker) clocks() {
	m.grid = []int64{ms, 5 * ms, 10 * ms}[m.rng.IntN(3)]
	if m.has(Micro) {
		m.grid = 1
	}
	if m.has(EqualTimes) {
		m.grid = 50 * ms
	}
	both := m.rng.IntN(3)
	if m.has(BootTime) {
		m.eventsBoot, m.powerBoot = both != 1, both != 2
	}
	at, by := m.rng.Int64N(2_000_000), m.rng.Int64N(4_000_000)-2_000_000
	if m.has(ClockStep) { // only m_us can join then
		m.eventsBoot, m.powerBoot = true, true
		m.stepAt, m.stepBy = at, by
	}
}

// stamp gives the two clocks' readings at a moment.
func (m *maker) stamp(at int64) (tUs, mUs int64) {
	tUs, mUs = start+at, sinceBoot+at
	if m.stepBy != 0 && at >= m.stepAt {
		tUs += m.stepBy
	}
	return tUs, mUs
}
