package price_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"ipw/lib/price"
)

// table puts models into a table.
func table(models string) string {
	return `{"schema":"ipw.prices/1","date":"2026-11-23","models":` + models + `}`
}

var good = []string{
	table(`{}`),
	table(`{"m":{"input":2.5,"output":10}}`),
	table(`{"m":{"input":2.5,"cached_input":1.25,"cache_write":3.125,"output":10,"max_input_tokens":200000,"until":"2026-12-31","source":"https://example.org","seen":"2026-11-01"}}`),
	table(`{"m":{"input":0,"cached_input":0,"output":0}}`),
	table(`{"m":{"input":1e-9,"output":1000000}}`),
	table(`{"m":{"input":1,"output":2,"cached_input":null,"max_input_tokens":null,"until":""}}`),
	table(`{"m":{"input":1,"output":2,"batch":{"input":0.5},"note":["any"]}}`),
	table(`{"a/b":{"input":1,"output":2},"A/b":{"input":3,"output":4},"ünï \"x\" \u0007":{"input":5,"output":6}}`),
	`{"schema":"ipw.prices/1","models":{"m":{"input":1,"output":2}}}`,
	"\ufeff" + table(`{"m":{"input":1,"output":2}}`) + "\r\n\n",
	`{"models":{"m":{"input":1,"output":2}},"more":true,"date":"2026-11-23","schema":"ipw.prices/1"}`,
}

var bad = []struct{ text, want string }{
	{``, "line 1: unexpected end"},
	{`   `, "unexpected end"},
	{`null`, "no schema"},
	{`[]`, "not an object but: array"},
	{`"x"`, "not an object but: string"},
	{"{\n\"schema\":\"ipw.prices/1\",\n\"models\":{\"m\":{\"input\":NaN,\"output\":1}}}", "line 3: invalid character 'N'"},
	{table(`{"m":{"input":Infinity,"output":1}}`), "invalid character 'I'"},
	{table(`{"m":{"input":-Infinity,"output":1}}`), "invalid character 'I'"},
	{table(`{"m":{"input":1,"output":2},}`), "invalid character '}'"},
	{table(`{"m":{"input":1,"output":2}}`) + `{}`, "after top-level value"},
	{table(`{"m":{"input":1`), "line 1: "},
	{`model,input,output`, "invalid character"},
	{`{"models":{}}`, "no schema"},
	{`{"schema":"ipw.prices/2","models":{}}`, `schema "ipw.prices/2", want "ipw.prices/1"`},
	{`{"schema":"","models":{}}`, `schema "", want`},
	{`{"schema":1,"models":{}}`, "schema is the wrong kind of value: number"},
	{`{"schema":"ipw.prices/1"}`, "no models"},
	{table(`null`), "no models"},
	{table(`[]`), "models is not an object"},
	{table(`7`), "models is not an object"},
	{`{"schema":"ipw.prices/1","date":"yesterday","models":{}}`, `date "yesterday" is not a day`},
	{`{"schema":"ipw.prices/1","date":"2026-02-30","models":{}}`, `date "2026-02-30" is not a day`},
	{`{"schema":"ipw.prices/1","date":20261123,"models":{}}`, "date is the wrong kind of value: number"},
	{table(`{"m":{"input":-1,"output":1}}`), `model "m": input price -1 is negative`},
	{table(`{"m":{"input":1,"output":-0.5}}`), `model "m": output price -0.5 is negative`},
	{table(`{"m":{"input":1,"output":1,"cached_input":-2}}`), `model "m": cached_input price -2 is negative`},
	{table(`{"m":{"input":1,"output":1,"cache_write":-2}}`), `model "m": cache_write price -2 is negative`},
	{table(`{"m":{"input":1e7,"output":1}}`), `model "m": input price 1e+07 is over 1000000 dollars`},
	{table(`{"m":{"input":1e999,"output":1}}`), `model "m": input is the wrong kind of value: number 1e999`},
	{table(`{"m":{"input":"NaN","output":1}}`), `model "m": input is the wrong kind of value: string`},
	{table(`{"m":{"input":"$2.50","output":1}}`), `model "m": input is the wrong kind of value: string`},
	{table(`{"m":{"input":1,"output":true}}`), `model "m": output is the wrong kind of value: bool`},
	{table(`{"m":{"input":1,"output":1,"cached_input":[0.1]}}`), `model "m": cached_input is the wrong kind of value: array`},
	{table(`{"m":{"output":1}}`), `model "m": no input price`},
	{table(`{"m":{"input":1}}`), `model "m": no output price`},
	{table(`{"m":{"input":null,"output":1}}`), `model "m": no input price`},
	{table(`{"m":null}`), `model "m": no input price`},
	{table(`{"m":2.5}`), `model "m": not an object but: number`},
	{table(`{"m":{"input":1,"output":1,"max_input_tokens":0}}`), `model "m": max_input_tokens 0 is not positive`},
	{table(`{"m":{"input":1,"output":1,"max_input_tokens":1.5}}`), `model "m": max_input_tokens is the wrong kind of value: number 1.5`},
	{table(`{"m":{"input":1,"output":1,"until":"soon"}}`), `model "m": until "soon" is not a day`},
	{table(`{"":{"input":1,"output":1}}`), "a model without a name"},
	{table(`{"m":{"input":1,"output":1},"n":{"input":1,"output":1},"m":{"input":2,"output":2}}`), `model "m" comes twice`},
}

func TestRead(t *testing.T) {
	got, err := price.Read(strings.NewReader(good[2]))
	want := &price.Table{Schema: price.Schema, Date: "2026-11-23", Models: map[string]price.Model{"m": {
		Input: 2.5, CachedInput: new(1.25), CacheWrite: new(3.125), Output: 10, MaxInputTokens: new(int64(200000)),
		Until: "2026-12-31", Source: "https://example.org", Seen: "2026-11-01"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, text := range good {
		if _, err := price.Read(strings.NewReader(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range bad {
		got, err := price.Read(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || got != nil {
			t.Errorf("%s\n%+v, %v; want an error with %q", c.text, got, err, c.want)
			continue
		}
		if s := err.Error(); strings.Contains(s, "Go ") || strings.Contains(s, "price.") || strings.Contains(s, "\n") {
			t.Errorf("%s\n%q speaks of the program", c.text, s)
		}
	}
	broken := errors.New("broken pipe")
	if _, err := price.Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

// What reads is written as it was read, and every price in it is one.
func FuzzRead(f *testing.F) {
	for _, text := range good {
		f.Add(text)
	}
	for _, c := range bad {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one, err := price.Read(strings.NewReader(text))
		if err != nil {
			if one != nil {
				t.Fatal("a table and an error")
			}
			return
		}
		b, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		two, err := price.Read(strings.NewReader(string(b)))
		if err != nil || !reflect.DeepEqual(one, two) {
			t.Fatalf("%s: %v\nread %+v\nthen %+v", b, err, one, two)
		}
		for name, m := range one.Models {
			if found, ok := one.Find(name); !ok || !reflect.DeepEqual(found, m) {
				t.Fatalf("Find(%q): %+v, %v", name, found, ok)
			}
			calls := price.Tokens{Input: 1 << 40, Cached: 1 << 39, CacheWrite: 1 << 38, Output: 1 << 40}
			usd, err := m.Cost(calls, time.UnixMicro(0))
			if math.IsNaN(usd) || math.IsInf(usd, 0) || usd < 0 || err != nil && usd != 0 {
				t.Fatalf("%q costs %v, %v", name, usd, err)
			}
		}
	})
}
