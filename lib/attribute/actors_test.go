package attribute_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// period is what a query does from one moment to another; a query is a row of
// them.
type period struct {
	does     string // setup, call, tool, scoring, or "" for nothing
	turn     int
	from, to int64 // µs
	token    int64 // of a call, its first token
}

type actor struct {
	id      string
	periods []period
}

func (a actor) from() int64 { return a.periods[0].from }
func (a actor) to() int64   { return a.periods[len(a.periods)-1].to }

// actors makes queries that overlap.
func actors(rng *rand.Rand) []actor {
	var all []actor
	at := int64(0)
	for i := range 1 + rng.IntN(4) {
		a := actor{id: fmt.Sprintf("q%d", i)}
		now := at + rng.Int64N(400_000)
		do := func(does string, turn int, chance float64) {
			if rng.Float64() < chance {
				p := period{does: does, turn: turn, from: now, to: now + 1000 + rng.Int64N(400_000)}
				p.token = p.from + rng.Int64N(p.to-p.from)
				a.periods = append(a.periods, p)
				now = p.to
			}
		}
		do("", 0, 1)
		do("setup", 0, 0.4)
		for turn := range 1 + rng.IntN(3) {
			do("call", turn, 1)
			do("", 0, 0.2)
			do("tool", turn, 0.8)
			do("tool", turn, 0.4)
			do("", 0, 0.3)
		}
		do("scoring", 0, 0.4)
		do("", 0, 1)
		all = append(all, a)
		at = a.from() + rng.Int64N(a.to()-a.from())
	}
	return all
}

// tell writes down what actors do.
func tell(all []actor, host string, clock, clockError int64, endpoint string, local bool) []byte {
	type record struct {
		at   int64
		text string
	}
	var records []record
	span := 0
	for _, a := range all {
		add := func(at int64, kind, more string) {
			records = append(records, record{at, fmt.Sprintf(`{"type":%q,"t_us":%d,"query":%q%s}`, kind, epoch+at+clock, a.id, more)})
		}
		add(a.from(), "query_start", "")
		for _, p := range a.periods {
			span++
			id := fmt.Sprintf(`,"span":"s%04d","turn":%d`, span, p.turn)
			switch p.does {
			case "call":
				add(p.from, "lm_inference_start", id+fmt.Sprintf(`,"model":"m","endpoint":%q,"local":%v`, endpoint, local))
				add(p.token, "lm_first_token", id)
				add(p.to, "lm_inference_end", id)
			case "tool":
				add(p.from, "tool_call_start", id+`,"tool":"t"`)
				add(p.to, "tool_call_end", id)
			case "setup", "scoring":
				add(p.from, p.does+"_start", id)
				add(p.to, p.does+"_end", id)
			}
		}
		add(a.to(), "query_end", `,"reason":"finished"`)
	}
	slices.SortStableFunc(records, func(a, b record) int { return int(a.at - b.at) })
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"type":"header","schema":"ipw.events/1","run":"r","host":%q,"t_us":%d`, host, epoch+clock)
	if clockError > 0 {
		fmt.Fprintf(&out, `,"clock_error_us":%d`, clockError)
	}
	out.WriteString("}\n")
	for _, r := range records {
		out.WriteString(r.text + "\n")
	}
	fmt.Fprintf(&out, `{"type":"end","records":%d,"status":"ok"}`+"\n", len(records))
	return out.Bytes()
}

// at is what an actor does at a moment.
func (a actor) at(t int64) period {
	for _, p := range a.periods {
		if p.from <= t && t < p.to {
			return p
		}
	}
	panic("not open")
}

// inTurn is the turn that is open at a moment, −1 for none.
func (a actor) inTurn(t int64) int {
	for turn := range 3 {
		from, to := int64(math.MaxInt64), int64(math.MinInt64)
		for _, p := range a.periods {
			if (p.does == "call" || p.does == "tool") && p.turn == turn {
				from, to = min(from, p.from), max(to, p.to)
			}
		}
		if from <= t && t < to {
			return turn
		}
	}
	return -1
}

// toolAt counts the tools of a turn before one.
func (a actor) toolAt(tool period) int {
	n := 0
	for _, p := range a.periods {
		if p.does == "tool" && p.turn == tool.turn && p.from < tool.from {
			n++
		}
	}
	return n
}
