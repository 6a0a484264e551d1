package attribute_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ipw/lib/attribute"
)

// scene is a small history whose numbers can be worked out in the head: one
// query, constant powers.
//
//	0 s  query_start, setup     5 s  model call of turn 1
//	1 s  model call of turn 0   6 s  nothing
//	2 s  its first token        7 s  scoring
//	3 s  tool x                 8 s  query_end
//	4 s  tool x again
type scene struct {
	header  string // of the events, without type, schema and t_us
	events  string // lines of MILLISECONDS TYPE {ATTRIBUTES}
	query   string // where the attributes name none
	attempt int
	power   *meter // nil: no power stream
	opts    attribute.Options
}

// meter samples constant powers.
type meter struct {
	header   string // without type, schema, t_us and domains
	domains  []domain
	from, to int // ms
	every    int
	notes    string // lines of MILLISECONDS {NOTE}
	skip     func(ms int, id string) bool
}

type domain struct {
	watts  float64
	header string
	w      bool // says its watts too
	noJ    bool
}

const (
	gpu  = `{"id":"gpu:0","kind":"gpu","energy":"counter","power":"instant","update_us":0}`
	cpu  = `{"id":"cpu:0","kind":"cpu","energy":"counter","power":"none","update_us":0}`
	dram = `{"id":"dram:0","kind":"dram","energy":"counter","power":"none","update_us":0}`
)

func newScene() *scene {
	return &scene{
		header: `"run":"r","host":"h","agent":"a","model":"m","dataset":"d"`, query: "q", attempt: 1,
		events: `0 query_start {"workload_type":"w","query_text":"how many?","reference":"42","metadata":{"level":1}}
0 setup_start {"span":"S"}
1000 setup_end {"span":"S"}
1000 lm_inference_start {"span":"l0","turn":0,"model":"m","provider":"p","endpoint":"http://127.0.0.1:8000/v1","local":true}
2000 lm_first_token {"span":"l0","turn":0}
3000 lm_inference_end {"span":"l0","turn":0,"input_tokens":100,"output_tokens":20,"cached_tokens":10,"cache_write_tokens":5,"reasoning_tokens":3,"cost_usd":0.5}
3000 tool_call_start {"span":"x0","turn":0,"tool":"x"}
4000 tool_call_end {"span":"x0","turn":0,"tool":"x","ok":true,"result_tokens":7}
4000 tool_call_start {"span":"x1","turn":0,"tool":"x"}
5000 tool_call_end {"span":"x1","turn":0,"tool":"x","ok":true,"result_tokens":1}
5000 lm_inference_start {"span":"l1","turn":1,"model":"m","provider":"p","endpoint":"http://127.0.0.1:8000/v1","local":true}
6000 lm_inference_end {"span":"l1","turn":1,"input_tokens":130,"output_tokens":30,"cost_usd":0.25}
7000 scoring_start {"span":"G"}
8000 scoring_end {"span":"G"}
8000 query_end {"response_text":"42","completed":true,"timed_out":false,"reason":"finished"}`,
		power: &meter{header: `"host":"h","interval_us":50000`, from: -1000, to: 10_000, every: 50,
			domains: []domain{{watts: 100, header: gpu, w: true}, {watts: 20, header: cpu}, {watts: 4, header: dram}}},
		opts: attribute.Options{MinCoverage: 0.9},
	}
}

// sub changes the events' text, which must be there.
func sub(pairs ...string) func(*scene) {
	return func(s *scene) {
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(s.events+s.header, pairs[i]) {
				panic(pairs[i])
			}
			s.events = strings.ReplaceAll(s.events, pairs[i], pairs[i+1])
			s.header = strings.ReplaceAll(s.header, pairs[i], pairs[i+1])
		}
	}
}

// without drops the events whose lines contain a text.
func without(texts ...string) func(*scene) {
	return func(s *scene) {
		var kept []string
		for _, l := range strings.Split(s.events, "\n") {
			if !containsAny(l, texts) {
				kept = append(kept, l)
			}
		}
		s.events = strings.Join(kept, "\n")
	}
}

func containsAny(l string, texts []string) bool {
	for _, text := range texts {
		if strings.Contains(l, text) {
			return true
		}
	}
	return false
}

// before puts events in front, after behind.
func before(events string) func(*scene) {
	return func(s *scene) { s.events = events + "\n" + s.events }
}
func after(events string) func(*scene) { return func(s *scene) { s.events += "\n" + events } }

// meters takes these domains instead.
func meters(d ...domain) func(*scene) { return func(s *scene) { s.power.domains = d } }

