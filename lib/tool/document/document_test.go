package document

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"ipw/lib/tool"
)

// makePDF writes a PDF of one text a page, by hand.
func makePDF(pages ...string) []byte { return packPDF("", strings.Clone, pages...) }

// packPDF is one whose pages are packed, in a way that filter tells of.
func packPDF(filter string, pack func(string) string, pages ...string) []byte {
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
		content := pack("BT /F1 12 Tf 72 720 Td (" + text + ") Tj ET")
		object(fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>", 5+2*i))
		object(fmt.Sprintf("<</Length %d%s>>\nstream\n%s\nendstream", len(content), filter, content))
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
	for _, f := range Formats("") {
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

// TestHostile: a document that a reader goes round in circles in, breaks on or
// uses up memory for costs its own call only, and says why.
func TestHostile(t *testing.T) {
	circle := makePDF("text")
	circle = bytes.Replace(circle, []byte("/Kids[4 0 R]"), []byte("/Kids[2 0 R]"), 1)
	circle = bytes.Replace(circle, []byte("/Count 1/"), []byte("/Count 9/"), 1)
	wide := packPDF("/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 99999999999>>", func(s string) string {
		var out bytes.Buffer
		w := zlib.NewWriter(&out)
		io.WriteString(w, s)
		w.Close()
		return out.String()
	}, "text")
	for name, c := range map[string]struct {
		data   []byte
		format string
		limit  time.Duration
		want   string
	}{
		"pages within themselves": {circle, "PDF", 2 * time.Second, "it takes more than 2s"},
		"lines of 100 GB":         {wide, "PDF", readTime, errBroken.Error()},
		"panic":                   {nil, "panic", readTime, errBroken.Error()},
	} {
		text, err := apart("", c.format, c.limit)(t.Context(), bytes.NewReader(c.data), int64(len(c.data)))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := apart("", "PDF", readTime)(ctx, bytes.NewReader(circle), int64(len(circle))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestMain is also the process that a document is read by.
func TestMain(m *testing.M) {
	if os.Getenv(Variable) == "" {
		os.Exit(m.Run())
	}
	readers["panic"] = func(io.ReaderAt, int64) (string, error) { panic("oh") }
	if err := Serve(os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
}

// TestListed: file_read says what it reads.
func TestListed(t *testing.T) {
	tools, err := tool.Build([]string{"file_read"}, tool.Options{Workspace: t.TempDir(), Formats: Formats("")})
	if err != nil || !strings.Contains(tools[0].Description(), "(PDF, docx)") {
		t.Errorf("%v, %v", tools, err)
	}
}

// FuzzDocx: whatever a file holds, its text is bounded.
func FuzzDocx(f *testing.F) {
	f.Add(makeDocx(f, map[string]string{"word/document.xml": p("text")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if text, err := docxText(bytes.NewReader(data), int64(len(data))); err == nil && len(text) > maxText+4096 {
			t.Errorf("%d bytes", len(text))
		}
	})
}

// FuzzPDF: whatever a file holds, reading it comes to an end.
func FuzzPDF(f *testing.F) {
	f.Add(makePDF("text"))
	f.Add([]byte("%PDF-"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if text, err := apart("", "PDF", time.Second)(t.Context(), bytes.NewReader(data), int64(len(data))); err == nil && len(text) > maxText {
			t.Errorf("%d bytes", len(text))
		}
	})
}
