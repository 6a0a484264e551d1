package tool

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func workspace(t *testing.T) (dir string, read *FileRead, write FileWrite) {
	dir = t.TempDir()
	f := files{dir, hostBox{dir: dir}}
	return dir, &FileRead{files: f, max: 1000}, FileWrite{f}
}

func TestFiles(t *testing.T) {
	dir, read, write := workspace(t)
	for _, test := range []struct {
		tool            Tool
		arguments, want string
	}{
		{read, `{"path":"."}`, "[an empty folder]"},
		{write, `{"path":"a/b/c.txt","content":"one\ntwo\n"}`, `wrote 8 bytes to "a/b/c.txt", which has 8 now`},
		{read, `{"path":"a/b/c.txt"}`, "one\ntwo"},
		{write, `{"path":"a/b/c.txt","content":"three","mode":"a"}`, `wrote 5 bytes to "a/b/c.txt", which has 13 now`},
		{read, `{"path":"/box/a/b/c.txt","start_line":2}`, "two\nthree\n[lines 2-3 of 3]"},
		{read, `{"path":"/workspace/a/b/c.txt","start_line":"2","end_line":2}`, "two\n[lines 2-2 of 3]"},
		{read, `{"path":"` + dir + `/a/../a/b/c.txt","end_line":1}`, "one\n[lines 1-1 of 3]"},
		{write, `{"path":"a/b/c.txt","content":"","mode":"w"}`, `wrote 0 bytes to "a/b/c.txt", which has 0 now`},
		{read, `{"path":"a/b/c.txt"}`, "[an empty file]"},
		{read, `{"path":"a"}`, "b/"},
		{read, `{"path":"/workspace"}`, "a/"},
		{read, `{"path":"a/b/c.txt","start_line":7}`, "[an empty file]"},
		{read, `{"path":"a/b/c.txt","start_line":7,"end_line":3}`, `error: end_line 3 is before start_line 7; send`},
		{read, `{"path":"none.txt"}`, `error: "none.txt": no such file or directory`},
		{write, `{"path":"a","content":"x"}`, `error: "a": is a directory`},
		{write, `{"path":"a/b/c.txt/d","content":"x"}`, `error: "a/b/c.txt" is a file, not a folder`},
		{write, `{"path":"x","content":"x","mode":"r"}`, `error: the argument "mode" must be one of w, a`},
		{write, `{"path":"x"}`, `error: the argument "content" is missing`},
		{read, `{"path":"/etc/passwd"}`, `error: "/etc/passwd" is outside of the workspace`},
		{read, `{"path":"../x"}`, `error: "../x" is outside of the workspace`},
		{read, `{"path":"/workspaces/x"}`, `error: "/workspaces/x" is outside of the workspace`},
		{read, `{"path":"/box/../etc/passwd"}`, `error: "/box/../etc/passwd" is outside of the workspace`},
		{write, `{"path":"a/../../x","content":"x"}`, `error: "a/../../x" is outside of the workspace`},
	} {
		got := said(t, test.tool, test.arguments)
		if !strings.HasPrefix(got, test.want) || !strings.HasPrefix(test.want, "error") && got != test.want {
			t.Errorf("%s %s: %q", test.tool.Name(), test.arguments, got)
		}
	}
}

// TestLinks: a link within the workspace is followed, one out of it is not,
// whatever part of the path it is.
func TestLinks(t *testing.T) {
	dir, read, write := workspace(t)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"file": secret, "folder": outside, "up": "..", "dangling": filepath.Join(outside, "new"), "within": "real", "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "real"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := said(t, read, `{"path":"within"}`); got != "mine" {
		t.Errorf("%q", got)
	}
	for _, p := range []string{"file", "folder/secret", "folder", "up", "up/x", "dangling", "loop"} {
		for _, call := range []struct {
			tool      Tool
			arguments string
		}{{read, `{"path":"` + p + `"}`}, {write, `{"path":"` + p + `","content":"x","mode":"a"}`}, {write, `{"path":"` + p + `/y","content":"x"}`}} {
			if got := said(t, call.tool, call.arguments); !strings.HasPrefix(got, "error: ") || strings.Contains(got, "secret\n") {
				t.Errorf("%s %s: %q", call.tool.Name(), call.arguments, got)
			}
		}
	}
	left, err := os.ReadDir(outside)
	if text, _ := os.ReadFile(secret); err != nil || string(text) != "secret" || len(left) != 1 {
		t.Errorf("%q, %v, %v", text, left, err)
	}
}

