package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/client"

	"ipw/lib/sandbox"
)

// CopyIn unpacks a tar stream into a directory, as root.
func (b *box) CopyIn(ctx context.Context, dir string, tar io.Reader) error {
	ctx, end := b.While(ctx)
	defer end()
	made, err := b.Exec(ctx, sandbox.Command{Args: []string{"mkdir", "-p", "--", dir}, User: "0", Dir: "/"})
	if err == nil && made.Code != 0 {
		err = errors.New(strings.TrimSpace(made.Stderr))
	}
	if err == nil {
		_, err = b.sandbox.api.CopyToContainer(ctx, b.id, client.CopyToContainerOptions{DestinationPath: dir, Content: tar, AllowOverwriteDirWithFile: true})
	}
	if err != nil {
		return fmt.Errorf("copy into %s: %w", dir, b.why(ctx, err))
	}
	return nil
}

// CopyOut packs a file or directory. Whoever reads it closes it.
func (b *box) CopyOut(ctx context.Context, path string) (io.ReadCloser, error) {
	ctx, end := b.While(ctx)
	r, err := b.sandbox.api.CopyFromContainer(ctx, b.id, client.CopyFromContainerOptions{SourcePath: path})
	if err != nil {
		end()
		return nil, fmt.Errorf("copy out %s: %w", path, b.why(ctx, err))
	}
	return &copied{r.Content, end}, nil
}

type copied struct {
	io.ReadCloser
	end func()
}

func (c *copied) Close() error {
	defer c.end()
	return c.ReadCloser.Close()
}
