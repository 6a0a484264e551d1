package attribute

import (
	"ipw/lib/trace"
	"ipw/lib/unit"
)

// Reuse takes a trace back that Emit was given and that nobody looks at any more:
// its lists and maps are used for another one. It must not be called while the
// engine is.
func (e *Engine) Reuse(t *trace.QueryTrace) {
	const most = 16
	if len(e.blanks) < most {
		e.blanks = append(e.blanks, t)
	}
}

// blankTrace is a trace without content.
func (e *Engine) blankTrace() *trace.QueryTrace {
	n := len(e.blanks) - 1
	if n < 0 {
		t := new(trace.QueryTrace)
		blankEnergy(&t.Energy)
		return t
	}
	t := e.blanks[n]
	e.blanks = e.blanks[:n]
	*t = trace.QueryTrace{Turns: t.Turns[:0], Energy: t.Energy}
	blankEnergy(&t.Energy)
	return t
}

// nextTurn adds a turn to a trace.
func nextTurn(t *trace.QueryTrace) *trace.TurnTrace {
	turn, old := next(&t.Turns)
	turn.ToolsCalled, turn.ToolLatenciesS, turn.Tools = old.ToolsCalled[:0], old.ToolLatenciesS, old.Tools[:0]
	if turn.ToolLatenciesS == nil {
		turn.ToolsCalled, turn.ToolLatenciesS, turn.Tools = []string{}, map[string]float64{}, []trace.ToolTrace{}
	}
	clear(turn.ToolLatenciesS)
	turn.Energy = old.Energy
	blankEnergy(&turn.Energy)
	return turn
}

// nextTool adds a tool call to a turn.
func nextTool(t *trace.TurnTrace) *trace.ToolTrace {
	tool, old := next(&t.Tools)
	if tool.UncertaintyJoules = old.UncertaintyJoules; tool.UncertaintyJoules == nil {
		tool.UncertaintyJoules = map[string]*float64{}
	}
	clear(tool.UncertaintyJoules)
	return tool
}

// next adds a zero element to a list, and returns what was in its place when the
// list was used before.
func next[T any](list *[]T) (now *T, before T) {
	if n := len(*list); n < cap(*list) {
		before = (*list)[:n+1][n]
	}
	var zero T
	*list = append(*list, zero)
	return &(*list)[len(*list)-1], before
}

// blankEnergy empties an account. Its partial is another's too: attempts are
// remembered by it.
func blankEnergy(e *trace.Energy) {
	*e = trace.Energy{Basis: e.Basis[:0], Sharers: e.Sharers, UncertaintyJoules: e.UncertaintyJoules,
		UncertaintyKind: e.UncertaintyKind, ByDomain: e.ByDomain, Missing: e.Missing}
	if e.Sharers == nil {
		e.Sharers, e.UncertaintyJoules, e.UncertaintyKind = map[string]float64{}, map[string]*float64{}, map[string]string{}
		e.ByDomain, e.Missing = map[string]*unit.Joules{}, map[string]string{}
	}
	clear(e.Sharers)
	clear(e.UncertaintyJoules)
	clear(e.UncertaintyKind)
	clear(e.ByDomain)
	clear(e.Missing)
}
