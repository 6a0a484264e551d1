package price

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	largestTable = 64 << 20 // bytes
	// largestPrice in dollars per million tokens: a dollar a token. Whoever
	// writes more has mistaken the unit.
	largestPrice = 1e6
)

// Read reads a table. Fields that it does not know are ignored; whatever would
// make a price doubtful, a missing or a repeated one too, is an error.
func Read(r io.Reader) (*Table, error) {
	b, err := io.ReadAll(io.LimitReader(r, largestTable+1))
	if err != nil {
		return nil, err
	}
	if len(b) > largestTable {
		return nil, errors.New("a price table of more than 64 MiB")
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	var f struct {
		Schema *string `json:"schema"`
		Date   string  `json:"date"`
		Models models  `json:"models"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, explain(err, b)
	}
	switch {
	case f.Schema == nil:
		return nil, fmt.Errorf("no schema, want %q", Schema)
	case *f.Schema != Schema:
		return nil, fmt.Errorf("schema %q, want %q", *f.Schema, Schema)
	case f.Models == nil:
		return nil, errors.New("no models")
	}
	if err := checkDay("date", f.Date); err != nil {
		return nil, err
	}
	return &Table{Schema: *f.Schema, Date: f.Date, Models: f.Models}, nil
}

// models refuses a name that comes twice, which encoding/json would not.
type models map[string]Model

func (m *models) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return errors.New("models is not an object")
	}
	*m = make(models)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		name := key.(string)
		if _, twice := (*m)[name]; twice {
			return fmt.Errorf("model %q comes twice", name)
		}
		if name == "" {
			return errors.New("a model without a name")
		}
		one, err := readModel(dec)
		if err != nil {
			return fmt.Errorf("model %q: %w", name, err)
		}
		(*m)[name] = one
	}
	return nil
}

// readModel tells a missing price from a price of zero.
func readModel(dec *json.Decoder) (Model, error) {
	var f struct {
		Model
		Input  *float64 `json:"input"`
		Output *float64 `json:"output"`
	}
	if err := dec.Decode(&f); err != nil {
		return Model{}, explain(err, nil)
	}
	for _, p := range []struct {
		name     string
		price    *float64
		required bool
	}{
		{"input", f.Input, true}, {"cached_input", f.CachedInput, false},
		{"cache_write", f.CacheWrite, false}, {"output", f.Output, true},
	} {
		switch {
		case p.price == nil && p.required:
			return Model{}, fmt.Errorf("no %s price", p.name)
		case p.price == nil:
		case *p.price < 0:
			return Model{}, fmt.Errorf("%s price %v is negative", p.name, *p.price)
		case *p.price > largestPrice:
			return Model{}, fmt.Errorf("%s price %v is over %v dollars per million tokens", p.name, *p.price, int(largestPrice))
		}
	}
	if n := f.MaxInputTokens; n != nil && *n <= 0 {
		return Model{}, fmt.Errorf("max_input_tokens %d is not positive", *n)
	}
	if err := checkDay("until", f.Until); err != nil {
		return Model{}, err
	}
	m := f.Model
	m.Input, m.Output = *f.Input, *f.Output
	return m, nil
}

func checkDay(field, s string) error {
	if _, err := time.Parse(time.DateOnly, s); s != "" && err != nil {
		return fmt.Errorf("%s %q is not a day like 2026-11-23", field, s)
	}
	return nil
}

// explain says what is wrong in the words of the file, not of the program, and
// in which line if the text is at hand.
func explain(err error, text []byte) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && text != nil {
		at := min(int(syntax.Offset), len(text))
		return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:at], []byte("\n")), err)
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		if kind.Field == "" {
			return fmt.Errorf("not an object but: %s", kind.Value)
		}
		field := kind.Field[strings.LastIndexByte(kind.Field, '.')+1:]
		return fmt.Errorf("%s is the wrong kind of value: %s", field, kind.Value)
	}
	return err
}
