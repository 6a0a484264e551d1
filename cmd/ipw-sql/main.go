// Ipw-sql asks SQL of runs and streams.
//
//	ipw-sql 'SELECT kind, sum(joules) FROM power WHERE counted GROUP BY kind' runs/run_react_m_demo
//	ipw-sample --duration 10s | ipw-sql 'SELECT domain, avg(watts) FROM power GROUP BY domain'
//	ipw-sql -f report.sql --format markdown runs/*/
//
// It reads run directories and files of traces, power or events ("-" or none:
// stdin) as the views traces, turns, tools, events, power and runs.
package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"ipw/lib/cli"
	"ipw/lib/source"
	"ipw/lib/sql"
	"ipw/lib/sql/format"
)

func main() { cli.Main("ipw-sql", run) }

type flags struct {
	Args    []string `arg:"" optional:"" name:"sql run" help:"The SQL, then run directories and files of traces, power or events; - or none is stdin."`
	File    string   `short:"f" placeholder:"FILE" help:"Read the SQL from a file instead, - for stdin; all arguments are runs then."`
	Format  string   `default:"table" help:"table, csv, json, jsonl or markdown."`
	Output  string   `short:"o" placeholder:"FILE" help:"Write to a file instead of stdout."`
	Partial bool     `help:"Accept streams whose producer died."`
	Strict  bool     `help:"Stop at the first line that cannot be read."`
}

const about = `Ask SQL of runs and streams, with DuckDB. Views: traces (one row a query), turns, tools (one a call), events, power (one a sample and domain), runs (one a directory). DESCRIBE power lists the columns of one.`

func run(c *cli.Context) error {
	var f flags
	err := c.Parse(&f, about, "ipw-sql 'SELECT query_id, num_turns, query_energy_joules FROM traces ORDER BY 3 DESC LIMIT 5' runs/run_react_builtin_demo")
	if err != nil {
		return err
	}
	query, names, err := f.query(c)
	if err != nil {
		return err
	}
	out := &lateFile{name: f.Output, stdout: c.Stdout}
	w, err := format.New(f.Format, out, looks(c, f.Output))
	if err != nil {
		return err
	}
	set, err := source.Open(names, c.Stdin)
	if err != nil {
		return err
	}
	defer set.Close()
	if len(names) == 0 || slices.Contains(names, "-") {
		c.Drain() // Ctrl-C reaches the whole pipe, and what comes through it is wanted
	} else {
		c.Signals(nil)
	}
	err = ask(c, set, query, w, sql.Config{Print: func(s string) { c.Say("%s", s) }, Strict: f.Strict, Partial: f.Partial})
	return errors.Join(err, out.Close())
}

func ask(c *cli.Context, set *source.Set, query string, w format.Writer, config sql.Config) error {
	db, err := sql.Open(c, set, config)
	if errors.Is(err, sql.ErrNotBuiltIn) {
		return cli.Hint(err, "build it with a C compiler: CGO_ENABLED=1 go build ./cmd/ipw-sql")
	}
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Query(c, query, w); err != nil {
		return err
	}
	return db.Err()
}

// query tells the SQL from the inputs.
func (f *flags) query(c *cli.Context) (query string, names []string, err error) {
	switch {
	case f.File == "-":
		b, err := io.ReadAll(c.Stdin)
		if err != nil {
			return "", nil, err
		}
		query, names = string(b), f.Args
		if len(names) == 0 || slices.Contains(names, "-") {
			return "", nil, cli.Usagef("stdin holds the SQL: name a run")
		}
	case f.File != "":
		b, err := os.ReadFile(f.File)
		if err != nil {
			return "", nil, err
		}
		query, names = string(b), f.Args
	case len(f.Args) == 0:
		return "", nil, noSQL(c, "no SQL")
	default:
		query, names = f.Args[0], f.Args[1:]
	}
	if len(sql.Statements(query)) == 0 {
		return "", nil, noSQL(c, "no SQL")
	}
	if _, err := os.Stat(query); err == nil && f.File == "" {
		return "", nil, noSQL(c, "the first argument is the SQL, %q is a file", query)
	}
	return strings.TrimPrefix(query, "\ufeff"), names, nil
}

func noSQL(c *cli.Context, why string, args ...any) error {
	return cli.Hint(cli.Usagef(why, args...), "%s 'SELECT * FROM runs' runs/*/", c.Name)
}

// looks are what a table needs on a terminal, and only there.
func looks(c *cli.Context, output string) format.Options {
	o := format.Options{Clean: cli.Clean}
	if width, ok := cli.Terminal(c.Stdout); ok && (output == "" || output == "-") {
		o.Width = max(width/2, 20)
	}
	return o
}
