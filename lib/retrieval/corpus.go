package retrieval

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"ipw/lib/stream"
)

// Document is one text that can be found.
type Document struct {
	ID    string
	Title string // "" if it has none
	Text  string
}

// Corpus is a list of documents in a fixed order.
type Corpus struct {
	Name      string // "bundled", or the path it was read from
	Documents []Document
}

// BundledName names the corpus that comes with the program.
const BundledName = "bundled"

//go:embed bundled.jsonl
var bundled []byte

// Bundled is the corpus that comes with the program: short texts about an
// invented island, which no model can know from elsewhere.
func Bundled() *Corpus {
	docs, err := readJSONL(stream.NewLines(&stream.Problems{Strict: true}, stream.NewInput(BundledName, bytes.NewReader(bundled))))
	if err != nil {
		panic("retrieval: " + err.Error()) // a test reads it
	}
	return &Corpus{BundledName, docs}
}

// Open reads a corpus: "" and "bundled" are the bundled one, else a JSONL file
// (plain, gzip or zstd) with id, title and content (or text), or a directory of
// text files. A line that is no document, and a file that is no text, is
// reported through problems and left out.
func Open(ctx context.Context, path string, problems *stream.Problems) (*Corpus, error) {
	if path == "" || path == BundledName {
		return Bundled(), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	var docs []Document
	if info.IsDir() {
		docs, err = readDir(path, problems)
	} else {
		docs, err = openJSONL(ctx, path, problems)
	}
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	if len(docs) == 0 {
		return nil, fmt.Errorf("corpus: %s: no document in it: want JSON Lines with content, or a directory of text files", path)
	}
	return &Corpus{path, docs}, nil
}

func openJSONL(ctx context.Context, path string, problems *stream.Problems) ([]Document, error) {
	in, err := stream.Open(ctx, path, nil, false)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return readJSONL(stream.NewLines(problems, in))
}

func readJSONL(lines *stream.Lines) ([]Document, error) {
	var docs []Document
	known := make(map[string]bool)
	for position := 0; ; position++ {
		line, err := lines.Next()
		if err == io.EOF {
			return docs, nil
		} else if err != nil {
			return nil, err
		}
		doc, err := parseDocument(line.Bytes, position)
		if err == nil && known[doc.ID] {
			err = fmt.Errorf("id %q is known already", doc.ID)
		}
		if err != nil {
			lines.Reject(err)
			continue
		}
		known[doc.ID] = true
		docs = append(docs, doc)
	}
}

// parseDocument reads one line. An id not given counts d0000 by position.
func parseDocument(line []byte, position int) (Document, error) {
	var d struct {
		ID      json.RawMessage `json:"id"`
		Title   string          `json:"title"`
		Content *string         `json:"content"`
		Text    *string         `json:"text"`
	}
	if err := json.Unmarshal(line, &d); err != nil {
		return Document{}, err
	}
	text := d.Content
	if text == nil {
		text = d.Text
	}
	if text == nil || strings.TrimSpace(*text) == "" {
		return Document{}, errors.New(`a document needs a text in "content" or "text"`)
	}
	id := strings.Trim(string(d.ID), `"`) // a number keeps its digits
	if len(d.ID) > 0 && d.ID[0] == '"' {
		json.Unmarshal(d.ID, &id) // valid, it was decoded once
	}
	if id == "" || id == "null" {
		id = fmt.Sprintf("d%04d", position)
	}
	return Document{id, d.Title, *text}, nil
}

// readDir takes every text file below root as a document, in the order of
// their paths; the id is the path. Hidden files and folders are left out.
func readDir(root string, problems *stream.Problems) ([]Document, error) {
	var docs []Document
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != root && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		}
		text, why := readText(path)
		if why != nil {
			problems.Warn("%s: left out: %v", path, why)
			return nil
		}
		id, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		docs = append(docs, Document{ID: filepath.ToSlash(id), Text: text})
		return nil
	})
	return docs, err
}

// readText reads a file that is text. Links to files are followed.
func readText(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("no regular file")
	case info.Size() > stream.MaxLine:
		return "", fmt.Errorf("larger than %d MiB", stream.MaxLine>>20)
	}
	b, err := os.ReadFile(path)
	switch {
	case err != nil:
		return "", err
	case !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0:
		return "", errors.New("not UTF-8 text")
	case len(bytes.TrimSpace(b)) == 0:
		return "", errors.New("empty")
	}
	return strings.TrimPrefix(string(b), "\ufeff"), nil
}
