// Command ipw-agent runs an agent over the tasks of a data set and writes what
// it does, moment by moment, as an event stream (schema ipw.events/1):
//
//	ipw-agent --agent react --model builtin --dataset demo -o events.jsonl
//
// Every model call, tool call and retry is a record as it happens, so that
// ipw-attribute can say what each cost. docs/agents.md tells the rest.
package main

import (
	"context"
	"fmt"
	"time"

	"ipw/lib/agent"
	"ipw/lib/cli"
	"ipw/lib/event"
	"ipw/lib/stream"
)

func main() { cli.Main("ipw-agent", run) }

const about = `Run an agent over tasks and write what it does as an event stream.

A task is an object with "problem" and, if you like, "id", "answer", "metadata" and "workload_type", one a line of a JSONL file or of stdin. Keys come from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY).`

const example = `ipw-agent --agent react --model builtin --dataset demo -o events.jsonl
ipw-agent --agent react --model qwen3-8b --base-url http://127.0.0.1:8000 --dataset tasks.jsonl --concurrency 8 -o events.jsonl`

type flags struct {
	Agent        string        `help:"The agent: react." placeholder:"NAME"`
	Model        string        `help:"The model, by the name its endpoint knows; builtin is a scripted one." placeholder:"NAME"`
	Dataset      string        `help:"The tasks: a data set's name, a JSONL file, or - for stdin." placeholder:"NAME|FILE|-"`
	BaseURL      string        `name:"base-url" help:"The model's endpoint, OpenAI-compatible." placeholder:"URL"`
	MaxQueries   *int          `help:"Run the first N tasks only." placeholder:"N"`
	MaxTurns     int           `help:"Turns of a query at most; in the last one the model gets no tools (${default})." default:"20" placeholder:"N"`
	Concurrency  int           `help:"Queries at a time, at most 1000 (${default})." default:"1" placeholder:"N"`
	QueryTimeout time.Duration `help:"End a query after this long and keep what it has." placeholder:"TIME"`
	Tools        []string      `help:"Tools, or none. Default: the data set's own, else calculator." placeholder:"A,B"`
	Corpus       string        `help:"What the search tool looks in: a JSONL file or a directory of texts." placeholder:"PATH"`
	Artifacts    string        `help:"Keep whole messages and answers in this folder, a folder per query." placeholder:"DIR"`
	Resume       string        `help:"Go on with the run in this event stream: only what is missing or ended in error." placeholder:"EVENTS"`
	Temperature  *float64      `help:"Sampling temperature. Default: the endpoint's own." placeholder:"X"`
	TopP         *float64      `help:"Nucleus sampling." placeholder:"X"`
	MaxTokens    int           `help:"Tokens of an answer at most." placeholder:"N"`
	Seed         *int          `help:"Seed of the sampling." placeholder:"N"`
	System       *string       `help:"The system prompt; empty for none." placeholder:"TEXT"`
	Output       string        `short:"o" help:"Write to FILE; a further run is appended." placeholder:"FILE"`
	Run          string        `help:"The run's name in the stream. Default: run_AGENT_MODEL_DATASET@TIME." placeholder:"NAME@TIME"`
	Strict       bool          `help:"Stop at the first line that is no task."`
	List         bool          `help:"List agents, tools and data sets."`
}

func run(c *cli.Context) error {
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
	if err != nil {
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

// record writes one segment: the whole run.
func (p *plan) record(c *cli.Context, out *stream.Writer) error {
	client, stop, err := p.client(c)
	if err != nil {
		return err
	}
	defer stop()
	header, err := p.header(c, client)
	if err != nil {
		return err
	}
	w := event.NewWriter(out, p.clock)
	if err := w.Header(header); err != nil {
		return err
	}
	bar := newProgress(c, p.total(), p.Output == "" || p.Output == "-")
	p.problems.Print = bar.say
	r := agent.Run{
		Agent:       p.react(client),
		Recorder:    agent.NewRecorder(w, secrets()...),
		Concurrency: p.Concurrency,
		Timeout:     p.QueryTimeout,
		Open:        p.open,
		MaxQueries:  p.maxQueries(),
		Earlier:     p.earlier,
		Artifacts:   p.Artifacts,
		Progress:    bar.update,
	}
	totals, err := r.Tasks(c, p.set.Tasks(c, p.problems))
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

// verdict is the command's error after everything ran.
func (p *plan) verdict(c *cli.Context, totals agent.Totals, err error) error {
	switch failed := totals.Reasons[event.Failed]; {
	case err != nil:
		return err
	case c.Err() != nil:
		return context.Canceled
	case totals.Unkept != nil:
		return totals.Unkept
	case failed > 0:
		return p.failed(failed, totals.Ended())
	}
	if err := p.problems.Err(); err != nil {
		return err
	}
	if totals.Ended()+totals.Kept == 0 {
		return fmt.Errorf("data set %q holds no tasks", p.set.Name)
	}
	return nil
}
