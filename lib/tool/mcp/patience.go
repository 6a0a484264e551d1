package mcp

import (
	"context"
	"time"
)

// patience bounds a call: it may go on as long as there are signs of progress,
// up to mostPatience times its limit.
type patience struct {
	limit  time.Duration
	timer  *time.Timer
	last   time.Time
	cancel context.CancelCauseFunc
}

const mostPatience = 10

func newPatience(ctx context.Context, limit time.Duration) (context.Context, *patience) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &patience{limit: limit, last: time.Now().Add((mostPatience - 1) * limit), cancel: cancel}
	p.timer = time.AfterFunc(limit, func() { cancel(&SilenceError{limit}) })
	return ctx, p
}

// progress begins the time anew.
func (p *patience) progress() {
	if time.Now().Before(p.last) {
		p.timer.Reset(p.limit)
	}
}

func (p *patience) stop() {
	p.timer.Stop()
	p.cancel(nil)
}
