package powerlog

import (
	"bytes"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// point is a reading with the energy since the one before, in picojoules. New
// tells that nothing is known between the two.
type point struct {
	t      int64
	energy *big.Int
	new    bool
}

// account reads a power stream slowly: the readings of each domain, the way the
// design defines its line E(t).
func account(t *testing.T, text string) map[string][]point {
	t.Helper()
	r := power.NewReader(&stream.Problems{Strict: true}, stream.NewInput("x", strings.NewReader(text)))
	all := make(map[string][]point)
	var h *power.Header
	type state struct {
		t, v, max int64
		open      bool
	}
	var now []state
	ends := make(map[string]int64) // of the segment before
	var samples []power.Sample     // of the segment
	var notes []*power.Note
	var order []int // index of the sample before which each note stands
	finish := func() {
		interval := h.IntervalUs
		if interval == 0 && len(samples) > 1 {
			var steps []int64
			for i := 1; i < min(len(samples), 100); i++ {
				steps = append(steps, samples[i].TUs-samples[i-1].TUs)
			}
			slices.Sort(steps)
			interval = (steps[(len(steps)-1)/2] + steps[len(steps)/2]) / 2
		}
		now = make([]state, len(h.Domains))
		k := 0
		for n, s := range samples {
			for ; k < len(notes) && order[k] == n; k++ {
				for i, d := range h.Domains {
					if notes[k].What == power.Reset && (notes[k].Domain == d.ID || notes[k].Domain == "") {
						now[i].open = false
					}
				}
			}
			for i, d := range h.Domains {
				values, counter := s.J, d.Energy == power.Counter
				if d.Energy == power.None {
					values = s.W
				}
				if i >= len(values) || values[i] == power.Null {
					continue
				}
				p := point{t: s.TUs, energy: new(big.Int), new: !now[i].open}
				dt := s.TUs - now[i].t
				update := int64(0)
				if d.UpdateUs != nil {
					update = *d.UpdateUs
				}
				if now[i].open && !counter && interval > 0 && dt > 3*max(interval, update) {
					p.new = true
				}
				if now[i].open && counter && d.WrapJoules > 0 && float64(dt)/1e6*float64(now[i].max)/1e6 > d.WrapJoules/2 {
					p.new = true
				}
				if !now[i].open && n == 0 {
					if end, ok := ends[d.ID]; ok && end == s.TUs {
						p.new = false // the seam of two segments
					}
				}
				if !p.new && now[i].open {
					if d.Energy == power.None {
						p.energy.Mul(big.NewInt(now[i].v+values[i]), big.NewInt(dt))
						p.energy.Rsh(p.energy, 1)
					} else {
						p.energy.Mul(big.NewInt(values[i]-now[i].v), big.NewInt(1_000_000))
					}
				}
				if counter && i < len(s.W) && s.W[i] != power.Null {
					now[i].max = max(now[i].max, s.W[i])
				}
				if counter && now[i].open && dt > 0 && dt >= update {
					now[i].max = max(now[i].max, int64(float64(values[i]-now[i].v)/float64(dt)*1e6))
				}
				now[i].t, now[i].v, now[i].open = s.TUs, values[i], true
				all[d.ID] = append(all[d.ID], p)
			}
		}
		clear(ends)
		for i, d := range h.Domains {
			if now[i].open && now[i].t == samples[len(samples)-1].TUs {
				ends[d.ID] = now[i].t
			}
		}
		samples, notes, order = nil, nil, nil
	}
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err, text)
		}
		switch {
		case rec.Header != nil:
			h = rec.Header
		case rec.Sample != nil:
			var s power.Sample
			copySample(&s, rec.Sample)
			samples = append(samples, s)
		case rec.Note != nil:
			notes, order = append(notes, rec.Note), append(order, len(samples))
		case rec.End != "" && len(samples) > 0:
			finish()
		}
	}
}

