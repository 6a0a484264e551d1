//go:build cgo && linux && !amd64 && !arm64

package nvml

// static void call(void *fn, void *arg) { ((void (*)(void *))fn)(arg); }
import "C"

import "unsafe"

func call(fn, arg unsafe.Pointer) { C.call(fn, arg) }
