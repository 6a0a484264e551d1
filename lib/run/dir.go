package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ipw/lib/agent"
)

// Dir is the path of a run directory.
type Dir string

// Name is the name of a run's directory. tag is what --name adds, "" for
// nothing.
func Name(agentName, model, dataset, tag string) string {
	if tag != "" {
		dataset += "_" + tag
	}
	return agent.RunName(agentName, model, dataset)
}

// Files of a run.
func (d Dir) Events() string    { return d.file("events.jsonl") }
func (d Dir) Traces() string    { return d.file("traces.jsonl") }
func (d Dir) Summary() string   { return d.file("summary.json") }
func (d Dir) Totals() string    { return d.file("analysis/totals.json") }
func (d Dir) Accuracy() string  { return d.file("analysis/accuracy.json") }
func (d Dir) Artifacts() string { return d.file("artifacts") }
func (d Dir) Tasks() string     { return d.file("tasks.jsonl") } // what stdin held
func (d Dir) lock() string      { return d.file(".lock") }

// Power is the power stream of the i-th sampler: one host's each.
func (d Dir) Power(i int) string {
	if i == 0 {
		return d.file("power.jsonl")
	}
	return d.file(fmt.Sprintf("power-%d.jsonl", i+1))
}

// PowerFiles lists the power streams that exist.
func (d Dir) PowerFiles() []string {
	var files []string
	for i := 0; ; i++ {
		if _, err := os.Stat(d.Power(i)); err != nil {
			return files
		}
		files = append(files, d.Power(i))
	}
}

func (d Dir) file(name string) string { return filepath.Join(string(d), name) }

// Clear removes what a run makes, and nothing else.
func (d Dir) Clear() error {
	var errs []error
	for _, pattern := range []string{"power.jsonl", "power-*.jsonl", "events.jsonl", "traces.jsonl", "summary.json", "tasks.jsonl",
		"data-*.arrow", "dataset_info.json", "state.json", "analysis", "artifacts"} {
		found, _ := filepath.Glob(d.file(pattern)) // the only error is a bad pattern
		for _, path := range found {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}

// lockDir makes the directory and keeps other runs out of it until the file is
// closed or the process has ended.
func lockDir(d Dir) (*os.File, error) {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.lock(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		who, _ := io.ReadAll(io.LimitReader(f, 64))
		f.Close()
		return nil, &LockedError{Dir: string(d), PID: strings.TrimSpace(string(who))}
	}
	_ = f.Truncate(0) // words for the next one only: the lock is what counts
	_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	return f, nil
}

// LockedError is a directory that another run works in.
type LockedError struct{ Dir, PID string }

func (e *LockedError) Error() string {
	if e.PID == "" {
		return e.Dir + ": another run is working here"
	}
	return e.Dir + ": another run is working here, process " + e.PID
}

// Hint is what a user may type next.
func (e *LockedError) Hint() string { return "wait for it, or --name TAG for a directory of your own" }

// ExistsError is a directory that this run may not go on in.
type ExistsError struct{ Dir, Why string }

func (e *ExistsError) Error() string { return e.Dir + ": " + e.Why }

// Hint is what a user may type next.
func (e *ExistsError) Hint() string {
	return "--name TAG keeps it and makes another; --overwrite replaces it"
}

// Usage tells that the command was called wrongly.
func (e *ExistsError) Usage() bool { return true }

// replaceFile writes a file so that its reader sees the old one or the new one,
// never a part, whatever dies.
func replaceFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// stamp is the moment of an RFC 3339 field.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
