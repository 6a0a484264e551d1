package powerlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"ipw/lib/stream"
)

const (
	headSize = 64 << 10 // what recognition may look at
	maxLine  = 1 << 20
)

// source gives the text of a log and remembers where it is.
type source struct {
	name     string
	br       *bufio.Reader
	problems *stream.Problems

	line    int  // the number of the line that next returned
	torn    bool // it had no line end
	digits  tail // how the line before ended
	endless bool
	long    []byte
	opening []byte // what JSON objects begin with
	ahead   int    // lines in front of the log
	missing error  // what ought to stand behind them
}

func newSource(name string, r io.Reader, p *stream.Problems) *source {
	return &source{name: name, br: bufio.NewReaderSize(r, headSize), problems: p}
}

var errLongLine = fmt.Errorf("line longer than %d KiB", maxLine>>10)

// next returns the next line with text in it, valid until the next call. A last
// line without a line end that may have lost digits is dropped.
func (s *source) next() (string, error) {
	for {
		b, err := s.readLine()
		if err == errLongLine {
			if err := s.reject(err); err != nil {
				return "", err
			}
			continue
		}
		if err != nil {
			return "", s.over(err)
		}
		text := string(bytes.Trim(bytes.TrimPrefix(b, byteOrderMark), "\r\x00"))
		if strings.TrimSpace(text) == "" {
			continue
		}
		end := tailOf(text)
		if s.torn && (end.shorter(s.digits) || endless(text) && !s.endless) {
			s.problems.Warn("%s:%d: torn last line dropped", s.name, s.line)
			continue
		}
		s.digits, s.endless = end, endless(text)
		return text, nil
	}
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func (s *source) readLine() ([]byte, error) {
	s.long = s.long[:0]
	s.line++
	for {
		b, err := s.br.ReadSlice('\n')
		if len(s.long) <= maxLine {
			s.long = append(s.long, b...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && (err != io.EOF || len(s.long) == 0) {
			return nil, err
		}
		s.torn = err == io.EOF
		if len(s.long) > maxLine {
			return nil, errLongLine
		}
		return bytes.TrimSuffix(s.long, []byte{'\n'}), nil
	}
}

// over says what the end of the input means: compressed data may be cut, and
// what came before stands.
func (s *source) over(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "unexpected EOF") {
		s.problems.Incomplete(s.name, max(s.line-1, 0), "incomplete: compressed data cut short")
		return io.EOF
	}
	if err == io.EOF && s.missing != nil {
		return s.missing
	} else if err == io.EOF {
		return err
	}
	failed := &stream.Error{File: s.name, Line: s.line, Text: err.Error()}
	if strings.Contains(failed.Text, "UTF-16") { // PowerShell's > writes it
		return hinted{failed, "iconv -f UTF-16 -t UTF-8 " + s.typed() + " | ipw-sample --from -"}
	}
	return failed
}

// reject reports the line that next returned last. A torn one is no news.
func (s *source) reject(why error) error { return s.rejectAt(s.line, why) }

func (s *source) rejectAt(line int, why error) error {
	if s.torn && line == s.line {
		s.problems.Warn("%s:%d: torn last line dropped", s.name, line)
		return nil
	}
	return s.problems.Reject(s.name, line, why)
}

// typed is the log's name in a command to type.
func (s *source) typed() string {
	if s.name == "stdin" {
		return "LOG"
	}
	return s.name
}

// maxPreamble is how many lines may stand in front of a log.
const maxPreamble = 20

// preamble rejects a line in front of a log's first: what a shell or ssh said. why
// is what is missing, should it not come.
func (s *source) preamble(why error) error {
	s.missing = why
	if s.ahead++; s.ahead > maxPreamble {
		return why
	}
	return s.reject(errPreamble)
}

var errPreamble = errors.New("not of the log, which begins below")

// cut rejects a row that was cut off in front of what the next log begins with, as
// cat leaves them.
func (s *source) cut() error { return s.reject(errCut) }

var errCut = errors.New("cut off, and another log begins behind it")

// behind splits a line of that kind: next is what begins behind the row, "" if
// the line is none.
func behind(line, beginning string) (next string) {
	if i := strings.Index(line, beginning); beginning != "" && i > 0 {
		return line[i:]
	}
	return ""
}

// fail makes an error that ends the reading, at the line read last.
func (s *source) fail(format string, args ...any) error {
	return &stream.Error{File: s.name, Line: s.line, Text: fmt.Sprintf(format, args...)}
}

// endless reports whether a line ends where another value should begin.
func endless(line string) bool {
	line = strings.TrimRight(line, " ")
	return line != "" && strings.ContainsRune(",;|\t", rune(line[len(line)-1]))
}

// tail is the number that a line ends with.
type tail struct {
	whole, decimals int // digits before and behind the point
	point           bool
}

func tailOf(line string) (t tail) {
	for i := len(line) - 1; i >= 0; i-- {
		switch c := line[i]; {
		case c >= '0' && c <= '9':
			t.whole++
		case c == '.' && !t.point:
			t.point, t.decimals, t.whole = true, t.whole, 0
		default:
			return t
		}
	}
	return t
}

// shorter reports whether a line that ends like t may have lost its last
// digits, when the one before ended like prev: then its last number is perhaps
// a tenth of what was measured.
func (t tail) shorter(prev tail) bool {
	switch {
	case t == tail{}: // a unit, a bracket
		return false
	case prev == tail{}: // where a unit stood, or names
		return t.decimals == 0
	case t.point:
		return t.decimals == 0 || prev.point && t.decimals < prev.decimals
	}
	return prev.point || t.whole < prev.whole
}

// maxDocument is the largest report that is read.
const maxDocument = 64 << 20

// until returns the text up to and with the next end, a closing XML tag, and the
// line where it begins. A last one without its end is dropped.
func (s *source) until(end string) (doc []byte, line int, err error) {
	s.torn = false
	for {
		b, err := s.br.ReadSlice(end[len(end)-1])
		if len(doc) == 0 {
			b = s.skip(b)
			line = s.line + 1
		}
		s.line += bytes.Count(b, []byte{'\n'})
		doc = append(doc, b...)
		switch {
		case bytes.HasSuffix(doc, []byte(end)):
			return doc, line, nil
		case len(doc) > maxDocument:
			return nil, 0, s.fail("a report of more than %d MiB", maxDocument>>20)
		case err == nil || err == bufio.ErrBufferFull:
		case len(doc) > 0 && err == io.EOF:
			s.problems.Warn("%s:%d: torn last report dropped", s.name, line)
			return nil, 0, err
		default:
			return nil, 0, s.over(err)
		}
	}
}

// skip steps over what stands between reports.
func (s *source) skip(b []byte) []byte {
	rest := bytes.TrimLeft(b, "\x00 \t\r\n\ufeff")
	s.line += bytes.Count(b[:len(b)-len(rest)], []byte{'\n'})
	return rest
}
