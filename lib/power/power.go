// Package power is the power stream, schema ipw.power/1: what sensors said.
//
// A segment's header names the host and the domains; each sample carries one
// value per domain, in the header's order:
//
//	{"type":"header","schema":"ipw.power/1","host":"n1","boot_id":"…","t_us":1763884800000000,
//	 "interval_us":50000,"tool":"ipw-sample 0.1.0","domains":[
//	   {"id":"gpu:0","kind":"gpu","source":"nvml","energy":"counter","power":"instant","update_us":100000},
//	   {"id":"cpu:0","kind":"cpu","source":"rapl","energy":"counter","power":"derived","update_us":1000,"wrap_joules":262143.32885}]}
//	{"t_us":1763884800000000,"m_us":83920000000,"j":[0,0],"w":[311.9,null]}
//	{"t_us":1763884800050000,"m_us":83920050000,"j":[15.62,2.75],"w":[312.4,55]}
//	{"type":"note","t_us":1763884800100000,"domain":"gpu:0","what":"lost","detail":"…"}
//	{"type":"end","records":3,"status":"ok"}
//
// A record without type is a sample. Its j are joules since some moment, never
// falling within a segment, corrected for wraps and resets: only differences
// within one segment mean anything. Its w are watts. A null is no reading, and
// is never written as 0. Both are whole numbers of micro-units here.
//
// A sample may also carry util (0–1), mem_bytes and temp_c, arrays like j and w.
// A note says what happened to a domain or, without one, to the sampler. Records
// of other types, and other fields, are passed by.
//
// Domains are known by (host, id): gpu:N in the sensor's own order, cpu:K a
// package, cpu:K.D a die of it, cpu:K/core and cpu:K/uncore parts of it, cpu:K/mmio
// the same counter at another address, dram:K, psys:0 the whole machine. What has
// part_of, and a board, is recorded and not added up with others.
//
// t_us is Unix time in microseconds, m_us CLOCK_BOOTTIME; a sample is stamped
// before its first sensor is read, and all its reads were made within read_us.
//
// Between two segments nothing is known, unless the later one's first sample
// has the time of the earlier one's last.
package power

import "encoding/json"

// Schema names the format.
const Schema = "ipw.power/1"

// Kinds of domains. A board contains others, core and uncore are parts: they
// are recorded and not added up.
const (
	GPU    = "gpu"
	CPU    = "cpu" // a processor package
	DRAM   = "dram"
	SOC    = "soc"
	ANE    = "ane"
	Board  = "board" // a whole machine or module
	Core   = "core"
	Uncore = "uncore"
)

// Values of Domain.Energy and Domain.Power.
const (
	Counter    = "counter"    // the sensor counts joules
	Integrated = "integrated" // the sampler integrated the sensor's watts
	None       = "none"
	Instant    = "instant"
	Averaged   = "averaged" // over PowerWindowUs
	Derived    = "derived"  // from the energy
)

// Header begins a segment.
type Header struct {
	Type         string   `json:"type"`
	Schema       string   `json:"schema"`
	Host         string   `json:"host,omitempty"`
	BootID       string   `json:"boot_id,omitempty"`
	TUs          int64    `json:"t_us"`
	IntervalUs   int64    `json:"interval_us,omitempty"` // 0: unknown
	Ticks        string   `json:"ticks,omitempty"`       // "random": each sample at a random moment of its interval
	ClockSource  string   `json:"clock_source,omitempty"`
	ClockErrorUs *int64   `json:"clock_error_us,omitempty"` // nil: unknown
	Tool         string   `json:"tool,omitempty"`
	System       *System  `json:"system,omitempty"`
	Domains      []Domain `json:"domains"`
}

// System describes the machine of a header.
type System struct {
	OS     string `json:"os,omitempty"`
	Kernel string `json:"kernel,omitempty"`
	CPU    string `json:"cpu,omitempty"`
	CPUs   int    `json:"cpus,omitempty"`
}

// Domain is one thing whose energy a sensor tells. It is known by (host, ID).
type Domain struct {
	ID            string          `json:"id"`
	Kind          string          `json:"kind"`
	Source        string          `json:"source,omitempty"`
	Name          string          `json:"name,omitempty"`
	UUID          string          `json:"uuid,omitempty"`
	PartOf        string          `json:"part_of,omitempty"` // the domain that contains it: recorded, never summed
	Energy        string          `json:"energy"`
	Power         string          `json:"power"`
	UpdateUs      *int64          `json:"update_us,omitempty"`       // longest time between two refreshes of the sensor; nil: unknown
	LagUs         int64           `json:"lag_us,omitempty"`          // how old a fresh value may be
	PowerWindowUs int64           `json:"power_window_us,omitempty"` // of averaged watts
	WrapJoules    float64         `json:"wrap_joules,omitempty"`     // range of the raw counter; 0: does not wrap
	Accuracy      json.RawMessage `json:"accuracy,omitempty"`        // the vendor's figure, if there is one
	Estimated     bool            `json:"estimated,omitempty"`       // a model, not a sensor
	Model         string          `json:"model,omitempty"`           // of an estimate: one line that says how
	DriverVersion string          `json:"driver,omitempty"`
	PowerLimitW   float64         `json:"power_limit_w,omitempty"`
	Clocks        *Clocks         `json:"clocks_mhz,omitempty"`
	Scope         string          `json:"scope,omitempty"`         // of a GPU's power: "" the GPU, "module" or "memory"
	MIGInstances  int             `json:"mig_instances,omitempty"` // into which the GPU is cut: the numbers are of all of them
}

// Clocks of a GPU in MHz when the segment began, and the most they may be; 0:
// not told.
type Clocks struct {
	Graphics    int64 `json:"graphics,omitempty"`
	Memory      int64 `json:"memory,omitempty"`
	MaxGraphics int64 `json:"max_graphics,omitempty"`
	MaxMemory   int64 `json:"max_memory,omitempty"`
}

// Counts reports whether the domain is added up with others: a kind of its own
// that nothing else contains. A board does not count beside others.
func (d *Domain) Counts() bool {
	switch d.Kind {
	case GPU, CPU, DRAM, SOC, ANE:
		return d.PartOf == "" && !d.Silent()
	}
	return false
}

// Silent reports a domain that is listed but gives nothing.
func (d *Domain) Silent() bool { return d.Energy == None && d.Power == None }

// Null is a missing value in J and W.
const Null = -1 << 63

// Sample is one moment's readings. J and W have the header's domains' order,
// or are nil.
type Sample struct {
	TUs    int64
	MUs    int64 // if HasM
	HasM   bool
	ReadUs int64
	J      []int64 // microjoules, or Null
	W      []int64 // microwatts, or Null

	Util     []*float64 // 0–1
	MemBytes []*float64
	TempC    []*float64
}

// What a Note says.
const (
	Lost        = "lost"
	Resumed     = "resumed"
	Reset       = "reset"
	Permission  = "permission"
	MissedTicks = "missed_ticks"
	Gap         = "gap"
	Neighbours  = "neighbours" // who else uses a GPU, when that changed
)

// Note is something that happened to a domain, or to the sampler (Domain "").
type Note struct {
	Type   string `json:"type"`
	TUs    int64  `json:"t_us"`
	MUs    *int64 `json:"m_us,omitempty"`
	Domain string `json:"domain,omitempty"`
	What   string `json:"what"`
	Detail string `json:"detail,omitempty"`
}
