package event

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ipw/lib/stream"
)

var berlin = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return loc
}()

// words tells what a source holds: "+name" a start, "-name" an end, each with
// its time in seconds.
func words(src Source) (words []string, err error) {
	for {
		rec, err := src.Next()
		switch {
		case err == io.EOF:
			return words, src.Close()
		case err != nil:
			return words, err
		case rec.Header != nil:
			words = append(words, strings.TrimSpace("header "+rec.Header.Run+" "+rec.Header.Host))
		case rec.Event == nil:
			words = append(words, "end "+rec.End)
		case rec.Event.Type == QueryStart:
			words = append(words, fmt.Sprintf("+%s@%g", rec.Event.Query, float64(rec.Event.TUs)/1e6))
		case rec.Event.Type == QueryEnd:
			words = append(words, fmt.Sprintf("-%s@%g", rec.Event.Query, float64(rec.Event.TUs)/1e6))
		default:
			words = append(words, rec.Event.Type)
		}
	}
}

func table(text string) (got []string, said []string, err error) {
	p := &stream.Problems{Print: func(s string) { said = append(said, s) }}
	got, err = words(NewTable(p, stream.NewInput("jobs.csv", strings.NewReader(text)), berlin))
	if err == nil {
		err = p.Err()
	}
	return got, said, err
}

