package openhands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ipw/lib/sandbox"
)

// files are those of a box, which may lie outside of its workspace: they are
// reached by commands that any Unix has.
type files struct{ box sandbox.Box }

// Kinds of a path.
const (
	absent    = "absent"
	directory = "directory"
	file      = "file"
)

const (
	maxFile  = 10 << 20 // bytes: the SDK's limit
	fileTime = time.Minute
)

// sh runs a script with arguments $1, ….
func (f files) sh(ctx context.Context, script string, in []byte, args ...string) (string, error) {
	c := sandbox.Command{Args: append([]string{"sh", "-c", script, "sh"}, args...), Timeout: fileTime, MaxOutput: 2 * maxFile}
	if in != nil {
		c.Stdin = bytes.NewReader(in)
	}
	r, err := f.box.Exec(ctx, c)
	switch {
	case err != nil:
		return "", err
	case r.TimedOut:
		return "", fmt.Errorf("no answer from the sandbox within %s", fileTime)
	case r.Code != 0:
		return "", errors.New(strings.TrimSpace(strings.TrimPrefix(r.Stderr, "sh: ")))
	}
	return r.Stdout, nil
}

func (f files) kind(ctx context.Context, name string) (string, error) {
	out, err := f.sh(ctx, `if [ -d "$1" ]; then echo directory; elif [ -e "$1" ]; then echo file; else echo absent; fi`, nil, name)
	return strings.TrimSpace(out), err
}

// read returns a text file.
func (f files) read(ctx context.Context, name string) (string, error) {
	out, err := f.sh(ctx, `if [ -d "$1" ]; then echo "$1 is a directory" >&2; exit 1; fi
n=$(wc -c <"$1") || exit 1
if [ "$n" -gt "$2" ]; then echo "$1 has $n bytes, at most $2 can be read; use the terminal" >&2; exit 1; fi
cat "$1"`, nil, name, fmt.Sprint(maxFile))
	if err != nil {
		return "", err
	}
	if strings.ContainsRune(out, 0) {
		return "", fmt.Errorf("%s is no text file", name)
	}
	return out, nil
}

// write replaces a file's content, and makes it and its directory if they are
// missing. Its mode and its being a link stay.
func (f files) write(ctx context.Context, name, text string) error {
	_, err := f.sh(ctx, `mkdir -p "$(dirname "$1")" && cat >"$1"`, []byte(text), name)
	return err
}

// list shows a directory two levels deep.
func (f files) list(ctx context.Context, name string) (string, error) {
	out, err := f.sh(ctx, `cd "$1" && find . -maxdepth 2 ! -name . -name '.*' -prune -o -print | sort`, nil, name)
	if err != nil {
		return "", err
	}
	dirs, err := f.sh(ctx, `cd "$1" && find . -maxdepth 2 ! -name . -name '.*' -prune -o -type d -print`, nil, name)
	if err != nil {
		return "", err
	}
	isDir := map[string]bool{}
	for _, d := range lines(dirs) {
		isDir[d] = true
	}
	var b strings.Builder
	for _, entry := range lines(out) {
		b.WriteString(strings.TrimSuffix(name, "/") + strings.TrimPrefix(entry, "."))
		if isDir[entry] {
			b.WriteByte('/')
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}
