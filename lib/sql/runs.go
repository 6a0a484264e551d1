//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"ipw/lib/source"
	"ipw/lib/stream"
)

// runRow is what is known of a run directory, from the headers of its streams
// and its summary.json; null is what they do not tell.
type runRow struct {
	Run              *string  `json:"run"`
	Dir              string   `json:"dir"`
	Host             string   `json:"host"` // of the agent
	Agent            string   `json:"agent"`
	Model            string   `json:"model"`
	Dataset          string   `json:"dataset"`
	StartUs          int64    `json:"start_us"`
	Tool             string   `json:"tool"`
	GPUName          *string  `json:"gpu_name"`
	CPU              string   `json:"cpu"`
	CPUs             int      `json:"cpus"`
	Kernel           string   `json:"kernel"`
	Sampler          string   `json:"sampler"`
	Domains          *int     `json:"domains"`   // of all power streams
	Estimated        *bool    `json:"estimated"` // is some domain a model's, not a sensor's?
	Config           *string  `json:"config"`
	Status           *string  `json:"status"`
	Basis            *string  `json:"basis"`
	N                *int64   `json:"n"`
	Accuracy         *float64 `json:"accuracy"`
	IPJ              *float64 `json:"ipj"`
	IPW              *float64 `json:"ipw"`
	MeanOpen         *float64 `json:"mean_open"`
	JoulesPerSuccess *float64 `json:"joules_per_success"`
	Summary          *string  `json:"summary"` // the file
}

var runColumns = fieldsOf(reflect.TypeFor[runRow]())

var runsView = func() view {
	v := valuesView("runs", 1, runColumns, (*DB).runs)
	v.kind = source.Unknown
	return v
}()

func (db *DB) runs(yield func([]any) bool) error {
	problems := db.problems()
	for _, src := range db.set.Sources {
		if src.Dir == "" {
			continue
		}
		row := readRun(src, problems)
		if !yield(fieldValues(reflect.ValueOf(row))) {
			return nil
		}
	}
	return nil
}

// readRun gathers what it can; a stream or summary that cannot be read is said
// and leaves its columns null.
func readRun(src *source.Source, problems *stream.Problems) runRow {
	row := runRow{Dir: src.Dir}
	warn := func(err error) {
		if err != nil {
			problems.Warn("%v", err)
		}
	}
	run, err := src.Run()
	warn(err)
	if run != "" {
		row.Run = &run
	}
	warn(row.fromEvents(src))
	warn(row.fromPower(src))
	if src.Summary != "" {
		warn(row.fromSummary(src.Summary))
	}
	return row
}

func (row *runRow) fromEvents(src *source.Source) error {
	h, err := src.EventHeader()
	if err != nil || h == nil {
		return err
	}
	row.Host, row.Agent, row.Model, row.Dataset, row.StartUs, row.Tool = h.Host, h.Agent, h.Model, h.Dataset, h.TUs, h.Tool
	row.Config, err = src.Config()
	return err
}

func (row *runRow) fromPower(src *source.Source) error {
	headers, err := src.PowerHeaders()
	if err != nil {
		return err
	}
	for i, h := range headers {
		if i == 0 {
			row.Sampler, row.Estimated, row.Domains = h.Tool, new(bool), new(int)
			if h.System != nil {
				row.CPU, row.CPUs, row.Kernel = h.System.CPU, h.System.CPUs, h.System.Kernel
			}
		}
		*row.Domains += len(h.Domains)
		for _, d := range h.Domains {
			*row.Estimated = *row.Estimated || d.Estimated
		}
	}
	row.GPUName, err = src.GPUName()
	return err
}

func (row *runRow) fromSummary(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var summary struct {
		Status     *string `json:"status"`
		Efficiency *struct {
			Basis            *string  `json:"basis"`
			N                *int64   `json:"n"`
			Accuracy         *float64 `json:"accuracy"`
			IPJ              *float64 `json:"ipj"`
			IPW              *float64 `json:"ipw"`
			MeanOpen         *float64 `json:"mean_open"`
			JoulesPerSuccess *float64 `json:"joules_per_success"`
		} `json:"efficiency"`
	}
	if err := json.Unmarshal(b, &summary); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	text := strings.ToValidUTF8(strings.TrimSpace(string(b)), "\uFFFD")
	row.Status, row.Summary = summary.Status, &text
	if e := summary.Efficiency; e != nil {
		row.Basis, row.N, row.Accuracy, row.IPJ, row.IPW = e.Basis, e.N, e.Accuracy, e.IPJ, e.IPW
		row.MeanOpen, row.JoulesPerSuccess = e.MeanOpen, e.JoulesPerSuccess
	}
	return nil
}
