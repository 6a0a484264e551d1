package oracle

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
)

// tiny is a history small enough to work out on paper. Times are milliseconds.
//
// Power, line by line:
//
//	domain gpu:0 gpu counter none update_us=0    ID KIND ENERGY POWER key=value…
//	interval 100                                 interval_us, in ms
//	every 100 from 0 to 1000 watts 100 20        samples of constant power
//	250 j 25 5 w - - read_us=100                 one sample, - for null
//	note 250 reset gpu:0
//	segment                                      ends one and begins the next
//
// Events: TIME TYPE QUERY [SPAN] key=value…, and "segment STATUS".
//
// Wants: "QUERY path", or "ID field" of the totals, and the value: a rational
// number, null, absent, or text.
type tiny struct {
	name          string
	power, events string
	share         string // "": active
	options       Options
	want          map[string]string
}

func run(t *testing.T, cases []tiny) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.share == "" {
				c.share = "active"
			}
			r, err := Attribute(powerOf(t, c.power), eventsOf(t, c.events), c.share, c.options)
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range c.want {
				if got := text(lookup(r, key)); got != normal(want) {
					t.Errorf("%s = %s, want %s", key, got, want)
				}
			}
		})
	}
}

func lookup(r Result, key string) (any, bool) {
	name, path, _ := strings.Cut(key, " ")
	if d, ok := r.Totals[name]; ok {
		v, ok := d[path]
		return v, ok
	}
	id, attempt, _ := strings.Cut(name, "#")
	n, err := strconv.Atoi(attempt)
	if err != nil {
		n = 1
	}
	v, ok := r.Queries[Attempt{"r", id, n}][path]
	return v, ok
}

func text(v any, ok bool) string {
	switch v := v.(type) {
	case nil:
		if !ok {
			return "absent"
		}
		return "null"
	case *big.Rat:
		return v.RatString()
	default:
		return fmt.Sprint(v)
	}
}

// normal writes a number as text does.
func normal(s string) string {
	if r, ok := new(big.Rat).SetString(s); ok {
		return r.RatString()
	}
	return s
}

const zero = 1_763_884_800_000_000

func us(t *testing.T, ms string) int64 {
	f, err := strconv.ParseFloat(ms, 64)
	if err != nil {
		t.Fatal(err)
	}
	return zero + int64(f*1000)
}

// stream collects lines into segments.
type lines struct {
	header  map[string]any
	out     strings.Builder
	records int
	open    bool
}

func (l *lines) begin() {
	if !l.open {
		l.write(l.header)
		l.open, l.records = true, 0
	}
}

func (l *lines) record(o map[string]any) {
	l.begin()
	l.write(o)
	l.records++
}

func (l *lines) end(status string) {
	l.begin()
	l.write(map[string]any{"type": "end", "records": l.records, "status": status})
	l.open = false
}

func (l *lines) write(o map[string]any) {
	b, _ := json.Marshal(o)
	l.out.Write(append(b, '\n'))
}

// options reads key=value words: JSON, or else a string.
func options(o map[string]any, words []string) {
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		if json.Valid([]byte(v)) {
			o[k] = json.RawMessage(v)
		} else {
			o[k] = v
		}
	}
}

func powerOf(t *testing.T, text string) []byte {
	if text == "" {
		return nil
	}
	var domains []any
	l := &lines{header: map[string]any{"type": "header", "schema": "ipw.power/1", "host": "h", "t_us": zero}}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		w := strings.Fields(line)
		switch w[0] {
		case "domain":
			d := map[string]any{"id": w[1], "kind": w[2], "energy": w[3], "power": w[4]}
			options(d, w[5:])
			domains = append(domains, d)
			l.header["domains"] = domains
		case "interval":
			l.header["interval_us"] = us(t, w[1]) - zero
		case "header":
			options(l.header, w[1:])
		case "note":
			l.record(map[string]any{"type": "note", "t_us": us(t, w[1]), "what": w[2], "domain": w[3]})
		case "segment":
			l.end("ok")
		case "every":
			steady(t, l, domains, w)
		default:
			one := map[string]any{"t_us": us(t, w[0])}
			n := len(domains)
			values(one, "j", w[2:2+n])
			values(one, "w", w[3+n:3+2*n])
			options(one, w[3+2*n:])
			l.record(one)
		}
	}
	l.end("ok")
	return []byte(l.out.String())
}

func values(o map[string]any, key string, words []string) {
	vs := make([]any, len(words))
	for i, w := range words {
		if w != "-" {
			vs[i] = json.Number(w)
		}
	}
	o[key] = vs
}

// steady writes every STEP from A to B watts P…: joules for what has energy,
// watts for what has none.
func steady(t *testing.T, l *lines, domains []any, w []string) {
	step, from, to := us(t, w[1])-zero, us(t, w[3]), us(t, w[5])
	for at := from; at <= to; at += step {
		j, p := make([]string, len(domains)), make([]string, len(domains))
		for i, d := range domains {
			j[i], p[i] = "-", "-"
			if d.(map[string]any)["energy"] == "none" {
				p[i] = w[7+i]
				continue
			}
			joules := new(big.Rat).Mul(rat(json.Number(w[7+i])), seconds(at-zero))
			j[i] = joules.FloatString(6)
		}
		one := map[string]any{"t_us": at}
		values(one, "j", j)
		values(one, "w", p)
		l.record(one)
	}
}

func eventsOf(t *testing.T, text string) []byte {
	l := &lines{header: map[string]any{"type": "header", "schema": "ipw.events/1", "run": "r", "host": "h", "t_us": zero}}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		w := strings.Fields(line)
		switch w[0] {
		case "segment":
			l.end(w[1])
			continue
		case "header":
			options(l.header, w[1:])
			continue
		}
		o := map[string]any{"type": w[1], "t_us": us(t, w[0])}
		id, attempt, again := strings.Cut(w[2], "#")
		o["query"] = id
		if again {
			o["attempt"] = json.Number(attempt)
		}
		if rest := w[3:]; len(rest) > 0 {
			if !strings.Contains(rest[0], "=") {
				o["span"], rest = rest[0], rest[1:]
			}
			options(o, rest)
		}
		l.record(o)
	}
	if l.open {
		l.end("ok")
	}
	return []byte(l.out.String())
}
