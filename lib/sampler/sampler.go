// Package sampler reads sensors at a steady rate and writes what they say as a
// power stream. It is the meter's own loop, and it measures itself too.
//
//	s := sampler.New(sensors, w, sampler.Config{Interval: 50 * time.Millisecond, Clock: clock.System, Wait: sampler.Sleeper(…)})
//	err := s.Begin()      // the header and the first sample
//	err = s.Run(ctx)      // a sample per interval, until ctx ends
//	err = s.Finish()      // a last sample
//	err = s.End("ok")
//
// A sample is stamped before its first sensor is read. What could not be read
// is null, and a note says so when it begins and when it is over. Ticks that
// came too late are left out and counted, never made up for: a late sample
// stands at its own time.
//
// A tick does not allocate. Utilisation, memory and temperature are read once a
// second.
package sampler

import (
	"context"
	"time"

	"ipw/lib/clock"
	"ipw/lib/power"
	"ipw/lib/sensor"
	"ipw/lib/stream"
)

// Config says how to sample.
type Config struct {
	Interval time.Duration
	Clock    clock.Clock
	Wait     Wait
	Flush    time.Duration // how long a sample may stay in the buffer; 0: not at all
	Header   power.Header  // host, boot id, tool, system; the rest is filled in
	Rotate   *Rotation     // nil: one segment

	// Random gives a number from 0 to below n, for the moments at which sensors
	// of instant watts are read; nil: at regular times.
	Random func(n int64) int64
}

// Wait sleeps until the monotonic clock shows until, in microseconds. It
// returns false, at once, when ctx ends.
type Wait func(ctx context.Context, until int64) bool

// fullUs is how often what is not energy or power is read.
const fullUs = 1_000_000

// Sampler is one segment of a power stream in the making.
type Sampler struct {
	cfg      Config
	w        *stream.Writer
	interval int64 // microseconds
	channels []channel
	sample   power.Sample
	rest     rest
	notes    []power.Note
	appendFn func([]byte) ([]byte, error)

	any     bool
	random  func(int64) int64 // nil: ticks at regular times
	begun   int64             // first sample of the segment
	before  int64             // bytes written when the segment began
	overdue int64             // since when it should have been rotated; 0: it should not
	fullAt  int64
	flushed int64
	missed  limiter
	gaps    limiter
	self    self
	window  Window
}

// New makes a sampler of the sensors. It writes nothing yet.
func New(sensors []sensor.Sensor, w *stream.Writer, cfg Config) *Sampler {
	n := len(sensors)
	s := &Sampler{cfg: cfg, w: w, interval: cfg.Interval.Microseconds(), rest: newRest(n)}
	s.sample.HasM = true
	s.sample.J, s.sample.W = make([]int64, n), make([]int64, n)
	s.notes = make([]power.Note, 0, 4*n+2)
	s.appendFn = func(b []byte) ([]byte, error) { return power.AppendSample(b, &s.sample), nil }
	s.missed.what, s.gaps.what = power.MissedTicks, power.Gap
	for _, x := range sensors {
		s.channels = append(s.channels, newChannel(x, s.interval))
	}
	if sensor.RandomTicks(sensors) {
		s.random = cfg.Random
	}
	w.Lazy()
	return s
}

// Begin writes the header and takes the first sample.
func (s *Sampler) Begin() error {
	now := s.cfg.Clock()
	s.sample.MUs = now.MUs
	if err := s.header(now.TUs); err != nil {
		return err
	}
	return s.Sample()
}

// header begins a segment at the time t.
func (s *Sampler) header(t int64) error {
	h := s.cfg.Header
	h.Type, h.Schema = "header", power.Schema
	h.TUs, h.IntervalUs = t, s.interval
	if s.random != nil {
		h.Ticks = random
	}
	h.Domains = make([]power.Domain, 0, len(s.channels))
	for i := range s.channels {
		h.Domains = append(h.Domains, s.channels[i].domain.Domain)
	}
	if s.window.domains == nil {
		s.window.domains = h.Domains
		for i := range s.channels {
			s.window.gaps = append(s.window.gaps, s.channels[i].gap())
		}
	}
	s.begun, s.before = s.sample.MUs, s.w.Written()
	s.missed.total, s.gaps.total = 0, 0
	s.self = self{}
	s.self.begin()
	return s.w.Header(&h)
}

// Run takes a sample at every tick until ctx ends.
func (s *Sampler) Run(ctx context.Context) error {
	tick := s.sample.MUs + s.interval
	for due := s.moment(tick); s.cfg.Wait(ctx, due); due = s.moment(tick) {
		if err := s.Sample(); err != nil {
			return err
		}
		s.self.late.add(s.sample.MUs - due)
		tick = s.next(tick)
		if err := s.rotate(); err != nil {
			return err
		}
	}
	return nil
}

