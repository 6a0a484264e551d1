package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"ipw/lib/cli"
	"ipw/lib/clock"
	"ipw/lib/llm"
	"ipw/lib/run"
)

type doctorFlags struct {
	Provider  string `placeholder:"NAME" help:"Look at this provider's model endpoint: openai, anthropic, gemini, openrouter, ollama, vllm, …"`
	BaseURL   string `name:"base-url" placeholder:"URL" help:"Look at this model endpoint. Default: OPENAI_BASE_URL, if it is set."`
	OutputDir string `default:"./runs/" placeholder:"DIR" help:"Where runs would be kept."`
	Sysfs     string `placeholder:"DIR" help:"Another /sys."`
}

// doctor tells what this machine can measure and run, and what is missing.
func doctor(c *cli.Context) error {
	var f doctorFlags
	err := c.Parse(&f, "Tell what this machine can measure and run, and what is missing.", "ipw doctor\nipw doctor --base-url http://127.0.0.1:8000")
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	missing := stages(t)
	f.endpoint(c, t)
	keys(t)
	f.disk(t)
	fmt.Fprintf(t, "docker\t%s\n", docker())
	fmt.Fprintf(t, "clock\t%s\n", clock.Kept(c))
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.Stdout, "\nsensors:")
	args := []string{"--list"}
	if f.Sysfs != "" {
		args = append(args, "--sysfs="+f.Sysfs)
	}
	return errors.Join(missing, stageList(c, "ipw-sample", args...))
}

func stages(w io.Writer) error {
	var gone []string
	for _, name := range []string{"ipw-sample", "ipw-agent", "ipw-attribute", "ipw-judge", "ipw-export", "ipw-sql"} {
		path, err := run.Find(run.Beside(), name)
		if err != nil {
			path = "missing"
			if name != "ipw-sql" { // ipw run does without
				gone = append(gone, name)
			}
		}
		fmt.Fprintf(w, "%s\t%s\n", name, path)
	}
	if len(gone) == 0 {
		return nil
	}
	return &run.MissingError{Name: strings.Join(gone, ", ")}
}

// endpoint asks the model endpoint that the environment or a flag names.
func (f *doctorFlags) endpoint(c *cli.Context, w io.Writer) {
	if f.BaseURL == "" && f.Provider == "" && os.Getenv("OPENAI_BASE_URL") == "" {
		fmt.Fprintf(w, "endpoint\tnone named (--base-url, --provider, OPENAI_BASE_URL); --model builtin needs none\n")
		return
	}
	e, err := llm.Resolve("any", llm.Where{Provider: f.Provider, BaseURL: f.BaseURL}, os.Getenv)
	var client *llm.Caller
	if err == nil {
		client, err = llm.New(e, llm.Config{})
	}
	if err != nil {
		fmt.Fprintf(w, "endpoint\t%s\n", cli.Clean(err.Error()))
		return
	}
	ctx, cancel := context.WithTimeout(c, 10*time.Second)
	defer cancel()
	names, err := client.Models(ctx)
	text := fmt.Sprintf("%s answers, models: %s", e.BaseURL, strings.Join(names, ", "))
	if err != nil {
		text = err.Error()
	}
	fmt.Fprintf(w, "endpoint\t%s\n", cli.Clean(text))
}

// keys tells which are there, never what they are.
func keys(w io.Writer) {
	for _, name := range []string{"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY", "IPW_EVAL_API_KEY", "TAVILY_API_KEY", "HF_TOKEN"} {
		there := "no"
		if os.Getenv(name) != "" {
			there = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\n", name, there)
	}
}

func (f *doctorFlags) disk(w io.Writer) {
	free, err := run.FreeBytes(f.OutputDir)
	text := fmt.Sprintf("%s: %.1f GB free", filepath.Clean(f.OutputDir), float64(free)/1e9)
	if err != nil {
		text = err.Error()
	}
	fmt.Fprintf(w, "disk\t%s\n", text)
}

// docker tells whether containers can be started: by the client's own word.
func docker() string {
	path, err := exec.LookPath("docker")
	if err != nil {
		return "no: not installed (no agent that is built needs it yet)"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "version", "--format", "{{.Server.Version}}").CombinedOutput()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return "no: " + cli.Clean(first)
	}
	return "yes, " + cli.Clean(strings.TrimSpace(string(out)))
}
