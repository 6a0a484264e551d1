// Command ipw-attribute says what each query, turn and tool call of an event
// stream cost in joules, from the power streams of the machines it ran on.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipw/lib/attribute"
	"ipw/lib/cli"
	"ipw/lib/join"
	"ipw/lib/price"
	"ipw/lib/trace"
)

func main() { cli.Main("ipw-attribute", run) }

type flags struct {
	Streams       []string      `arg:"" optional:"" help:"Event and power streams, told apart by their headers; - or none is stdin."`
	Power         []string      `help:"A power stream; may not exist yet with --follow." placeholder:"FILE" sep:"none"`
	Follow        bool          `help:"Streams are still being written: wait for them, write each trace as it is complete."`
	FollowTimeout time.Duration `help:"With --follow, how long a finished query waits for power that does not grow." default:"5s"`
	Share         string        `help:"How a device is shared: active (among the model calls in flight on a GPU, else the open queries), tokens (as active, by each call's rate of tokens: a model), equal (always among the open queries), whole (everyone is charged everything; does not balance)." default:"active" placeholder:"RULE"`
	PromptWeight  float64       `help:"With --share tokens, what an input token counts against an output token." default:"0.1"`
	Serves        []string      `help:"Where an endpoint runs: gpu:0,gpu:1, gpu:0-3, HOST/gpu:0, HOST or remote." placeholder:"URL=WHERE" sep:"none"`
	Idle          string        `help:"Idle baseline, auto or watts." placeholder:"auto|WATTS"`
	Totals        string        `help:"Write the account of every domain: device, turns, overhead, setup, scoring, idle, withheld." placeholder:"FILE"`
	ClockOffset   []string      `help:"A host's clock against the events', added to its t_us." placeholder:"HOST=SECONDS±SECONDS" sep:"none"`
	MinCoverage   float64       `help:"A value measured for less than this part of its window is null." default:"0.9"`
	Prices        string        `help:"Price table, ipw.prices/1." placeholder:"FILE"`
	KWhPrice      *float64      `name:"kwh-price" help:"Also tell what the energy of each turn and query costs at this price of a kilowatt-hour, in electricity_cost_usd." placeholder:"USD"`
	Timezone      string        `help:"Time zone of a table of windows whose times name none." default:"Local"`
	TypeFrom      string        `help:"The attribute of other tools' spans, column of a table or key of a query's metadata that is its workload_type." placeholder:"ATTRIBUTE"`
	EventsOnly    bool          `help:"Write the event stream that the inputs are read as, and attribute nothing."`
	Output        string        `short:"o" help:"Write traces here; .gz and .zst compress." placeholder:"FILE"`
	Partial       bool          `help:"Accept incomplete streams."`
	Strict        bool          `help:"Stop at the first rejected record."`
}

const about = `Read event and power streams, write traces: what each query, turn and tool call
cost in joules, watts, seconds, tokens and dollars.`

func run(c *cli.Context) error {
	var f flags
	if err := c.Parse(&f, about, "ipw-attribute --power power.jsonl --totals totals.json events.jsonl > traces.jsonl"); err != nil {
		return err
	}
	opts, err := f.options()
	if err != nil {
		return err
	}
	if err := f.spareInputs(); err != nil {
		return err
	}
	c.Drain()
	problems := c.Problems(f.Strict, f.Partial)
	in, err := openStreams(c, &f, problems)
	if err != nil {
		return err
	}
	defer in.close()
	if f.EventsOnly {
		return in.copy(c, f.Output, problems, f.Follow)
	}
	out := &output{c: c, path: f.Output}
	far := &progress{inputs: in.inputs, begun: time.Now()}
	bottom := c.Progress(f.Output == "" || f.Output == "-", far.text)
	defer bottom.Clear()
	var engine *attribute.Engine
	writing := startWriting(out)
	opts.Emit = func(q *trace.QueryTrace) error {
		far.add(q)
		return writing.add(job{trace: q, hold: !f.Follow && engine.MayRefuse(), flush: f.Follow}, engine.Reuse)
	}
	opts.Warn = func(key, text string) {
		if key == "" {
			problems.Warn("%s", text)
			return
		}
		problems.WarnOnce(key, "%s", text)
	}
	engine = attribute.New(opts)
	err = join.Job{Engine: engine, Events: in.events, Power: in.power, Live: f.Follow,
		FollowTimeout: f.FollowTimeout, Warn: func(s string) { problems.Warn("%s", s) }}.Run(c)
	bottom.Clear()
	if late := writing.close(); err == nil {
		err = late
	}
	if err != nil {
		out.broken()
		return err
	}
	if err := out.finish(); err != nil {
		return err
	}
	if f.Totals != "" {
		if err := writeTotals(c, f.Totals, engine.Totals()); err != nil {
			return err
		}
	}
	return problems.Err()
}

