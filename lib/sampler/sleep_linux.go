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
// It reads a timer file through the runtime's poller, with system calls that the
// runtime is not told of. What it is told of, a system call or a timer of its
// own, wakes a second thread that watches it, and half of what a tick costs is
// that thread's: see BenchmarkTick.
func Sleeper(now func() int64) Wait {
	fd, err := unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return timerSleeper(now)
	}
	s := &sleeper{timers: timerSleeper(now), file: os.NewFile(uintptr(fd), "timerfd"), spec: new(unix.ItimerSpec), fired: new(uint64)}
	if s.conn, err = s.file.SyscallConn(); err != nil {
		return timerSleeper(now)
	}
	s.readFn = s.read
	return s.wait
}

type sleeper struct {
	timers Wait // where timer files fail
	file   *os.File
	conn   syscall.RawConn
	readFn func(uintptr) bool
	spec   *unix.ItimerSpec
	fired  *uint64
	set    bool            // the timer was set
	errno  syscall.Errno   // of setting it
	ctx    context.Context // whose end wakes a read
	stop   func() bool
}

func (s *sleeper) wait(ctx context.Context, until int64) bool {
	s.listen(ctx)
	for ctx.Err() == nil {
		s.spec.Value, s.set = unix.NsecToTimespec(until*1000), false
		switch err := s.conn.Read(s.readFn); {
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
	return false
}

// read sets the timer, then takes its count; false, not yet, sends the goroutine
// to sleep. The timer is set in here because what it does before would not wake.
func (s *sleeper) read(fd uintptr) bool {
	if !s.set {
		s.set = true
		_, _, s.errno = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, fd, unix.TFD_TIMER_ABSTIME, uintptr(unsafe.Pointer(s.spec)), 0, 0, 0)
		return s.errno != 0
	}
	_, _, e := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(s.fired)), unsafe.Sizeof(*s.fired))
	return e != unix.EAGAIN
}

// listen lets the end of ctx wake a read.
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
