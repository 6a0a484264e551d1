package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ledongthuc/pdf" // pure Go without dependencies; PDFium, in C or WebAssembly, would be larger than all of ipw-agent
)

func isPDF(_ string, head []byte) bool { return bytes.Contains(head, []byte("%PDF-")) }

// pdfText is the text of the pages, each under its number.
func pdfText(r io.ReaderAt, size int64) (string, error) {
	doc, err := pdf.NewReader(r, size)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	words := false
	for i := 1; i <= doc.NumPage(); i++ {
		page := doc.Page(i)
		if page.V.IsNull() {
			continue
		}
		text, err := page.GetPlainText(nil)
		if err != nil {
			return "", fmt.Errorf("page %d: %w", i, err)
		}
		text = strings.TrimSpace(text)
		words = words || text != ""
		fmt.Fprintf(&out, "[page %d]\n%s\n\n", i, text)
		if out.Len() > maxText {
			return "", errTooLong
		}
	}
	if !words {
		return "", errors.New("there is no text in it, perhaps pictures of text")
	}
	return out.String(), nil
}
