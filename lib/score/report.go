package score

import (
	"encoding/json"

	"ipw/lib/efficiency"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// ReportSchema names the format of analysis/accuracy.json.
const ReportSchema = "ipw.accuracy/1"

// Report collects what analysis/accuracy.json tells of scored traces. Of every
// query_id within a run the last trace counts, the judge's calls count all.
type Report struct {
	scorer  string
	table   efficiency.Table
	records []Record
	at      map[recordKey]int
	spent   *Spent // nil: no judge was asked
}

type recordKey struct{ run, query string }

// Record is one query of a report.
type Record struct {
	QueryID          string   `json:"query_id"`
	Run              *string  `json:"run"`
	Attempt          *int     `json:"attempt"`
	Scorer           string   `json:"scorer"`
	IsResolved       *bool    `json:"is_resolved"`
	AccuracyScore    *float64 `json:"accuracy_score"`
	UnscorableReason *string  `json:"unscorable_reason"`

	errored bool
}

// Contents is the object of analysis/accuracy.json.
type Contents struct {
	Schema                string                 `json:"schema"`
	Scorer                string                 `json:"scorer"` // exact, judge, or mixed
	Queries               int                    `json:"queries"`
	Right                 int                    `json:"right"`
	Wrong                 int                    `json:"wrong"`
	Unscored              int                    `json:"unscored"` // for another reason than an error of the query
	Errored               int                    `json:"errored"`
	Reasons               map[string]int         `json:"unscored_reasons"`
	efficiency.Accuracies                        // over all scored queries
	Judge                 *Spent                 `json:"judge"` // null if none was asked
	Efficiency            *efficiency.Efficiency `json:"efficiency"`
	Records               []Record               `json:"records"`
}

// NewReport begins a report. scorer is what --scorer said.
func NewReport(scorer string) *Report { return &Report{scorer: scorer, at: make(map[recordKey]int)} }

// Add adds a scored trace. Warm-up queries are not counted.
func (r *Report) Add(q *trace.QueryTrace) {
	if q.Warmup() {
		return
	}
	r.table.Add(q)
	var m Metadata
	_ = json.Unmarshal(q.ScoreMetadata, &m) // another tool's may have any shape
	if m.Asked != nil && m.JudgeModel != "" {
		if r.spent == nil {
			r.spent = new(Spent)
		}
		r.spent.add(m.Asked)
	}
	k := recordKey{query: q.QueryID}
	if q.Run != nil {
		k.run = *q.Run
	}
	rec := Record{QueryID: q.QueryID, Run: q.Run, Scorer: m.Scorer, IsResolved: q.IsResolved,
		AccuracyScore: q.AccuracyScore, UnscorableReason: q.UnscorableReason, errored: q.Errored()}
	if q.Attempt > 0 {
		rec.Attempt = &q.Attempt
	}
	if i, ok := r.at[k]; ok {
		r.records[i] = rec
		return
	}
	r.at[k] = len(r.records)
	r.records = append(r.records, rec)
}

// Spent is what the judge's calls cost so far, nil if none was asked.
func (r *Report) Spent() *Spent { return r.spent }

// Contents computes the report from what was added so far.
func (r *Report) Contents() Contents {
	c := Contents{
		Schema: ReportSchema, Scorer: r.used(), Queries: len(r.records), Reasons: make(map[string]int),
		Accuracies: r.table.Accuracy(), Judge: r.spent, Efficiency: r.table.Efficiency(), Records: r.records,
	}
	if c.Records == nil {
		c.Records = []Record{}
	}
	for _, rec := range c.Records {
		switch {
		case rec.errored:
			c.Errored++
		case rec.IsResolved == nil:
			c.Unscored++
			c.Reasons[reasonOf(rec)]++
		case *rec.IsResolved:
			c.Right++
		default:
			c.Wrong++
		}
	}
	return c
}

func reasonOf(rec Record) string {
	if rec.UnscorableReason == nil {
		return "not_scored"
	}
	return *rec.UnscorableReason
}

// used names the scorer of all records, mixed if they differ, and what was
// asked for if there are none.
func (r *Report) used() string {
	name := ""
	for _, rec := range r.records {
		if name != "" && rec.Scorer != name {
			return "mixed"
		}
		name = rec.Scorer
	}
	if name == "" {
		return r.scorer
	}
	return name
}

// JSON is the text of analysis/accuracy.json.
func (r *Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r.Contents(), "", "  ")
	if err != nil {
		return nil, err
	}
	return append(stream.AppendEscaped(nil, b), '\n'), nil
}
