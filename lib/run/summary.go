package run

import (
	"bytes"
	"encoding/json"

	"ipw/lib/efficiency"
	"ipw/lib/event"
	"ipw/lib/stats"
)

// SummarySchema names the format of summary.json.
const SummarySchema = "ipw.summary/1"

// Values of Summary.Status.
const (
	Running     = "running"     // or killed while it ran
	Finished    = "finished"    // every query had its turn
	Interrupted = "interrupted" // by a signal
	Failed      = "failed"      // a stage broke
)

// Summary is summary.json: one run in one object. Null is not measured or not
// known, and is never 0.
type Summary struct {
	Schema     string                        `json:"schema"`
	Status     string                        `json:"status"`
	Config     Config                        `json:"config"`
	Provenance Provenance                    `json:"provenance"`
	Totals     *Totals                       `json:"totals"`
	Statistics map[string]*stats.Description `json:"statistics"` // per metric, over queries; null without a value
	Efficiency *efficiency.Efficiency        `json:"efficiency"`
	Balance    json.RawMessage               `json:"balance"` // ipw-attribute's --totals, null if it did not come so far
	Overhead   *Overhead                     `json:"overhead"`

	asked int // queries asked for
}

// write replaces the file.
func (s *Summary) write(path string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return err
	}
	return replaceFile(path, b.Bytes())
}

// Session is one start of ipw run in the directory.
type Session struct {
	Started  string              `json:"started"`         // RFC 3339
	Ended    string              `json:"ended,omitempty"` // absent: killed
	Status   string              `json:"status"`
	Commands map[string][]string `json:"commands"` // the stages' command lines
}

// shown is the command lines as they may be written down, by stage.
func (c commands) shown() map[string][]string {
	m := map[string][]string{"ipw-agent": shown(c.agent), "ipw-attribute": shown(c.attribute), "ipw-judge": shown(c.judge), "ipw-export": shown(c.export)}
	for i, argv := range c.samplers {
		m[overheadName("ipw-sample", i)] = shown(argv)
	}
	return m
}

// Errored is how many queries ended in an error, so that they would run again.
func (s *Summary) Errored() int { return s.Totals.Reasons[event.Failed] }
