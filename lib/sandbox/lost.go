package sandbox

import "context"

// Lost is how a box breaks for good, from the inside: what it runs is ended,
// and every later call fails with the same cause.
type Lost struct {
	ctx  context.Context
	lose context.CancelCauseFunc
}

// NewLost is of a box that is whole.
func NewLost() Lost {
	ctx, cancel := context.WithCancelCause(context.Background())
	return Lost{ctx, cancel}
}

// Lose breaks the box. Only the first cause counts.
func (l Lost) Lose(cause error) { l.lose(cause) }

// Done is closed when the box breaks.
func (l Lost) Done() <-chan struct{} { return l.ctx.Done() }

// Err is the cause, nil for a box that is whole.
func (l Lost) Err() error { return context.Cause(l.ctx) }

// Join is a context that also ends, with the cause, when the box breaks.
func (l Lost) Join(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.ctx, func() { cancel(context.Cause(l.ctx)) })
	return ctx, func() { stop(); cancel(context.Canceled) }
}
