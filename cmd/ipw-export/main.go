// Ipw-export turns finished runs into files for other tools.
//
//	ipw-export runs/run_react_m_demo --format hf -o dataset
//	ipw-export --format hf --shards 4 -o dataset traces-*.jsonl.zst
//
// It reads run directories and files of traces ("-" or none: stdin) and writes
// the valid trace of every query.
package main

import (
	"os"
	"slices"
	"time"

	"ipw/lib/cli"
	"ipw/lib/export"
	"ipw/lib/export/hf"
	"ipw/lib/source"
)

func main() { cli.Main("ipw-export", run) }

type flags struct {
	Inputs    []string `arg:"" optional:"" name:"run" help:"Run directories and files of traces; - or none is stdin."`
	Format    string   `required:"" help:"hf: a directory for Python's datasets.load_from_disk."`
	Output    string   `short:"o" required:"" placeholder:"DIR" help:"The directory to write. An older data set of ours there is replaced."`
	Shards    *int     `placeholder:"N" help:"Cut into exactly N shards."`
	ShardRows *int     `placeholder:"N" help:"At most N queries in a shard. A shard ends at 500 MiB anyway, unless --shards is given."`
	Overwrite bool     `help:"Write into a directory that holds other files, which stay as they are."`
	Partial   bool     `help:"Accept input that was cut short."`
	Strict    bool     `help:"Stop at the first line that is no trace."`
}

func run(c *cli.Context) error {
	var f flags
	err := c.Parse(&f, "Write runs as files for other tools: one row a query, the same columns for every run.",
		"ipw-export runs/run_react_builtin_demo --format hf -o dataset\npython3 -c \"import datasets; print(datasets.load_from_disk('dataset'))\"")
	if err != nil {
		return err
	}
	if err := f.check(c); err != nil {
		return err
	}
	set, err := source.Open(f.Inputs, c.Stdin)
	if err != nil {
		return err
	}
	defer set.Close()
	if len(f.Inputs) == 0 || slices.Contains(f.Inputs, "-") {
		c.Drain() // Ctrl-C reaches the whole pipe, and what comes through it is wanted
	} else {
		c.Signals(nil)
	}
	return f.export(c, set)
}

// check finds what is wrong with the flags together.
func (f *flags) check(c *cli.Context) error {
	if err := export.CheckFormat(f.Format); err != nil {
		return err
	}
	switch {
	case f.Output == "" || f.Output == "-":
		return cli.Hint(cli.Usagef("format hf is a directory, not a stream: -o needs its name"), "%s … --format hf -o dataset", c.Name)
	case f.Shards != nil && (*f.Shards < 1 || *f.Shards > hf.MaxShards):
		return cli.Usagef("--shards is from 1 to %d", hf.MaxShards)
	case f.ShardRows != nil && *f.ShardRows < 1:
		return cli.Usagef("--shard-rows is from 1")
	case f.Shards != nil && f.ShardRows != nil:
		return cli.Usagef("--shards and --shard-rows exclude each other")
	}
	return nil
}

func (f *flags) export(c *cli.Context, set *source.Set) error {
	if err := set.NeedTraces(); err != nil {
		return err
	}
	n, err := set.CountTraces()
	if err != nil {
		return err
	}
	problems := c.Problems(f.Strict, f.Partial)
	far := &progress{total: n, begun: time.Now()}
	bottom := c.Progress(false, far.text)
	defer bottom.Clear()
	rows := far.count(export.Rows(c, set, problems))
	options := hf.Options{Rows: n}
	if f.Shards != nil {
		options.Shards = *f.Shards
	}
	if f.ShardRows != nil {
		options.ShardRows = *f.ShardRows
	}
	write := hf.Create
	if f.beside(set) {
		write = hf.Update
	}
	err = write(f.Output, rows, options)
	bottom.Clear()
	if err != nil {
		return err
	}
	return problems.Err()
}

// beside tells that the data set goes into a directory that exists and keeps
// what else it holds: with --overwrite, or a run's own.
func (f *flags) beside(set *source.Set) bool {
	out, err := os.Stat(f.Output)
	if err != nil || !out.IsDir() {
		return false
	}
	return f.Overwrite || slices.ContainsFunc(set.Sources, func(src *source.Source) bool {
		dir, err := os.Stat(src.Dir)
		return err == nil && os.SameFile(dir, out)
	})
}
