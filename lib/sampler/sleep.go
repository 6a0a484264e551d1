package sampler

import (
	"context"
	"time"
)

// timerSleeper sleeps on the runtime's timers.
func timerSleeper(now func() int64) Wait {
	timer := time.NewTimer(time.Hour)
	return func(ctx context.Context, until int64) bool {
		timer.Reset(time.Duration(max(until-now(), 0)) * time.Microsecond)
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return ctx.Err() == nil
		}
	}
}
