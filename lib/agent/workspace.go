package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"ipw/lib/dataset"
	"ipw/lib/sandbox"
	"ipw/lib/tool"
)

// Workspaces makes the places of tasks that bring none of their own: an empty
// folder, and a box that sees it if a tool runs commands. The folder is kept
// where artifacts are, as DIR/<query id>/workspace; else it is a temporary one,
// gone when the query has ended.
type Workspaces struct {
	Tools   []string        // names of the tools that work there; see tool.Split
	Options tool.Options    // what they are built with, beside Workspace and Box
	Boxed   bool            // the agent itself works in a box
	Sandbox sandbox.Sandbox // nil where nobody runs commands
	Spec    sandbox.Spec    // of each box, beside Label and Workspace
}

// Opener makes the places, or is nil if nobody needs one. It fails with a
// *tool.BoxError if a tool runs commands and there is no sandbox.
func (w Workspaces) Opener() (Opener, error) {
	if len(w.Tools) == 0 && !w.Boxed {
		return nil, nil
	}
	if w.Sandbox == nil {
		if err := tool.NoBox(w.Tools); err != nil {
			return nil, err
		}
	}
	return w.open, nil
}

func (w Workspaces) open(ctx context.Context, q *Query, _ dataset.Task) (*Place, error) {
	dir, remove, err := q.workspace()
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	p := &Place{Workspace: dir, Close: remove}
	if w.Boxed || tool.NoBox(w.Tools) != nil {
		if err := w.box(ctx, q, p); err != nil {
			return p, err
		}
	}
	o := w.Options
	o.Workspace, o.Box = p.Workspace, p.Box
	p.Tools, err = tool.Build(w.Tools, o)
	return p, err
}

// box opens the place's box.
func (w Workspaces) box(ctx context.Context, q *Query, p *Place) error {
	spec := w.Spec
	spec.Label, spec.Workspace = fmt.Sprintf("%s.%d", FolderName(q.ID), q.Attempt), p.Workspace
	box, err := w.Sandbox.Open(ctx, spec)
	if err != nil {
		return err
	}
	remove := p.Close
	p.Box, p.Close = box, func() error {
		err := box.Close()
		if removeErr := remove(); err == nil {
			err = removeErr
		}
		return err
	}
	return nil
}

// workspace makes the query's folder. An earlier attempt's has been set aside
// with its other files; one of another run is replaced, as they are.
func (q *Query) workspace() (dir string, remove func() error, err error) {
	if q.artifacts != nil {
		if dir, err = filepath.Abs(filepath.Join(q.artifacts.dir, workspaceName)); err != nil {
			return "", nil, err
		}
		if err := os.RemoveAll(dir); err != nil {
			return "", nil, err
		}
		return dir, func() error { return nil }, os.Mkdir(dir, 0o755)
	}
	dir, err = os.MkdirTemp("", "ipw-workspace-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}