// history makes a power stream with everything that ends a line of readings.
func history(rnd *rand.Rand) string {
	var b bytes.Buffer
	w := stream.NewWriter(&b)
	t := int64(1763888400_000000)
	update := int64(100_000)
	for range 1 + rnd.IntN(3) {
		h := power.Header{Type: "header", Schema: power.Schema, Host: "n1", TUs: t, Domains: []power.Domain{
			{ID: "gpu:0", Kind: "gpu", Energy: power.Counter, Power: power.Instant, UpdateUs: &update},
			{ID: "cpu:0", Kind: "cpu", Energy: power.Counter, Power: power.None, WrapJoules: 500},
			{ID: "gpu:1", Kind: "gpu", Energy: power.Integrated, Power: power.Instant, UpdateUs: &update},
			{ID: "gpu:2", Kind: "gpu", Energy: power.None, Power: power.Instant},
			{ID: "dram:0", Kind: "dram", Energy: power.None, Power: power.None},
		}}
		if rnd.IntN(2) == 0 {
			h.IntervalUs = 50_000
		}
		w.Header(h)
		var j [3]int64
		for n := range 20 + rnd.IntN(300) {
			if n > 0 {
				t += 40_000 + rnd.Int64N(20_000)
				switch rnd.IntN(40) {
				case 0:
					t += rnd.Int64N(20_000_000) // a gap
				case 1:
					w.Record(power.Note{Type: "note", TUs: t, Domain: h.Domains[rnd.IntN(4)].ID, What: power.Reset})
				case 2:
					w.Record(power.Note{Type: "note", TUs: t, Domain: "gpu:0", What: power.Lost})
				}
			}
			s := power.Sample{TUs: t}
			for i := range j {
				j[i] += rnd.Int64N(5_000_000)
				s.J = append(s.J, j[i])
			}
			s.J = append(s.J, power.Null, power.Null)
			s.W = []int64{rnd.Int64N(400_000_000), power.Null, rnd.Int64N(400_000_000), rnd.Int64N(400_000_000), power.Null}
			for i := range 4 {
				if rnd.IntN(6) == 0 {
					s.J[i], s.W[i] = power.Null, power.Null
				}
			}
			w.Append(func(b []byte) ([]byte, error) { return power.AppendSample(b, &s), nil })
		}
		w.End("ok", nil)
		if rnd.IntN(2) == 0 {
			t += rnd.Int64N(3_000_000)
		}
	}
	return b.String()
}

// Between any two readings that thinning keeps of a domain there is as much
// energy as before, where that was known, and nothing where it was not.
func TestThinKeepsEnergy(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		text := history(rnd)
		interval := []int64{100_000, 1_000_000, 7_000_000, 60_000_000}[rnd.IntN(4)]
		out, said, err := convert("x", text, func(j *Job) { j.IntervalUs = interval })
		if err != nil || len(said) > 0 {
			t.Fatal(err, said)
		}
		laws(t, "thinned", out)
		if interval > 5_000_000 && strings.Count(out, "\n") > strings.Count(text, "\n") {
			t.Fatalf("%d lines of %d", strings.Count(out, "\n"), strings.Count(text, "\n"))
		}
		before, after := account(t, text), account(t, out)
		for id, kept := range after {
			if err := compare(before[id], kept); err != nil {
				t.Fatalf("%s at %d µs: %v\n%s\n%s", id, interval, err, text, out)
			}
		}
	}
}

// compare finds each kept reading among the original ones and sums what lies
// between.
func compare(all, kept []point) error {
	if len(all) == 0 || len(kept) == 0 || all[0].t != kept[0].t || all[len(all)-1].t != kept[len(kept)-1].t {
		return fmt.Errorf("the first or the last reading is not kept")
	}
	i := 0
	for k, p := range kept {
		sum, broken := new(big.Int), false
		if k > 0 {
			for i++; i < len(all) && all[i].t != p.t; i++ {
				sum.Add(sum, all[i].energy)
				broken = broken || all[i].new
			}
			if i == len(all) {
				return fmt.Errorf("no reading at %d", p.t)
			}
			sum.Add(sum, all[i].energy)
			broken = broken || all[i].new
		}
		if k == 0 {
			continue
		}
		if broken != p.new {
			return fmt.Errorf("reading at %d: line broken %v, was %v", p.t, p.new, broken)
		}
		if d := new(big.Int).Sub(sum, p.energy); !broken && d.CmpAbs(big.NewInt(1_000_000)) > 0 {
			return fmt.Errorf("reading at %d: %d pJ, were %d", p.t, p.energy, sum)
		}
	}
	return nil
}
