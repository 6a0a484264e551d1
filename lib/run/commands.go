package run

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// commands are the stages' command lines.
type commands struct {
	samplers  [][]string
	agent     []string
	attribute []string
	judge     []string
	export    []string
}

// programs are the stages' paths.
type programs struct{ sample, agent, attribute, judge, export string }

func findPrograms(bin string, sampler bool) (p programs, err error) {
	for _, x := range []struct {
		path *string
		name string
	}{{&p.sample, "ipw-sample"}, {&p.agent, "ipw-agent"}, {&p.attribute, "ipw-attribute"}, {&p.judge, "ipw-judge"}, {&p.export, "ipw-export"}} {
		if x.path == &p.sample && !sampler {
			continue
		}
		if *x.path, err = Find(bin, x.name); err != nil {
			return p, err
		}
	}
	return p, nil
}

// args builds an argument list; options whose value is empty are left out, so
// that the stage's own default holds.
type args []string

func (a *args) add(words ...string) { *a = append(*a, words...) }

func (a *args) opt(flag, value string) {
	if value != "" {
		a.add(flag + "=" + value)
	}
}

func (a *args) each(flag string, values []string) {
	for _, v := range values {
		a.opt(flag, v)
	}
}

func (a *args) duration(flag string, d time.Duration) {
	if d > 0 {
		a.opt(flag, d.String())
	}
}

// build makes the command lines of a run in dir; powers are its power streams.
func (o *Options) build(p programs, dir Dir, scorer string, powers []string, resume bool) commands {
	var c commands
	for _, cmd := range o.Samplers {
		c.samplers = append(c.samplers, []string{"/bin/sh", "-c", cmd})
	}
	if len(c.samplers) == 0 {
		a := args{p.sample}
		a.duration("--interval", o.Interval)
		a.each("--source", o.Sources)
		a.opt("--sysfs", o.Sysfs)
		a.opt("--only", o.Only)
		c.samplers = [][]string{a}
	}
	a := args{p.agent}
	a.add("--agent="+o.Agent, "--model="+o.Model, "--dataset="+o.Dataset, "--max-turns="+strconv.Itoa(o.MaxTurns))
	if o.MaxQueries > 0 {
		a.add("--max-queries=" + strconv.Itoa(o.MaxQueries))
	}
	a.opt("--provider", o.Provider)
	if o.Shuffle != nil {
		a.add(fmt.Sprintf("--shuffle=%d", *o.Shuffle))
	}
	a.opt("--shard", o.Shard)
	if o.Repeat > 1 {
		a.add("--repeat=" + strconv.Itoa(o.Repeat))
	}
	a.opt("--base-url", o.BaseURL)
	if o.Concurrency > 0 {
		a.add("--concurrency=" + strconv.Itoa(o.Concurrency))
	}
	a.duration("--query-timeout", o.QueryTimeout)
	a.opt("--tools", o.Tools)
	a.opt("--corpus", o.Corpus)
	if o.Temperature != nil {
		a.add(fmt.Sprintf("--temperature=%g", *o.Temperature))
	}
	if o.TopP != nil {
		a.add(fmt.Sprintf("--top-p=%g", *o.TopP))
	}
	if o.MaxTokens > 0 {
		a.add("--max-tokens=" + strconv.Itoa(o.MaxTokens))
	}
	if o.Seed != nil {
		a.add("--seed=" + strconv.Itoa(*o.Seed))
	}
	if o.System != nil {
		a.add("--system=" + *o.System)
	}
	if o.MaxJoules > 0 {
		a.add(fmt.Sprintf("--max-joules=%g", o.MaxJoules))
		a.each("--power", powers)
	}
	if o.MaxCost > 0 {
		a.add(fmt.Sprintf("--max-cost=%g", o.MaxCost))
		a.opt("--prices", o.Prices)
	}
	a = append(a, o.AgentFlags...)
	a.add("--artifacts=" + dir.Artifacts())
	if resume {
		a.add("--resume=" + dir.Events())
	} else {
		a.opt("--run", o.run)
	}
	c.agent = a

	a = args{p.attribute}
	a.add("--follow", "--totals="+dir.Totals())
	a.each("--power", powers)
	a.opt("--share", o.Share)
	a.each("--serves", o.Serves)
	a.opt("--idle", o.Idle)
	a.opt("--prices", o.Prices)
	a.opt("--kwh-price", o.KWhPrice)
	a.opt("--min-coverage", o.MinCoverage)
	a.each("--clock-offset", o.ClockOffsets)
	a.opt("--prompt-weight", o.PromptWeight)
	a.opt("--follow-timeout", o.FollowTimeout)
	a.add("-")
	c.attribute = a

	a = args{p.judge}
	a.add("--scorer=" + scorer)
	a.opt("--eval-client", o.EvalClient)
	a.opt("--eval-model", o.EvalModel)
	a.opt("--eval-base-url", o.EvalBaseURL)
	a.add("-")
	c.judge = a

	c.export = args{p.export, string(dir), "--format=hf", "--overwrite", "-o", string(dir)}
	return c
}

// shown is a command line as it may be written down: URLs without what could
// be a secret.
func shown(argv []string) []string {
	out := make([]string, len(argv))
	for i, arg := range argv {
		flag, value, ok := strings.Cut(arg, "=")
		if !ok || !strings.HasPrefix(flag, "--") {
			flag, value = "", arg
		} else {
			flag += "="
		}
		out[i] = flag + publicURL(value)
	}
	return out
}

// publicURL strips user name, password and query from a URL, also behind NAME=;
// other text stays.
func publicURL(s string) string {
	scheme, _, found := strings.Cut(s, "://")
	if !found {
		return s
	}
	if i := strings.LastIndexByte(scheme, '='); i >= 0 {
		return s[:i+1] + publicURL(s[i+1:])
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return s
	}
	if u.User == nil && u.RawQuery == "" {
		return s
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}
