package column

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"ipw/lib/trace"
	"ipw/lib/unit"
)

// cell is a column and its value in one row: schema and values come from one
// place, so they cannot fall apart.
type cell struct {
	name  string
	typ   Type
	value any
}

var (
	toolType  = StructOf(columns(toolCells(new(trace.ToolTrace))))
	turnType  = StructOf(columns(turnCells(new(trace.TurnTrace))))
	traceType = StructOf(columns(traceCells(new(trace.QueryTrace))))
)

// Trace lists the columns of a trace, in the order of its keys.
func Trace() []Column { return traceType.Fields }

// TraceValues returns a trace's values, one per column of Trace.
func TraceValues(q *trace.QueryTrace) []any { return values(traceCells(q)) }

// Turn lists the columns of a turn.
func Turn() []Column { return turnType.Fields }

// TurnValues returns a turn's values, one per column of Turn.
func TurnValues(t *trace.TurnTrace) []any { return values(turnCells(t)) }

// Tool lists the columns of a tool call.
func Tool() []Column { return toolType.Fields }

// ToolValues returns a tool call's values, one per column of Tool.
func ToolValues(t *trace.ToolTrace) []any { return values(toolCells(t)) }

func columns(cells []cell) []Column {
	out := make([]Column, len(cells))
	for i, c := range cells {
		out[i] = Column{c.name, c.typ}
	}
	return out
}

func values(cells []cell) []any {
	out := make([]any, len(cells))
	for i, c := range cells {
		out[i] = c.value
	}
	return out
}

func traceCells(q *trace.QueryTrace) []cell {
	all := *q
	all.HasAboveIdle = true // its keys are columns always
	return fieldCells(all.Fields(), turnType, queryUncertainties)
}

func turnCells(t *trace.TurnTrace) []cell {
	all := *t
	all.HasAboveIdle = true
	return fieldCells(all.Fields(), Type{}, turnUncertainties)
}

// fieldCells lays out the keys of a trace or turn; turn is the type of a
// trace's turns. It knows every type of key; a key of a new type is an error of
// this program, which its tests find.
func fieldCells(fields []trace.Field, turn Type, uncertainties []string) []cell {
	cells := make([]cell, 0, 160)
	for _, f := range fields {
		switch p := f.Ptr.(type) {
		case *trace.Energy:
			cells = append(cells, energyCells(p, uncertainties)...)
		default:
			c, ok := scalar(p)
			if !ok {
				c = nested(f.Name, p, turn)
			}
			c.name = f.Name
			cells = append(cells, c)
		}
	}
	return cells
}

// scalar makes the cell of a plain value.
func scalar(p any) (cell, bool) {
	c := cell{}
	switch p := p.(type) {
	case *string:
		c = cell{typ: Type{Kind: String}, value: *p}
	case **string:
		c = cell{typ: Type{Kind: String}, value: deref(*p)}
	case *json.RawMessage:
		c = cell{typ: Type{Kind: String}, value: jsonText(*p)}
	case *int:
		c = cell{typ: Type{Kind: Int}, value: int64(*p)}
	case *int64:
		c = cell{typ: Type{Kind: Int}, value: *p}
	case **int64:
		c = cell{typ: Type{Kind: Int}, value: deref(*p)}
	case **float64:
		c = cell{typ: Type{Kind: Float}, value: deref(*p)}
	case **unit.Joules:
		c = cell{typ: Type{Kind: Float}, value: joules(*p)}
	case *trace.Opt:
		c = cell{typ: Type{Kind: Float}, value: joules(p.Joules)}
	case *bool:
		c = cell{typ: Type{Kind: Bool}, value: *p}
	case **bool:
		c = cell{typ: Type{Kind: Bool}, value: deref(*p)}
	default:
		return c, false
	}
	return c, true
}

// nested makes the cell of a list or map.
func nested(name string, p any, turn Type) cell {
	switch p := p.(type) {
	case *[]string:
		return cell{typ: ListOf(Type{Kind: String}), value: list(*p, func(s *string) any { return *s })}
	case *map[string]float64:
		return cell{typ: MapOf(Type{Kind: Float}), value: entries(*p, func(v float64) any { return v })}
	case *[]trace.TurnTrace:
		return cell{typ: Type{Kind: List, Elem: &turn}, value: list(*p, func(t *trace.TurnTrace) any { return TurnValues(t) })}
	case *[]trace.ToolTrace:
		return cell{typ: Type{Kind: List, Elem: &toolType}, value: list(*p, func(t *trace.ToolTrace) any { return ToolValues(t) })}
	}
	panic(fmt.Sprintf("column: the trace's key %s is a %T, which has no column type", name, p))
}

func toolCells(t *trace.ToolTrace) []cell {
	cells := []cell{
		{"name", Type{Kind: String}, t.Name},
		{"span", Type{Kind: String}, t.Span},
		{"latency_s", Type{Kind: Float}, deref(t.LatencyS)},
		{"gpu_energy_joules", Type{Kind: Float}, joules(t.GPUEnergyJoules)},
		{"cpu_energy_joules", Type{Kind: Float}, joules(t.CPUEnergyJoules)},
		{"ok", Type{Kind: Bool}, deref(t.OK)},
		{"error", Type{Kind: String}, deref(t.Error)},
		{"result_tokens", Type{Kind: Int}, deref(t.ResultTokens)},
	}
	for _, key := range toolUncertainties {
		cells = append(cells, cell{"uncertainty_" + key + "_joules", Type{Kind: Float}, deref(t.UncertaintyJoules[key])})
	}
	return cells
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// joules is the float nearest to what the trace says; dividing the nanojoules
// would round twice past 9 MJ.
func joules(j *unit.Joules) any {
	if j == nil {
		return nil
	}
	f, _ := strconv.ParseFloat(j.String(), 64) // a Joules always prints as a number in range
	return f
}

// jsonText is an object of a trace as text. A file may hold bytes that are no
// UTF-8, which neither Arrow nor DuckDB takes.
func jsonText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD")
}
