package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// line is a line of JSON on its way. Its methods append a key, which is given as
// it stands in the line, `{"first":` or `,"next":`, and a value, null for nil.
type line struct {
	b   []byte
	err error // the first
}

func (l *line) raw(text string) { l.b = append(l.b, text...) }

func (l *line) null(key string) { l.b = append(append(l.b, key...), "null"...) }

func (l *line) text(key, s string) { l.b = stream.AppendString(append(l.b, key...), s) }

func (l *line) optText(key string, s *string) {
	if s == nil {
		l.null(key)
		return
	}
	l.text(key, *s)
}

func (l *line) whole(key string, n int64) { l.b = strconv.AppendInt(append(l.b, key...), n, 10) }

func (l *line) optWhole(key string, n *int64) {
	if n == nil {
		l.null(key)
		return
	}
	l.whole(key, *n)
}

func (l *line) bool(key string, yes bool) { l.b = strconv.AppendBool(append(l.b, key...), yes) }

func (l *line) optBool(key string, yes *bool) {
	if yes == nil {
		l.null(key)
		return
	}
	l.bool(key, *yes)
}

// float appends a number as encoding/json does.
func (l *line) float(key string, f float64) {
	b := append(l.b, key...)
	ok := false
	if l.b, ok = unit.AppendFloat(b, f); ok {
		return
	}
	if abs := math.Abs(f); abs < 1e21 && (abs >= 1e-6 || abs == 0) {
		l.b = strconv.AppendFloat(b, f, 'f', -1, 64)
		return
	}
	var err error
	l.b, err = stream.AppendJSON(b, f)
	l.fail(key, err)
}

func (l *line) optFloat(key string, f *float64) {
	if f == nil {
		l.null(key)
		return
	}
	l.float(key, *f)
}

func (l *line) joules(key string, j *unit.Joules) {
	if j == nil {
		l.null(key)
		return
	}
	l.b = j.Append(append(l.b, key...))
}

// opt leaves a key out that does not exist.
func (l *line) opt(key string, o *Opt) {
	if o.Exists {
		l.joules(key, o.Joules)
	}
}

func (l *line) byKind(keys *names, b *ByKind) {
	l.joules(keys[0], b.GPU)
	l.joules(keys[1], b.CPU)
	l.joules(keys[2], b.DRAM)
	l.opt(keys[3], &b.SOC)
	l.opt(keys[4], &b.ANE)
	l.opt(keys[5], &b.Board)
}

func (l *line) texts(key string, list []string) {
	l.raw(key)
	l.raw("[")
	for i, s := range list {
		l.text(comma(i), s)
	}
	l.raw("]")
}

// comma stands before the element i of a list.
func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// object appends foreign JSON on one line, {} if there is none.
func (l *line) object(key string, foreign json.RawMessage) {
	if len(foreign) == 0 {
		l.raw(key)
		l.raw("{}")
		return
	}
	l.foreign(key, foreign)
}

func (l *line) foreign(key string, raw json.RawMessage) {
	var buf bytes.Buffer
	l.fail(key, json.Compact(&buf, raw))
	l.b = stream.AppendEscaped(append(l.b, key...), buf.Bytes())
}

func (l *line) extra(extra map[string]json.RawMessage) {
	if len(extra) == 0 {
		return
	}
	for _, key := range sortedKeys(extra) {
		l.text(",", key)
		l.foreign(":", extra[key])
	}
}

func (l *line) fail(key string, err error) {
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("%s: %w", strings.Trim(key, `{,":`), err)
	}
}
