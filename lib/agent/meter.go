package agent

import (
	"io"
	"math"
	"sync"

	"ipw/lib/clock"
	"ipw/lib/power"
)

// Meter says what each query being solved has used so far, while power streams
// grow. It is there to stop by, not to report: every counted domain is shared
// equally among the queries that are being solved at a moment, which is
// ipw-attribute's rule equal, and its rule active as long as one query runs at
// a time. It runs behind by what the sampler and its sensors do.
type Meter struct {
	clock clock.Clock
	boot  string // whose m_us are this clock's

	mu      sync.Mutex
	open    map[*metered]bool
	changes []change // in the order of time; those before the last readings are gone
	lines   map[*power.Header][]line
}

// metered is one query's account.
type metered struct {
	from   float64 // the share's integral where it began
	joules float64
	limit  float64
	over   func(joules float64)
}

// change is a moment at which the number of open queries changes: from t on the
// share's integral, which was sum, grows by 1/open a microsecond.
type change struct {
	t    int64
	sum  float64
	open int
}

// line is a domain's latest reading, -1 at the beginning.
type line struct {
	counts bool
	t      int64 // microseconds of this machine's CLOCK_BOOTTIME
	j, w   int64
}

// NewMeter makes a meter that compares times with those of a clock.
func NewMeter(c clock.Clock) *Meter {
	return &Meter{clock: c, boot: clock.BootID(), open: map[*metered]bool{}, changes: []change{{t: math.MinInt64}}, lines: map[*power.Header][]line{}}
}

// begin opens an account. over is called once, when it reaches limit.
func (m *Meter) begin(limit float64, over func(joules float64)) *metered {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock().MUs
	a := &metered{from: m.integral(now), limit: limit, over: over}
	m.open[a] = true
	m.change(now)
	return a
}

func (m *Meter) end(a *metered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, a)
	m.change(m.clock().MUs)
}

func (m *Meter) change(t int64) {
	m.changes = append(m.changes, change{t, m.integral(t), len(m.open)})
}

// integral is that of the share up to t.
func (m *Meter) integral(t int64) float64 {
	i := len(m.changes) - 1
	for i > 0 && m.changes[i].t > t {
		i--
	}
	k := m.changes[i]
	if k.open == 0 {
		return k.sum
	}
	return k.sum + float64(t-k.t)/float64(k.open)
}

// Read reads a power stream to its end.
func (m *Meter) Read(r *power.Reader) error {
	var h *power.Header
	defer func() { m.forget(h) }()
	for {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case rec.Header != nil:
			m.forget(h)
			h = rec.Header
			m.learn(h)
		case rec.Sample != nil && h != nil:
			m.sample(h, rec.Sample)
		}
	}
}

func (m *Meter) learn(h *power.Header) {
	lines := make([]line, len(h.Domains))
	any := false
	for i := range h.Domains {
		d := &h.Domains[i]
		lines[i] = line{counts: d.Counts(), t: -1}
		any = any || d.Counts()
	}
	for i := range h.Domains { // a board counts where nothing else does
		if d := &h.Domains[i]; !any && d.Kind == power.Board && d.PartOf == "" && !d.Silent() {
			lines[i].counts = true
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines[h] = lines
}

func (m *Meter) forget(h *power.Header) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.lines, h)
}

// sample charges what each domain used since its reading before.
func (m *Meter) sample(h *power.Header, s *power.Sample) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.time(h, s)
	lines := m.lines[h]
	for i := range lines {
		if l := &lines[i]; l.counts {
			m.charge(l, t, at(s.J, i), at(s.W, i), h.Domains[i].Energy != power.None)
		}
	}
	for a := range m.open {
		if a.over != nil && a.joules >= a.limit {
			a.over(a.joules)
			a.over = nil
		}
	}
	m.prune(t)
}

// Reads tells whether a stream is being read and has a domain that counts.
func (m *Meter) Reads() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, lines := range m.lines {
		for _, l := range lines {
			if l.t >= 0 {
				return true
			}
		}
	}
	return false
}

// time is a sample's on this machine's CLOCK_BOOTTIME.
func (m *Meter) time(h *power.Header, s *power.Sample) int64 {
	if s.HasM && h.BootID != "" && h.BootID == m.boot {
		return s.MUs
	}
	now := m.clock()
	return s.TUs - now.TUs + now.MUs
}

// longestRepeat is how long a counter may stand still and still be waited for:
// what it says next was used since it stood still.
const longestRepeat = 1e6 // microseconds

func (m *Meter) charge(l *line, t, j, w int64, counter bool) {
	before := *l
	reading := line{counts: true, t: t, j: j, w: w}
	switch {
	case counter && j == power.Null, !counter && w == power.Null:
		return
	case before.t < 0 || t <= before.t:
		*l = reading
		return
	case counter && j == before.j && t-before.t < longestRepeat:
		return
	}
	*l = reading
	micro := float64(j - before.j)
	if !counter {
		micro = float64(before.w+w) / 2 * float64(t-before.t) / 1e6
	}
	m.share(micro/1e6/float64(t-before.t), before.t, t)
}

// share charges the open queries with a power, in joules a microsecond, that was
// drawn from one moment to another.
func (m *Meter) share(power float64, from, to int64) {
	a, b := m.integral(from), m.integral(to)
	for q := range m.open {
		q.joules += power * max(0, b-max(a, q.from))
	}
}

// prune drops the changes that no reading needs any more.
func (m *Meter) prune(t int64) {
	for _, lines := range m.lines {
		for _, l := range lines {
			if l.counts && l.t >= 0 && t-l.t < 10*longestRepeat {
				t = min(t, l.t)
			}
		}
	}
	n := 0
	for n < len(m.changes)-1 && m.changes[n+1].t <= t {
		n++
	}
	m.changes = append(m.changes[:0], m.changes[n:]...)
}

func at(values []int64, i int) int64 {
	if i < len(values) {
		return values[i]
	}
	return power.Null
}
