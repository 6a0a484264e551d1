package document

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ipw/lib/tool"
)

// makePDF writes a PDF of one text a page, by hand.
func makePDF(pages ...string) []byte {
	var out bytes.Buffer
	var offsets []int
	object := func(text string) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(offsets), text)
	}
	out.WriteString("%PDF-1.4\n")
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 4+2*i))
	}
	object("<</Type/Catalog/Pages 2 0 R>>")
	object(fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(pages), strings.Join(kids, " ")))
	object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	for i, text := range pages {
		content := "BT /F1 12 Tf 72 720 Td (" + text + ") Tj ET"
		object(fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>", 5+2*i))
		object(fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content))
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return out.Bytes()
}

// makeDocx zips parts of a Word document.
func makeDocx(t testing.TB, parts map[string]string) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, body := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, `<w:x xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">`+body+`</w:x>`)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func p(text string) string { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }

// read finds the format of a document and its text.
func read(name string, data []byte) (string, error) {
	for _, f := range Formats() {
		if f.Is(name, data[:min(len(data), 512)]) {
			return f.Text(context.Background(), bytes.NewReader(data), int64(len(data)))
		}
	}
	return "", errors.New("no document")
}

func TestPDF(t *testing.T) {
	got, err := read("a", makePDF("The lighthouse is 46 m tall.", "caf\\351", ""))
	if want := "[page 1]\nThe lighthouse is 46 m tall.\n\n[page 2]\ncafé\n\n[page 3]"; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	whole := makePDF("text")
	for name, data := range map[string][]byte{
		"empty":     []byte("%PDF-1.4\n"),
		"cut":       whole[:len(whole)/2],
		"garbage":   append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("<</"), 1000)...),
		"no text":   makePDF(""),
		"encrypted": bytes.Replace(whole, []byte("/Root"), []byte("/Encrypt<</Filter/Standard/V 9>>/Root"), 1),
	} {
		if got, err := read("a.pdf", data); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestDocx(t *testing.T) {
	cell := func(text string) string { return "<w:tc>" + p(text) + "</w:tc>" }
	data := makeDocx(t, map[string]string{
		"word/document.xml": p("Title") + "<w:p><w:r><w:t>one</w:t><w:tab/><w:t xml:space=\"preserve\">two &amp; </w:t><w:delText>gone</w:delText></w:r><w:r><w:t>three</w:t><w:br/><w:t>four</w:t></w:r></w:p>" +
			"<w:tbl><w:tr>" + cell("A1") + cell("B1") + "</w:tr><w:tr>" + cell("A2") + "<w:tc>" + p("B2") + p("more") + "</w:tc></w:tr></w:tbl>" + p("end"),
		"word/footnotes.xml": p("a note"),
		"word/styles.xml":    p("not this"),
	})
	got, err := read("x.DOCX", data)
	if want := "Title\none\ttwo & three\nfour\nA1 \tB1\nA2 \tB2 more\nend\na note"; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	for name, data := range map[string][]byte{
		"no document": makeDocx(t, map[string]string{"xl/workbook.xml": p("x")}),
		"no XML":      makeDocx(t, map[string]string{"word/document.xml": "<w:p>"}),
		"cut":         data[:len(data)-30],
		"a bomb":      makeDocx(t, map[string]string{"word/document.xml": p(strings.Repeat("x", maxText+1))}),
	} {
		if got, err := read("x.docx", data); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
	if _, err := read("x.zip", data); err == nil {
		t.Error("a zip is no document")
	}
}

// TestGuarded: a reader that breaks or does not return costs its own call only.
func TestGuarded(t *testing.T) {
	_, err := guarded(func(context.Context, io.ReaderAt, int64) (string, error) { panic("oh") })(t.Context(), nil, 0)
	if err == nil || err.Error() != "it is broken" {
		t.Error(err)
	}
	synctest.Test(t, func(t *testing.T) {
		free := make(chan bool)
		defer close(free)
		_, err := guarded(func(context.Context, io.ReaderAt, int64) (string, error) { <-free; return "", nil })(t.Context(), nil, 0)
		if err == nil || err.Error() != "it takes more than 30s" {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := guarded(func(context.Context, io.ReaderAt, int64) (string, error) { <-free; return "", nil })(ctx, nil, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestListed: file_read says what it reads.
func TestListed(t *testing.T) {
	tools, err := tool.Build([]string{"file_read"}, tool.Options{Workspace: t.TempDir(), Formats: Formats()})
	if err != nil || !strings.Contains(tools[0].Description(), "(PDF, docx)") {
		t.Errorf("%v, %v", tools, err)
	}
}

// FuzzText: whatever a file holds, its text is bounded and the program goes on.
func FuzzText(f *testing.F) {
	f.Add("a.pdf", makePDF("text"))
	f.Add("a.docx", makeDocx(f, map[string]string{"word/document.xml": p("text")}))
	f.Add("a.pdf", []byte("%PDF-"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if text, err := read(name, data); err == nil && len(text) > maxText+4096 {
			t.Errorf("%d bytes", len(text))
		}
	})
}
