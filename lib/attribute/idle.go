package attribute

import (
	"ipw/lib/power"
	"ipw/lib/trace"
)

// Idle says what is known of a device's power when nobody works: nothing, a
// measurement before the first query, or the user's word.
type Idle struct {
	Auto  bool
	Watts map[string]float64 // by kind of domain, or domain id, or "" for every other
}

// Wanted reports whether an idle baseline was asked for.
func (i *Idle) Wanted() bool { return i.Auto || len(i.Watts) > 0 }

// of is the baseline of a domain in watts.
func (i *Idle) of(d *domain) (float64, bool) {
	for _, key := range []string{d.id, d.spec.Kind, ""} {
		if w, ok := i.Watts[key]; ok {
			return w, true
		}
	}
	if i.Auto && d.idle.measured >= idleNeeds {
		return d.idle.watts, d.idle.any
	}
	return 0, false
}

// The baseline is the lowest mean power of a second, and needs five of them.
const (
	idleWindow = 1_000_000
	idleNeeds  = 5_000_000
)

// baseline finds the lowest one-second mean power of a domain, from whole
// intervals of one line.
type baseline struct {
	measured int64 // µs
	window   fifo[interval]
	nj       int64 // of the window
	us       int64
	watts    float64
	any      bool
}

// add takes the next interval before the first query.
func (b *baseline) add(v interval) {
	b.measured += v.t1 - v.t0
	if n := b.window.len(); n > 0 && b.window.v[len(b.window.v)-1].t1 != v.t0 { // another line
		b.window, b.nj, b.us = fifo[interval]{}, 0, 0
	}
	b.window.push(v)
	b.nj += v.nj
	b.us += v.t1 - v.t0
	for {
		first, ok := b.window.peek()
		if !ok || b.us-(first.t1-first.t0) < idleWindow {
			break
		}
		b.nj -= first.nj
		b.us -= first.t1 - first.t0
		b.window.pop()
	}
	if b.us < idleWindow {
		return
	}
	if w := float64(b.nj) / 1e3 / float64(b.us); !b.any || w < b.watts {
		b.watts, b.any = w, true
	}
}

// rest gives the baseline an interval, if it lies before the first query.
func (e *Engine) rest(d *domain, v interval) {
	if e.opts.Idle.Auto && (e.firstQuery == never || v.t1 <= e.firstQuery) {
		d.idle.add(v)
	}
}

// aboveIdle fills what a number's charges are above its share of the baseline:
// charge − ∫ share × idle watts over the measured time, negative where the
// baseline is wrong.
func (a *account) aboveIdle(num int, remote bool, to *trace.ByKind) bool {
	if !a.e.opts.Idle.Wanted() {
		return false
	}
	for _, kind := range kinds {
		if !a.hasKind(kind) {
			continue
		}
		to.Set(kind, nil)
		if remote && kind == power.GPU {
			continue
		}
		nj, any, known := int64(0), false, true
		for _, d := range a.domains {
			if d.spec.Kind != kind || !a.judge(num, d).ok {
				continue
			}
			w, ok := a.e.opts.Idle.of(d)
			nd := &a.numbers[num].doms[d.index]
			nj += nd.nj - int64(w*nd.shareUs*1e3)
			any, known = true, known && ok
		}
		if any && known {
			to.Set(kind, a.joules(nj))
		}
	}
	return true
}
