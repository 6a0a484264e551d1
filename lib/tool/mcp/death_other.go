//go:build !linux

package mcp

import "syscall"

func dieWithParent(*syscall.SysProcAttr) {}
