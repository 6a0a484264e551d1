package llm

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Retry is how often, and how long after a failed try, the next one comes. The
// zero value is the default.
type Retry struct {
	MaxTries int                                              // tries in all; 0 for 6
	Backoff  func(failed int) time.Duration                   // wait after so many failed tries, unless the server says how long; nil: Backoff
	Sleep    func(ctx context.Context, d time.Duration) error // nil: real time; returns ctx's error if that ends first
}

const (
	defaultTries  = 6
	refusedTries  = 3               // where nobody listens there is rarely somebody soon
	emptyTries    = 2               // a model that has nothing to say rarely has more
	backoffBase   = time.Second / 2 // after the first failed try
	backoffMax    = 30 * time.Second
	retryAfterMax = 5 * time.Minute // a server that asks for more is not waited for
)

// Backoff is the default wait: half a second, doubled with every failed try up
// to 30 s, each shortened or lengthened by up to a quarter so that concurrent
// calls do not come back in step.
func Backoff(failed int) time.Duration {
	d := min(backoffMax, backoffBase<<min(failed-1, 10))
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

// after decides what follows a failed try: a wait and another, or nothing.
func (r Retry) after(e *Error, failed int) (wait time.Duration, again bool) {
	tries := r.MaxTries
	if tries <= 0 {
		tries = defaultTries
	}
	switch {
	case e.refused:
		tries = min(tries, refusedTries)
	case e.Class == Empty:
		tries = min(tries, emptyTries)
	}
	if e.final || !passing(e.Class) || failed >= tries {
		return 0, false
	}
	if e.RetryAfter != nil {
		return *e.RetryAfter, *e.RetryAfter <= retryAfterMax
	}
	if r.Backoff != nil {
		return r.Backoff(failed), true
	}
	return Backoff(failed), true
}

// passing tells whether what is wrong may be right the next time.
func passing(class string) bool {
	return class != Rejected && class != ContextOverflow && class != ContentFilter
}

func (r Retry) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// retryAfter reads how long the server asks to wait: retry-after-ms, or
// Retry-After as seconds or as a date. nil: it does not say.
func retryAfter(h http.Header, now time.Time) *time.Duration {
	var d time.Duration
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 {
		d = seconds(ms / 1000)
		return &d
	}
	text := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseFloat(text, 64); err == nil && s >= 0 {
		d = seconds(s)
		return &d
	}
	if at, err := http.ParseTime(text); err == nil {
		d = seconds(max(0, at.Sub(now).Seconds()))
		return &d
	}
	return nil
}

// seconds is a duration, at most a year: more would overflow.
func seconds(s float64) time.Duration {
	return time.Duration(min(s, 365*24*3600) * float64(time.Second))
}

// queueTime reads how long a request waited in the server's queue, in seconds:
// text-generation-inference says it in milliseconds. nil: the server does not.
func queueTime(h http.Header) *float64 {
	ms, err := strconv.ParseFloat(h.Get("X-Queue-Time"), 64)
	if err != nil || !(ms >= 0) || ms > 1e12 {
		return nil
	}
	s := ms / 1000
	return &s
}
