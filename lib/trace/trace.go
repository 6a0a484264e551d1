// Package trace is the trace, schema ipw.trace/1: what each query and turn
// cost and whether the answer was right.
//
// traces.jsonl holds one QueryTrace a line, without a header. Every key is
// always written; null means not measured or not known and is never 0. The
// last line of a query_id within a run is the valid one.
//
//	{"schema":"ipw.trace/1","query_id":"q0000","workload_type":"demo",…,
//	 "turns":[{"turn_index":0,"input_tokens":310,…,"gpu_energy_joules":12.5,…,"energy":{…}}],
//	 …,"query_gpu_energy_joules":14.25,…,"is_resolved":null,…,
//	 "energy":{"basis":["gpu","cpu"],"method":"counter","share":"alone",…,"coverage":1,"uncertainty_joules":{"gpu":0.8,"cpu":0.1},…}}
//
// Joules are exact to the nanojoule. Sums are null when no part has the value;
// a sum that misses a part is given and named in energy.partial. The keys of soc,
// ane and board stand beside those of dram where such domains exist, those of
// above_idle where a baseline was asked for, electricity_cost_usd where the price
// of a kilowatt-hour was told. Keys of other versions are kept.
package trace

import (
	"encoding/json"

	"ipw/lib/unit"
)

// Schema names the format.
const Schema = "ipw.trace/1"

// Opt is a value of a kind of domain (soc, ane, board) whose keys exist only
// where such a domain does.
type Opt struct {
	Exists bool
	Joules *unit.Joules
}

// ByKind holds joules by kind of domain; nil is not measured.
type ByKind struct {
	GPU, CPU, DRAM  *unit.Joules
	SOC, ANE, Board Opt
}

// Get returns the joules of a kind, nil if there are none.
func (b *ByKind) Get(kind string) *unit.Joules {
	switch kind {
	case "gpu":
		return b.GPU
	case "cpu":
		return b.CPU
	case "dram":
		return b.DRAM
	case "soc":
		return b.SOC.Joules
	case "ane":
		return b.ANE.Joules
	case "board":
		return b.Board.Joules
	}
	return nil
}

// Set sets the joules of a kind; for soc, ane and board the key exists from
// then on, even with nil.
func (b *ByKind) Set(kind string, j *unit.Joules) {
	switch kind {
	case "gpu":
		b.GPU = j
	case "cpu":
		b.CPU = j
	case "dram":
		b.DRAM = j
	case "soc":
		b.SOC = Opt{true, j}
	case "ane":
		b.ANE = Opt{true, j}
	case "board":
		b.Board = Opt{true, j}
	}
}

// TurnTrace is one turn of an agent: a model call and the tools that follow.
type TurnTrace struct {
	TurnIndex        int
	InputTokens      *int64 // cached ones included
	OutputTokens     *int64 // reasoning included
	ToolResultTokens *int64
	ToolsCalled      []string
	ToolLatenciesS   map[string]float64 // a repeated tool is name, name#2, …
	WallClockS       *float64
	Joules           ByKind
	GPUPowerAvgWatts *float64
	CPUPowerAvgWatts *float64
	CostUSD          *float64
	Error            *string

	StartUs          int64 // Unix microseconds
	EndUs            int64
	CachedTokens     *int64
	CacheWriteTokens *int64
	ReasoningTokens  *int64
	TTFTS            *float64
	EnergyJoules     *unit.Joules // all counted domains
	PeakWatts        *float64     // the device's, not the share
	LMGPUJoules      *unit.Joules
	LMCPUJoules      *unit.Joules
	PrefillGPUJoules *unit.Joules
	DecodeGPUJoules  *unit.Joules
	Tools            []ToolTrace
	HasParallelTools bool
	Energy           Energy
	AboveIdle        ByKind // with --idle only
	HasAboveIdle     bool   // AboveIdle is written

	ElectricityCostUSD *float64 // with --kwh-price only: EnergyJoules at that price
	HasElectricity     bool     // ElectricityCostUSD is written

	Extra map[string]json.RawMessage // keys of other versions
}

// ToolTrace is one tool call of a turn.
type ToolTrace struct {
	Name              string              `json:"name"`
	Span              string              `json:"span"`
	LatencyS          *float64            `json:"latency_s"`
	GPUEnergyJoules   *unit.Joules        `json:"gpu_energy_joules"`
	CPUEnergyJoules   *unit.Joules        `json:"cpu_energy_joules"`
	OK                *bool               `json:"ok"`
	Error             *string             `json:"error"`
	ResultTokens      *int64              `json:"result_tokens"`
	UncertaintyJoules map[string]*float64 `json:"uncertainty_joules"`
}

// Energy says how the joules beside it came about.
type Energy struct {
	Basis             []string                `json:"basis"`      // kinds of domain in the sum
	Method            string                  `json:"method"`     // counter, integrated, estimate, mixed, none
	Share             *string                 `json:"share"`      // alone, shared
	ShareRule         string                  `json:"share_rule"` // active, equal, tokens, whole
	Sharers           map[string]float64      `json:"sharers"`    // energy-weighted mean, per kind
	Coverage          *float64                `json:"coverage"`   // measured part of the window, the smallest of the counted domains
	Samples           *int64                  `json:"samples"`    // readings inside, the smallest of the counted domains
	UncertaintyJoules map[string]*float64     `json:"uncertainty_joules"`
	UncertaintyKind   map[string]string       `json:"uncertainty_kind"` // bound, assumed, statistical, none
	BelowResolution   *bool                   `json:"below_resolution"`
	ByDomain          map[string]*unit.Joules `json:"by_domain"`
	Partial           []string                `json:"partial"` // values that miss a part
	Missing           map[string]string       `json:"missing"` // kind → why it is null
}

// QueryTrace is one attempt at one task.
type QueryTrace struct {
	Schema          string
	QueryID         string
	WorkloadType    string
	QueryText       string
	ResponseText    string
	Turns           []TurnTrace
	TotalWallClockS *float64
	Completed       bool
	TimedOut        bool

	Reference *string
	Metadata  json.RawMessage // an object
	Error     *string
	Reason    *string
	Attempt   int
	StartUs   int64
	EndUs     int64
	Run       *string
	Agent     *string
	Model     *string
	Dataset   *string
	Host      *string

	NumTurns          int
	TotalInputTokens  *int64
	TotalOutputTokens *int64
	TotalToolCalls    int
	Total             ByKind // sums over turns
	TotalCostUSD      *float64

	Query                 ByKind // the whole query less setup and scoring
	QueryEnergyJoules     *unit.Joules
	QueryGPUPowerAvgWatts *float64
	QueryCPUPowerAvgWatts *float64
	Overhead              ByKind
	SetupS                *float64
	Setup                 ByKind
	ScoringS              *float64
	Scoring               ByKind
	AttemptJoules         ByKind // sums over earlier attempts
	AttemptCostUSD        *float64

	IsResolved       *bool
	AccuracyScore    *float64
	UnscorableReason *string
	ScoreMetadata    json.RawMessage // an object

	Energy       Energy
	AboveIdle    ByKind
	HasAboveIdle bool

	ElectricityCostUSD *float64 // QueryEnergyJoules at --kwh-price
	HasElectricity     bool

	Extra map[string]json.RawMessage
}
