package event

import (
	"bytes"
	"strings"
	"testing"

	"ipw/lib/stream"
)

// A copy is a complete stream: it ends what its original left open, and keeps
// what it does not know.
func TestCopy(t *testing.T) {
	const head = `{"type":"header","schema":"ipw.events/1","run":"r","new":[1],"t_us":1}` + "\n"
	const one = `{"type":"query_start","t_us":5,"query":"q","later":{"a":"\u007f"}}` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"whole", head + one + `{"type":"end","records":1,"status":"ok","cpu_s":1}` + "\n", head + one + `{"type":"end","records":1,"status":"ok"}` + "\n"},
		{"interrupted", head + `{"type":"end","records":0,"status":"interrupted"}` + "\n", head + `{"type":"end","records":0,"status":"interrupted"}` + "\n"},
		{"no end", head + one, head + one + `{"type":"end","records":1,"status":"failed"}` + "\n"},
		{"a restarted producer", head + one + head + one + `{"type":"end","records":1,"status":"ok"}` + "\n", head + one + `{"type":"end","records":1,"status":"failed"}` + "\n" + head + one + `{"type":"end","records":1,"status":"ok"}` + "\n"},
		{"a rejected line", head + "{\"type\":5,\"t_us\":1}\n" + one + `{"type":"end","records":2,"status":"ok"}` + "\n", head + one + `{"type":"end","records":1,"status":"ok"}` + "\n"},
		{"a table", "id,start,end\na,10,20\n", `{"type":"header","schema":"ipw.events/1","run":"x","t_us":10000000,"dataset":"x","windows":true}` + "\n" +
			`{"type":"query_start","t_us":10000000,"query":"a","attempt":1,"workload_type":"x"}` + "\n" +
			`{"type":"query_end","t_us":20000000,"query":"a","attempt":1,"completed":true,"timed_out":false,"reason":"finished"}` + "\n" + `{"type":"end","records":2,"status":"ok"}` + "\n"},
	} {
		var b bytes.Buffer
		w := stream.NewWriter(&b)
		w.Lazy()
		err := Copy(w, NewSource(new(stream.Problems), nil, stream.NewInput("x", strings.NewReader(c.text))))
		if err != nil || b.String() != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, b.String(), c.want)
		}
	}
}
