package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ipw/lib/llm"
	"ipw/lib/sandbox"
	"ipw/lib/tool"
)

// TestWorkspaces: each query has files of its own, which are kept among the
// artifacts, or gone with it.
func TestWorkspaces(t *testing.T) {
	for _, kept := range []bool{true, false} {
		artifacts := ""
		if kept {
			artifacts = t.TempDir()
		}
		sb := &fakeSandbox{}
		open, err := Workspaces{Tools: []string{"file_write", "bash"}, Sandbox: sb, Spec: sandbox.Spec{Network: true, PIDs: 7}}.Opener()
		if err != nil {
			t.Fatal(err)
		}
		write := llm.ToolCall{ID: "1", Name: "file_write", Arguments: `{"path":"a/b.txt","content":"here"}`}
		steps := []step{answer("", write), answer("", llm.ToolCall{ID: "2", Name: "bash", Arguments: `{"command":"true"}`}), answer("done")}
		run := func(attempt int) {
			rec := record(1)
			r := Run{Agent: &React{Client: &fakeModel{steps: steps}, MaxTurns: 5}, Recorder: NewRecorder(rec.w), Open: open, Artifacts: artifacts}
			task := tasks("q")
			if attempt > 1 {
				r.Earlier = &Earlier{attempts: map[string]int{"q": attempt - 1}}
			}
			totals, err := r.Tasks(t.Context(), task)
			if err != nil || totals.Left != nil || totals.Reasons["finished"] != 1 {
				t.Fatalf("%+v, %v", totals, err)
			}
		}
		run(1)
		spec := sb.opened[0]
		if spec.Label != "q.1" || !spec.Network || spec.PIDs != 7 || !filepath.IsAbs(spec.Workspace) {
			t.Errorf("%+v", spec)
		}
		if want := []string{"seal", "exec", "close"}; !slices.Equal(sb.did, want) {
			t.Errorf("%q", sb.did)
		}
		text, err := os.ReadFile(filepath.Join(spec.Workspace, "a", "b.txt"))
		if kept && string(text) != "here" || !kept && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("kept %v: %q, %v", kept, text, err)
		}
		if !kept {
			continue
		}
		run(2)
		if _, err := os.Stat(filepath.Join(artifacts, "q", "workspace.1", "a", "b.txt")); err != nil {
			t.Error(err)
		}
	}
}

// TestWorkspacesRefused: what cannot work is refused before the first query,
// and a box that cannot be made leaves nothing.
func TestWorkspacesRefused(t *testing.T) {
	var missing *tool.BoxError
	if _, err := (Workspaces{Tools: []string{"file_read", "bash"}}).Opener(); !errors.As(err, &missing) || !strings.Contains(missing.Hint(), "--sandbox none") {
		t.Errorf("%v", err)
	}
	if open, err := (Workspaces{}).Opener(); open != nil || err != nil {
		t.Errorf("%v", err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	open, err := Workspaces{Tools: []string{"bash"}, Sandbox: &fakeSandbox{broken: errors.New("no image")}}.Opener()
	if err != nil {
		t.Fatal(err)
	}
	rec := record(1)
	r := Run{Agent: &React{Client: &fakeModel{}, MaxTurns: 1}, Recorder: NewRecorder(rec.w), Open: open}
	totals, err := r.Tasks(t.Context(), tasks("q"))
	if err != nil || totals.Reasons["error"] != 1 || totals.Left != nil {
		t.Errorf("%+v, %v", totals, err)
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// fakeSandbox notes what is asked of its boxes.
type fakeSandbox struct {
	broken error
	opened []sandbox.Spec
	did    []string
}

func (*fakeSandbox) Kind() string { return "fake" }
func (*fakeSandbox) Close() error { return nil }
func (s *fakeSandbox) Open(_ context.Context, spec sandbox.Spec) (sandbox.Box, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	s.opened, s.did = append(s.opened, spec), nil
	return fakeBox{s: s}, nil
}

type fakeBox struct {
	sandbox.Box
	s *fakeSandbox
}

func (b fakeBox) Path(name string) string { return sandbox.Workdir + "/" + name }
func (b fakeBox) Seal(context.Context) error {
	b.s.did = append(b.s.did, "seal")
	return nil
}
func (b fakeBox) While(ctx context.Context) (context.Context, func()) { return ctx, func() {} }
func (b fakeBox) Exec(context.Context, sandbox.Command) (sandbox.Result, error) {
	b.s.did = append(b.s.did, "exec")
	return sandbox.Result{}, nil
}
func (b fakeBox) Close() error {
	b.s.did = append(b.s.did, "close")
	return nil
}
