package powerlog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"ipw/lib/power"
)

// zeus reads the power logs of Zeus, both of which are CSV.
//
// The zeus_monitor program (up to Zeus 0.4) wrote one GPU's milliwatts and the
// time in UTC:
//
//	Time,Power
//	2022-07-13 02:07:36.708783111,32402
//
// PowerMonitor (0.4 to 0.10, power_csv_path) wrote Unix seconds and the watts of
// each of its GPUs without a header; read back with its own names it has one:
//
//	time,power0,power1
//	1763888400.123,68.13,70.2
//
// Followed: zeus_monitor/zemo/zemo.hpp, zeus/monitor/power.py of 0.10.1.
type zeus struct {
	src     *source
	stamps  stamps
	columns []zeusColumn // nil: no header
	again   bool
	skipped unread
	row     row
}

type zeusColumn struct {
	role  role
	gpu   string
	milli bool
}

func openZeus(s *source, o Options) Reader {
	r := &zeus{src: s, stamps: newStamps(s, o), skipped: unread{src: s}}
	return join(r, s, &r.stamps, o)
}

var (
	zeusGPU  = regexp.MustCompile(`(?i)^(?:power|gpu)_?(\d{1,4})(?:_power)?$`)
	zeusLine = regexp.MustCompile(`^\d{10}\.\d+(,\d+(\.\d+)?([eE][-+]?\d+)?)+$`)
)

// isZeus recognizes the header lines, and a line without one.
func isZeus(line string) bool { return zeusHeader(line) != nil || zeusLine.MatchString(line) }

// zeusHeader reads the names of the columns, nil if there are none.
func zeusHeader(line string) (columns []zeusColumn) {
	gpus, times := 0, 0
	for i, name := range strings.Split(line, ",") {
		name = strings.Trim(strings.TrimSpace(name), `"`)
		m := zeusGPU.FindStringSubmatch(name)
		switch {
		case strings.EqualFold(name, "time"):
			columns = append(columns, zeusColumn{role: atTime})
			times++
		case name == "Power":
			columns = append(columns, zeusColumn{role: watts, gpu: "0", milli: true})
			gpus++
		case m != nil:
			n, _ := strconv.Atoi(m[1])
			columns = append(columns, zeusColumn{role: watts, gpu: strconv.Itoa(n)})
			gpus++
		case i == 0 && name == "": // the index of a pandas frame
			columns = append(columns, zeusColumn{})
		default:
			columns = append(columns, zeusColumn{role: naming})
		}
	}
	if gpus == 0 || times != 1 {
		return nil
	}
	return columns
}

func (r *zeus) next() (*row, error) {
	for {
		line, err := r.src.next()
		if err != nil {
			return nil, err
		}
		if columns := zeusHeader(line); columns != nil {
			r.header(columns, line)
			continue
		}
		if err := r.read(strings.Split(line, ",")); err == nil {
			return &r.row, nil
		} else if err := r.src.reject(err); err != nil {
			return nil, err
		}
	}
}

func (r *zeus) header(columns []zeusColumn, line string) {
	var skipped []string
	for i, c := range columns {
		if c.role == naming {
			skipped = append(skipped, strings.TrimSpace(strings.Split(line, ",")[i]))
		}
	}
	r.skipped.name(skipped)
	r.again = r.columns != nil
	r.columns = columns
}

func (r *zeus) read(cells []string) (err error) {
	columns := r.columns
	if columns == nil {
		columns = []zeusColumn{{role: atTime}}
		for i := range len(cells) - 1 {
			columns = append(columns, zeusColumn{role: watts, gpu: strconv.Itoa(i)})
		}
		r.columns = columns
	}
	if len(cells) != len(columns) || len(cells) < 2 {
		return fmt.Errorf("has %d columns instead of %d", len(cells), len(columns))
	}
	r.row = row{line: r.src.line, whole: true, again: r.again, values: r.row.values[:0]}
	for i, c := range columns {
		switch c.role {
		case atTime:
			err = r.time(cells[i], columns)
		case watts:
			s := units["W"]
			if c.milli {
				s = units["mW"]
			}
			v := nothing
			v.W, err = s.parse(cells[i])
			// zeus_monitor reads nvmlDeviceGetPowerUsage, PowerMonitor instant power
			d := gpuDomain("gpu:"+c.gpu, power.GPU, "zeus", c.milli)
			r.row.values = append(r.row.values, cell{d, v})
		}
		if err != nil {
			return err
		}
	}
	r.again = false
	return nil
}

// time takes Unix seconds, or a date, which zeus_monitor writes in UTC.
func (r *zeus) time(text string, columns []zeusColumn) (err error) {
	if !strings.Contains(text, ":") {
		r.row.t, err = r.stamps.unix(text)
		return err
	}
	us, frac, rest, ok := clockReading(strings.TrimSpace(text))
	if !ok || rest != "" {
		r.row.t, err = r.stamps.date(text)
		return err
	}
	r.stamps.saw(frac)
	r.row.t, err = checked(us, text)
	return err
}
