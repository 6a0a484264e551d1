package powerlog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ipw/lib/power"
)

// dmon reads what nvidia-smi dmon prints, with or without -o D and -o T, in
// columns or with --format csv:
//
//	#Date       Time        gpu    pwr  gtemp  mtemp     sm
//	#YYYYMMDD   HH:MM:SS    Idx      W      C      C      %
//	 20251123   10:00:00      0     68     41      -     12
//
// The two header lines come again every few rows. Watts are whole.
//
// Followed: nvidia-smi 418 and newer.
type dmon struct {
	src     *source
	stamps  stamps
	columns []string
	skipped unread
	row     row
	start   int64     // told by the user, Unix µs; 0: not told
	day     time.Time // of the time read last, of a log with -o T only
}

// dmonNames are the columns with a meaning here, and those that tell nothing of
// power.
var dmonNames = map[string]role{
	"Date": atTime, "Time": atTime, "gpu": number, "pwr": watts, "gtemp": degrees, "temp": degrees, "sm": busy, "fb": memory,
	"mtemp": unused, "mem": unused, "enc": unused, "dec": unused, "jpg": unused, "ofa": unused, "mclk": unused, "pclk": unused,
	"pviol": unused, "tviol": unused, "bar1": unused, "ccpm": unused, "rxpci": unused, "txpci": unused,
	"sbecc": unused, "dbecc": unused, "pci": unused,
}

func openDmon(s *source, o Options) Reader {
	r := &dmon{src: s, stamps: newStamps(s, o), skipped: unread{src: s}, start: o.StartUs}
	return join(r, s, &r.stamps, o)
}

// isDmon recognizes the first header line.
func isDmon(line string) bool {
	names, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	words := splitColumns(names)
	return ok && slices.Contains(words, "gpu") && (slices.Contains(words, "pwr") || slices.Contains(words, "sm") || slices.Contains(words, "gtemp"))
}

// splitColumns splits at white space or commas.
func splitColumns(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
}

func (r *dmon) next() (*row, error) {
	for {
		line, err := r.src.next()
		if err != nil {
			return nil, err
		}
		if isDmon(line) {
			if err := r.header(line); err != nil {
				return nil, err
			}
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(line), "#") { // the units
			continue
		}
		cells := splitColumns(line)
		if r.columns == nil {
			missing := r.src.fail("no header line that begins with # and names gpu and pwr")
			if len(cells) == 0 || isNumber(cells[0]) {
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
		return &r.row, nil
	}
}

func (r *dmon) header(line string) error {
	columns := splitColumns(strings.TrimPrefix(strings.TrimSpace(line), "#"))
	if !slices.Contains(columns, "pwr") {
		return hinted{r.src.fail("no column pwr"), "nvidia-smi dmon -s pu -o DT"}
	}
	var skipped []string
	for _, c := range columns {
		if _, ok := dmonNames[c]; !ok {
			skipped = append(skipped, c)
		}
	}
	r.columns, r.src.missing = columns, nil
	r.skipped.name(skipped)
	return nil
}

func (r *dmon) read(cells []string) error {
	if len(cells) != len(r.columns) {
		return fmt.Errorf("has %d columns, the header line names %d", len(cells), len(r.columns))
	}
	var date, clock, index string
	v := nothing
	for i, name := range r.columns {
		var err error
		switch dmonNames[name] {
		case atTime:
			if name == "Date" {
				date = cells[i]
			} else {
				clock = cells[i]
			}
		case number:
			if index = cells[i]; !isNumber(index) {
				return fmt.Errorf("%.40q is no GPU's number", index)
			}
		case watts:
			v.W, err = units["W"].cell(cells[i])
		case degrees:
			v.TempC = celsius(cells[i])
		case busy:
			v.Util = percent(cells[i])
		case memory:
			v.MemBytes = mebibytes(cells[i])
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", name, err)
		}
	}
	d := gpuDomain("gpu:"+index, power.GPU, "nvidia-smi dmon", true)
	r.row = row{line: r.src.line, t: power.Null, values: append(r.row.values[:0], cell{d, v})}
	return r.time(date, clock)
}

// time takes the columns of -o D and -o T. A date alone is no time; a time of day
// is one if the user told when the log began.
func (r *dmon) time(date, clock string) (err error) {
	switch {
	case clock == "" || date == "" && r.start == 0:
		return nil
	case date == "":
		r.row.t, err = r.timeOfDay(clock)
		return err
	case len(date) == 8 && isNumber(date):
		date = date[:4] + "-" + date[4:6] + "-" + date[6:]
	}
	r.row.t, err = r.stamps.date(date + " " + clock)
	return err
}

// timeOfDay is the moment nearest to the one before at which the clock showed
// this: days follow each other.
func (r *dmon) timeOfDay(clock string) (int64, error) {
	if r.day.IsZero() {
		r.day = time.UnixMicro(r.start).In(r.stamps.zone.loc)
	}
	wall, _, rest, ok := clockReading("2000-01-01 " + clock)
	if !ok || rest != "" {
		return 0, fmt.Errorf("%.40q is no time", clock)
	}
	shown := time.UnixMicro(wall).UTC()
	day := r.day
	switch ahead := shown.Hour() - day.Hour(); {
	case ahead < -12:
		day = day.AddDate(0, 0, 1)
	case ahead > 12:
		day = day.AddDate(0, 0, -1)
	}
	us, err := r.stamps.date(day.Format(time.DateOnly) + " " + clock)
	if err == nil {
		r.day = time.UnixMicro(us).In(r.stamps.zone.loc)
	}
	return us, err
}
