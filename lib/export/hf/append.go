package hf

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array" // builds columns in memory

	"ipw/lib/column"
)

// appendValue appends one value to its column.
func appendValue(b array.Builder, t column.Type, v any) {
	if v == nil {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.Int64Builder:
		b.Append(v.(int64))
	case *array.Float64Builder:
		b.Append(v.(float64))
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.ListBuilder:
		b.Append(true)
		appendList(b.ValueBuilder(), t, v)
	case *array.StructBuilder:
		b.Append(true)
		for i, f := range v.([]any) {
			appendValue(b.FieldBuilder(i), t.Fields[i].Type, f)
		}
	default:
		panic(fmt.Sprintf("hf: no way to append to a %T", b))
	}
}

func appendList(b array.Builder, t column.Type, v any) {
	if t.Kind == column.Map {
		for _, e := range v.([]column.Entry) {
			appendValue(b, pair(t), []any{e.Key, e.Value})
		}
		return
	}
	for _, e := range v.([]any) {
		appendValue(b, *t.Elem, e)
	}
}
