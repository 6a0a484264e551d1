package column

import (
	"encoding/json"
	"fmt"

	"ipw/lib/trace"
	"ipw/lib/unit"
)

var (
	toolColumns  = columnsOf(func(l *layout) { l.tool(new(trace.ToolTrace)) })
	turnColumns  = columnsOf(func(l *layout) { l.turn(new(trace.TurnTrace)) })
	turnsType    = ListOf(StructOf(turnColumns))
	traceColumns = columnsOf(func(l *layout) { l.trace(new(trace.QueryTrace)) })
)

// Trace lists the columns of a trace, in the order of its keys.
func Trace() []Column { return traceColumns }

// Turn lists the columns of a turn.
func Turn() []Column { return turnColumns }

// Tool lists the columns of a tool call.
func Tool() []Column { return toolColumns }

// TraceValues returns a trace's values, one per column of Trace.
func TraceValues(q *trace.QueryTrace) []any {
	return valuesOf(len(traceColumns)+3, func(l *layout) { l.trace(q) })
}

// TurnValues returns a turn's values, one per column of Turn.
func TurnValues(t *trace.TurnTrace) []any {
	return valuesOf(len(turnColumns), func(l *layout) { l.turn(t) })
}

// ToolValues returns a tool call's values, one per column of Tool.
func ToolValues(t *trace.ToolTrace) []any {
	return valuesOf(len(toolColumns), func(l *layout) { l.tool(t) })
}

func (l *layout) trace(q *trace.QueryTrace) {
	all := *q
	all.HasAboveIdle, all.HasElectricity = true, true // their keys are columns always
	for _, f := range all.Fields() {
		switch p := f.Ptr.(type) {
		case *[]trace.TurnTrace:
			l.add(turnsType, list(*p, func(t *trace.TurnTrace) any { return TurnValues(t) }), f.Name)
		case *trace.Energy:
			l.energy(p, queryUncertainties)
		default:
			l.field(f)
		}
	}
}

func (l *layout) turn(t *trace.TurnTrace) {
	all := *t
	all.HasAboveIdle, all.HasElectricity = true, true
	for _, f := range all.Fields() {
		switch p := f.Ptr.(type) {
		case *[]trace.ToolTrace:
			l.add(ListOf(StructOf(toolColumns)), list(*p, func(t *trace.ToolTrace) any { return ToolValues(t) }), f.Name)
		case *trace.Energy:
			l.energy(p, turnUncertainties)
		default:
			l.field(f)
		}
	}
}

// field adds a key that traces and turns may both have. It knows every type of
// value; one that it does not know is an error of this program, which its tests
// find.
func (l *layout) field(f trace.Field) {
	switch p := f.Ptr.(type) {
	case *string:
		l.add(text, *p, f.Name)
	case **string:
		l.add(text, deref(*p), f.Name)
	case *json.RawMessage:
		l.add(text, jsonText(*p), f.Name)
	case *int:
		l.add(whole, int64(*p), f.Name)
	case *int64:
		l.add(whole, *p, f.Name)
	case **int64:
		l.add(whole, deref(*p), f.Name)
	case **float64:
		l.add(number, deref(*p), f.Name)
	case **unit.Joules:
		l.add(number, joules(*p), f.Name)
	case *trace.Opt:
		l.add(number, joules(p.Joules), f.Name)
	case *bool:
		l.add(yesNo, *p, f.Name)
	case **bool:
		l.add(yesNo, deref(*p), f.Name)
	case *[]string:
		l.add(texts, list(*p, func(s *string) any { return *s }), f.Name)
	case *map[string]float64:
		l.add(MapOf(number), entries(*p, func(v float64) any { return v }), f.Name)
	default:
		panic(fmt.Sprintf("column: the trace's key %s is a %T, which has no column type", f.Name, p))
	}
}

func (l *layout) tool(t *trace.ToolTrace) {
	l.add(text, t.Name, "name")
	l.add(text, t.Span, "span")
	l.add(number, deref(t.LatencyS), "latency_s")
	l.add(number, joules(t.GPUEnergyJoules), "gpu_energy_joules")
	l.add(number, joules(t.CPUEnergyJoules), "cpu_energy_joules")
	l.add(yesNo, deref(t.OK), "ok")
	l.add(text, deref(t.Error), "error")
	l.add(whole, deref(t.ResultTokens), "result_tokens")
	for _, key := range toolUncertainties {
		l.add(number, deref(t.UncertaintyJoules[key]), "uncertainty_", key, "_joules")
	}
}
