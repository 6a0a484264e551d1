package tool

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"ipw/lib/stream"
)

// noteRoom is kept free, of a result's bytes, for the note at its end.
const noteRoom = 120

// lines returns the lines first to last of a text, as many whole ones as fit in
// max bytes, and says where to go on if there are more than it shows. A line
// longer than that is cut to head and tail.
func lines(in io.Reader, first, last, max int) (string, error) {
	room := max - noteRoom
	var out strings.Builder
	n, shown, full := 0, 0, false
	for line, err := range each(in, room) {
		if err != nil {
			return "", err
		}
		n++
		if n < first || n > last || full {
			continue
		}
		if shown > 0 && out.Len()+len(line)+1 > room {
			full = true
			continue
		}
		if shown++; shown > 1 {
			out.WriteByte('\n')
		}
		out.WriteString(line)
	}
	switch {
	case n == 0:
		return "[an empty file]", nil
	case first > n:
		return "", fmt.Errorf("start_line is %d, and there are %d lines", first, n)
	case full:
		fmt.Fprintf(&out, "\n[lines %d-%d of %d; go on with start_line %d]", first, first+shown-1, n, first+shown)
	case shown < n:
		fmt.Fprintf(&out, "\n[lines %d-%d of %d]", first, first+shown-1, n)
	}
	return out.String(), nil
}

// each yields a text's lines without their ends; of a line of more than max
// bytes the head and the tail.
func each(in io.Reader, max int) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		r := bufio.NewReaderSize(in, 64<<10)
		var line []byte
		for {
			part, err := r.ReadSlice('\n')
			line = append(line, part...)
			if err == bufio.ErrBufferFull {
				continue
			}
			if err != nil && err != io.EOF {
				yield("", err)
				return
			}
			if len(line) > 0 {
				text := strings.TrimRight(string(line), "\r\n")
				if !yield(stream.Clip(text, max), nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			line = line[:0]
		}
	}
}

// fit joins sorted names by lines, as many as fit in max bytes.
func fit(names []string, max int) string {
	slices.Sort(names)
	size := 0
	for i, name := range names {
		if size += len(name) + 1; size > max-noteRoom {
			return strings.Join(names[:i], "\n") + fmt.Sprintf("\n[%d of %d]", i, len(names))
		}
	}
	return strings.Join(names, "\n")
}