// TestOddFiles: what is no text, and what is no file, is named.
func TestOddFiles(t *testing.T) {
	dir, read, write := workspace(t)
	put := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("png", "\x89PNG\x0D\x0A\x1A\x0A\x00\x00")
	put("elf", "\x7fELF\x02\x01\x01\x00\x00\x00")
	put("utf16", "\xff\xfeh\x00\xe9\x00\n\x00x\x00")
	put("latin1", "caf\xe9\r\nau lait")
	put("bom", "\xef\xbb\xbfplain")
	put("long", strings.Repeat("a", 5000)+"\nb")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "png"), maxFile+1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"elf":    `error: "elf" is not text but binary: application/octet-stream, 10 bytes`,
		"png":    `error: "png" has 67108865 bytes; files of up to 67108864 are read`,
		"utf16":  "hé\nx",
		"latin1": "caf\ufffd\nau lait",
		"bom":    "plain",
		"long":   strings.Repeat("a", 440) + "…[4120 bytes cut]…" + strings.Repeat("a", 440) + "\n[lines 1-1 of 2; go on with start_line 2]",
		"pipe":   `error: "pipe": neither a file nor a folder`,
	} {
		if got := said(t, read, `{"path":"`+name+`"}`); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := said(t, write, `{"path":"pipe","content":"x"}`); !strings.HasPrefix(got, "error: ") {
		t.Errorf("%q", got)
	}
	if got := said(t, write, `{"path":"png","content":"x","mode":"a"}`); got != `error: "png": would have more than 67108864 bytes` {
		t.Errorf("%q", got)
	}
}

// TestParts: a long text read in the parts that the notes name is the text.
func TestParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var want []string
		for range rng.IntN(200) + 1 {
			want = append(want, strings.Repeat("x", rng.IntN(300)))
		}
		var got []string
		for start := 1; ; {
			part, err := lines(strings.NewReader(strings.Join(want, "\n")+"\n"), start, 1<<30, 1000)
			if err != nil || len(part) > 1000 {
				t.Fatalf("%d bytes, %v", len(part), err)
			}
			text, note, cut := strings.Cut(part, "\n[lines ")
			got = append(got, strings.Split(text, "\n")...)
			var from, to, of int
			if n, _ := fmt.Sscanf(note, "%d-%d of %d; go on with start_line %d]", &from, &to, &of, &start); !cut || n < 4 {
				break
			}
			if from+strings.Count(text, "\n") != to || of != len(want) || start != to+1 {
				t.Fatalf("%d lines from %d: %q", strings.Count(text, "\n")+1, from, note)
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("%d lines of %d", len(got), len(want))
		}
	}
}

// TestFormats: a document's text is read as a text is.
func TestFormats(t *testing.T) {
	dir, read, _ := workspace(t)
	read.formats = []Format{{"Turned", func(path string, head []byte) bool { return bytes.HasPrefix(head, []byte("TURNED")) },
		func(_ context.Context, r io.ReaderAt, size int64) (string, error) {
			b := make([]byte, size-6)
			if _, err := r.ReadAt(b, 6); err != nil {
				return "", err
			}
			if len(b) == 1 {
				return "", fmt.Errorf("too short")
			}
			return string(b[1:]) + "\n" + string(b[:1]), nil
		}}}
	for name, content := range map[string]string{"a.bin": "TURNEDxyz", "b.bin": "TURNEDx"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := said(t, read, `{"path":"a.bin","start_line":2}`); got != "x\n[lines 2-2 of 2]" {
		t.Errorf("%q", got)
	}
	if got := said(t, read, `{"path":"b.bin"}`); got != `error: "b.bin" is no Turned that can be read: too short` {
		t.Errorf("%q", got)
	}
	if !strings.Contains(read.Description(), "(Turned)") {
		t.Error(read.Description())
	}
}
