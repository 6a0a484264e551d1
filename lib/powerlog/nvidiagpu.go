package powerlog

import (
	"math"
	"strconv"
	"strings"

	"ipw/lib/power"
)

// smiGPU is what a row of nvidia-smi says of one GPU.
type smiGPU struct {
	Value
	index, id, uuid, model, capability, driver string
	limit                                      float64
	read                                       []smiReading
}

type smiReading struct {
	column *smiColumn
	w      int64
}

// choice is the column that a domain is read from.
type choice struct {
	column string
	proven bool // it has had a value
}

// domains makes a domain of each power column. The best one that has values is
// the GPU, the others are recorded as parts of it, so that nothing is added
// twice. changed tells that another column than before is the best.
func (g *smiGPU) domains(cells []cell, chosen map[string]choice) (_ []cell, changed bool) {
	for _, kind := range []string{power.GPU, power.Board} {
		id := kindID[kind] + g.index
		was := chosen[id]
		best := g.best(kind, was)
		if best == nil {
			continue
		}
		chosen[id] = choice{best.column.name, was.proven || best.w != power.Null}
		changed = changed || was.column != "" && was.column != best.column.name
		cells = append(cells, g.cell(best, id))
		for i := range g.read {
			if r := &g.read[i]; r.column.kind == kind && r != best {
				cells = append(cells, g.part(r, id))
			}
		}
	}
	return cells, changed
}

// kindID is how the ids of a kind begin here.
var kindID = map[string]string{power.GPU: "gpu:", power.Board: "module:"}

// best is the reading to take a kind's power from: as before if that has had
// values, else the one of lowest rank that has one now.
func (g *smiGPU) best(kind string, was choice) (best *smiReading) {
	for i := range g.read {
		r := &g.read[i]
		switch {
		case r.column.kind != kind:
		case was.proven && r.column.name == was.column:
			return r
		case best == nil, (r.w == power.Null) == (best.w == power.Null) && r.column.rank < best.column.rank, best.w == power.Null && r.w != power.Null:
			best = r
		}
	}
	return best
}

func (g *smiGPU) cell(r *smiReading, id string) cell {
	averaged := r.column.power == power.Averaged || r.column.power == "" && g.averages()
	c := cell{domain: gpuDomain(id, r.column.kind, "nvidia-smi", averaged), Value: g.Value}
	if r.column.kind == power.Board {
		c.Value = nothing
	}
	c.W = r.w
	c.domain.Name, c.domain.UUID, c.domain.DriverVersion = told(g.model), g.uuid, told(g.driver)
	if g.limit > 0 {
		c.domain.PowerLimitW = g.limit
	}
	return c
}

// part is another sensor of what the domain id is.
func (g *smiGPU) part(r *smiReading, id string) cell {
	c := g.cell(r, id+"/"+r.column.name[strings.LastIndexByte(r.column.name, '.')+1:])
	c.domain.PartOf = id
	c.Value = nothing
	c.W = r.w
	return c
}

// told is a text, "" if it says that there is none.
func told(text string) string {
	if missing(text) {
		return ""
	}
	return text
}

// averages reports whether power.draw is the mean of the last second: on Ampere
// but GA100, which is compute capability 8.0, and newer. A GPU that the log
// does not describe is taken as one of these.
func (g *smiGPU) averages() bool {
	if f, err := strconv.ParseFloat(g.capability, 64); err == nil {
		return f > 8.0
	}
	return !preAmpere.MatchString(g.model)
}

// nvmlUpdate is how often NVML's power readings change: 20 to 100 ms, by model
// (arXiv 2312.02741). nvmlWindow is what the averaged ones are the mean of.
const (
	nvmlUpdate = 100_000
	nvmlWindow = 1_000_000
)

// gpuDomain is a GPU's power as NVML tells it, through whatever tool.
func gpuDomain(id, kind, source string, averaged bool) Domain {
	d := Domain{Domain: power.Domain{ID: id, Kind: kind, Source: source, Energy: power.None, Power: power.Instant, UpdateUs: micro(nvmlUpdate)}}
	if averaged {
		d.Power, d.PowerWindowUs = power.Averaged, nvmlWindow
	}
	return d
}

// mebibytes is an amount of memory that a tool gives in MiB.
func mebibytes(cell string) float64 {
	if f := quantity(cell, 0, 1e9); !math.IsNaN(f) {
		return f * (1 << 20)
	}
	return math.NaN()
}
