// Package document finds the text in documents that are no plain text, for the
// tool file_read.
//
//	tool.Options{Formats: document.Formats("ipw-agent")}
//
// What it reads comes from anywhere: every document is read by a process of its
// own, with bounds on its text, time and memory, and what a reader breaks on is
// an error. That process is the same program again, so its main has to begin with
//
//	if os.Getenv(document.Variable) != "" {
//		return document.Serve(os.Stdin, os.Stdout)
//	}
package document

import (
	"regexp"
	"strings"

	"ipw/lib/tool"
)

// Formats are the kinds of documents that can be read, by the program of that
// name, which this is.
func Formats(program string) []tool.Format {
	return []tool.Format{
		{Name: "PDF", Is: isPDF, Text: apart(program, "PDF", readTime)},
		{Name: "docx", Is: isDocx, Text: apart(program, "docx", readTime)},
	}
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
