//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"fmt"

	"github.com/duckdb/duckdb-go/v2"

	"ipw/lib/column"
	"ipw/lib/power"
)

// chunk takes the values of up to chunkRows rows. Columns that the query does
// not use are not there: whoever makes values asks has first, if that is work.
type chunk struct {
	data duckdb.DataChunk
	has  []bool
	err  error // the first
}

func newChunk(data duckdb.DataChunk, columns int) *chunk {
	c := &chunk{data: data, has: make([]bool, columns)}
	for i := range c.has {
		_, err := data.GetVector(i)
		c.has[i] = err == nil
	}
	return c
}

func set[T any](c *chunk, col, row int, v T) {
	if !c.has[col] {
		return
	}
	if err := duckdb.SetChunkValue(c.data, col, row, v); err != nil && c.err == nil {
		c.err = err
	}
}

func (c *chunk) null(col, row int) { set[any](c, col, row, nil) }

// text sets a string, null for "".
func (c *chunk) text(col, row int, s string) {
	if s == "" {
		c.null(col, row)
	} else {
		set(c, col, row, s)
	}
}

// micro sets units from microunits.
func (c *chunk) micro(col, row int, v int64) {
	if v == power.Null {
		c.null(col, row)
	} else {
		set(c, col, row, float64(v)/1e6)
	}
}

func (c *chunk) float(col, row int, f *float64) {
	if f == nil {
		c.null(col, row)
	} else {
		set(c, col, row, *f)
	}
}

// row sets all values of a row, which has the view's columns.
func (c *chunk) row(row int, columns []column.Column, values []any) {
	for i, v := range values {
		if c.has[i] {
			set(c, i, row, duckValue(columns[i].Type, v))
		}
	}
}

// duckValue is a value as the driver wants it.
func duckValue(t column.Type, v any) any {
	if v == nil {
		return nil
	}
	switch t.Kind {
	case column.List:
		list := v.([]any)
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = duckValue(*t.Elem, e)
		}
		return out
	case column.Struct:
		out := make(map[string]any, len(t.Fields))
		for i, f := range t.Fields {
			out[f.Name] = duckValue(f.Type, v.([]any)[i])
		}
		return out
	case column.Map:
		var m duckdb.OrderedMap
		for _, e := range v.([]column.Entry) {
			m.Set(e.Key, duckValue(*t.Elem, e.Value))
		}
		return m
	}
	return v
}

// typeInfo is a column's DuckDB type.
func typeInfo(t column.Type) (duckdb.TypeInfo, error) {
	switch t.Kind {
	case column.String:
		return duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	case column.Int:
		return duckdb.NewTypeInfo(duckdb.TYPE_BIGINT)
	case column.Float:
		return duckdb.NewTypeInfo(duckdb.TYPE_DOUBLE)
	case column.Bool:
		return duckdb.NewTypeInfo(duckdb.TYPE_BOOLEAN)
	case column.List:
		elem, err := typeInfo(*t.Elem)
		if err != nil {
			return nil, err
		}
		return duckdb.NewListInfo(elem)
	case column.Map:
		elem, err := typeInfo(*t.Elem)
		if err != nil {
			return nil, err
		}
		key, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
		if err != nil {
			return nil, err
		}
		return duckdb.NewMapInfo(key, elem)
	case column.Struct:
		return structInfo(t.Fields)
	}
	return nil, fmt.Errorf("no DuckDB type for column kind %d", t.Kind)
}

func structInfo(fields []column.Column) (duckdb.TypeInfo, error) {
	var entries []duckdb.StructEntry
	for _, f := range fields {
		info, err := typeInfo(f.Type)
		if err != nil {
			return nil, err
		}
		entry, err := duckdb.NewStructEntry(info, f.Name)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return duckdb.NewStructInfo(entries[0], entries[1:]...)
}
