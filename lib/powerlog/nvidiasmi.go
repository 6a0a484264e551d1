package powerlog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ipw/lib/power"
)

// smi reads what nvidia-smi --query-gpu=… --format=csv prints, with any columns
// in any order, units in the header or beside the values. A header line may come
// again, with other columns too: logs are concatenated.
//
// Followed: nvidia-smi 470 and newer (nvidia-smi --help-query-gpu, nvidia-smi(1)).
type smi struct {
	src     *source
	stamps  stamps
	columns []smiColumn
	heading string            // the line that named them
	ids     bool              // a column tells the GPUs apart
	again   bool              // another header line has come
	gpus    map[string]int    // numbers of GPUs that have no index, by what names them
	best    map[string]choice // by domain
	skipped unread
	row     row
	groups  groups
}

// role is what a column of a table is for.
type role int

const (
	unused role = iota // known, tells nothing of power
	atTime
	number // of the device
	naming // tells devices apart
	model  // the device's name
	maker  // its architecture's number
	driver // its version
	limit  // the power limit
	watts
	joules
	busy    // utilisation
	memory  // in use
	degrees // temperature
)

type smiColumn struct {
	name  string
	role  role
	unit  scale
	kind  string // of the domain
	power string // instant, averaged, or "" where the GPU's model decides
	rank  int    // the first of a GPU's power columns that has a value is the GPU
}

// smiNames are the columns with a meaning here. nvidia-smi knows aliases.
var smiNames = map[string]smiColumn{
	"timestamp": {role: atTime},
	"index":     {role: number},
	"uuid":      {role: naming}, "gpu_uuid": {role: naming}, "serial": {role: naming}, "gpu_serial": {role: naming},
	"pci.bus_id": {role: naming}, "gpu_bus_id": {role: naming},
	"name": {role: model}, "gpu_name": {role: model},
	"compute_cap":          {role: maker},
	"driver_version":       {role: driver},
	"enforced.power.limit": {role: limit}, "power.limit": {role: limit},
	"utilization.gpu": {role: busy},
	"memory.used":     {role: memory},
	"temperature.gpu": {role: degrees},

	"power.draw.instant":        {role: watts, kind: power.GPU, power: power.Instant, rank: 1},
	"power.draw":                {role: watts, kind: power.GPU, rank: 2},
	"power.draw.average":        {role: watts, kind: power.GPU, power: power.Averaged, rank: 3},
	"module.power.draw.instant": {role: watts, kind: power.Board, power: power.Instant, rank: 1},
	"module.power.draw.average": {role: watts, kind: power.Board, power: power.Averaged, rank: 2},
}

func openSMI(s *source, o Options) Reader {
	r := &smi{src: s, stamps: newStamps(s, o), gpus: make(map[string]int), best: make(map[string]choice), skipped: unread{src: s}}
	return join(r, s, &r.stamps, o)
}

// isSMI recognizes the header line.
func isSMI(line string) bool {
	known := 0
	for cell := range strings.SplitSeq(strings.ReplaceAll(line, `"`, ""), ",") {
		name, _ := splitUnit(cell)
		if c, ok := smiNames[name]; ok && c.role == watts {
			return true
		} else if ok {
			known++
		}
	}
	return known >= 2
}

// named reports whether a part of a line has names of columns.
func named(part string) bool {
	for cell := range strings.SplitSeq(part, ",") {
		name, _ := splitUnit(cell)
		if _, ok := smiNames[name]; ok {
			return true
		}
	}
	return false
}

// splitUnit splits "power.draw [W]".
func splitUnit(cell string) (name, unit string) {
	name, unit, _ = strings.Cut(strings.TrimSpace(cell), " ")
	return strings.ToLower(name), strings.Trim(unit, "[] ")
}

var errNoHeader = "no header line: nvidia-smi wrote it without (--format=csv,noheader)"

func (r *smi) next() (*row, error) {
	for {
		line, err := r.src.next()
		if err != nil {
			return nil, err
		}
		line = strings.ReplaceAll(line, `"`, "") // a spreadsheet's
		if next := behind(line, r.heading); next != "" && !named(line[:len(line)-len(next)]) {
			if err := r.src.cut(); err != nil {
				return nil, err
			}
			line = next
		}
		cells := strings.Split(line, ",")
		if isSMI(line) {
			r.heading = line
			if err := r.header(cells); err != nil {
				return nil, err
			}
			continue
		}
		if r.columns == nil {
			missing := hinted{r.src.fail("%s", errNoHeader), "put the names of its columns above it: (echo 'timestamp, index, power.draw [W]'; cat " + r.src.typed() + ") | ipw-sample --from -"}
			if isHeaderless(line) {
				return nil, missing
			}
			if err := r.src.preamble(missing); err != nil {
				return nil, err
			}
			continue
		}
		if err := r.read(cells); err != nil {
			if err := r.src.reject(err); err != nil {
				return nil, err
			}
			continue
		}
		if err := r.crowded(); err != nil {
			return nil, err
		}
		return &r.row, nil
	}
}

