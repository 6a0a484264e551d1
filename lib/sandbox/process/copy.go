package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"ipw/lib/sandbox"
)

// CopyIn unpacks a tar stream in a box, with the box's own tar: so it can write
// where a command of the box could, and nowhere else.
func CopyIn(ctx context.Context, box sandbox.Box, dir string, tar io.Reader) error {
	r, err := box.Exec(ctx, sandbox.Command{
		Args:  []string{"sh", "-c", `mkdir -p -- "$1" && exec tar -xof - -C "$1"`, "sh", dir},
		Stdin: tar,
	})
	return failed("copy into "+dir, r, err)
}

// Packing is the command that packs a file or directory of a box.
func Packing(name string) sandbox.Command {
	name = path.Clean(name)
	return sandbox.Command{Args: []string{"tar", "-cf", "-", "-C", path.Dir(name), "--", path.Base(name)}}
}

// CopyOut runs Packing's command. What goes wrong is an error of the reader.
func CopyOut(ctx context.Context, c Command) io.ReadCloser {
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	c.Stdout = w
	go func() {
		result, err := Run(ctx, c)
		w.CloseWithError(failed("copy out", result, err))
	}()
	return &packed{r, cancel}
}

type packed struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (p *packed) Close() error {
	p.cancel()
	return p.PipeReader.Close()
}

func failed(what string, r sandbox.Result, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case r.Code != 0:
		return fmt.Errorf("%s: %w", what, errors.New(strings.TrimSpace(r.Stderr)))
	}
	return nil
}
