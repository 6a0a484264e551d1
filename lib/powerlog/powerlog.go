// Package powerlog turns what other tools logged about power into a power
// stream.
//
// One file per format reads its text behind one contract, Reader: ticks, each a
// moment with the values of every domain the log has shown so far, as the tool
// wrote them. Convert makes records of them, the same way for all: counters
// become joules that never fall, joules per interval are added up, what is
// missing is null, a log whose clock was set back goes on in a segment of its
// own. Thin keeps one sample per interval of a power stream.
//
//	timestamp, index, power.draw [W]
//	2025/11/23 10:00:00.123, 0, 68.13 W
//	2025/11/23 10:00:01.123, 0, [N/A]
//
// becomes a segment with the domain gpu:0, energy none, power averaged, and the
// samples
//
//	{"t_us":1763888400123000,"w":[68.13]}
//	{"t_us":1763888401123000,"w":[null]}
package powerlog

import (
	"math"
	"time"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// Reader reads one log of one format.
type Reader interface {
	// Next returns the next tick, valid until the next call, and io.EOF at the
	// end. Lines that cannot be used are rejected and skipped.
	Next() (*Tick, error)
	// Header describes the tick that Next returned last. A domain keeps its
	// place; new ones are appended. Another pointer is another log, as in
	// files that were concatenated: nothing is known between the two.
	Header() *Header
}

// Header describes a log.
type Header struct {
	Host         string // "" if the log names none
	IntervalUs   int64  // time between ticks; 0 if the log does not tell
	ResolutionUs int64  // of its time stamps
	Sparse       bool   // a domain without a value in a tick has not lost it
	Domains      []Domain
}

// Domain is a domain of a power stream and what a log's values of it are.
type Domain struct {
	power.Domain
	PerInterval bool // J is what was used since the tick before, not a counter
	Mean        bool // W is the mean since the tick before
}

// Tick is one moment of a log.
type Tick struct {
	TUs    int64
	ReadUs int64 // all values are from within this time
	FromUs int64 // where the interval began that J of this tick is of; 0: at the tick before
	Line   int
	Values []Value // of the header's domains; may be shorter: the rest has none
}

// Value is what a log says of one domain at one tick.
type Value struct {
	J, W     int64 // microjoules and microwatts as they stand in the log, or power.Null
	Util     float64
	MemBytes float64
	TempC    float64 // NaN for none, all three
}

// nothing is a Value without any.
var nothing = Value{power.Null, power.Null, math.NaN(), math.NaN(), math.NaN()}

// Options are what a log may not tell itself.
type Options struct {
	Problems *stream.Problems
	Zone     *time.Location // of times without an offset; nil is this machine's
	Host     string         // takes its part of a log of several hosts
	StartUs  int64          // when a log without times began; 0: unknown
	StepUs   int64          // from one tick to the next of a log without times
	Now      func() int64   // for a log that is being written: when a line comes. nil: it is an old one
}

// micro makes a pointer, as update_us wants one.
func micro(us int64) *int64 { return &us }