// header takes the names of the columns.
func (r *smi) header(cells []string) error {
	var columns []smiColumn
	var skipped []string
	r.ids = false
	for _, cell := range cells {
		name, unit := splitUnit(cell)
		c, ok := smiNames[name]
		if !ok {
			skipped = append(skipped, name)
		}
		c.name, c.unit = name, units["W"]
		if s, ok := scaleOf(unit); ok && c.role == watts && !s.joules {
			c.unit = s
		}
		columns = append(columns, c)
		r.ids = r.ids || c.role == number || c.role == naming
	}
	if !slices.ContainsFunc(columns, func(c smiColumn) bool { return c.role == watts }) {
		return r.src.fail("no column of power: --query-gpu=timestamp,index,power.draw has one")
	}
	if r.columns != nil && !slices.Equal(r.columns, columns) {
		r.again = true
		clear(r.best)
	}
	r.columns, r.groups, r.src.missing = columns, groups{}, nil
	r.skipped.name(skipped)
	return nil
}

// read makes a row of a line's cells.
func (r *smi) read(cells []string) error {
	if len(cells) != len(r.columns) {
		return fmt.Errorf("has %d columns, the header line names %d", len(cells), len(r.columns))
	}
	g := smiGPU{Value: nothing}
	r.row.line, r.row.t = r.src.line, power.Null
	for i, c := range r.columns {
		if err := r.cell(&g, &c, strings.TrimSpace(cells[i])); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	if g.index == "" {
		g.index = r.number(g.id)
	}
	var changed bool
	r.row.values, changed = g.domains(r.row.values[:0], r.best)
	r.row.again, r.again = r.again || changed, false
	return nil
}

// cell takes one cell.
func (r *smi) cell(g *smiGPU, c *smiColumn, text string) (err error) {
	switch c.role {
	case atTime:
		r.row.t, err = r.stamps.date(text)
	case number:
		if g.index = text; !isNumber(text) {
			return fmt.Errorf("%.40q is no GPU's number", text)
		}
	case naming:
		if g.id = text; strings.HasPrefix(text, "GPU-") {
			g.uuid = text
		}
	case model:
		g.model = text
	case maker:
		g.capability = text
	case driver:
		g.driver = text
	case limit:
		g.limit = quantity(text, 0, 1e6)
	case busy:
		g.Util = percent(text)
	case memory:
		g.MemBytes = mebibytes(text)
	case degrees:
		g.TempC = celsius(text)
	case watts:
		var w int64
		w, err = c.unit.cell(text)
		g.read = append(g.read, smiReading{c, w})
	}
	return err
}

// number is that of a GPU which the log names otherwise, in order of
// appearance; all are 0 if the log has no names.
func (r *smi) number(id string) string {
	n, ok := r.gpus[id]
	if !ok {
		n = len(r.gpus)
		r.gpus[id] = n
	}
	return fmt.Sprint(n)
}

// crowded notices that rows which no column tells apart are of several GPUs:
// they come in groups.
func (r *smi) crowded() error {
	if r.ids || r.row.t == power.Null || !r.groups.of(r.row.t) {
		return nil
	}
	return hinted{r.src.fail("rows of several GPUs, and no column tells them apart"), "nvidia-smi --query-gpu=timestamp,index,power.draw --format=csv -l 1"}
}

func isNumber(s string) bool {
	return s != "" && len(s) < 10 && strings.Trim(s, "0123456789") == ""
}

// preAmpere are names of GPUs whose power.draw is that of the moment: those
// before Ampere, and of Ampere GA100 (nvidia-smi(1), nvml.h on
// nvmlDeviceGetPowerUsage).
var preAmpere = regexp.MustCompile(`(?i)\b(A100|A800|A30|[KMPV]\d{1,3}|T4|T\d{3,4}|GTX|GT|TITAN|RTX 20\d\d|Quadro (RTX|[KMPT]|GV|GP)|CMP|Tesla)\b|Quadro [KMPTG]|TITAN`)
