package sampler

// random is the header's word for ticks at random moments.
const random = "random"

// moment is when to sample within the interval that begins at tick.
func (s *Sampler) moment(tick int64) int64 {
	if s.random == nil {
		return tick
	}
	return tick + s.random(s.interval)
}

// next is the tick after one that was sampled, without those that are past. Of
// random moments only those of whole intervals are.
func (s *Sampler) next(tick int64) int64 {
	past := s.sample.MUs + s.sample.ReadUs - tick
	if s.random != nil {
		past -= s.interval
	}
	missed := max(past, 0) / s.interval
	if missed > 0 {
		s.missed.add(missed, 0)
	}
	return tick + (missed+1)*s.interval
}
