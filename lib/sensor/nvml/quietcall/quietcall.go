//go:build amd64 || arm64

// Package quietcall calls a C function that answers soon, without telling the
// runtime: what syscall.RawSyscall is to system calls.
//
// What cgo does around a call wakes the runtime's watcher thread, if that
// sleeps: on a machine that idles between two ticks of a sampler, at each tick,
// at more cost than the call. The other side of it is that one of GOMAXPROCS is
// taken and no garbage can be collected until the function returns.
//
//	quietcall.Do(C.function, unsafe.Pointer(arguments))
package quietcall

import "unsafe"

// Do calls void fn(void *arg), on the system's stack. Both point to C's memory,
// and the program must use cgo.
//
//go:noescape
func Do(fn, arg unsafe.Pointer)
