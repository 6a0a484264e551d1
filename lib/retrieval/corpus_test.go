package retrieval

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"ipw/lib/stream"
)

// notes collects what problems print.
func notes() (*stream.Problems, *[]string) {
	var lines []string
	return &stream.Problems{Print: func(s string) { lines = append(lines, s) }}, &lines
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenJSONL(t *testing.T) {
	const text = "\ufeff" + `{"id":"a","title":"A","content":"one"}` + "\r\n\n" +
		`{"id":7,"text":"two","content":null,"other":[1]}` + "\n" +
		`{"content":"three"}` + "\n" +
		`{"id":"a","content":"again"}` + "\n" +
		`{"id":"e"}` + "\n" +
		`not JSON` + "\n" +
		`{"id":"t","title":7,"text":"x"}` + "\n"
	path := file(t, "c.jsonl", text)
	packed := file(t, "c.zst", "")
	z, _ := zstd.NewWriter(nil)
	if err := os.WriteFile(packed, z.EncodeAll([]byte(text), nil), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []Document{{"a", "A", "one"}, {"7", "", "two"}, {"d0002", "", "three"}}
	for _, path := range []string{path, packed} {
		problems, lines := notes()
		c, err := Open(context.Background(), path, problems)
		if err != nil || c.Name != path || !reflect.DeepEqual(c.Documents, want) {
			t.Errorf("%v, %v", c, err)
		}
		if len(*lines) != 4 || !strings.Contains((*lines)[0], `:5: id "a" is known already`) || !strings.Contains((*lines)[1], `:6: a document needs a text`) || problems.Err() == nil {
			t.Errorf("%q", *lines)
		}
	}
	if _, err := Open(context.Background(), path, &stream.Problems{Strict: true}); err == nil {
		t.Error("strict takes a bad line")
	}
}

func TestOpenDirectory(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"b.txt": "second", "a.md": "\ufefffirst", "sub/c": "third", "empty.txt": " \n", "bad.bin": "\xff\xfe", "zero": "a\x00b",
		".hidden": "no", ".git/x": "no",
	} {
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	problems, lines := notes()
	c, err := Open(context.Background(), dir, problems)
	want := []Document{{"a.md", "", "first"}, {"b.txt", "", "second"}, {"sub/c", "", "third"}}
	if err != nil || !reflect.DeepEqual(c.Documents, want) {
		t.Errorf("%v, %v", c, err)
	}
	if len(*lines) != 3 || problems.Err() != nil {
		t.Errorf("%q", *lines)
	}
}

func TestOpenFails(t *testing.T) {
	problems, _ := notes()
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "no such file",
		file(t, "empty.jsonl", "\n"):       "no document in it",
		t.TempDir():                        "no document in it",
		file(t, "plain.txt", "just text"):  "no document in it",
	} {
		if _, err := Open(context.Background(), path, problems); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestBundled(t *testing.T) {
	for _, name := range []string{"", "bundled"} {
		c, err := Open(context.Background(), name, nil)
		if err != nil || c.Name != "bundled" || len(c.Documents) < 25 {
			t.Fatalf("%v, %v", c, err)
		}
		for _, d := range c.Documents {
			if d.ID == "" || d.Title == "" || len(d.Text) < 80 {
				t.Errorf("%+v", d)
			}
		}
	}
	hits := NewBM25(Bundled().Documents).Search("height of the Skell lighthouse in metres", 1)
	if len(hits) != 1 || hits[0].Document.ID != "skell-lighthouse" {
		t.Errorf("%v", hits)
	}
}

// FuzzDocument: a line that is taken as a document has an id and a text.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"id":"a","title":"A","content":"one"}`))
	f.Add([]byte(`{"id":"","Content":"0"}`))
	f.Add([]byte(`{"id":7e1,"text":"two","content":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		d, err := parseDocument(line, 3)
		if err == nil && (d.ID == "" || strings.TrimSpace(d.Text) == "") {
			t.Errorf("%q: %+v", line, d)
		}
	})
}
