package tool

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strings"

	"golang.org/x/text/encoding/unicode" // texts in UTF-16 are read too
	"golang.org/x/text/transform"
)

// FileRead reads files of a workspace: texts, and documents whose text its
// formats can tell.
type FileRead struct {
	files
	formats []Format
	max     int // bytes of a result
}

// Format is a kind of document that holds text and is none.
type Format struct {
	Name string // for people: "PDF"
	Is   func(path string, head []byte) bool
	Text func(ctx context.Context, r io.ReaderAt, size int64) (string, error)
}

// Name is the tool's name.
func (FileRead) Name() string { return "file_read" }

// Description tells the model what the tool is for.
func (f FileRead) Description() string {
	what := "a text file"
	if len(f.formats) > 0 {
		var names []string
		for _, format := range f.formats {
			names = append(names, format.Name)
		}
		what += " or the text of a document (" + strings.Join(names, ", ") + ")"
	}
	return "Read " + what + " in the workspace. " +
		"A long one is read in parts: the result says how many lines there are and where to go on. A folder gives the names in it, which end in / for folders."
}

// Parameters is the schema of the arguments.
func (FileRead) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"path":{"type":"string","description":"path in the workspace, . for the workspace itself"},"start_line":{"type":"integer","minimum":1,"description":"first line, 1 if not given"},"end_line":{"type":"integer","minimum":1,"description":"last line, the file's own if not given"}},"required":["path"]}`)
}

// Call reads a file or lists a folder.
func (f FileRead) Call(ctx context.Context, text string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	args, err := parseArguments(text, `{"path": "notes/a.txt", "start_line": 1, "end_line": 50}`)
	if err != nil {
		return "", err
	}
	p, err := args.text("path")
	if err != nil {
		return "", err
	}
	first, err := args.whole("start_line", 1, 1, math.MaxInt32)
	if err != nil {
		return "", err
	}
	last, err := args.whole("end_line", math.MaxInt32, 1, math.MaxInt32)
	if err != nil {
		return "", err
	}
	if last < first {
		return "", args.errorf("end_line %d is before start_line %d", last, first)
	}
	name, err := f.name(p)
	if err != nil {
		return "", err
	}
	return f.read(ctx, name, first, last)
}

func (f FileRead) read(ctx context.Context, name string, first, last int) (string, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return "", plain(".", err)
	}
	defer root.Close()
	file, info, err := f.open(root, name, os.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer file.Close()
	switch {
	case info.IsDir():
		return list(file, f.max)
	case info.Size() > maxFile:
		return "", fmt.Errorf("%q has %d bytes; files of up to %d are read", name, info.Size(), maxFile)
	}
	in, err := f.text(ctx, name, file, info.Size())
	if err != nil {
		return "", err
	}
	result, err := lines(io.LimitReader(in, maxFile), first, last, f.max)
	if err != nil {
		return "", plain(name, err)
	}
	return result, nil
}

// text gives a file's text in UTF-8, or says what the file is instead.
func (f FileRead) text(ctx context.Context, name string, file *os.File, size int64) (io.Reader, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, plain(name, err)
	}
	head = head[:n]
	for _, format := range f.formats {
		if format.Is(name, head) {
			text, err := format.Text(ctx, file, size)
			if err != nil {
				return nil, fmt.Errorf("%q is no %s that can be read: %w", name, format.Name, err)
			}
			return strings.NewReader(text), nil
		}
	}
	if kind := http.DetectContentType(head); !strings.HasPrefix(kind, "text/") {
		return nil, fmt.Errorf("%q is not text but binary: %s, %d bytes", name, kind, size)
	}
	whole := io.NewSectionReader(file, 0, size)
	return transform.NewReader(whole, unicode.BOMOverride(unicode.UTF8.NewDecoder())), nil
}

// list names what is in a folder, as many as fit in max bytes.
func list(dir *os.File, max int) (string, error) {
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return "", plain(dir.Name(), err)
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	return cmp.Or(fit(names, max), "[an empty folder]"), nil
}
