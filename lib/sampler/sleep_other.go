//go:build !linux

package sampler

// Sleeper returns a Wait by the clock that now reads.
func Sleeper(now func() int64) Wait { return timerSleeper(now) }
