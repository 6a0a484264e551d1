package cli

import "sync/atomic"

// atNext is what AtNextSignal was given, nil for nothing.
var atNext atomic.Pointer[func()]

// AtNextSignal calls f at the next SIGINT or SIGTERM instead of dying of it,
// for a command that has processes to kill. The one after that kills. It is to
// be called from the function that Signals calls at the first.
func AtNextSignal(f func()) { atNext.Store(&f) }
