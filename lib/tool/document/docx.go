package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"
)

// isDocx goes by the name too: the file is a zip like many others.
func isDocx(name string, head []byte) bool {
	return strings.EqualFold(path.Ext(name), ".docx") && bytes.HasPrefix(head, []byte("PK"))
}

// maxXML bounds what a small zip may unpack to, in bytes.
const maxXML = 64 << 20

// docxText is the text of a Word document (ECMA-376, part 1, WordprocessingML):
// a line for each paragraph and each row of a table, with tabs between cells,
// then foot- and endnotes. The standard library reads zip and XML, and the
// libraries for Word are made for writing, unkept or not free.
func docxText(r io.ReaderAt, size int64) (string, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return "", err
	}
	w := new(words)
	for _, part := range []string{"word/document.xml", "word/footnotes.xml", "word/endnotes.xml"} {
		f, err := archive.Open(part)
		if err != nil {
			if part == "word/document.xml" {
				return "", errors.New("there is no word/document.xml in it")
			}
			continue
		}
		err = w.read(io.LimitReader(f, maxXML))
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return w.out.String(), nil
}

// words collects the text of a document's parts.
type words struct {
	out   strings.Builder
	cells int  // tables that are open, one in the other
	text  bool // within a piece of text
}

func (w *words) read(in io.Reader) error {
	tokens := xml.NewDecoder(in)
	for {
		t, err := tokens.Token()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case w.out.Len() > maxText:
			return errTooLong
		}
		switch t := t.(type) {
		case xml.StartElement:
			w.start(t.Name.Local)
		case xml.EndElement:
			w.end(t.Name.Local)
		case xml.CharData:
			if w.text {
				w.out.Write(t)
			}
		}
	}
}

func (w *words) start(name string) {
	switch name {
	case "t":
		w.text = true
	case "tab":
		w.out.WriteByte('\t')
	case "br", "cr":
		w.newline()
	case "tc":
		w.cells++
	}
}

func (w *words) end(name string) {
	switch name {
	case "t":
		w.text = false
	case "p":
		w.newline()
	case "tc":
		w.cells--
		w.out.WriteByte('\t')
	case "tr":
		w.out.WriteByte('\n')
	}
}

// newline ends a line, or goes on with the row of a table.
func (w *words) newline() {
	if w.cells > 0 {
		w.out.WriteByte(' ')
	} else {
		w.out.WriteByte('\n')
	}
}