func TestTable(t *testing.T) {
	const h = "header jobs.csv "
	for _, c := range []struct{ name, text, want, said, err string }{
		{"csv", "start,end,id\n10,20,a\n15,30,b\n", h + "+a@10 +b@15 -a@20 -b@30 end ok", "", ""},
		{"any order of columns and case", "ID,End,START\na,20,10\n", h + "+a@10 -a@20 end ok", "", ""},
		{"any order of rows", "start,end,id\n30,40,c\n10,20,a\n20,30,b\n", h + "+a@10 +b@20 -a@20 +c@30 -b@30 -c@40 end ok", "", ""},
		{"tsv", "id\tstart\tend\na\t10\t20\n", h + "+a@10 -a@20 end ok", "", ""},
		{"tsv with an empty first cell", "note\tid\tstart\tend\n\ta\t10\t20\nx\tb\t10\t20\n", h + "+a@10 +b@10 -a@20 -b@20 end ok", "", ""},
		{"tsv with an empty last cell", "id\tstart\tend\tnote\na\t10\t20\t\n", h + "+a@10 -a@20 end ok", "", ""},
		{"sacct -P", "JobID|User|NodeList|Start|End\n4711|ada|n1|2025-11-23T10:00:00|2025-11-23T10:20:00\n4712|bob|n[1-4]|2025-11-23T10:05:00|2025-11-23T10:10:00\n",
			h + "n1 +4711@1.7638884e+09 end ok header jobs.csv n[1-4] +4712@1.7638887e+09 -4712@1.763889e+09 -4711@1.7638896e+09 end ok", "", ""},
		{"hosts", "id,start,end,host\na,1,9,x\nb,2,3,x\nc,4,6,y\nd,5,7,x\n", h + "x +a@1 +b@2 -b@3 end ok header jobs.csv y +c@4 end ok header jobs.csv x +d@5 -c@6 -d@7 -a@9 end ok", "", ""},
		{"sacct -p", "JobID|Start|End|\n1|10|20|\n2|15|16|\n", h + "+1@10 +2@15 -2@16 -1@20 end ok", "", ""},
		{"sacct, not ended and not begun", "JobID|Start|End\n1|10|Unknown\n2|Unknown|Unknown\n3|None|20\n4|15|20\n", h + "+1@10 +4@15 -4@20 end ok",
			"jobs.csv:3: rows without a start are left out: 2, this is the first|jobs.csv:2: rows without an end stay open: 1, this is the first", ""},
		{"a quote between | is a character", "name|start|end\n\"x|10|20\n", h + "+\"x@10 -\"x@20 end ok", "", ""},
		{"a quote in tsv", "name\tstart\tend\n\"x\t10\t20\n\"a\tb\"\t10\t20\n", h + "+\"x@10 +a\tb@10 -\"x@20 -a\tb@20 end ok", "", ""},
		{"quotes in csv", "\"name\",\"start\",\"end\"\n\"a, \"\"b\"\"\",\"10\",20\n5\" disk,11,20\n", h + "+a, \"b\"@10 +5\" disk@11 -a, \"b\"@20 -5\" disk@20 end ok", "", ""},
		{"a row of two lines", "name,start,end\n\"a\nb\",10,20\nc,11,20\n", h + "+a\nb@10 +c@11 -a\nb@20 -c@20 end ok", "", ""},
		{"a quote that does not close", "name,start,end\na,10,20\n\"b,11,20\nc,12,20\n", h + "+a@10 -a@20 end ok", "jobs.csv:3: a quote opens in this row and is not closed in the 2 lines behind it", "1 record rejected"},
		{"text behind a quote", "name,start,end\n\"b\"x,11,20\nc,12,20\n", h + "+c@12 -c@20 end ok", "jobs.csv:2: column 1 goes on behind its closing quote", "1 record rejected"},
		{"json lines", `{"id":"a","start":10,"end":20,"n":[1]}` + "\n" + `{"end":"16","start":"15","id":7}` + "\n", h + "+a@10 +7@15 -7@16 -a@20 end ok", "", ""},
		{"json lines, wrong ones", `{"id":"a","start":10,"end":20}` + "\n" + `{"id":"b","start":10` + "\n" + `{"id":{},"start":10,"end":20}` + "\n" + `{"id":"c","start":true,"end":20}` + "\n" + `{"id":"d","end":20}` + "\n" + `{"id":"e","start":11,"end":null}` + "\n",
			h + "+a@10 +e@11 -a@20 end ok", `jobs.csv:2: not JSON: unexpected end of JSON input|jobs.csv:3: field "id" is neither a string nor a number|jobs.csv:4: start "true" is no time: 2025-11-23T10:00:00, with or without an offset, or a Unix time|jobs.csv:5: rows without a start are left out: 1, this is the first|jobs.csv:6: rows without an end stay open: 1, this is the first`, "3 records rejected"},
		{"names", "start,end,name,id\n10,20,x,a\n", h + "+a@10 -a@20 end ok", "", ""},
		{"only a name", "start,end,JobName\n10,20,x\n11,12,x\n13,14,x#2\n15,16,x\n", h + "+x@10 +x#2@11 -x#2@12 +x#2#2@13 -x#2#2@14 +x#3@15 -x#3@16 -x@20 end ok", "", ""},
		{"no name", "start,end\n10,20\nx,20\n12,13\n", h + "+q0000@10 +q0002@12 -q0002@13 -q0000@20 end ok", `jobs.csv:3: start "x" is no time: 2025-11-23T10:00:00, with or without an offset, or a Unix time`, "1 record rejected"},
		{"an empty name", "start,end,id\n10,20,\n", h + "+q0000@10 -q0000@20 end ok", "", ""},
		{"wrong times", "start,end,id\n20,10,a\n10,x,b\n-5,10,c\n10,9e99,d\n1,2,e\n", h + "+e@1 -e@2 end ok",
			`jobs.csv:2: ends before it starts: 20, 10|jobs.csv:3: end "x" is no time: 2025-11-23T10:00:00, with or without an offset, or a Unix time|jobs.csv:4: start "-5" is no time: 2025-11-23T10:00:00, with or without an offset, or a Unix time|jobs.csv:5: end "9e99" is no time: 2025-11-23T10:00:00, with or without an offset, or a Unix time`, "4 records rejected"},
		{"wrong number of columns", "start,end,id\n1,2\n1,2,a,b\n1,2,c,\n", h + "+c@1 -c@2 end ok", "jobs.csv:2: has 2 columns, the table has 3|jobs.csv:3: has 4 columns, the table has 3", "2 records rejected"},
		{"no length", "start,end,id\n5,5,a\n", h + "+a@5 -a@5 end ok", "", ""},
		{"byte order mark, CR, blank lines", "\xef\xbb\xbfstart,end,id\r\n\r\n1,2,a\r\n", h + "+a@1 -a@2 end ok", "", ""},
		{"no last newline", "start,end,id\n1,2,a", h + "+a@1 -a@2 end ok", "", ""},
		{"white space", " start , end , id \n 1 , 2 , a \n", h + "+a@1 -a@2 end ok", "", ""},
		{"an index without name", ",start,end\n0,1,2\n", h + "+q0000@1 -q0000@2 end ok", "", ""},
		{"no rows", "start,end\n", h + "end ok", "", ""},
		{"no columns", "begin,end\n1,2\n", "", "", "jobs.csv:1: no table of time windows: it has no columns start and end"},
		{"nothing", "", "", "", "jobs.csv: empty: a table begins with the names of its columns"},
		{"the hour that is there twice", "start,end,id\n2025-10-26T02:30:00,2025-10-26T03:30:00,a\n2025-10-26T02:30:00+02:00,2025-10-26T03:30:00,b\n", h + "+b@1.7614386e+09 -b@1.7614458e+09 end ok",
			`jobs.csv:2: start "2025-10-26T02:30:00" is there twice in Europe/Berlin, where the clock was set back: write its offset, or a Unix time (sacct: SLURM_TIME_FORMAT=%s)`, "1 record rejected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, said, err := table(c.text)
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
			if s := strings.Join(said, "|"); s != c.said {
				t.Errorf("said %s\nwant %s", s, c.said)
			}
			if message(err) != c.err {
				t.Errorf("error %v, want %s", err, c.err)
			}
		})
	}
}

