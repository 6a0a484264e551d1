package powerlog

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ipw/lib/power"
	"ipw/lib/unit"
)

// plists reads what powermetrics -f plist prints: one XML property list per
// report, with a NUL between them. Its dictionary processor has the energies of
// the report in whole millijoules and the mean powers in milliwatts, from which
// comes what is below a millijoule.
//
// Followed: powermetrics of macOS 11 to 26.
type plists struct {
	src    *source
	stamps stamps
	clock  reportClock
	row    row
}

func openPlists(s *source, o Options) Reader {
	r := &plists{src: s, stamps: newStamps(s, o)}
	return join(r, s, &r.stamps, o)
}

func (r *plists) next() (*row, error) {
	for {
		doc, line, err := r.src.until("</plist>")
		if err != nil {
			return nil, err
		}
		if i := bytes.LastIndex(doc, []byte("<?xml")); i > 0 {
			if err := r.src.problems.Reject(r.src.name, line, errCut); err != nil {
				return nil, err
			}
			line += bytes.Count(doc[:i], []byte{'\n'})
			doc = doc[i:]
		}
		if err = r.read(doc, line); err == nil {
			return &r.row, nil
		}
		if err := r.src.problems.Reject(r.src.name, line, err); err != nil {
			return nil, err
		}
	}
}

// appleParts are the parts of the chip in the dictionary processor, by what
// their keys begin with.
var appleParts = []struct {
	key string
	power.Domain
}{
	{"cpu", power.Domain{ID: "cpu:0", Kind: power.CPU}},
	{"gpu", power.Domain{ID: "gpu:0", Kind: power.GPU}},
	{"ane", power.Domain{ID: "ane:0", Kind: power.ANE}},
	{"dram", power.Domain{ID: "dram:0", Kind: power.DRAM}},
	{"package", power.Domain{ID: "cpu:0", Kind: power.CPU}},
}

// intelPackage is the package of an Intel Mac, whose keys say their units.
var intelPackage = power.Domain{ID: "cpu:0", Kind: power.CPU, Name: "package"}

// read makes a row of a report.
func (r *plists) read(doc []byte, line int) error {
	p, err := parsePlist(doc)
	if err != nil {
		return err
	}
	stamp, err := time.Parse(time.RFC3339, p["timestamp"])
	if err != nil {
		return fmt.Errorf("timestamp %.40q is no time", p["timestamp"])
	}
	ns, err := unit.ParseDecimal([]byte(p["elapsed_ns"]), 0)
	if err != nil || ns <= 0 || ns > int64(24*time.Hour) {
		return fmt.Errorf("elapsed_ns %.40q is no length of a report", p["elapsed_ns"])
	}
	r.stamps.saw(0)
	r.row = row{line: line, whole: true, values: r.row.values[:0]}
	r.row.from, r.row.t = r.clock.next(stamp.UnixMicro(), ns)
	for _, part := range appleParts {
		v, ok, err := plistValue(p, part.key, ns)
		if err != nil {
			return err
		}
		if ok {
			r.row.values = append(r.row.values, cell{appleDomain(part.Domain, "powermetrics"), v})
		}
	}
	v, ok, err := intelValue(p, ns)
	if err != nil {
		return err
	}
	if ok {
		r.row.values = append(r.row.values, cell{appleDomain(intelPackage, "powermetrics"), v})
	}
	if len(r.row.values) == 0 {
		return errors.New("a report without power: powermetrics --samplers cpu_power,gpu_power")
	}
	return nil
}

// plistValue reads a part's energy and power over ns nanoseconds.
func plistValue(p map[string]string, key string, ns int64) (v Value, ok bool, err error) {
	v = nothing
	w, hasW := p["processor/"+key+"_power"]
	j, hasJ := p["processor/"+key+"_energy"]
	if g, has := p["gpu/gpu_energy"]; key == "gpu" && !hasJ && has {
		j, hasJ = g, true
	}
	if hasW {
		if v.W, err = units["mW"].parse(w); err != nil {
			return v, true, fmt.Errorf("%s_power: %w", key, err)
		}
	}
	if hasJ {
		if v.J, err = units["mJ"].parse(j); err != nil {
			return v, true, fmt.Errorf("%s_energy: %w", key, err)
		}
	}
	if v.W != power.Null {
		fine := energyOf(v.W, ns)
		if d := fine - v.J; v.J == power.Null || d > -2000 && d < 2000 {
			v.J = fine
		}
	}
	return v, hasW || hasJ, nil
}

// intelValue reads the package of an Intel Mac: watts, joules or both.
func intelValue(p map[string]string, ns int64) (v Value, ok bool, err error) {
	v = nothing
	w, hasW := p["processor/package_watts"]
	if v.W, err = units["W"].parse(w); err != nil {
		return v, true, fmt.Errorf("package_watts: %w", err)
	}
	j, hasJ := p["processor/package_joules"]
	if v.J, err = units["J"].parse(j); err != nil {
		return v, true, fmt.Errorf("package_joules: %w", err)
	}
	if v.J == power.Null && v.W != power.Null {
		v.J = energyOf(v.W, ns)
	}
	return v, hasW || hasJ, nil
}

// parsePlist returns the scalars of a property list's top dictionary and of the
// dictionaries in it, as key and dictionary/key.
func parsePlist(doc []byte) (map[string]string, error) {
	values := make(map[string]string)
	var path []string // the keys of the dictionaries that are open, "" for one in an array
	var key, text string
	dec := xml.NewDecoder(bytes.NewReader(doc))
	dec.Strict = true
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			return nil, fmt.Errorf("no property list: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			text = ""
			if t.Name.Local == "dict" || t.Name.Local == "array" {
				path = append(path, key)
				key = ""
			}
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			switch t.Name.Local {
			case "dict", "array":
				path = path[:len(path)-1]
			case "key":
				key = strings.TrimSpace(text)
			case "integer", "real", "date", "string":
				if len(path) == 1 {
					values[key] = strings.TrimSpace(text)
				} else if len(path) == 2 {
					values[path[1]+"/"+key] = strings.TrimSpace(text)
				}
			}
			text = ""
		}
	}
}
