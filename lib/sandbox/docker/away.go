package docker

import (
	"context"
	"time"

	"github.com/moby/moby/client"
)

// absence is how long a daemon that was here may be away before boxes are
// refused: a service manager starts it again within seconds, in which a whole
// data set could fail.
const absence = time.Minute

// await waits for a daemon that is away, as long as it may still be.
func (s *Sandbox) await(ctx context.Context) error {
	for {
		_, err := s.api.Ping(ctx, client.PingOptions{})
		if !client.IsErrConnectionFailed(err) {
			s.missed(false)
			return nil
		}
		left := absence - s.missed(true)
		if left <= 0 {
			return s.wrap(err)
		}
		select {
		case <-time.After(min(left, absence/100)):
		case <-ctx.Done():
			return s.wrap(err)
		}
	}
}

// missed notes whether the daemon is away, and returns for how long it has been.
func (s *Sandbox) missed(away bool) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !away:
		s.away = time.Time{}
	case s.away.IsZero():
		s.away = time.Now()
	default:
		return time.Since(s.away)
	}
	return 0
}
