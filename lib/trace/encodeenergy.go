package trace

import (
	"maps"
	"slices"

	"ipw/lib/stream"
	"ipw/lib/unit"
)

// MarshalJSON writes every key; empty lists and maps are [] and {}.
func (e Energy) MarshalJSON() ([]byte, error) { return e.append(nil) }

// MarshalJSON writes every key.
func (t ToolTrace) MarshalJSON() ([]byte, error) { return appendTool(nil, &t) }

// object appends the members of an object until one fails.
type object struct {
	b   []byte
	err error
}

func (o *object) value(name string, p any) {
	if o.err == nil {
		o.b, o.err = appendValue(appendKey(o.b, name), p)
	}
}

func (o *object) close() ([]byte, error) { return append(o.b, '}'), o.err }

// member appends a map.
func member[V any](o *object, name string, m map[string]V, each func([]byte, *V) ([]byte, error)) {
	if o.err == nil {
		o.b, o.err = appendMap(appendKey(o.b, name), m, each)
	}
}

func (e *Energy) append(b []byte) ([]byte, error) {
	o := object{b: append(b, '{')}
	o.value("basis", &e.Basis)
	o.value("method", &e.Method)
	o.value("share", &e.Share)
	o.value("share_rule", &e.ShareRule)
	o.value("sharers", &e.Sharers)
	o.value("coverage", &e.Coverage)
	o.value("samples", &e.Samples)
	member(&o, "uncertainty_joules", e.UncertaintyJoules, appendNumberOrNull)
	member(&o, "uncertainty_kind", e.UncertaintyKind, appendText)
	o.value("below_resolution", &e.BelowResolution)
	member(&o, "by_domain", e.ByDomain, appendJoules)
	o.value("partial", &e.Partial)
	member(&o, "missing", e.Missing, appendText)
	return o.close()
}

func appendTool(b []byte, t *ToolTrace) ([]byte, error) {
	o := object{b: append(b, '{')}
	o.value("name", &t.Name)
	o.value("span", &t.Span)
	o.value("latency_s", &t.LatencyS)
	o.value("gpu_energy_joules", &t.GPUEnergyJoules)
	o.value("cpu_energy_joules", &t.CPUEnergyJoules)
	o.value("ok", &t.OK)
	o.value("error", &t.Error)
	o.value("result_tokens", &t.ResultTokens)
	member(&o, "uncertainty_joules", t.UncertaintyJoules, appendNumberOrNull)
	return o.close()
}

func appendText(b []byte, s *string) ([]byte, error) { return stream.AppendString(b, *s) }

func appendNumber(b []byte, f *float64) ([]byte, error) { return appendFloat(b, *f) }

func appendNumberOrNull(b []byte, f **float64) ([]byte, error) { return appendValue(b, f) }

func appendJoules(b []byte, j **unit.Joules) ([]byte, error) { return appendValue(b, j) }

func appendList[V any](b []byte, list []V, each func([]byte, *V) ([]byte, error)) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = each(b, &list[i]); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendMap writes a map in the order of its keys.
func appendMap[V any](b []byte, m map[string]V, each func([]byte, *V) ([]byte, error)) ([]byte, error) {
	var memory [16]string // of most maps there are
	keys := slices.AppendSeq(memory[:0], maps.Keys(m))
	slices.Sort(keys)
	b = append(b, '{')
	var err error
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = stream.AppendString(b, key); err != nil {
			return nil, err
		}
		v := m[key]
		if b, err = each(append(b, ':'), &v); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
