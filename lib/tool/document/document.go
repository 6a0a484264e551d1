// Package document finds the text in documents that are no plain text, for the
// tool file_read.
//
//	tool.Options{Formats: document.Formats()}
//
// What it reads comes from anywhere: every text is bounded, and what a reader
// breaks on is an error.
package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"ipw/lib/tool"
)

const (
	maxText  = 8 << 20 // bytes of a document's text
	readTime = 30 * time.Second
)

var errTooLong = fmt.Errorf("its text has more than %d bytes", maxText)

// Formats are the kinds of documents that can be read.
func Formats() []tool.Format {
	return []tool.Format{
		{Name: "PDF", Is: isPDF, Text: guarded(pdfText)},
		{Name: "docx", Is: isDocx, Text: guarded(docxText)},
	}
}

// reader finds the text of one document. It looks at ctx where it can.
type reader func(ctx context.Context, r io.ReaderAt, size int64) (string, error)

// guarded makes an error of a panic, and does not wait longer than readTime.
func guarded(read reader) reader {
	type result struct {
		text string
		err  error
	}
	return func(ctx context.Context, r io.ReaderAt, size int64) (string, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, readTime, fmt.Errorf("it takes more than %s", readTime))
		defer cancel()
		done := make(chan result, 1)
		go func() {
			res := result{err: errors.New("it is broken")}
			defer func() {
				_ = recover()
				done <- res
			}()
			res.text, res.err = read(ctx, until{ctx, r}, size)
		}()
		select {
		case res := <-done:
			return tidy(res.text), res.err
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// until reads as long as ctx lasts, so that a reader that goes round in circles
// in a broken file comes to an end.
type until struct {
	ctx context.Context
	in  io.ReaderAt
}

func (u until) ReadAt(p []byte, at int64) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.in.ReadAt(p, at)
}

var (
	trailing = regexp.MustCompile(`[ \t\r]+\n`)
	gap      = regexp.MustCompile(`\n{3,}`)
)

// tidy leaves one empty line where there are more.
func tidy(text string) string {
	text = trailing.ReplaceAllString(strings.ToValidUTF8(text, "\ufffd"), "\n")
	return strings.TrimSpace(gap.ReplaceAllString(text, "\n\n"))
}
