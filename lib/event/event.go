// Package event is the event stream, schema ipw.events/1: what an agent did
// and when.
//
// A segment's header names the run; each record is one moment of it:
//
//	{"type":"header","schema":"ipw.events/1","run":"run_react_m_demo@2026-11-23T10:00:00Z","host":"n1","boot_id":"…","t_us":…,"tool":"ipw-agent 0.1.0","agent":"react","model":"m","dataset":"demo","config":{}}
//	{"type":"query_start","t_us":…,"m_us":…,"query":"q0000","attempt":1,"workload_type":"demo","query_text":"…","reference":"42"}
//	{"type":"lm_inference_start","t_us":…,"m_us":…,"query":"q0000","attempt":1,"span":"s1","turn":0,"model":"m","provider":"openai","endpoint":"http://127.0.0.1:8000/v1","local":true}
//	{"type":"lm_first_token",…,"span":"s1","turn":0}
//	{"type":"lm_inference_end",…,"span":"s1","turn":0,"input_tokens":310,"output_tokens":25}
//	{"type":"tool_call_start",…,"span":"s2","turn":0,"tool":"calculator","call_id":"c1","arguments":"{…}"}
//	{"type":"tool_call_end",…,"span":"s2","turn":0,"tool":"calculator","ok":true,"result_tokens":2,"result_bytes":5}
//	{"type":"query_end",…,"query":"q0000","attempt":1,"response_text":"42","completed":true,"timed_out":false,"reason":"finished"}
//	{"type":"end","records":7,"status":"ok"}
//
// A start and its end carry the same span; spans nest (parent) and overlap
// freely. Every start gets an end, on every path. Spans and queries go on
// across an end with status ok into the next segment of the same run; any other
// end closes them at the segment's last record.
//
// Each record has type, t_us, m_us, query and attempt (from 1); what starts and
// ends has span and perhaps parent; what belongs to a turn has turn (from 0).
// Arguments and error texts over MaxText are cut in their middle, questions,
// answers and metadata never. Records of other types, and other fields, are
// passed by.
//
// A table of time windows (columns start and end) is read as an event stream
// too, each row a query without turns: see Table. NewSource reads either.
package event

import "encoding/json"

// Schema names the format.
const Schema = "ipw.events/1"

// Types of records.
const (
	QueryStart    = "query_start"
	QueryEnd      = "query_end"
	SetupStart    = "setup_start"
	SetupEnd      = "setup_end"
	ScoringStart  = "scoring_start"
	ScoringEnd    = "scoring_end"
	LMStart       = "lm_inference_start"
	LMFirstToken  = "lm_first_token"
	LMEnd         = "lm_inference_end"
	ToolStart     = "tool_call_start"
	ToolEnd       = "tool_call_end"
	SubmodelStart = "submodel_call_start"
	SubmodelEnd   = "submodel_call_end"
	Retry         = "retry"
)

// Reasons of a query's end.
const (
	Finished    = "finished"
	MaxTurns    = "max_turns"
	Timeout     = "timeout"
	Budget      = "budget"
	Failed      = "error"
	Interrupted = "interrupted"
)

// MaxText is the longest arguments, tool result or error text a stream
// carries; longer ones are cut with stream.Clip.
const MaxText = 16 << 10

// Header begins a segment. Run is the run directory's name, "@" and the start
// time, and is kept when a run resumes. Config holds no secrets.
type Header struct {
	Type         string          `json:"type"`
	Schema       string          `json:"schema"`
	Run          string          `json:"run,omitempty"`
	Host         string          `json:"host,omitempty"`
	BootID       string          `json:"boot_id,omitempty"`
	ClockErrorUs *int64          `json:"clock_error_us,omitempty"` // nil: unknown
	TUs          int64           `json:"t_us"`
	Tool         string          `json:"tool,omitempty"`
	Agent        string          `json:"agent,omitempty"`
	Model        string          `json:"model,omitempty"`
	Dataset      string          `json:"dataset,omitempty"`
	Config       json.RawMessage `json:"config,omitempty"`
	Windows      bool            `json:"windows,omitempty"` // a table of time windows: nothing of it ran on another host
}

// Event is one record. Beside each group of attributes stands which types carry
// it; absent ones are nil or empty.
type Event struct {
	Type    string `json:"type"`
	TUs     int64  `json:"t_us"`           // Unix microseconds
	MUs     *int64 `json:"m_us,omitempty"` // microseconds of CLOCK_BOOTTIME
	Query   string `json:"query,omitempty"`
	Attempt int    `json:"attempt,omitempty"` // from 1; 0 (absent) means 1
	Span    string `json:"span,omitempty"`
	Parent  string `json:"parent,omitempty"`
	Turn    *int   `json:"turn,omitempty"` // from 0

	// any record that was made of another tool's log
	TimeDerived bool `json:"time_derived,omitempty"` // t_us is inferred, the log does not say it

	// query_start
	WorkloadType string          `json:"workload_type,omitempty"`
	QueryText    *string         `json:"query_text,omitempty"`
	Reference    *string         `json:"reference,omitempty"`
	Metadata     json.RawMessage `json:"metadata,omitempty"` // an object

	// query_end
	ResponseText *string `json:"response_text,omitempty"`
	Completed    *bool   `json:"completed,omitempty"`
	TimedOut     *bool   `json:"timed_out,omitempty"`
	Reason       string  `json:"reason,omitempty"`

	// any end that went wrong
	Error *string `json:"error,omitempty"`

	// setup_start, scoring_start
	What string `json:"what,omitempty"`

	// scoring_end, if the scoring gave a verdict
	IsResolved       *bool           `json:"is_resolved,omitempty"` // right or wrong; nil: unscored
	UnscorableReason string          `json:"unscorable_reason,omitempty"`
	ScoreMetadata    json.RawMessage `json:"score_metadata,omitempty"` // an object

	// lm_inference_start, submodel_call_start
	Model    string `json:"model,omitempty"`
	Provider string `json:"provider,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
	Local    *bool  `json:"local,omitempty"` // does the endpoint run on this host?

	// lm_inference_end, submodel_call_end
	InputTokens      *int64   `json:"input_tokens,omitempty"`  // cached ones included
	OutputTokens     *int64   `json:"output_tokens,omitempty"` // reasoning included
	CachedTokens     *int64   `json:"cached_tokens,omitempty"`
	CacheWriteTokens *int64   `json:"cache_write_tokens,omitempty"`
	ReasoningTokens  *int64   `json:"reasoning_tokens,omitempty"`
	CostUSD          *float64 `json:"cost_usd,omitempty"` // only if the provider said so
	QueueS           *float64 `json:"queue_s,omitempty"`  // if the server said so
	FinishReason     string   `json:"finish_reason,omitempty"`
	Attempts         int      `json:"attempts,omitempty"`
	TokensEstimated  bool     `json:"tokens_estimated,omitempty"`

	// tool_call_start, tool_call_end
	Tool         string  `json:"tool,omitempty"`
	CallID       string  `json:"call_id,omitempty"`
	Arguments    *string `json:"arguments,omitempty"` // as the model sent them
	OK           *bool   `json:"ok,omitempty"`
	ResultTokens *int64  `json:"result_tokens,omitempty"`
	ResultBytes  *int64  `json:"result_bytes,omitempty"`

	// retry
	ErrorClass string   `json:"error_class,omitempty"`
	WaitS      *float64 `json:"wait_s,omitempty"`

	room *room // where it lies; nil: no Reader has made it
}
