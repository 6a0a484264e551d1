package attribute_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"ipw/lib/power"
	"ipw/lib/unit"
)

// pieces is one segment of a stream pulled apart, to be put together in
// another way.
type pieces struct {
	header  map[string]any
	records []line
	status  string // of the end; "" if nobody wrote one
}

// line is one record.
type line struct {
	text []byte
	at   stamp
	typ  string
	j, w []int64 // of a sample: micro-units, or power.Null
}

// stamp is when a record says it was.
type stamp struct {
	TUs int64  `json:"t_us"`
	MUs *int64 `json:"m_us"`
}

func (s stamp) equal(o stamp) bool {
	return s.TUs == o.TUs && (s.MUs == nil) == (o.MUs == nil) && (s.MUs == nil || *s.MUs == *o.MUs)
}

// pull takes a stream apart.
func pull(t *testing.T, stream []byte) []pieces {
	t.Helper()
	var all []pieces
	for text := range bytes.Lines(stream) {
		var head struct {
			stamp
			Type   string
			Status string
			J, W   []json.RawMessage
		}
		if err := json.Unmarshal(text, &head); err != nil {
			t.Fatal(err)
		}
		switch head.Type {
		case "header":
			all = append(all, pieces{})
			dec := json.NewDecoder(bytes.NewReader(text))
			dec.UseNumber()
			if err := dec.Decode(&all[len(all)-1].header); err != nil {
				t.Fatal(err)
			}
		case "end":
			all[len(all)-1].status = head.Status
		default:
			p := &all[len(all)-1]
			p.records = append(p.records, line{bytes.TrimSpace(text), head.stamp, head.Type, micro(t, head.J), micro(t, head.W)})
		}
	}
	return all
}

func micro(t *testing.T, list []json.RawMessage) []int64 {
	t.Helper()
	out := make([]int64, len(list))
	for i, raw := range list {
		out[i] = power.Null
		if string(raw) == "null" {
			continue
		}
		var err error
		if out[i], err = unit.ParseMicro(raw); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// put writes segments as one stream.
func put(all []pieces) []byte {
	var out bytes.Buffer
	for _, p := range all {
		head, err := json.Marshal(p.header)
		if err != nil {
			panic(err) // it was JSON before
		}
		out.Write(append(head, '\n'))
		for _, r := range p.records {
			out.Write(append(slices.Clone(r.text), '\n'))
		}
		if p.status != "" {
			fmt.Fprintf(&out, `{"type":"end","records":%d,"status":%q}`+"\n", len(p.records), p.status)
		}
	}
	return out.Bytes()
}

// sampleLine writes a sample like this one with other values.
func (l line) sampleLine(j, w []int64) line {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(l.text, &fields); err != nil {
		panic(err)
	}
	for key, values := range map[string][]int64{"j": j, "w": w} {
		if fields[key] == nil {
			continue
		}
		text := []byte{'['}
		for i, v := range values {
			if i > 0 {
				text = append(text, ',')
			}
			if v == power.Null {
				text = append(text, "null"...)
			} else {
				text = unit.AppendMicro(text, v)
			}
		}
		fields[key] = append(text, ']')
	}
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return line{text, l.at, l.typ, j, w}
}

// domains lists the domains of a power segment's header.
func (p pieces) domains() []map[string]any {
	var out []map[string]any
	for _, d := range p.header["domains"].([]any) {
		out = append(out, d.(map[string]any))
	}
	return out
}

// shuffleEqual permutes the records of one instant.
func shuffleEqual(rng *rand.Rand, records []line) []line {
	out := slices.Clone(records)
	for i := 0; i < len(out); {
		k := i + 1
		for k < len(out) && out[k].at.equal(out[i].at) {
			k++
		}
		group := out[i:k]
		rng.Shuffle(len(group), func(a, b int) { group[a], group[b] = group[b], group[a] })
		i = k
	}
	return out
}
