package powerlog

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"ipw/lib/power"
)

// turbostat reads what turbostat prints: a line of column names before each
// interval (with --Summary only once), a row for the whole system, then rows for
// CPUs. The package's figures stand in the row of its first CPU, and, where
// there is but one package, in the system's; those of cores, where the processor
// counts each by itself, in the row of each core.
//
//	Time_Of_Day_Seconds	Core	CPU	Busy%	PkgWatt	RAMWatt
//	1763888400.123456	-	-	12.50	45.10	3.20
//	1763888400.123123	0	0	25.00	45.10	3.20
//
// With --Joules the columns are Pkg_J and so on, and each value is what was used
// in its interval.
//
// Followed: turbostat 2017.02 and newer.
type turbostat struct {
	src     *source
	stamps  stamps
	columns []string
	heading string // the line that named them
	sep     string // "\t", or "" for any white space
	skipped unread
	seq     int
	single  bool // no column tells packages apart: the system is the package
	again   bool // other columns have come: another log
	row     row  // its seq and t are those of the interval
	systems systems
	cores   cores
	ahead   []string // the cells of a row read, which follows those of cores
}

// turbostatPower are the columns with power, by what they begin with.
var turbostatPower = map[string]struct{ prefix, suffix, kind, name string }{
	"Pkg": {"cpu:", "", power.CPU, "package"},
	"Cor": {"cpu:", "/core", power.Core, "cores"},
	"GFX": {"cpu:", "/uncore", power.Uncore, "graphics"},
	"RAM": {"dram:", "", power.DRAM, "dram"},
	"Sys": {"psys:", "", power.Board, "psys"},
}

// turbostatOther are the built-in columns that tell nothing of power.
var turbostatOther = regexp.MustCompile(`^(usec|Time_Of_Day_Seconds|Package|Die|L3|Node|Module|Core|CPU|APIC|X2APIC|Avg_MHz|Busy%|Bzy_MHz|TSC_MHz|IPC|IRQ|NMI|SMI|POLL%?|C\d\w*[%+-]?|C\d\w*|CPU%\w+|Pkg%\w+|Pk%\w+|Mod%\w+|CoreTmp|CoreThr|PkgTmp|CoreCnt|PkgCnt|GFX%\w+|GFXMHz|GFXAMHz|GFX%C0|SAM%\w+|SAMMHz|SAMAMHz|SAM%mc6|Totl%C0|Any%C0|CPUGFX%|PKG_%|RAM_%|SYS%LPI|CPU%LPI|LLC\w*%?|L2\w*%?|UncMHz|UMHz\S*|DieC6|SysWatt|Sys_J|Mem\S*|pct_idle|%\w+)$`)

func openTurbostat(s *source, o Options) Reader {
	r := &turbostat{src: s, stamps: newStamps(s, o), skipped: unread{src: s}}
	if o.Now != nil && o.StartUs == 0 {
		r.systems.now = o.Now
	}
	return join(r, s, &r.stamps, o)
}

// isTurbostat recognizes the line of column names, or the tool's first line.
func isTurbostat(line string) bool {
	words := strings.Fields(line)
	if len(words) > 1 && words[0] == "turbostat" && words[1] == "version" {
		return true
	}
	return isTurbostatHeader(words)
}

func isTurbostatHeader(words []string) bool {
	for _, w := range words {
		if _, _, ok := turbostatColumn(w); ok || w == "Avg_MHz" || w == "Bzy_MHz" {
			return true
		}
	}
	return false
}

// turbostatColumn splits PkgWatt and Pkg_J.
func turbostatColumn(name string) (part string, joules, ok bool) {
	part, ok = strings.CutSuffix(name, "Watt")
	if !ok {
		part, ok = strings.CutSuffix(name, "_J")
		joules = true
	}
	if _, known := turbostatPower[part]; !ok || !known {
		return "", false, false
	}
	return part, joules, true
}

func (r *turbostat) next() (*row, error) {
	for {
		cells := r.ahead
		if r.ahead = nil; cells == nil {
			line, err := r.src.next()
			if err == io.EOF && r.cores.pending() {
				return r.ofCores(), nil
			} else if err != nil {
				return nil, err
			}
			if next := behind(line, r.heading); next != "" && strings.ContainsAny(line[:1], " -0123456789") {
				if err := r.src.cut(); err != nil {
					return nil, err
				}
				line = next
			}
			if words := strings.Fields(line); isTurbostatHeader(words) {
				r.heading = line
				if err := r.header(line, words); err != nil {
					return nil, err
				}
				continue
			}
			if r.columns == nil {
				continue // what it says of the machine
			}
			cells = r.cells(line)
			if system, _ := r.place(cells); system && r.cores.pending() {
				r.ahead = cells
				return r.ofCores(), nil
			}
		}
		ok, err := r.read(cells)
		if err != nil {
			if err := r.src.reject(err); err != nil {
				return nil, err
			}
		} else if ok {
			return &r.row, nil
		}
	}
}

func (r *turbostat) cells(line string) []string {
	if r.sep == "" {
		return strings.Fields(line)
	}
	return strings.Split(strings.TrimRight(line, " "), r.sep)
}

