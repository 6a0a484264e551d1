//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"io"

	"ipw/lib/column"
	"ipw/lib/power"
	"ipw/lib/source"
	"ipw/lib/stream"
)

// The columns of power, in the order in which putReading sets them.
var powerColumns = []column.Column{
	text("run"), text("host"), whole("segment"), whole("t_us"), whole("m_us"), text("domain"), text("kind"),
	number("joules"), number("joules_total"), number("watts"), number("util"), number("mem_bytes"), number("temp_c"),
	text("part_of"), yesNo("counted"), yesNo("estimated"), text("source"), text("name"), text("energy_method"), text("power_method"),
}

var powerView = view{name: "power", columns: powerColumns, kind: source.Power, width: 35, scan: func(db *DB) scan {
	return start(db, chunkRows, putReading, db.power)
}}

// segment is what the readings of one segment share.
type segment struct {
	*power.Header
	run    string // "" if not known
	number int64  // within its source, from 1
	last   []reading
	cover  *cover // nil before the first sample
}

// reading is the last one of a domain, the base of the next difference.
type reading struct {
	j    int64 // power.Null before the first
	free bool  // no other segment covers the time right behind it
}

// sensed is one row: a domain's reading.
type sensed struct {
	seg             *segment
	domain          int
	tUs, mUs        int64
	hasM            bool
	joules          int64 // since the reading before, or power.Null
	j, w            int64
	util, mem, temp *float64
}

func putReading(c *chunk, n int, r *sensed) {
	d := &r.seg.Domains[r.domain]
	c.text(0, n, r.seg.run)
	c.text(1, n, r.seg.Host)
	set(c, 2, n, r.seg.number)
	set(c, 3, n, r.tUs)
	if r.hasM {
		set(c, 4, n, r.mUs)
	} else {
		c.null(4, n)
	}
	c.text(5, n, d.ID)
	c.text(6, n, d.Kind)
	c.micro(7, n, r.joules)
	c.micro(8, n, r.j)
	c.micro(9, n, r.w)
	c.float(10, n, r.util)
	c.float(11, n, r.mem)
	c.float(12, n, r.temp)
	c.text(13, n, d.PartOf)
	set(c, 14, n, d.Counts())
	set(c, 15, n, d.Estimated)
	c.text(16, n, d.Source)
	c.text(17, n, d.Name)
	c.text(18, n, d.Energy)
	c.text(19, n, d.Power)
}

// power reads every power stream of every source.
func (db *DB) power(yield func(sensed) bool) error {
	problems, bare := db.problems(), make(covered)
	for _, src := range db.set.Sources {
		files, err := src.Files(source.Power)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			continue
		}
		run, err := src.Run()
		if err != nil {
			return err
		}
		p := powerScan{run: run, covered: bare, problems: problems, yield: yield}
		if src.Dir != "" {
			p.covered = make(covered)
		}
		for _, f := range files {
			if more, err := p.file(f); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// powerScan reads the power streams of one source.
type powerScan struct {
	run      string
	segments int64
	covered  covered // bare files are one stream and share it
	problems *stream.Problems
	yield    func(sensed) bool
	seg      *segment
}

func (p *powerScan) file(f *source.File) (more bool, err error) {
	in, err := f.Open()
	if err != nil {
		return false, err
	}
	r := power.NewReader(p.problems, in)
	defer r.Close()
	for {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			p.end()
			return true, nil
		case err != nil:
			return false, err
		case rec.Header != nil:
			p.begin(rec.Header)
		case rec.Sample != nil && p.seg != nil:
			if !p.sample(rec.Sample) {
				return false, nil
			}
		}
	}
}

func (p *powerScan) begin(h *power.Header) {
	p.end()
	p.segments++
	p.seg = &segment{Header: h, run: p.run, number: p.segments, last: make([]reading, len(h.Domains))}
	for i := range p.seg.last {
		p.seg.last[i].j = power.Null
	}
}

// end closes the open segment, if there is one.
func (p *powerScan) end() {
	if p.seg != nil && p.seg.cover != nil {
		p.covered.add(p.seg)
	}
	p.seg = nil
}

// sample yields one row per domain.
func (p *powerScan) sample(s *power.Sample) bool {
	seg := p.seg
	if seg.cover == nil {
		seg.cover = p.covered.begin(seg, s)
	}
	at := seg.cover.step(s)
	for i := range seg.Domains {
		row := sensed{seg: seg, domain: i, tUs: s.TUs, mUs: s.MUs, hasM: s.HasM,
			j: value(s.J, i), w: value(s.W, i), util: pointer(s.Util, i), mem: pointer(s.MemBytes, i), temp: pointer(s.TempC, i)}
		free, again := seg.cover.others[i].at(at)
		row.joules = seg.difference(i, row.j, free)
		switch {
		case again && !free:
			p.problems.WarnOnce(seg.Host+" "+seg.Domains[i].ID, "%s: two segments give samples of domain %q for the same time, the one read first counts", or(p.run, seg.Host), seg.Domains[i].ID)
		case !again && !p.yield(row):
			return false
		}
	}
	return true
}

// difference is the joules of domain i since its reading before, null where
// another segment tells of a part of that time.
func (s *segment) difference(i int, j int64, free bool) int64 {
	last := s.last[i]
	if j == power.Null {
		return power.Null
	}
	s.last[i] = reading{j, free}
	if last.j == power.Null || !last.free || j < last.j {
		return power.Null
	}
	return j - last.j
}

func value(v []int64, i int) int64 {
	if v == nil {
		return power.Null
	}
	return v[i]
}

func pointer(v []*float64, i int) *float64 {
	if v == nil {
		return nil
	}
	return v[i]
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
