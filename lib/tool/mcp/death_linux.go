package mcp

import "syscall"

// dieWithParent ends a server when ipw is killed (prctl(2), PR_SET_PDEATHSIG).
// Elsewhere, and for what the server has started, the end of its input does.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
