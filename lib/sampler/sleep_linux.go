package sampler

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix" // timerfd(2): the runtime's own timers round up to whole milliseconds
)

// Sleeper returns a Wait by the clock that now reads, exact to some ten
// microseconds.
//
// It reads a timer file through the runtime's poller. Sleeping in the kernel
// instead would be as exact, but keeps the runtime's monitor thread awake, which
// costs more than the sampling.
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
