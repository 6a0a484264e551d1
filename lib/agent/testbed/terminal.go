package testbed

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"ipw/lib/agent"
	"ipw/lib/sandbox"
	"ipw/lib/terminalbench"
)

// openTerminal makes the container of a Terminal-Bench task.
func (b *Bed) openTerminal(ctx context.Context, q *agent.Query, t *terminalbench.Task) (*agent.Place, error) {
	images, ok := b.Sandbox.(sandbox.Images)
	if !ok {
		return nil, ErrNoImages
	}
	if len(t.Others) > 0 {
		return b.openComposed(ctx, q, t, images)
	}
	image, err := b.image(ctx, images, t)
	if err != nil {
		return nil, err
	}
	p, err := b.box(ctx, q, b.spec(t, image))
	if err != nil {
		return p, err
	}
	return p, b.ready(ctx, q, t, p)
}

// ready makes the folders that the task expects.
func (b *Bed) ready(ctx context.Context, q *agent.Query, t *terminalbench.Task, p *agent.Place) error {
	p.Timeout = t.AgentTimeout
	p.Grade = func(ctx context.Context, _ agent.Outcome) (agent.Grade, error) {
		return gradeTerminal(ctx, q, t, p.Box)
	}
	if _, err := script(ctx, p.Box, sandbox.Command{Dir: "/", User: "root", Timeout: quickly},
		`mkdir -p "$@" && chmod 777 "$@"`, terminalbench.LogDir, terminalbench.AgentLogDir, terminalbench.LogDir+"/agent"); err != nil {
		return fmt.Errorf("folders for logs: %w", err)
	}
	return nil
}

// image builds or pulls the task's image.
func (b *Bed) image(ctx context.Context, images sandbox.Images, t *terminalbench.Task) (string, error) {
	s := t.Service
	ctx, cancel := context.WithTimeout(ctx, t.BuildTimeout)
	defer cancel()
	if s.Image != "" {
		return s.Image, images.Pull(ctx, s.Image)
	}
	return images.Build(ctx, sandbox.Build{Name: t.ID, Dir: s.Context, Dockerfile: s.Dockerfile, Args: s.BuildArgs})
}

// spec is the task's own container; where the task says nothing the user's
// limits hold.
func (b *Bed) spec(t *terminalbench.Task, image string) sandbox.Spec {
	spec, s := b.Spec, t.Service
	spec.Image, spec.Command, spec.Workdir, spec.Workspace = image, s.Command, s.Workdir, ""
	spec.User, spec.Env = s.User, s.Env
	if t.AgentUser != "" {
		spec.User = t.AgentUser
	}
	if s.CPUs > 0 {
		spec.CPUs = s.CPUs
	}
	if s.Memory > 0 {
		spec.Memory = s.Memory
	}
	if s.Disk > 0 {
		spec.Disk = s.Disk
	}
	spec.Network = spec.Network || t.WantsNetwork
	return spec
}

// gradeTerminal runs the task's tests. They are brought in only now, in the
// place of whatever the agent left there.
func gradeTerminal(ctx context.Context, q *agent.Query, t *terminalbench.Task, box sandbox.Box) (agent.Grade, error) {
	if err := bringTests(ctx, t, box); err != nil {
		return grade(nil, terminalbench.Broken, map[string]any{}), fmt.Errorf("the tests cannot be brought in: %w", err)
	}
	c := sandbox.Command{Args: []string{"bash", terminalbench.TestDir + "/run-tests.sh"}, User: "root", Timeout: t.TestTimeout,
		Env: map[string]string{"TEST_DIR": terminalbench.TestDir}}
	switch {
	case t.Harbor:
		c.Args = []string{terminalbench.TestDir + "/test.sh"}
		if c.Env = t.TestEnv; t.TestUser != "" {
			c.User = t.TestUser
		}
	case t.SameShell:
		c.User = ""
	}
	r, err := box.Exec(ctx, c)
	if err != nil {
		return grade(nil, terminalbench.Broken, map[string]any{}), fmt.Errorf("the tests cannot be run: %w", err)
	}
	output := r.Stdout + r.Stderr
	kept := q.Keep("tests.txt", []byte(output))
	if r.TimedOut {
		return grade(nil, terminalbench.TimedOut, map[string]any{"timeout_s": t.TestTimeout.Seconds()}), kept
	}
	var v terminalbench.Verdict
	if t.Harbor {
		files, err := readFiles(ctx, box, terminalbench.VerifierDir)
		if err != nil {
			files = nil // nothing was written there
		}
		v = terminalbench.Reward(files)
	} else {
		v = t.Judge(output)
	}
	return grade(v.Resolved, reason(v), about(v, r.Code)), kept
}

// reason is that of a missing verdict.
func reason(v terminalbench.Verdict) string {
	if v.Resolved != nil {
		return ""
	}
	return v.Reason
}

func about(v terminalbench.Verdict, code int) map[string]any {
	count := map[string]int{terminalbench.Passed: 0, terminalbench.Failed: 0, terminalbench.Skipped: 0}
	var failed []string
	for name, state := range v.Tests {
		if count[state]++; state == terminalbench.Failed {
			failed = append(failed, name)
		}
	}
	m := map[string]any{"exit_code": code, "tests": count}
	if len(failed) > 0 {
		m["failed"] = named(failed)
	}
	if v.Reward != nil {
		m["reward"] = *v.Reward
	}
	if v.Reason != "" {
		m["reason"] = v.Reason
	}
	return m
}

// bringTests copies the tests into an emptied TestDir.
func bringTests(ctx context.Context, t *terminalbench.Task, box sandbox.Box) error {
	if _, err := script(ctx, box, sandbox.Command{Dir: "/", User: "root", Timeout: quickly},
		`rm -rf "$1" "$2" && mkdir -p "$1" "$2" && chmod 777 "$2"`, terminalbench.TestDir, terminalbench.VerifierDir); err != nil {
		return err
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := addTree(w, filepath.Join(t.Dir, "tests"))
	if !t.Harbor {
		err = errors.Join(err, addFile(w, filepath.Join(t.Dir, "run-tests.sh"), "run-tests.sh"))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return box.CopyIn(ctx, terminalbench.TestDir, &buf)
}

// addTree packs the files below a directory. There need be none.
func addTree(w *tar.Writer, root string) error {
	if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return filepath.Walk(root, func(name string, fi os.FileInfo, err error) error {
		if err != nil || !fi.Mode().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return addFile(w, name, filepath.ToSlash(rel))
	})
}

// addFile packs one file. Scripts can be run whatever their mode was on the
// way here.
func addFile(w *tar.Writer, name, as string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	mode := int64(0o644)
	if path.Ext(as) == ".sh" || bytes.HasPrefix(b, []byte("#!")) {
		mode = 0o755
	}
	if err := w.WriteHeader(&tar.Header{Name: as, Mode: mode, Size: int64(len(b))}); err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// maxResult is how much of a file that the tests wrote is read, in bytes.
const maxResult = 16 << 20

// readFiles reads the files of a directory, by name.
func readFiles(ctx context.Context, box sandbox.Box, dir string) (map[string][]byte, error) {
	out, err := box.CopyOut(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	files := map[string][]byte{}
	r := tar.NewReader(out)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		} else if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg || h.Size > maxResult {
			continue
		}
		if files[path.Base(h.Name)], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
}
