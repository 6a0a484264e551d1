package powerlog

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// format is one kind of log.
type format struct {
	name string
	line func(line string) bool // recognizes a line that no other format has; nil: told by its first bytes
	open func(*source, Options) Reader
}

// formats are looked at in this order.
var formats = []format{
	{"dcgmi", isDcgmi, openDcgmi},
	{"dmon", isDmon, openDmon},
	{"perf", func(l string) bool { return isPerf(l) || isPerfTotal(l) }, openPerf},
	{"plain", isPlain, openPlain},
	{"powermetrics", isPowermetrics, openPowermetrics},
	{"turbostat", isTurbostat, openTurbostat},
	{"zeus", isZeus, openZeus},
	{"nvidia-smi", func(l string) bool { return isSMI(l) || isHeaderless(l) }, openSMI},
	{"macmon", nil, openMacmon},
	{"scaphandre", nil, openScaphandre},
	{"prometheus", nil, openPrometheus},
}

// isHeaderless recognizes nvidia-smi's rows without their header line.
func isHeaderless(line string) bool {
	first, rest, ok := strings.Cut(line, ",")
	_, frac, end, date := clockReading(strings.TrimSpace(first))
	return ok && date && frac == 3 && end == "" && rest != "" && strings.Contains(first, "/")
}

// Power is the format of a power stream itself.
const Power = "ipw"

// Formats are the names that a format may be called by.
func Formats() []string {
	names := []string{Power}
	for _, f := range formats {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return names
}

// Open reads a log of a known format: one of Formats, but not Power.
func Open(name, format string, log io.Reader, o Options) (Reader, error) {
	return openFormat(format, newSource(name, log, o.Problems), o)
}

// UnknownError says that a log is of no known format.
type UnknownError struct {
	Name string
	Text string // how it begins
}

func (e *UnknownError) Error() string {
	if e.Text == "" {
		return e.Name + ": empty"
	}
	return fmt.Sprintf("%s: no power log of a known format: it begins with %q", e.Name, e.Text)
}

// Hint is what a user may type next.
func (e *UnknownError) Hint() string {
	if e.Text == "" {
		return ""
	}
	return "--from-format NAME is one of " + strings.Join(Formats(), ", ")
}

// recognize tells a log's format by how it begins. Of a log that is being
// written it reads no more than it needs.
func recognize(s *source) (string, error) {
	for want := 1; ; want = s.br.Buffered() + 1 {
		_, err := s.br.Peek(want)
		head, _ := s.br.Peek(s.br.Buffered())
		name, sure := recognized(head, err != nil)
		if sure {
			return name, nil
		}
		if err != nil {
			if err != io.EOF && len(head) == 0 {
				if err := s.over(err); err != io.EOF {
					return "", err
				}
			}
			text, _, _ := strings.Cut(strings.TrimLeft(string(head), "\ufeff\x00 \t\r\n"), "\n")
			return "", &UnknownError{s.name, text[:min(len(text), 60)]}
		}
	}
}

// recognized looks at the first bytes of a log; not sure asks for more.
func recognized(head []byte, all bool) (name string, sure bool) {
	text := bytes.TrimLeft(head, "\ufeff\x00\x1e \t\r\n")
	if len(text) == 0 {
		return "", false
	}
	switch text[0] {
	case '{', '[':
		name = jsonFormat(text)
	case '<':
		if bytes.Contains(text, []byte("<plist")) {
			name = "powermetrics"
		}
	default:
		name = textFormat(string(text), all)
	}
	return name, name != ""
}

// jsonFormat tells logs of JSON apart by their fields.
func jsonFormat(text []byte) string {
	has := func(key string) bool { return bytes.Contains(text, []byte(`"`+key+`"`)) }
	switch {
	case has("header") && has("schema"):
		return Power
	case has("resultType"), has("status") && has("errorType"):
		return "prometheus"
	case has("cpu_power"), has("gpu_power"), has("all_power"), has("sys_power"):
		return "macmon"
	case has("host") && has("consumption"):
		return "scaphandre"
	}
	return ""
}

// textFormat finds a line that only one format has.
func textFormat(text string, all bool) string {
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") && !all {
			break
		}
		line = strings.TrimRight(line, "\r\n")
		for _, f := range formats {
			if f.line != nil && f.line(line) {
				return f.name
			}
		}
	}
	return ""
}

// openFormat makes the reader of a format.
func openFormat(name string, s *source, o Options) (Reader, error) {
	if name == "powermetrics" && isXML(s) {
		return openPlists(s, o), nil
	}
	for _, f := range formats {
		if f.name == name {
			return f.open(s, o), nil
		}
	}
	return nil, fmt.Errorf("no format %q: %s", name, strings.Join(Formats(), ", "))
}

// isXML tells powermetrics' two forms apart.
func isXML(s *source) bool {
	for want := 1; ; want++ {
		head, err := s.br.Peek(want)
		text := bytes.TrimLeft(head, "\ufeff\x00 \t\r\n")
		if len(text) > 0 || err != nil {
			return len(text) > 0 && text[0] == '<'
		}
	}
}
