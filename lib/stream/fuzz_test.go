package stream

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
)

// Whatever the bytes: no panic; each line returned stands at the place it says;
// and the lines returned are a stream again, that reads the same.
func FuzzReader(f *testing.F) {
	f.Add([]byte(lines(head, rec(1), rec(2), end(2))))
	f.Add([]byte(lines(head, rec(1)) + `{"t_us":2,"j":[` + lines(head, rec(1), end(1))))
	f.Add([]byte(lines(head, rec(1)) + rec(2) + lines(head, "x", end(1)) + "\x00\x00"))
	f.Add([]byte("\xef\xbb\xbf" + head + "\r\n\r\n" + rec(1) + "\n" + head + end(0)))
	f.Add([]byte(lines(head, `{"type":"end","records":"1"}`, end(0), end(1), `{"type":"end"`, other)))
	f.Add(packed(gzipped, lines(head, rec(1), end(1))))
	f.Add(packed(zstandard, lines(head, rec(1), end(1))))
	for _, s := range texts {
		f.Add([]byte(lines(head, s, end(1))))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		physical := bytes.Split(text, []byte("\n"))
		plainText := formOf(text) == plain
		first, again := readAll(t, text, func(line *Line) {
			if plainText && (line.Num > len(physical) || line.Num < 1 || !bytes.Contains(physical[line.Num-1], line.Bytes)) {
				t.Fatalf("%q says it is line %d", line.Bytes, line.Num)
			}
		})
		if len(again) == 0 || !strings.HasPrefix(first[len(first)-1], "end") {
			return // it ended with an error
		}
		second, _ := readAll(t, again, func(*Line) {})
		if !slices.Equal(first, second) {
			t.Fatalf("%q\nread %q\nthen %q", text, first, second)
		}
	})
}

// readAll returns what reading gave, in words, and as a stream.
func readAll(t *testing.T, text []byte, check func(*Line)) (words []string, again []byte) {
	r := NewReader("s/1", new(Problems), NewInput("a", bytes.NewReader(text)))
	open, n := false, 0
	for {
		line, err := r.Next()
		if err != nil {
			if err != io.EOF && open && formOf(text) == plain {
				t.Fatalf("error within a segment before its end: %v", err)
			}
			if err != io.EOF {
				words = append(words, err.Error())
			}
			return words, again
		}
		check(line)
		switch line.Kind {
		case Header:
			if open {
				t.Fatal("header within a segment")
			}
			open, n = true, 0
			again = append(append(again, line.Bytes...), '\n')
			words = append(words, "header")
		case End:
			if !open {
				t.Fatal("end without header")
			}
			open = false
			words = append(words, "end "+line.Status)
			if line.Status != "incomplete" {
				again = append(again, strings.Replace(end(n), "ok", line.Status, 1)+"\n"...)
			}
		default:
			if !json.Valid(line.Bytes) {
				r.Reject(NotJSON(line.Bytes))
				continue
			}
			n++
			again = append(append(again, line.Bytes...), '\n')
			words = append(words, string(line.Bytes))
		}
	}
}

// Escaping leaves the value as it is, and no control character.
func FuzzAppendEscaped(f *testing.F) {
	for _, s := range texts {
		f.Add([]byte(s))
	}
	f.Add([]byte("\"\x7f\u0080\u009f\u00a0\xc2\""))
	f.Add([]byte("\"\xc2\""))
	f.Fuzz(func(t *testing.T, line []byte) {
		if !json.Valid(line) {
			return
		}
		got := AppendEscaped(nil, line)
		var a, b any
		if json.Unmarshal(line, &a) != nil {
			return // a number out of range
		}
		if err := json.Unmarshal(got, &b); err != nil {
			t.Fatalf("%q became %q: %v", line, got, err)
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if !bytes.Equal(x, y) {
			t.Fatalf("%q became %q", line, got)
		}
		for _, r := range string(got) {
			if r >= 0x7f && r < 0xa0 || r < 0x20 && !strings.ContainsRune(" \t\r\n", r) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
	})
}
