package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"ipw/lib/stream"
)

// segment follows the lines of a stream to tell whether its last segment is
// open, and how many records it has.
type segment struct {
	open    bool
	records int64
	any     bool // a header was seen
}

// line takes the next line and returns its type.
func (s *segment) line(b []byte) string {
	kind := stream.Type(b)
	switch kind {
	case "header":
		s.open, s.records, s.any = true, 0, true
	case "end":
		s.open = false
	default:
		s.records++
	}
	return kind
}

// end is the line that closes the open segment.
func (s *segment) end(status string) []byte {
	return fmt.Appendf(nil, `{"type":"end","records":%d,"status":%q}`+"\n", s.records, status)
}

// openStream opens a stream of the run for appending. What a killed run left is
// put in order first: a torn last line is cut off, and an open segment gets the
// end that its producer could not write, with status failed.
func openStream(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := mend(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func mend(f *os.File) error {
	var seg segment
	var keep int64 // bytes of whole lines
	whole := true
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		b, err := readLine(r)
		if err != nil && err != io.EOF {
			return err
		}
		if len(b) > 0 && b[len(b)-1] != '\n' && !json.Valid(b) {
			break // torn
		}
		keep += int64(len(b))
		if text := bytes.TrimSpace(b); len(text) > 0 {
			seg.line(text)
			whole = b[len(b)-1] == '\n'
		}
		if err == io.EOF {
			break
		}
	}
	if err := f.Truncate(keep); err != nil {
		return err
	}
	if _, err := f.Seek(keep, io.SeekStart); err != nil {
		return err
	}
	var tail []byte
	if !whole {
		tail = append(tail, '\n')
	}
	if seg.open {
		tail = append(tail, seg.end("failed")...)
	}
	_, err := f.Write(tail)
	return err
}

// readLine reads a line with its newline; the last one may lack it, and comes
// with io.EOF.
func readLine(r *bufio.Reader) ([]byte, error) { return r.ReadBytes('\n') }
