package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type header struct {
	Type   string `json:"type"`
	Schema string `json:"schema"`
}

// writeSegment appends a segment to a file as a producer does.
func writeSegment(t *testing.T, path, schema string, records ...string) {
	t.Helper()
	w, err := Create(path, schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Header(header{"header", schema})
	for _, r := range records {
		err = errors.Join(err, w.Record(json.RawMessage(r)))
	}
	if err = errors.Join(err, w.End("ok", nil), w.Close()); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) result {
	t.Helper()
	in, err := Open(t.Context(), path, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return read(new(Problems), in)
}

func TestCreateAppends(t *testing.T) {
	before := lines(head, rec(1))
	whole := lines(head, rec(1), end(1))
	for name, c := range map[string]struct{ had, want string }{
		"nothing":                      {"", ""},
		"a whole segment":              {whole, `header {"t_us":1} end ok `},
		"no last newline":              {strings.TrimSuffix(whole, "\n"), `header {"t_us":1} end ok `},
		"a torn line":                  {before + `{"t_us":2`, `header {"t_us":1} end incomplete `},
		"a torn line, ended":           {before + `{"t_us":2` + "\n", `header {"t_us":1} end incomplete `},
		"no end":                       {before, `header {"t_us":1} end incomplete `},
		"a long torn line":             {before + `{"t_us":` + strings.Repeat("1", 300<<10), `header {"t_us":1} end incomplete `},
		"nothing but a torn header":    {`{"type":"header","sche`, ""},
		"a torn header of this schema": {`{"type":"header","schema":"s/1","dom`, ""},
		"a torn second header":         {whole + `{"type":"header","sche`, `header {"t_us":1} end ok `},
		"zero bytes":                   {whole + "\x00\x00\x00", `header {"t_us":1} end ok `},
		"a byte order mark":            {"\xef\xbb\xbf" + whole, `header {"t_us":1} end ok `},
	} {
		for suffix, f := range map[string]form{"": plain, ".gz": gzipped, ".zst": zstandard} {
			path := filepath.Join(t.TempDir(), "s.jsonl"+suffix)
			data := []byte(c.had)
			if f != plain && c.had != "" {
				data = packed(f, c.had)
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			writeSegment(t, path, "s/1", rec(9))
			got := readFile(t, path)
			if s := strings.Join(got.lines, " "); s != c.want+`header {"t_us":9} end ok` || got.err != nil {
				t.Errorf("%s, %q: %s, %v", name, suffix, s, got.err)
			}
		}
	}
}

// A producer that is killed leaves packed data without its end: what can be
// read of it is kept, and the file is whole again.
func TestCreateAfterKill(t *testing.T) {
	for suffix, f := range map[string]form{".gz": gzipped, ".zst": zstandard} {
		path := filepath.Join(t.TempDir(), "s"+suffix)
		writeSegment(t, path, "s/1", rec(1))
		w, err := Create(path, "s/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Header(header{"header", "s/1"}), w.Record(json.RawMessage(rec(2))), w.file.Close()); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		writeSegment(t, path, "s/1", rec(3))
		got := readFile(t, path)
		if s := strings.Join(got.lines, " "); s != `header {"t_us":1} end ok header {"t_us":2} end incomplete header {"t_us":3} end ok` || got.err != nil {
			t.Errorf("%s: %+v", suffix, got)
		}
		data, _ := os.ReadFile(path)
		if formOf(data) != f {
			t.Errorf("%s: is not packed any more", suffix)
		}
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode %v", suffix, fi.Mode())
		}
		if left, _ := filepath.Glob(filepath.Dir(path) + "/*"); len(left) != 1 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// A file is appended to as it is packed, whatever its name says.
func TestCreateKeepsPacking(t *testing.T) {
	text := lines(head, rec(1), end(1))
	for name, data := range map[string][]byte{"a.gz": []byte(text), "b.jsonl": packed(gzipped, text), "c.gz": packed(zstandard, text)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		writeSegment(t, path, "s/1", rec(2))
		if got := readFile(t, path); len(got.lines) != 6 || got.err != nil || got.at != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"other schema":        lines(other, end(0)),
		"torn, other schema":  `{"type":"header","schema":"s/2","x`,
		"record first":        lines(rec(1), head),
		"words":               "hello\n",
		"blank":               "\n",
		"packed words":        string(packed(gzipped, "hello\n")),
		"packed other schema": string(packed(zstandard, lines(other))),
		"gzip magic only":     "\x1f\x8b",
		"a binary":            "\x7fELF\x00\x00",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Create(path, "s/1", nil)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Hint() == "" || err.Error() != path+": exists and is no s/1 stream, not written to" {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(path); string(after) != text {
			t.Errorf("%s: was changed", name)
		}
	}
	if _, err := Create(dir, "s/1", nil); message(err) != dir+": is a directory" {
		t.Errorf("directory: %v", err)
	}
	if _, err := Create(dir+"/no/file", "s/1", nil); message(err) != dir+"/no/file: no such file or directory" {
		t.Errorf("no folder: %v", err)
	}
	damaged := packed(gzipped, lines(head, rec(1), end(1)))
	damaged[len(damaged)-6] ^= 1
	path := filepath.Join(dir, "damaged.gz")
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, "s/1", nil); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damaged: %v", err)
	}
}

func TestCreateStdout(t *testing.T) {
	for _, path := range []string{"", "-"} {
		var b bytes.Buffer
		w, err := Create(path, "s/1", &b)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Header(header{"header", "s/1"}), w.End("ok", nil), w.Close()); err != nil || b.String() != lines(head, end(0)) {
			t.Errorf("%q, %v", b.String(), err)
		}
	}
	w, err := Create(os.DevNull, "s/1", nil)
	if err != nil || w.Close() != nil {
		t.Errorf("%s: %v", os.DevNull, err)
	}
}
