package run

import "syscall"

// dieWithParent ends a stage when ipw is killed (prctl(2), PR_SET_PDEATHSIG).
// Elsewhere the broken pipe does it, at the stage's next write.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
