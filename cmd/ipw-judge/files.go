package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"ipw/lib/cli"
	"ipw/lib/stream"
)

func openAll(c *cli.Context, names []string) ([]*stream.Input, error) {
	if len(names) == 0 {
		names = []string{"-"}
	}
	var inputs []*stream.Input
	for _, name := range names {
		in, err := stream.Open(c, name, c.Stdin, false)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// output is where traces go. One that is also an input is replaced when all is
// written: opening it would empty it unread.
type output struct {
	io.WriteCloser
	path, replaces string // replaces: "" unless path is a file to be renamed to it
}

func openOutput(c *cli.Context, path string, inputs []string) (*output, error) {
	o := &output{path: path}
	if slices.ContainsFunc(inputs, func(in string) bool { return cli.SameFile(in, path) }) {
		o.replaces = path
		o.path = filepath.Join(filepath.Dir(path), ".ipw-judge-"+filepath.Base(path)) // the ending says how to compress
	}
	w, err := c.Output(o.path)
	o.WriteCloser = w
	return o, err
}

// finish closes the output. bad tells that traces were left out: then a file
// that was to be replaced stays as it was, for they are in no other.
func (o *output) finish(bad error) error {
	if err := o.Close(); err != nil || o.replaces == "" {
		return err
	}
	if bad != nil {
		return fmt.Errorf("%s: not replaced: %w", o.replaces, bad)
	}
	return os.Rename(o.path, o.replaces)
}

// discard closes what was not finished. A file that was to be replaced stays
// as it was.
func (o *output) discard() {
	o.Close()
	if o.replaces != "" {
		os.Remove(o.path)
	}
}