func (r *turbostat) header(line string, words []string) error {
	if r.sep = ""; strings.Contains(line, "\t") {
		r.sep = "\t"
	}
	columns := r.cells(line)
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	var skipped []string
	any := false
	for _, c := range columns {
		_, _, ok := turbostatColumn(c)
		any = any || ok
		if !ok && !turbostatOther.MatchString(c) {
			skipped = append(skipped, c)
		}
	}
	if !any {
		return hinted{r.src.fail("no column of power or energy"), "turbostat --quiet --Joules --enable Time_Of_Day_Seconds --show Time_Of_Day_Seconds,Package,Core,CPU,Busy%,PkgTmp,Pkg_J,Cor_J,GFX_J,RAM_J"}
	}
	r.again = r.again || r.columns != nil && !slices.Equal(r.columns, columns)
	r.columns = columns
	r.single = !slices.Contains(columns, "Package")
	r.skipped.name(skipped)
	r.whose()
	return nil
}

// read takes a row; ok if it tells power.
func (r *turbostat) read(cells []string) (ok bool, err error) {
	if len(cells) > len(r.columns) {
		return false, fmt.Errorf("has %d columns, the line of names has %d", len(cells), len(r.columns))
	}
	system, pkg := r.place(cells)
	if system {
		if ok, err := r.interval(cells); !ok {
			return false, err
		}
		r.cores.begin()
	}
	if r.seq == 0 || r.single && !system {
		return false, nil
	}
	r.row.line, r.row.values = r.src.line, r.row.values[:0]
	for i, name := range r.columns {
		part, joules, known := turbostatColumn(name)
		text := ""
		if i < len(cells) {
			text = strings.TrimSpace(cells[i])
		}
		if !known || text == "" || system && !r.single && part != "Sys" {
			continue
		}
		c, err := r.value(part, pkg, joules, text)
		if err != nil {
			return false, fmt.Errorf("column %s: %w", name, err)
		}
		if part == "Pkg" {
			c.TempC = celsius(r.at(cells, "PkgTmp"))
			if system {
				c.Util = percent(r.at(cells, "Busy%"))
			}
		}
		if part == "Cor" && !r.single {
			r.cores.add(c)
			continue
		}
		r.row.values = append(r.row.values, c)
	}
	if r.cores.last() {
		r.row.values = r.cores.take(r.row.values)
	}
	if len(r.row.values) == 0 {
		return false, nil
	}
	r.row.again, r.again = r.again, false
	return true, nil
}

// at is the cell of a column, "" if there is none.
func (r *turbostat) at(cells []string, name string) string {
	if i := slices.Index(r.columns, name); i >= 0 && i < len(cells) {
		return strings.TrimSpace(cells[i])
	}
	return ""
}

// turbostatPlaces are the columns that tell what a row is of.
var turbostatPlaces = []string{"Package", "Die", "L3", "Node", "Module", "Core", "CPU", "APIC", "X2APIC"}

// place tells what a row is of: the whole system, or a CPU of a package.
func (r *turbostat) place(cells []string) (system bool, pkg string) {
	any := false
	for _, name := range turbostatPlaces {
		any = any || slices.Contains(r.columns, name)
		system = system || r.at(cells, name) == "-"
	}
	if pkg = r.at(cells, "Package"); !isNumber(pkg) {
		pkg = "0"
	}
	return system || !any, pkg
}

// interval begins another one with its system row; not ok if the row is none:
// without columns that tell, the rows of CPUs carry earlier times.
func (r *turbostat) interval(cells []string) (ok bool, err error) {
	t := int64(power.Null)
	if text := r.at(cells, "Time_Of_Day_Seconds"); text != "" {
		if t, err = r.stamps.unix(text); err != nil {
			return false, err
		}
		if !slices.Contains(r.columns, "CPU") && t <= r.row.t && t > r.row.t-1e6 {
			return false, nil
		}
	} else if !r.systems.next(r.bare()) {
		return false, nil
	}
	r.seq++
	r.row.seq, r.row.t = r.seq, t
	return true, nil
}

// value is a cell of power.
func (r *turbostat) value(part, pkg string, joules bool, text string) (cell, error) {
	p := turbostatPower[part]
	if part == "Sys" {
		pkg = "0"
	}
	c := cell{Value: nothing}
	c.domain = Domain{Domain: power.Domain{ID: p.prefix + pkg + p.suffix, Kind: p.kind, Source: "turbostat", Name: p.name, UpdateUs: micro(raplUpdate)}}
	if p.suffix != "" {
		c.domain.PartOf = p.prefix + pkg
	}
	var err error
	if joules {
		c.J, err = units["J"].parse(text)
		c.domain.Energy, c.domain.Power, c.domain.PerInterval = power.Counter, power.Derived, true
	} else {
		c.W, err = units["W"].parse(text)
		c.domain.Energy, c.domain.Power, c.domain.Mean = power.None, power.Averaged, true
	}
	return c, err
}

// raplUpdate is how often RAPL's counters change (Intel's Software Developer's
// Manual, volume 3, "RAPL Interfaces": about 1 ms).
const raplUpdate = 1000
