package run

import (
	"io"
	"time"
)

// Options is a run as it was asked for: words from the command line, not yet
// looked at. The zero value of a field means that its stage's own default
// holds, unless said otherwise.
type Options struct {
	Agent      string
	Model      string
	Dataset    string // a name, a file, or - for Stdin
	MaxQueries int    // 0: all
	Shuffle    *int64 // seed of the order; nil: the data set's
	Shard      string // I/N; "": all
	Repeat     int    // 0: once
	OutputDir  string
	Name       string
	MaxTurns   int
	Overwrite  bool

	Provider     string // of the model; "": by BaseURL, then by the model's name
	BaseURL      string
	Concurrency  int
	QueryTimeout time.Duration
	Tools        string // comma-separated
	Corpus       string
	Temperature  *float64
	TopP         *float64
	MaxTokens    int
	Seed         *int
	System       *string // nil: the agent's own
	MaxJoules    float64 // of a query; 0: any
	MaxCost      float64 // of a query, in US dollars; 0: any

	// AgentFlags are further flags of ipw-agent, as --flag=value: what a run
	// need not understand, and what has to be the same when it goes on.
	AgentFlags []string

	Samplers []string // shell commands that print a power stream; none: the local ipw-sample
	Interval time.Duration
	Baseline time.Duration // idle time before the first query
	Sources  []string
	Sysfs    string
	Only     string

	Share         string
	Serves        []string
	Idle          string
	Prices        string
	KWhPrice      string
	MinCoverage   string
	ClockOffsets  []string
	PromptWeight  string
	FollowTimeout string

	Scorer      string
	EvalClient  string
	EvalModel   string
	EvalBaseURL string

	Version  string // of ipw
	Args     []string
	Bin      string // where the stages are looked for before PATH
	Stdin    io.Reader
	Getenv   func(string) string
	Say      func(string)    // a line of our own words for the user; may be nil
	Words    func(string)    // a line of a stage's words, which begins with its name; may be nil. Several call it at once
	Progress func(State)     // told often while queries run; may be nil
	Kill     <-chan struct{} // closed by a second signal: every stage is killed; may be nil

	run string // the name and start in the event stream
}

// State is how far a run is.
type State struct {
	Phase     string // words: idle baseline, queries, …
	Done      int    // queries of this session that have ended
	Total     int    // queries of this session
	Open      int
	Since     time.Time // the first query's start
	Joules    float64   // counted domains since the sampler's first sample
	Estimated bool
}
