package stream

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProgress: a file says how much of it has been read, a pipe does not know.
func TestProgress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	text := bytes.Repeat([]byte("0123456789abcde\n"), 1<<18)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	in, err := Open(t.Context(), path, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	want := func(from, to int64) {
		t.Helper()
		if read, size := in.Progress(); read < from || read > to || size != int64(len(text)) {
			t.Errorf("%d of %d, want %d to %d of %d", read, size, from, to, len(text))
		}
	}
	want(0, 0)
	const half = 1 << 21
	if _, err := io.CopyN(io.Discard, in, half); err != nil {
		t.Fatal(err)
	}
	want(half, half+half/2) // read ahead by a buffer
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Fatal(err)
	}
	want(4<<20, 4<<20)
	in.Close()
	want(4<<20, 4<<20)
	if read, size := NewInput("stdin", strings.NewReader("x")).Progress(); read != 0 || size != 0 {
		t.Errorf("of a pipe %d of %d", read, size)
	}
}