// spareInputs refuses to write over what was measured.
func (f *flags) spareInputs() error {
	for _, in := range slices.Concat(f.Power, f.Streams) {
		switch {
		case cli.SameFile(in, f.Output):
			return cli.Usagef("-o %s is one of the inputs", f.Output)
		case cli.SameFile(in, f.Totals):
			return cli.Usagef("--totals %s is one of the inputs", f.Totals)
		}
	}
	return nil
}

// options turns flags into the attribution's options.
func (f *flags) options() (attribute.Options, error) {
	o := attribute.Options{Share: f.Share, PromptWeight: f.PromptWeight, MinCoverage: f.MinCoverage, KWhPrice: f.KWhPrice, Live: f.Follow, Aside: !f.Follow}
	switch f.Share {
	case attribute.Active, attribute.Equal, attribute.Whole, attribute.Tokens:
	default:
		return o, cli.Hint(cli.Usagef("--share %q: no such rule", f.Share), "active, equal, tokens or whole")
	}
	if err := f.baseline(&o); err != nil {
		return o, err
	}
	for _, s := range f.ClockOffset {
		host, off, err := attribute.ParseOffset(s)
		if err != nil {
			return o, &cli.UsageError{Err: fmt.Errorf("--clock-offset: %w", err)}
		}
		if o.Offsets == nil {
			o.Offsets = make(map[string]attribute.Offset)
		}
		o.Offsets[host] = off
	}
	if f.MinCoverage < 0 || f.MinCoverage > 1 || f.MinCoverage != f.MinCoverage {
		return o, cli.Usagef("--min-coverage %v: not between 0 and 1", f.MinCoverage)
	}
	if w := f.PromptWeight; !(w >= 0 && w <= 1e6) {
		return o, cli.Usagef("--prompt-weight %v: not a weight", w)
	}
	if p := f.KWhPrice; p != nil && !(*p >= 0 && *p <= 1e6) {
		return o, cli.Usagef("--kwh-price %v: no price of a kilowatt-hour", *p)
	}
	for _, s := range f.Serves {
		v, err := attribute.ParseServe(s)
		if err != nil {
			return o, &cli.UsageError{Err: fmt.Errorf("--serves: %w", err)}
		}
		o.Serves = append(o.Serves, v)
	}
	if f.Prices == "" {
		o.Prices = price.Default()
		return o, nil
	}
	r, err := os.Open(f.Prices)
	if err != nil {
		return o, err
	}
	defer r.Close()
	if o.Prices, err = price.Read(r); err != nil {
		return o, fmt.Errorf("%s: %w", f.Prices, err)
	}
	return o, nil
}

// baseline reads --idle: auto, or watts for every domain, or KIND=WATTS,….
func (f *flags) baseline(o *attribute.Options) error {
	if f.Idle == "auto" {
		o.Idle.Auto = true
	}
	if f.Idle == "" || f.Idle == "auto" {
		return nil
	}
	o.Idle.Watts = make(map[string]float64)
	for part := range strings.SplitSeq(f.Idle, ",") {
		key, value, found := strings.Cut(part, "=")
		if !found {
			key, value = "", part
		}
		w, err := strconv.ParseFloat(value, 64)
		_, twice := o.Idle.Watts[key]
		if err != nil || w < 0 || w > 1e9 || w != w || twice {
			return cli.Usagef("--idle %q: auto, watts, or KIND=WATTS,…", f.Idle)
		}
		o.Idle.Watts[key] = w
	}
	return nil
}

// writeTotals writes the account by write-and-rename; "-" is stdout.
func writeTotals(c *cli.Context, path string, t attribute.Totals) error {
	b, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	if b = append(b, '\n'); path == "-" {
		_, err := c.Stdout.Write(b)
		return err
	}
	return cli.WriteFile(path, b)
}
