package sampler

import (
	"context"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix" // timerfd(2): the runtime's own timers round up to whole milliseconds
)

// Sleeper returns a Wait by the clock that now reads, exact to some ten
// microseconds.
//
// It reads a timer file through the runtime's poller. For less than two
// milliseconds it sleeps in the kernel without the runtime's knowledge: telling
// it costs more, in wake-ups of its other threads, than the sampling itself.
func Sleeper(now func() int64) Wait {
	fd, err := unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return timerSleeper(now)
	}
	s := &sleeper{now: now, fd: fd, file: os.NewFile(uintptr(fd), "timerfd"), spec: new(unix.ItimerSpec)}
	return s.wait
}

type sleeper struct {
	now  func() int64
	fd   int
	file *os.File
	spec *unix.ItimerSpec
	ctx  context.Context // whose end wakes a read
	stop func() bool
	buf  [8]byte
}

func (s *sleeper) wait(ctx context.Context, until int64) bool {
	s.listen(ctx)
	for ctx.Err() == nil {
		left := until - s.now()
		if left <= 0 {
			return true
		}
		s.spec.Value = unix.NsecToTimespec(left * 1000)
		if left < rawUs {
			s.nap()
			continue
		}
		if err := unix.TimerfdSettime(s.fd, 0, s.spec, nil); err != nil {
			time.Sleep(time.Duration(left) * time.Microsecond)
			continue
		}
		if _, err := s.file.Read(s.buf[:]); os.IsTimeout(err) {
			s.file.SetReadDeadline(time.Time{}) // an earlier context's end, or this one's
		}
	}
	return false
}

// rawUs is the longest sleep that the runtime does not know of. It holds up a
// garbage collection for as long, and nothing else on more than one processor.
const rawUs = 2_000

// nap sleeps in the kernel; a signal ends it early.
func (s *sleeper) nap() {
	unix.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, 0, uintptr(unsafe.Pointer(&s.spec.Value)), 0, 0, 0)
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