// away loses readings of a domain from one moment to another, both included.
func away(id string, from, to int) func(*scene) {
	return func(s *scene) {
		s.power.skip = func(ms int, of string) bool { return of == id && from <= ms && ms <= to }
	}
}

func unpowered(s *scene) { s.power = nil }

func all(edits ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, e := range edits {
			e(s)
		}
	}
}

// run attributes the scene.
func (s *scene) run(t *testing.T) result {
	t.Helper()
	var events bytes.Buffer
	fmt.Fprintf(&events, `{"type":"header","schema":"ipw.events/1","t_us":%d,%s}`+"\n", epoch, s.header)
	lines := strings.Split(s.events, "\n")
	slices.SortStableFunc(lines, func(a, b string) int {
		x, _, _ := cutLine(t, a)
		y, _, _ := cutLine(t, b)
		return int(x - y)
	})
	for _, l := range lines {
		at, typ, attributes := cutLine(t, l)
		if !strings.Contains(attributes, `"query"`) {
			attributes = fmt.Sprintf(`{"query":%q,`, s.query) + attributes[1:]
		}
		if !strings.Contains(attributes, `"attempt"`) {
			attributes = fmt.Sprintf(`{"attempt":%d,`, s.attempt) + attributes[1:]
		}
		attributes = strings.Replace(attributes, ",}", "}", 1)
		fmt.Fprintf(&events, `{"type":%q,"t_us":%d,%s`+"\n", typ, epoch+1000*at, attributes[1:])
	}
	fmt.Fprintf(&events, `{"type":"end","records":%d,"status":"ok"}`+"\n", len(lines))
	var power []byte
	if s.power != nil {
		power = s.power.stream(t)
	}
	r, err := attributeFiles(power, events.Bytes(), s.opts)
	must(t, err)
	return r
}

func cutLine(t *testing.T, l string) (ms int64, typ, attributes string) {
	t.Helper()
	at, rest, _ := strings.Cut(strings.TrimSpace(l), " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	must(t, err)
	typ, attributes, _ = strings.Cut(rest, " ")
	return ms, typ, attributes
}

func (m *meter) stream(t *testing.T) []byte {
	t.Helper()
	var heads []string
	for _, d := range m.domains {
		heads = append(heads, d.header)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"type":"header","schema":"ipw.power/1","t_us":%d,%s,"domains":[%s]}`+"\n", epoch+1000*m.from, m.header, strings.Join(heads, ","))
	notes := strings.Split(m.notes, "\n")
	n := 0
	for ms := m.from; ms <= m.to; ms += m.every {
		for len(notes) > 0 && notes[0] != "" {
			at, note, _ := strings.Cut(notes[0], " ")
			if x, err := strconv.Atoi(at); err != nil || x > ms {
				break
			}
			fmt.Fprintf(&out, `{"type":"note","t_us":%d,%s`+"\n", epoch+1000*ms, note[1:])
			notes, n = notes[1:], n+1
		}
		var j, w []string
		for _, d := range m.domains {
			energy, power := fmt.Sprintf("%.6f", d.watts*float64(ms-m.from)/1000), fmt.Sprint(d.watts)
			away := m.skip != nil && m.skip(ms, d.id(t))
			if d.noJ || away {
				energy = "null"
			}
			if !d.w || away {
				power = "null"
			}
			j, w = append(j, energy), append(w, power)
		}
		fmt.Fprintf(&out, `{"t_us":%d,"j":[%s],"w":[%s]}`+"\n", epoch+1000*ms, strings.Join(j, ","), strings.Join(w, ","))
		n++
	}
	fmt.Fprintf(&out, `{"type":"end","records":%d,"status":"ok"}`+"\n", n)
	return out.Bytes()
}

func (d domain) id(t *testing.T) string {
	t.Helper()
	var h struct{ ID string }
	must(t, json.Unmarshal([]byte(d.header), &h))
	return h.ID
}

// lookup returns the JSON at a path of keys and indices, "absent" where there
// is no such key.
func lookup(t *testing.T, text []byte, path string) string {
	t.Helper()
	at := json.RawMessage(text)
	for _, key := range strings.Split(path, "/") {
		if i, err := strconv.Atoi(key); err == nil {
			var list []json.RawMessage
			must(t, json.Unmarshal(at, &list))
			if i >= len(list) {
				return "absent"
			}
			at = list[i]
			continue
		}
		var object map[string]json.RawMessage
		must(t, json.Unmarshal(at, &object))
		next, ok := object[key]
		if !ok {
			return "absent"
		}
		at = next
	}
	var out bytes.Buffer
	must(t, json.Compact(&out, at))
	return out.String()
}
