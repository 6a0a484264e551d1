package document

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	maxText   = 8 << 20 // bytes of a document's text
	maxMemory = 1 << 30 // bytes of the process that reads it
	readTime  = 30 * time.Second
)

var (
	errTooLong = fmt.Errorf("its text has more than %d bytes", maxText)
	errBroken  = errors.New("it is broken, or made to use up memory")
)

// Variable is set, to the name of a format, for a process that is to Serve.
const Variable = "IPW_DOCUMENT"

// readers find the text of a document, by the name of its format.
var readers = map[string]func(r io.ReaderAt, size int64) (string, error){"PDF": pdfText, "docx": docxText}

// outcome is what such a process says.
type outcome struct{ Text, Error string }

// Serve reads one document, of the format that Variable names, and says its
// text. Its process may use little memory and time, whatever the document makes
// a reader do.
func Serve(in io.Reader, out io.Writer) error {
	seconds := uint64(2 * readTime.Seconds()) // for when nobody is left to kill it
	for what, limit := range map[int]uint64{syscall.RLIMIT_DATA: maxMemory, syscall.RLIMIT_CPU: seconds} {
		if err := syscall.Setrlimit(what, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("limit of a reader: %w", err)
		}
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var o outcome
	if o.Text, err = readers[os.Getenv(Variable)](bytes.NewReader(data), int64(len(data))); err != nil {
		o = outcome{Error: err.Error()}
	}
	return json.NewEncoder(out).Encode(o)
}

// apart has a document read by a process of its own, the program that this is.
// Nothing else ends a reader that goes round in circles, or outlives one that runs out
// of memory.
func apart(program, format string, limit time.Duration) func(ctx context.Context, r io.ReaderAt, size int64) (string, error) {
	return func(ctx context.Context, r io.ReaderAt, size int64) (string, error) {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it takes more than %s", limit))
		defer cancel()
		cmd := exec.CommandContext(ctx, self)
		cmd.Args = []string{program}
		cmd.Env = []string{Variable + "=" + format}
		cmd.Stdin = io.NewSectionReader(r, 0, size)
		said, err := cmd.Output()
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		var o outcome
		switch {
		case err != nil || json.Unmarshal(said, &o) != nil:
			return "", errBroken
		case o.Error != "":
			return "", errors.New(o.Error)
		}
		return tidy(o.Text), nil
	}
}
