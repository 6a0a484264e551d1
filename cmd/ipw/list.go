package main

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"text/tabwriter"

	"ipw/lib/cli"
	"ipw/lib/export"
	"ipw/lib/run"
)

// list prints what the flags of ipw run take. Agents, tools, data sets and
// sensors are told by the stages that have them.
func list(c *cli.Context) error {
	err := c.Parse(&struct{}{}, "List agents, tools, data sets, scorers, formats and sensors.", "ipw list")
	if err != nil {
		return err
	}
	var errs []error
	errs = append(errs, stageList(c, "ipw-agent", "--list"))
	t := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "scorer\tauto\tthe data set's own; for files and stdin judge, if there is a key or an endpoint for one, else exact\n")
	fmt.Fprintf(t, "scorer\texact\tthe answer is the reference, numbers as numbers\n")
	fmt.Fprintf(t, "scorer\tjudge\ta model is asked about every answer that is no exact match\n")
	for _, name := range export.Known() {
		fmt.Fprintf(t, "format\t%s\n", name)
	}
	errs = append(errs, t.Flush())
	fmt.Fprintln(c.Stdout, "\nsensors:")
	errs = append(errs, stageList(c, "ipw-sample", "--list"))
	return errors.Join(errs...)
}

// stageList prints what a stage says to --list.
func stageList(c *cli.Context, name string, args ...string) error {
	out, err := ask(name, args...)
	if _, writeErr := io.WriteString(c.Stdout, cli.Clean(out)); writeErr != nil {
		return writeErr
	}
	return err
}

// ask runs a stage and returns its stdout.
func ask(name string, args ...string) (string, error) {
	path, err := run.Find(run.Beside(), name)
	if err != nil {
		return "", err
	}
	out, err := exec.Command(path, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s: %s: %s", name, exit, strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}
