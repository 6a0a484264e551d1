package sampler

import (
	"errors"
	"time"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// Rotation begins a new segment, in a file of its own or not, every so often. It
// begins with the instant, and the joules, that the one before ended with: one
// behind the other they are the stream that would have been without.
type Rotation struct {
	Every time.Duration // 0: by size only
	Bytes int64         // as they lie on the disk; 0: by time only
	// Ready tells whether what Next needs is there, and sees to it if not, without
	// holding up a tick. It is asked at each from shortly before it is time until
	// Next. nil: it always is.
	Ready func() bool
	// Next gives the next segment's writer and header. It may give the same
	// writer again, else it has closed that.
	Next func() (*stream.Writer, power.Header, error)
}

func (r *Rotation) due(age, bytes int64) bool {
	return r.Every > 0 && age >= r.Every.Microseconds() || r.Bytes > 0 && bytes >= r.Bytes
}

// prepareUs is how long before its time a rotation is prepared.
const prepareUs = 500_000

// patienceUs is how long a domain without a reading holds up a rotation: joules
// are differences within a segment, so what it counts until it is back would be
// in none.
const patienceUs = 10_000_000

// rotate begins the next segment, if it is time.
func (s *Sampler) rotate() error {
	r := s.cfg.Rotate
	if r == nil {
		return nil
	}
	age := s.sample.MUs - s.begun
	due := r.due(age, s.w.Written()-s.before)
	soon := r.Every > 0 && age >= r.Every.Microseconds()-prepareUs
	ready := r.Ready == nil || (due || soon) && r.Ready()
	if !due {
		s.overdue = 0
		return nil
	}
	if s.overdue == 0 {
		s.overdue = s.sample.MUs
	}
	if (s.waiting() || !ready) && s.sample.MUs-s.overdue < patienceUs {
		return nil
	}
	s.overdue = 0
	if err := s.End("ok"); err != nil {
		return err
	}
	w, h, err := r.Next()
	if err != nil {
		return err
	}
	w.Lazy()
	s.w, s.cfg.Header = w, h
	return errors.Join(s.header(s.sample.TUs), s.again())
}

// waiting tells whether a domain is between two readings that belong together.
func (s *Sampler) waiting() bool {
	for i := range s.channels {
		if d := s.channels[i].domain; d.Energy != power.None && s.sample.J[i] == power.Null {
			return true
		}
	}
	return false
}

// again writes the last sample once more, and what its domains still suffer
// from: a segment is to be understood without the one before.
func (s *Sampler) again() error {
	s.notes = s.notes[:0]
	for i := range s.channels {
		s.notes = s.channels[i].restate(s.notes)
	}
	s.self.sample(&s.sample)
	return s.write()
}

func (c *channel) restate(notes []power.Note) []power.Note {
	for _, state := range []state{c.energy, c.watts} {
		if state != "" {
			return append(notes, power.Note{Domain: c.domain.ID, What: string(state), Detail: "since the segment before"})
		}
	}
	return notes
}
