package hf

import (
	"encoding/json"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow" // the schema's types

	"ipw/lib/column"
)

// dataType is a column's Arrow type. `datasets` reads no Arrow maps, so a map
// is a list of structs {key, value}.
func dataType(t column.Type) arrow.DataType {
	switch t.Kind {
	case column.String:
		return arrow.BinaryTypes.String
	case column.Int:
		return arrow.PrimitiveTypes.Int64
	case column.Float:
		return arrow.PrimitiveTypes.Float64
	case column.Bool:
		return arrow.FixedWidthTypes.Boolean
	case column.List:
		return arrow.ListOf(dataType(*t.Elem))
	case column.Map:
		return dataType(column.ListOf(pair(t)))
	case column.Struct:
		fields := make([]arrow.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = arrow.Field{Name: f.Name, Type: dataType(f.Type), Nullable: true}
		}
		return arrow.StructOf(fields...)
	}
	panic(fmt.Sprintf("hf: no Arrow type for column kind %d", t.Kind))
}

// pair is the struct a map's entries become.
func pair(t column.Type) column.Type {
	return column.StructOf([]column.Column{
		{Name: "key", Type: column.Type{Kind: column.String}},
		{Name: "value", Type: *t.Elem},
	})
}

// schema makes the Arrow schema, with the features in its metadata, where
// `datasets` looks for them in a file that stands alone.
func schema(columns []column.Column) (*arrow.Schema, error) {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: dataType(c.Type), Nullable: true}
	}
	info, err := json.Marshal(map[string]any{"info": map[string]any{"features": features(columns)}})
	if err != nil {
		return nil, err
	}
	meta := arrow.NewMetadata([]string{"huggingface"}, []string{string(info)})
	return arrow.NewSchema(fields, &meta), nil
}

// features spells the columns as `datasets` does in dataset_info.json. Of its
// two spellings of lists this is the one that every version since 2.0 reads:
// later ones write {"_type": "List"} and still take it for the same.
type features []column.Column

// MarshalJSON writes the columns as an object in their order.
func (f features) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, c := range f {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(feature(c.Type))
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

type value struct {
	DType string `json:"dtype"`
	Type  string `json:"_type"`
}

type sequence struct {
	Feature any    `json:"feature"`
	Type    string `json:"_type"`
}

func feature(t column.Type) any {
	switch t.Kind {
	case column.String:
		return value{"string", "Value"}
	case column.Int:
		return value{"int64", "Value"}
	case column.Float:
		return value{"float64", "Value"}
	case column.Bool:
		return value{"bool", "Value"}
	case column.Map:
		return feature(column.ListOf(pair(t)))
	case column.Struct:
		return features(t.Fields)
	}
	if t.Elem.Kind == column.Struct || t.Elem.Kind == column.Map {
		return []any{feature(*t.Elem)} // a Sequence of structs would read as a struct of lists
	}
	return sequence{feature(*t.Elem), "Sequence"}
}