// collect reads a table's events.
func collect(t *testing.T, text string) (header *Header, starts, ends []*Event) {
	t.Helper()
	src := NewTable(new(stream.Problems), stream.NewInput("dir/jobs.2025.csv", strings.NewReader(text)), berlin)
	for {
		rec, err := src.Next()
		if err == io.EOF {
			return header, starts, ends
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case rec.Header != nil:
			header = cmp.Or(header, rec.Header)
		case rec.Event == nil:
		case rec.Event.Type == QueryStart:
			starts = append(starts, rec.Event)
		default:
			ends = append(ends, rec.Event)
		}
	}
}

func TestTableEvents(t *testing.T) {
	header, starts, ends := collect(t, "JobID|JobName|User|NodeList|State|CPUs|Price|Type|Start|End|Note|note\n"+
		"7|train|ada|n1|COMPLETED|016|12.50|batch|1763884800|1763884801.5|a\x1b[1m \"b\"|\n"+
		"8|x|bob||FAILED|16|-1|  |1763884802|1763884803||12345678901234567890\n")
	want := Header{Type: "header", Schema: Schema, Run: "dir/jobs.2025.csv", Host: "n1", Dataset: "jobs.2025.csv", TUs: 1763884800000000, Windows: true}
	if got, _ := json.Marshal(header); string(got) != string(must(json.Marshal(want))) {
		t.Errorf("header %s", got)
	}
	for i, want := range []string{
		`{"type":"query_start","t_us":1763884800000000,"query":"7","attempt":1,"workload_type":"batch","metadata":{"JobName":"train","User":"ada","State":"COMPLETED","CPUs":"016","Price":12.50,"Note":"a\u001b[1m \"b\""}}`,
		`{"type":"query_start","t_us":1763884802000000,"query":"8","attempt":1,"workload_type":"jobs.2025.csv","metadata":{"JobName":"x","User":"bob","State":"FAILED","CPUs":16,"Price":-1,"note":"12345678901234567890"}}`,
	} {
		if got := must(stream.AppendJSON(nil, starts[i])); string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := must(stream.AppendJSON(nil, ends[0])); string(got) != `{"type":"query_end","t_us":1763884801500000,"query":"7","attempt":1,"completed":true,"timed_out":false,"reason":"finished"}` {
		t.Errorf("end %s", got)
	}
	_, starts, _ = collect(t, `{"start":1,"end":2,"a":{"x": [1, 2]},"b":null,"c":1.50,"d":"s","D":true}`)
	if got := string(starts[0].Metadata); got != `{"a":{"x": [1, 2]},"c":1.50,"d":"s","D":true}` {
		t.Errorf("metadata %s", got)
	}
	_, starts, _ = collect(t, "start,end,x,x\n1,2,3,4\n")
	if got := string(starts[0].Metadata); got != `{"x":3,"x#2":4}` {
		t.Errorf("metadata %s", got)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestWhen(t *testing.T) {
	const us = 1763884800_000000 // 2025-11-23T08:00:00Z
	for text, want := range map[string]int64{
		"2025-11-23T08:00:00Z": us, "2025-11-23T09:00:00+01:00": us, "2025-11-23T09:00:00+0100": us, "2025-11-23 08:00:00z": us, "2025-11-23t08:00:00Z": us,
		"2025-11-23 08:00:00 UTC": us, "2025-11-23 09:00:00 +01:00": us, "2025-11-23 08:00:00+00:00": us, "2025-11-23T09:00:00": us, "2025-11-23 09:00:00.25": us + 250000,
		"2025-11-23T08:00:00.123456789Z": us + 123456, "1763884800": us, "1763884800.25": us + 250000, "1763884800.0000005": us, "1763884800250": us + 250000,
		"1763884800250.5": us + 250500, "1763884800000000": us, "1763884800000000000": us, "1763884800000001999": us + 1, "1.7638848e9": us, "0": 0, "10": 10000000,
		"2025-07-01T10:00:00": 1751356800_000000, "2025-03-30T03:00:00": 1743296400_000000, "2025-03-30T01:59:59": 1743296399_000000, "2025-10-26T03:00:00": 1761444000_000000,
		"2025-10-26T01:59:59": 1761436799_000000, "1960-01-01T00:00:00Z": -1, "2201-01-01T00:00:00Z": -1, "20251123100000": -1, "99999999999": -1,
		"2025-03-30T02:30:00": -1, "2025-10-26T02:00:00": -1, "2025-10-26T02:59:59": -1, "-1": -1, "": -1, "x": -1, "NaN": -1, "inf": -1, "1e400": -1, "0x10": -1, "1_0": -1,
		"10:00:00": -1, "2025-13-01T00:00:00Z": -1, "2025-11-23T25:00:00": -1, "2025-11-23": -1, "01": -1,
	} {
		got, err := when(text, berlin)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %d (%v), want %d", text, got, err, want)
		}
	}
	if _, err := when("2025-03-30T02:30:00", berlin); message(err) != `"2025-03-30T02:30:00" does not exist in Europe/Berlin: the clock was set forward over it` {
		t.Error(err)
	}
	if _, err := when("20251123100000", berlin); message(err) != `"20251123100000" would be the year 2611` {
		t.Error(err)
	}
}

// A local time is the moment whose clock shows it, for every hour of a year and
// in zones with odd changes.
func TestLocalTime(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		shown := make(map[string][]int64) // clock → moments
		from := time.Date(2011, 12, 20, 0, 0, 0, 0, time.UTC)
		for i := range 400 * 48 {
			at := from.Add(time.Duration(i) * 30 * time.Minute)
			clock := at.In(loc).Format("2006-01-02T15:04:05")
			shown[clock] = append(shown[clock], at.UnixMicro())
		}
		for clock, at := range shown {
			got, err := when(clock, loc)
			if len(at) == 1 && (err != nil || got != at[0]) || len(at) == 2 && err == nil {
				t.Fatalf("%s in %s: %d, %v, want %v", clock, zone, got, err, at)
			}
		}
	}
}

// Rows in any order give the same events, in the order of time.
func TestTableOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	var rows []string
	for i := range 300 {
		start := r.IntN(100)
		rows = append(rows, fmt.Sprintf("%d,%d,j%d", start, start+r.IntN(30), i))
	}
	var first []string
	for range 5 {
		got, _, err := table("start,end,id\n" + strings.Join(rows, "\n"))
		if err != nil || len(got) != 602 {
			t.Fatalf("%d events, %v", len(got), err)
		}
		last := 0.0
		for _, w := range got[1:601] {
			var at float64
			_, s, _ := strings.Cut(w, "@")
			if fmt.Sscan(s, &at); at < last {
				t.Fatalf("%s behind %g", w, last)
			}
			last = at
		}
		slices.Sort(got)
		if first == nil {
			first = got
		} else if !slices.Equal(first, got) {
			t.Fatal("the order of rows changes the events")
		}
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
}

// A table longer than the sort window is read in bounded memory; a row that
// comes too late is rejected.
func TestTableLong(t *testing.T) {
	const window, n = 1000, 5000
	var text strings.Builder
	text.WriteString("start,end,id\n")
	for i := range n {
		fmt.Fprintf(&text, "%d,%d,j%d\n", i, i+5, i)
	}
	text.WriteString("7,9,late\n")
	var said []string
	p := &stream.Problems{Print: func(s string) { said = append(said, s) }}
	src := NewTable(p, stream.NewInput("jobs.csv", strings.NewReader(text.String())), nil)
	src.window = window
	events, held := 0, 0
	for {
		rec, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Event != nil {
			events++
		}
		held = max(held, len(src.rows.list)+len(src.ends.list))
	}
	if want := "jobs.csv:5002: starts before rows that stand more than 1000 rows above it: sort the table by start"; len(said) != 1 || said[0] != want {
		t.Errorf("said %q, want %q", said, want)
	}
	if events != 2*n || held > window+10 {
		t.Errorf("%d events of %d rows, %d rows held", events, n, held)
	}
}

const head = `{"type":"header","schema":"ipw.events/1","run":"r"}` + "\n"

func TestSniff(t *testing.T) {
	for text, want := range map[string]Format{
		head: Stream, `{"type":"header","schema":"ipw.power/1"}`: Stream, "\n\xef\xbb\xbf" + head: Stream,
		"start,end\n": Tabular, "a|Start|END": Tabular, "\r\nid\tend\tstart\r\n": Tabular, `{"Start":1,"x":{"end":1},"end":2}`: Tabular, "\"start\",\"end\"\n": Tabular,
		"": Unknown, "start": Unknown, "start end\n": Unknown, "start;end": Unknown, `{"type":"query_start","start":1}`: Unknown, "restart,end": Unknown,
		`{"start":1}`: Unknown, "hello, start,end": Tabular, "\"start,end\n": Unknown,
	} {
		in := stream.NewInput("x", strings.NewReader(text))
		if got, err := Sniff(in); got != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestSource(t *testing.T) {
	open := func(text ...string) (in []*stream.Input) {
		for i, s := range text {
			in = append(in, stream.NewInput(string(rune('a'+i)), strings.NewReader(s)))
		}
		return in
	}
	first := head + `{"type":"query_start","t_us":1000000,"query":"x"}` + "\n"
	rest := `{"type":"query_end","t_us":2000000,"query":"x"}` + "\n" + `{"type":"end","records":2,"status":"ok"}` + "\n"
	for _, c := range []struct {
		text []string
		want string
		err  string
	}{
		{[]string{first + rest}, "header r +x@1 -x@2 end ok", ""},
		{[]string{first, rest}, "header r +x@1 -x@2 end ok", ""},
		{[]string{"start,end\n1,2", first + rest, "id|start|end\nj|3|4"}, "header a +q0000@1 -q0000@2 end ok header r +x@1 -x@2 end ok header c +j@3 -j@4 end ok", ""},
		{[]string{first + rest, "hello"}, "", "b:1: neither an event stream, which begins with a header line, nor a table with columns start and end"},
		{[]string{first + rest, `{"t`}, "header r +x@1 -x@2 end ok", "b: no header: nothing in it can be read"},
		{[]string{"begin,end\n1,2\n"}, "", "a:1: neither an event stream, which begins with a header line, nor a table with columns start and end"},
		{[]string{`{"t_us":1}`}, "", `a:1: record before any header: a stream begins with {"type":"header","schema":"ipw.events/1",…}`},
		{[]string{"start,end\n1,2", ""}, "header a +q0000@1 -q0000@2 end ok", "b: empty: a stream begins with a header line"},
		{nil, "", ""},
	} {
		p := new(stream.Problems)
		got, err := words(NewSource(p, nil, open(c.text...)...))
		if err == nil {
			err = p.Err()
		}
		if strings.Join(got, " ") != c.want || message(err) != c.err {
			t.Errorf("%q: %v, %v", c.text, got, err)
		}
	}
}

// Whatever the bytes: no panic, no event without its time, starts and ends in
// the order of time, each end behind its start, every name once, rows counted.
func FuzzTable(f *testing.F) {
	for _, s := range []string{"start,end,id\n10,20,a\n15,30,b\n", "JobID|User|NodeList|Start|End|\n1|u|n|2025-11-23T10:00:00|Unknown|\n", "id\tstart\tend\n\"a\tb\"\t1\t2\n",
		`{"start":1,"end":"2","id":"a","x":{"y":[1]}}` + "\n" + `{"start":null}`, "\"a\nb\",start,end\n\"x\"\"\n\",1,2\n", "start,end\n2025-10-26T02:30:00,1e9\n", "start,end,x,x,x#2\n1,1,1,2,3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		src := NewTable(new(stream.Problems), stream.NewInput("x", bytes.NewReader(text)), berlin)
		open := make(map[string]int)
		last := int64(0)
		for {
			rec, err := src.Next()
			if err != nil {
				return
			}
			e := rec.Event
			if e == nil {
				continue
			}
			if e.TUs < last || rec.Line < 1 || rec.Line > 1+bytes.Count(text, []byte("\n")) {
				t.Fatalf("%+v at line %d behind %d", e, rec.Line, last)
			}
			last = e.TUs
			if open[e.Query]++; open[e.Query] != map[string]int{QueryStart: 1, QueryEnd: 2}[e.Type] {
				t.Fatalf("%q: %s is number %d", e.Query, e.Type, open[e.Query])
			}
			line := must(stream.AppendJSON(nil, e))
			var again Event
			if err := Parse(line, &again); err != nil && e.TUs != 0 {
				t.Fatalf("%s: %v", line, err)
			}
		}
	})
}

// BenchmarkTable reads rows as sacct prints them.
func BenchmarkTable(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("JobID|User|NodeList|Start|End\n")
	const n = 20000
	for i := range n {
		at := time.Unix(1763884800+int64(i)*3, 0).In(berlin)
		fmt.Fprintf(&text, "%d|ada|n%d|%s|%s\n", i, i%50, at.Format("2006-01-02T15:04:05"), at.Add(time.Hour).Format("2006-01-02T15:04:05"))
	}
	b.ReportAllocs()
	for b.Loop() {
		got, err := words(NewTable(new(stream.Problems), stream.NewInput("x", bytes.NewReader(text.Bytes())), berlin))
		if err != nil || len(got) < 2*n+2 {
			b.Fatal(len(got), err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
}
