package stream

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// packed compresses text as one member or frame.
func packed(f form, text string) []byte {
	var b bytes.Buffer
	w, err := newWriter(&b, f)
	if err == nil {
		_, err = w.w.WriteString(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

var packings = map[string]form{"gzip": gzipped, "zstd": zstandard}

func TestPacked(t *testing.T) {
	text := lines(head, rec(1), end(1))
	want := `header {"t_us":1} end ok`
	for name, f := range packings {
		one := packed(f, text)
		for what, c := range map[string]struct {
			data []byte
			n    int
		}{
			"one":                    {one, 1},
			"two members":            {append(bytes.Clone(one), one...), 2},
			"with a byte order mark": {packed(f, "\xef\xbb\xbf"+text), 1},
			"split in a record":      {append(packed(f, text[:40]), packed(f, text[40:])...), 1},
			"empty member between":   {append(append(bytes.Clone(one), packed(f, "")...), one...), 2},
		} {
			got := read(new(Problems), NewInput("a", bytes.NewReader(c.data)))
			if s := strings.Join(got.lines, " "); s != strings.TrimSpace(strings.Repeat(want+" ", c.n)) || got.err != nil || got.at != nil {
				t.Errorf("%s, %s: %+v", name, what, got)
			}
		}
		if got := read(new(Problems), NewInput("a", bytes.NewReader(packed(f, "")))); message(got.err) != "a: empty: a stream begins with a header line" {
			t.Errorf("%s, empty: %+v", name, got)
		}
		// A packed file and a plain one are one stream.
		got := read(new(Problems), NewInput("a", bytes.NewReader(packed(f, lines(head, rec(1))))), NewInput("b", strings.NewReader(lines(rec(2), end(2)))))
		if s := strings.Join(got.lines, " "); s != `header {"t_us":1} {"t_us":2} end ok` {
			t.Errorf("%s and plain: %+v", name, got)
		}
	}
}

// pzstd puts a skippable frame in front.
func TestSkippableFrame(t *testing.T) {
	data := append([]byte{0x5c, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2}, packed(zstandard, lines(head, end(0)))...)
	if got := read(new(Problems), NewInput("a", bytes.NewReader(data))); got.err != nil || len(got.lines) != 2 {
		t.Errorf("%+v", got)
	}
}

// Wherever packed data is cut, what comes out is the beginning of the stream,
// called incomplete.
func TestPackedTruncation(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	text := head + "\n"
	for range 40 {
		text += rec(int(r.Uint32())) + "\n"
	}
	text += end(40) + "\n"
	all := read(new(Problems), texted(text)...)
	for name, f := range packings {
		data := packed(f, text)
		seen := 0
		for n := 1; n < len(data); n++ {
			got := read(new(Problems), NewInput("a", bytes.NewReader(data[:n])))
			if len(got.lines) == 0 { // nothing came out; two bytes are no magic number
				if got.err == nil {
					t.Errorf("%s cut at %d: %+v", name, n, got)
				}
				continue
			}
			seen = len(got.lines)
			last := seen - 1
			if got.lines[last] == "end incomplete" {
				last--
			}
			if got.err != nil || got.at == nil || strings.Join(got.lines[:last+1], " ") != strings.Join(all.lines[:last+1], " ") {
				t.Errorf("%s cut at %d: %+v", name, n, got)
			}
		}
		if seen == 0 {
			t.Errorf("%s: nothing was ever read of a cut file", name)
		}
	}
}

func TestDamagedData(t *testing.T) {
	for name, f := range packings {
		data := packed(f, lines(head, rec(1), end(1)))
		data[len(data)-3] ^= 0x55 // a checksum
		if got := read(new(Problems), NewInput("a", bytes.NewReader(data))); got.err == nil || !strings.HasPrefix(got.err.Error(), "a:") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A frame may not demand more memory than zstd's own command gives it.
func TestHugeWindow(t *testing.T) {
	// RFC 8878, 3.1.1: magic, a descriptor without single segment, a window of
	// 2^(10+31) bytes, one empty last block.
	data := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 31 << 3, 0x01, 0x00, 0x00}
	if got := read(new(Problems), NewInput("a", bytes.NewReader(data))); got.err == nil || !strings.Contains(got.err.Error(), "window size exceeded") {
		t.Errorf("%+v", got)
	}
}

// The files are those of the ordinary commands, in both directions.
func TestCommands(t *testing.T) {
	text := lines(head, rec(1), end(1))
	for suffix, c := range map[string][2][]string{
		".gz":  {{"gzip", "-k"}, {"gzip", "-dc"}},
		".zst": {{"zstd", "-q"}, {"zstd", "-dcq"}},
	} {
		if _, err := exec.LookPath(c[0][0]); err != nil {
			continue
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "theirs")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(c[0][0], append(c[0][1:], path)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		in, err := Open(t.Context(), path+suffix, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(new(Problems), in); len(got.lines) != 3 || got.err != nil || got.at != nil {
			t.Errorf("%s: %+v", suffix, got)
		}
		ours := filepath.Join(dir, "ours"+suffix)
		for range 2 {
			writeSegment(t, ours, "s/1", rec(1))
		}
		out, err := exec.Command(c[1][0], append(c[1][1:], ours)...).Output()
		if err != nil || string(out) != text+text {
			t.Errorf("%s: %q, %v", suffix, out, err)
		}
	}
}