// justNowUs is as long as a sample may be the last one of a slow sampler: what is
// used after it is in none.
const justNowUs = 12_500

// Finish takes a last sample, unless one was taken just now that leaves no
// doubt.
func (s *Sampler) Finish() error {
	if s.cfg.Clock().MUs-s.sample.MUs < min(s.interval/4, justNowUs) && !s.doubtful() {
		return nil
	}
	return s.Sample()
}

// doubtful tells whether the next reading decides what the last one was.
func (s *Sampler) doubtful() bool {
	for i := range s.channels {
		if s.channels[i].counter.Doubtful() {
			return true
		}
	}
	return false
}

// Sample takes one sample now.
func (s *Sampler) Sample() error {
	now := s.cfg.Clock()
	full := !s.any || now.MUs-s.fullAt >= fullUs
	if gap := now.MUs - s.sample.MUs; s.any && gap > 3*s.interval {
		s.gaps.add(1, gap)
	}
	s.sample.TUs, s.sample.MUs = now.TUs, now.MUs
	s.notes = s.notes[:0]
	for i := range s.channels {
		c := &s.channels[i]
		s.sample.J[i], s.sample.W[i] = c.read(now.MUs, full)
		s.notes = c.tell(s.notes)
		if full {
			s.rest.set(i, &c.reading)
		}
	}
	s.sample.ReadUs = s.cfg.Clock().MUs - now.MUs + 1 // both are rounded down
	s.sample.Util, s.sample.MemBytes, s.sample.TempC = nil, nil, nil
	if full {
		s.fullAt = now.MUs
		s.sample.Util, s.sample.MemBytes, s.sample.TempC = s.rest.util.values(), s.rest.mem.values(), s.rest.temp.values()
	}
	s.notes = s.missed.tell(s.notes, now.MUs, false)
	s.notes = s.gaps.tell(s.notes, now.MUs, false)
	s.any = true
	s.self.sample(&s.sample)
	s.window.see(&s.sample)
	return s.write()
}

// write writes the notes and the sample of one tick.
func (s *Sampler) write() error {
	if err := s.writeNotes(); err != nil {
		return err
	}
	if err := s.w.Append(s.appendFn); err != nil {
		return err
	}
	if now := s.sample.MUs; now-s.flushed+s.interval > s.cfg.Flush.Microseconds() {
		s.flushed = now
		return s.w.Flush()
	}
	return nil
}

func (s *Sampler) writeNotes() error {
	for i := range s.notes {
		n := &s.notes[i]
		m := s.sample.MUs
		n.Type, n.TUs, n.MUs = "note", s.sample.TUs, &m
		if err := s.w.Record(n); err != nil {
			return err
		}
	}
	return nil
}

// End ends the segment with what the sampler says of itself.
func (s *Sampler) End(status string) error {
	s.notes = s.missed.tell(s.notes[:0], s.sample.MUs, true)
	s.notes = s.gaps.tell(s.notes, s.sample.MUs, true)
	if err := s.writeNotes(); err != nil {
		return err
	}
	return s.w.End(status, s.Report())
}

// Report is what there is to say of the sampler itself, of this segment.
func (s *Sampler) Report() *Report {
	r := s.self.report(s.missed.total, s.gaps.total)
	r.RefreshUs, r.Fresh = make(map[string]*Percentiles), make(map[string]bool)
	for i := range s.channels {
		if d := s.channels[i].domain; !d.Silent() && !d.Estimated {
			r.RefreshUs[d.ID], r.Fresh[d.ID] = s.channels[i].refresh.seen(), s.channels[i].refresh.fresh()
		}
	}
	return r
}

// Close closes what the stream is written to.
func (s *Sampler) Close() error { return s.w.Close() }

// Last is the monotonic time of the last sample.
func (s *Sampler) Last() int64 { return s.sample.MUs }

// Unread are the domains that should have had a value and never had.
func (s *Sampler) Unread() (ids []string) {
	for i := range s.channels {
		if c := &s.channels[i]; !c.told && !c.domain.Silent() {
			ids = append(ids, c.domain.ID)
		}
	}
	return ids
}

// Window is what the domains used since the first sample.
func (s *Sampler) Window() *Window { return &s.window }

// Settle is how long after a moment a reading must be made to hold all that was
// used before it: the slowest counter's refresh and lag.
func (s *Sampler) Settle() time.Duration {
	most := int64(0)
	for i := range s.channels {
		if d := s.channels[i].domain; d.Energy == power.Counter && d.UpdateUs != nil {
			most = max(most, *d.UpdateUs+d.LagUs)
		}
	}
	return time.Duration(most) * time.Microsecond
}
