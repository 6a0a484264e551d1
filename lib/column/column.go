// Package column lays a trace out as columns: one fixed schema, whatever a run
// holds. The files that ipw-export writes and the views that ipw-sql offers
// have these columns.
//
// A scalar of a trace is a column of its name. What nests is laid out like
// this:
//
//	"energy": {"method": "counter", …}          energy_method, …
//	"energy": {"uncertainty_joules": {"gpu":…}} energy_uncertainty_gpu_joules, energy_uncertainty_gpu_kind, …
//	"metadata": {…}                             a string of JSON
//	"by_domain": {"gpu:0": 12.5}                a Map
//	"turns": […]                                a List of Struct
//
// Keys that a trace has only sometimes (soc, ane, board, above_idle_…,
// electricity_cost_usd) are always columns, null where the trace has none.
//
//	for i, c := range column.Trace() {
//		fmt.Println(c.Name, column.TraceValues(q)[i])
//	}
package column

// Kind is the shape of a column's values. Every value may also be nil: null.
type Kind int

const (
	String Kind = iota // string, valid UTF-8
	Int                // int64
	Float              // float64, finite
	Bool               // bool
	List               // []any of Elem
	Struct             // []any, one per field
	Map                // []Entry, string to Elem, in the order of the keys
)

// Type is a column's type.
type Type struct {
	Kind   Kind
	Elem   *Type    // of a List's values and a Map's
	Fields []Column // of a Struct
}

// Column is a name and what stands under it.
type Column struct {
	Name string
	Type Type
}

// Entry is one pair of a Map.
type Entry struct {
	Key   string
	Value any
}

// ListOf is a list's type.
func ListOf(t Type) Type { return Type{Kind: List, Elem: &t} }

// MapOf is the type of a map from strings.
func MapOf(t Type) Type { return Type{Kind: Map, Elem: &t} }

// StructOf is the type of a struct.
func StructOf(fields []Column) Type { return Type{Kind: Struct, Fields: fields} }
