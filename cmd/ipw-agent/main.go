// Command ipw-agent runs an agent over the tasks of a data set and writes what
// it does, moment by moment, as an event stream (schema ipw.events/1):
//
//	ipw-agent --agent react --model builtin --dataset demo -o events.jsonl
//
// Every model call, tool call and retry is a record as it happens, so that
// ipw-attribute can say what each cost. docs/agents.md tells the rest.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"

	"ipw/lib/agent"
	"ipw/lib/cli"
	"ipw/lib/event"
	"ipw/lib/stream"
	"ipw/lib/tool/document"
)

func main() { cli.Main("ipw-agent", run) }

const about = `Run an agent over tasks and write what it does as an event stream.

A task is an object with "problem" and, if you like, "id", "answer", "metadata" and "workload_type", one a line of a JSONL file or of stdin. Keys come from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY; TAVILY_API_KEY for web_search).`

const example = `ipw-agent --agent react --model builtin --dataset demo -o events.jsonl
ipw-agent --agent react --model qwen3-8b --base-url http://127.0.0.1:8000 --dataset tasks.jsonl --concurrency 8 -o events.jsonl
ipw-agent --agent react --model gpt-5-mini --dataset tasks.jsonl --tools think --mcp 'files=npx -y @modelcontextprotocol/server-filesystem .' -o events.jsonl`

func run(c *cli.Context) (err error) {
	if os.Getenv(document.Variable) != "" {
		return document.Serve(c.Stdin, c.Stdout)
	}
	var f flags
	if err := c.Parse(&f, about, example); err != nil {
		return err
	}
	if f.List {
		return list(c.Stdout)
	}
	if err := f.check(); err != nil {
		return err
	}
	p, err := prepare(c, &f)
	if p != nil {
		defer func() {
			left := p.closeSandbox()
			if err != nil && left != nil {
				c.Error(left)
			}
			err = cmp.Or(err, left)
		}()
	}
	if err != nil || f.Check {
		return err
	}
	c.Signals(nil)
	out, err := stream.Create(f.Output, event.Schema, c.Stdout)
	if err != nil {
		return err
	}
	err = p.record(c, out)
	if closeErr := out.Close(); err == nil { // a failed write fails again
		err = closeErr
	}
	return err
}

// ballast is a number of bytes that are never touched, so that no memory is spent
// on them: the collector counts them, and does not run for every few megabytes
// that a small heap grows by. With a thousand queries in flight it took a third
// of the time.
const ballast = 64 << 20

// record writes one segment: the whole run.
func (p *plan) record(c *cli.Context, out *stream.Writer) error {
	defer runtime.KeepAlive(make([]byte, ballast))
	client, stop, err := p.client(c)
	if err != nil {
		return err
	}
	defer stop()
	bar := newProgress(c, p.total(), p.Output == "" || p.Output == "-")
	p.problems.Print = bar.say
	end, err := p.startServers(c, bar.say)
	if err != nil {
		return err
	}
	defer end()
	header, err := p.header(c, client)
	if err != nil {
		return err
	}
	w := event.NewWriter(out, p.clock)
	if err := w.Header(header); err != nil {
		return err
	}
	budget, done := p.budget(c, bar.say)
	defer done()
	r := agent.Run{
		Agent:       p.agent(client),
		Recorder:    agent.NewRecorder(w, slices.Concat(secrets(), p.serverSecrets())...),
		Concurrency: p.Concurrency,
		Timeout:     p.QueryTimeout,
		Open:        p.open,
		Budget:      budget,
		MaxResult:   p.MaxResult,
		Warmup:      p.warmup,
		Earlier:     p.earlier,
		Artifacts:   p.Artifacts,
		Progress:    bar.update,
	}
	totals, err := r.Tasks(c, p.pick().Of(p.set.Tasks(c, p.problems)))
	bar.clear()
	status := "ok"
	switch {
	case c.Err() != nil:
		status = "interrupted"
	case err != nil:
		status = "failed"
	}
	if endErr := w.End(status); err == nil {
		err = endErr
	}
	return p.verdict(c, totals, err)
}

// verdict is the command's error after everything ran. What else went wrong is
// said before it.
func (p *plan) verdict(c *cli.Context, totals agent.Totals, err error) error {
	if err != nil {
		return err
	}
	errs := []error{totals.Left, totals.Unkept}
	switch failed := totals.Reasons[event.Failed]; {
	case c.Err() != nil:
		errs = append(errs, context.Canceled)
	case failed > 0:
		errs = append(errs, p.failed(failed, totals.Ended()))
	case p.problems.Err() != nil:
		errs = append(errs, p.problems.Err())
	case totals.Ended()+totals.Kept == 0:
		errs = append(errs, fmt.Errorf("data set %q holds no tasks", p.set.Name))
	}
	errs = slices.DeleteFunc(errs, func(e error) bool { return e == nil })
	if len(errs) == 0 {
		return nil
	}
	last := len(errs) - 1
	for _, e := range errs[:last] {
		c.Error(e)
	}
	return errs[last]
}
