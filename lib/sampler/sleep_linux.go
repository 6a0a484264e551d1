package sampler

import (
	"context"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix" // timerfd(2): the runtime's own timers round up to whole milliseconds
)

// Sleeper returns a Wait by CLOCK_BOOTTIME, which now reads, exact to some ten
// microseconds.
//
// It waits for a timer file by the runtime's poller, and sets it with a system
// call that the runtime is not told of. What it is told of, a system call or a
// timer of its own, wakes a second thread that watches it, and half of what a
// tick costs is that thread's: see BenchmarkTick. The file is never read: setting
// it takes back that it was ready.
func Sleeper(now func() int64) Wait {
	fd, err := unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return timerSleeper(now)
	}
	s := &sleeper{timers: timerSleeper(now), file: os.NewFile(uintptr(fd), "timerfd"), spec: new(unix.ItimerSpec)}
	if s.conn, err = s.file.SyscallConn(); err != nil {
		return timerSleeper(now)
	}
	s.readyFn = s.ready
	return s.wait
}

type sleeper struct {
	timers  Wait // where timer files fail
	file    *os.File
	conn    syscall.RawConn
	readyFn func(uintptr) bool
	spec    *unix.ItimerSpec
	set     bool            // the timer was set
	errno   syscall.Errno   // of setting it
	ctx     context.Context // whose end wakes the wait
	stop    func() bool
}

func (s *sleeper) wait(ctx context.Context, until int64) bool {
	s.listen(ctx)
	for ctx.Err() == nil {
		s.spec.Value, s.set = unix.NsecToTimespec(until*1000), false
		switch err := s.conn.Read(s.readyFn); {
		case err == nil && s.errno != 0:
			return s.timers(ctx, until)
		case err == nil:
			return ctx.Err() == nil
		case os.IsTimeout(err):
			s.file.SetReadDeadline(time.Time{}) // an earlier context's end, or this one's
		default:
			return s.timers(ctx, until)
		}
	}
	s.spec.Value, s.set = unix.Timespec{}, false // never: the next wait's time is not this one's
	s.conn.Control(func(fd uintptr) { s.ready(fd) })
	return false
}

// ready sets the timer and says not yet, which sends the goroutine to sleep;
// asked again, when the timer has fired, it says so. The timer is set in here
// because what it does before would not wake.
func (s *sleeper) ready(fd uintptr) bool {
	if s.set {
		return true
	}
	s.set = true
	_, _, s.errno = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, fd, unix.TFD_TIMER_ABSTIME, uintptr(unsafe.Pointer(s.spec)), 0, 0, 0)
	return s.errno != 0
}

// listen lets the end of ctx wake the wait.
func (s *sleeper) listen(ctx context.Context) {
	if s.ctx == ctx {
		return
	}
	if s.stop != nil {
		s.stop()
	}
	s.ctx = ctx
	s.stop = context.AfterFunc(ctx, func() { s.file.SetReadDeadline(time.Unix(1, 0)) })
}
