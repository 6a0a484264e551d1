package openhands

import (
	"io"
	"regexp"
	"strings"
	"sync"
)

// screen is what a program prints, until it is taken. It keeps head and tail of
// what is very long.
type screen struct {
	grown chan struct{} // something has come since the last look
	ended chan struct{} // closed when nothing more comes

	mu   sync.Mutex
	head []byte
	tail []byte
	lost int
}

// maxKept is how many bytes of head and of tail are kept.
const maxKept = 1 << 20

func newScreen() *screen {
	return &screen{grown: make(chan struct{}, 1), ended: make(chan struct{})}
}

// fill reads to the end.
func (s *screen) fill(r io.Reader) {
	defer close(s.ended)
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		s.add(buf[:n])
		if err != nil {
			return
		}
	}
}

func (s *screen) add(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if room := maxKept - len(s.head); room > 0 && s.lost == 0 && len(s.tail) == 0 {
		n := min(room, len(b))
		s.head, b = append(s.head, b[:n]...), b[n:]
	}
	s.tail = append(s.tail, b...)
	if over := len(s.tail) - maxKept; over > maxKept { // now and then, not at every byte
		s.tail = append(s.tail[:0:0], s.tail[over:]...)
		s.lost += over
	}
	select {
	case s.grown <- struct{}{}:
	default:
	}
}

// until takes all that stands before the last match of a pattern, with its
// groups, and leaves what stands behind it; nil if there is none. What stood
// before earlier matches belongs to it.
func (s *screen) until(p *regexp.Regexp) (text string, groups []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.tail
	if len(last) < 4096 { // a match may lie across the seam
		last = append(s.head[:len(s.head):len(s.head)], s.tail...)
	}
	all := p.FindAllSubmatchIndex(last, -1)
	if len(all) == 0 {
		return "", nil
	}
	m := all[len(all)-1]
	for i := 0; i < len(m); i += 2 {
		groups = append(groups, string(last[m[i]:m[i+1]]))
	}
	whole, rest := s.text(), string(last[m[1]:])
	before := whole[:len(whole)-len(last)+m[0]]
	s.head, s.tail, s.lost = append(s.head[:0], rest...), s.tail[:0], 0
	return clean(p.ReplaceAllString(before, "")), groups
}

// take returns all that has come.
func (s *screen) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text()
	s.head, s.tail, s.lost = s.head[:0], s.tail[:0], 0
	return clean(text)
}

func (s *screen) text() string {
	if s.lost == 0 {
		return string(s.head) + string(s.tail)
	}
	return string(s.head) + "\n…[output cut]…\n" + string(s.tail)
}

// escapes are the control sequences of a terminal: CSI, OSC and the short ones.
var escapes = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)|\x1b[@-Z\\\\-_=>()][0-9A-B]?")

// clean is output as a reader sees it: without control sequences, and of a line
// that is written over again and again, as progress bars are, the last state.
func clean(text string) string {
	text = strings.ReplaceAll(escapes.ReplaceAllString(text, ""), "\r\n", "\n")
	if !strings.ContainsAny(text, "\r\b") {
		return text
	}
	all := strings.Split(text, "\n")
	for i, line := range all {
		line = strings.TrimRight(line, "\r")
		if at := strings.LastIndexByte(line, '\r'); at >= 0 {
			line = line[at+1:]
		}
		all[i] = strings.ReplaceAll(line, "\b", "")
	}
	return strings.Join(all, "\n")
}
