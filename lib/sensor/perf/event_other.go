//go:build !linux

package perf

// openEvent has no event to open.
func openEvent(string, uint32, uint64, int) (Event, error) { return nil, errElsewhere }
