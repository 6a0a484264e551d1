//go:build unix && !linux

package run

import "syscall"

func dieWithParent(*syscall.SysProcAttr) {}
