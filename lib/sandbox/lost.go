package sandbox

import (
	"context"
	"errors"
)

// LostError is a box that broke for good while it was used: its container or
// daemon is gone, or it wrote more than it may.
type LostError struct{ Why error }

func (e *LostError) Error() string { return "the box is lost: " + e.Why.Error() }
func (e *LostError) Unwrap() error { return e.Why }

// ErrClosed is a call of a box that is closed.
var ErrClosed = errors.New("the box is closed")

// Lost is how a box ends, from the inside: what it runs is ended, and every
// later call fails with the same cause.
type Lost struct {
	ctx context.Context
	end context.CancelCauseFunc
}

// NewLost is of a box that is whole.
func NewLost() Lost {
	ctx, cancel := context.WithCancelCause(context.Background())
	return Lost{ctx, cancel}
}

// Lose breaks the box, with a *LostError. Only the first cause counts.
func (l Lost) Lose(why error) { l.end(&LostError{why}) }

// Close ends the box with ErrClosed, unless it is lost already.
func (l Lost) Close() { l.end(ErrClosed) }

// Done is closed when the box ends.
func (l Lost) Done() <-chan struct{} { return l.ctx.Done() }

// Err is the cause, nil for a box that is whole.
func (l Lost) Err() error { return context.Cause(l.ctx) }

// While is a box's While.
func (l Lost) While(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.ctx, func() { cancel(context.Cause(l.ctx)) })
	return ctx, func() { stop(); cancel(context.Canceled) }
}
