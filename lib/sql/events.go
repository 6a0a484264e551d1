//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"

	"ipw/lib/column"
	"ipw/lib/event"
	"ipw/lib/source"
)

// The columns of events: where a record stands, its fields by their names, and
// the record itself with what this version does not know.
var (
	eventFields  = fieldsOf(reflect.TypeFor[event.Event]())
	eventColumns = slices.Concat([]column.Column{text("run"), text("host")}, eventFields, []column.Column{text("record")})
	attemptAt    = slices.IndexFunc(eventFields, func(c column.Column) bool { return c.Name == "attempt" })
)

var eventsView = func() view {
	v := valuesView("events", 250, eventColumns, (*DB).events)
	v.kind = source.Events
	return v
}()

// fieldsOf lists the columns of a struct of JSON fields.
func fieldsOf(t reflect.Type) []column.Column {
	var out []column.Column
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		typ := t.Field(i).Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		switch typ.Kind() {
		case reflect.Bool:
			out = append(out, yesNo(name))
		case reflect.Float64:
			out = append(out, number(name))
		case reflect.Int, reflect.Int64:
			out = append(out, whole(name))
		default: // strings, and objects as JSON
			out = append(out, text(name))
		}
	}
	return out
}

// fieldValues returns a struct's values, one per column of fieldsOf. Absent is
// null: a nil pointer, and the zero value of a field that is no pointer.
func fieldValues(v reflect.Value) []any {
	out := make([]any, 0, v.NumField())
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name == "" || name == "-" {
			continue
		}
		out = append(out, fieldValue(v.Field(i)))
	}
	return out
}

func fieldValue(f reflect.Value) any {
	if f.IsZero() {
		return nil
	}
	if f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	switch f.Kind() {
	case reflect.Int, reflect.Int64:
		return f.Int()
	case reflect.Slice:
		if raw, ok := f.Interface().(json.RawMessage); ok {
			return strings.ToValidUTF8(string(raw), "\uFFFD")
		}
	}
	return f.Interface()
}

// events reads every event stream, and every table of time windows, of every
// source.
func (db *DB) events(yield func([]any) bool) error {
	problems := db.problems()
	for _, src := range db.set.Sources {
		files, err := src.Files(source.Events)
		if err != nil {
			return err
		}
		run, err := db.runName(src, files)
		if err != nil {
			return err
		}
		for _, f := range files {
			in, err := f.Open()
			if err != nil {
				return err
			}
			if more, err := readEvents(event.NewSource(problems, nil, in), run, yield); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// runName is the run of a source that has files, null if nothing tells it.
func (db *DB) runName(src *source.Source, files []*source.File) (any, error) {
	if len(files) == 0 {
		return nil, nil
	}
	return runOf(src, nil)
}

func readEvents(r event.Source, run any, yield func([]any) bool) (more bool, err error) {
	defer r.Close()
	var host any
	for {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		case rec.Header != nil:
			host = nil
			if rec.Header.Host != "" {
				host = rec.Header.Host
			}
			if rec.Header.Run != "" {
				run = rec.Header.Run
			}
		case rec.Event != nil:
			if !yield(eventRow(rec, run, host)) {
				return false, nil
			}
		}
	}
}

func eventRow(rec *event.Record, run, host any) []any {
	values := fieldValues(reflect.ValueOf(rec.Event).Elem())
	if values[attemptAt] == nil && rec.Event.Query != "" {
		values[attemptAt] = int64(1) // what an absent one means
	}
	var record any
	if len(rec.Raw) > 0 {
		record = strings.ToValidUTF8(string(rec.Raw), "\uFFFD")
	}
	return slices.Concat([]any{run, host}, values, []any{record})
}
