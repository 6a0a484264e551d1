package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ipw/lib/agent"
	"ipw/lib/sandbox"
	"ipw/lib/swebench"
)

// testTime is how long the tests of an instance may take: SWE-bench's own
// limit.
const testTime = 30 * time.Minute

// installTime is how long an instance's own installation may take.
const installTime = 20 * time.Minute

// checkout is a repository at its base commit, in a box.
type checkout struct {
	*agent.Place
	dir   string // in the box
	start string // the tree that changes are told from
}

// openRepository makes the place of an instance of SWE-bench.
func (b *Bed) openRepository(ctx context.Context, q *agent.Query, in *swebench.Instance) (*agent.Place, error) {
	c, err := b.checkOut(ctx, q, in)
	if c == nil {
		return nil, err
	}
	p := c.Place
	if err != nil {
		return p, err
	}
	var patch string
	var patchErr error
	p.Collect = func(ctx context.Context, o agent.Outcome) agent.Outcome {
		if patch, patchErr = c.diff(ctx); patchErr != nil {
			patchErr = fmt.Errorf("the patch cannot be taken: %w", patchErr)
			return o
		}
		patchErr = errors.Join(q.Keep("patch.diff", []byte(patch)), b.predict(in, patch))
		if patch != "" {
			o.Text = patch
		}
		return o
	}
	p.Grade = func(ctx context.Context, _ agent.Outcome) (agent.Grade, error) {
		if patchErr != nil {
			return grade(nil, "workspace_unavailable", map[string]any{}), patchErr
		}
		return b.gradePatch(ctx, q, in, patch)
	}
	return p, nil
}

// checkOut opens a box with the repository in it: of an image that has it, else
// with a clone. The checkout is not nil if there is something to be closed.
func (b *Bed) checkOut(ctx context.Context, q *agent.Query, in *swebench.Instance) (*checkout, error) {
	spec := b.Spec
	if image := b.instanceImage(ctx, in); image != "" {
		spec.Image, spec.Workspace, spec.Workdir, spec.User = image, "", swebench.Testbed, "root"
		p, err := b.box(ctx, q, spec)
		if p == nil {
			return nil, err
		}
		c := &checkout{Place: p, dir: swebench.Testbed}
		if err == nil {
			err = c.begin(ctx, in)
		}
		return c, err
	}
	work, err := os.MkdirTemp("", "ipw-repository-")
	if err != nil {
		return nil, err
	}
	if err := b.clone(ctx, in, work); err != nil {
		return nil, errors.Join(err, os.RemoveAll(work))
	}
	spec.Workspace = work
	p, err := b.box(ctx, q, spec)
	if p == nil {
		return nil, errors.Join(err, os.RemoveAll(work))
	}
	c := &checkout{Place: p, dir: p.Box.Path(".")}
	closeBox := p.Close
	p.Close = func() error { return errors.Join(closeBox(), os.RemoveAll(work)) }
	if err == nil {
		err = c.begin(ctx, in)
	}
	return c, err
}

// instanceImage finds an image that holds the instance, "" if there is none.
func (b *Bed) instanceImage(ctx context.Context, in *swebench.Instance) string {
	images, ok := b.Sandbox.(sandbox.Images)
	if !ok {
		return ""
	}
	for _, name := range in.Images() {
		if images.Pull(ctx, name) == nil {
			return name
		}
	}
	return ""
}

// needGit installs git where it is missing.
const needGit = `if command -v apt-get >/dev/null; then apt-get update -q && apt-get install -qy --no-install-recommends git
elif command -v apk >/dev/null; then apk add -q git
elif command -v dnf >/dev/null; then dnf install -qy git
else echo "git is missing in the image, and there is no apt-get, apk or dnf to install it" >&2; exit 1; fi`

// git is that command for repositories of whoever they are, deaf to the hooks
// that they bring.
const git = `git() { command git -c safe.directory="*" -c core.hooksPath=/dev/null "$@"; }
`

// forget leaves of a repository the commit that is checked out and what came
// before it: no branches, tags, remotes or logs that tell how it went on.
const forget = git + `cd "$1" || exit 1
git merge-base --is-ancestor "$2" HEAD || { echo "the checkout does not come from $2" >&2; exit 1; }
git checkout -q --detach || exit 1
git remote | while read -r r; do git remote remove "$r"; done
git for-each-ref --format='delete %(refname)' | git update-ref --stdin || exit 1
git checkout -qb main && rm -f .git/FETCH_HEAD .git/ORIG_HEAD .git/MERGE_HEAD
git reflog expire --expire=now --all && git gc -q --prune=now`

// tree writes down the files as they are, new ones too, without touching the
// index of whoever works there.
const tree = git + `cd "$1" || exit 1
GIT_INDEX_FILE=$(mktemp -u) && export GIT_INDEX_FILE
git add -A . && git write-tree
status=$?
rm -f "$GIT_INDEX_FILE"
exit $status`

// begin makes the box ready for the agent: git, no later history, whatever the
// instance wants installed.
func (c *checkout) begin(ctx context.Context, in *swebench.Instance) error {
	if _, err := script(ctx, c.Box, sandbox.Command{Timeout: quickly}, "command -v git"); err != nil {
		if _, err := script(ctx, c.Box, sandbox.Command{Dir: "/", User: "root", Timeout: installTime}, needGit); err != nil {
			return err
		}
	}
	if _, err := script(ctx, c.Box, sandbox.Command{Timeout: installTime, Dir: c.dir}, forget, c.dir, in.BaseCommit); err != nil {
		return fmt.Errorf("the repository's history: %w", err)
	}
	if in.InstallCmd != "" {
		if _, err := script(ctx, c.Box, sandbox.Command{Timeout: installTime, Dir: c.dir}, activate+string(in.InstallCmd)); err != nil {
			return fmt.Errorf("install_cmd: %w", err)
		}
	}
	out, err := script(ctx, c.Box, sandbox.Command{Timeout: installTime, Dir: c.dir}, tree, c.dir)
	c.start = strings.TrimSpace(out)
	return err
}

// maxPatch is the largest patch that is taken, in bytes.
const maxPatch = 32 << 20

// diff is what has changed since the beginning, with new files.
func (c *checkout) diff(ctx context.Context) (string, error) {
	out, err := script(ctx, c.Box, sandbox.Command{Timeout: quickly, Dir: c.dir}, tree, c.dir)
	if err != nil {
		return "", err
	}
	patch, err := script(ctx, c.Box, sandbox.Command{Timeout: quickly, Dir: c.dir, MaxOutput: maxPatch},
		git+`cd "$1" && git diff --binary --no-color --no-ext-diff "$2" "$3"`, c.dir, c.start, strings.TrimSpace(out))
	if err == nil && len(patch) >= maxPatch {
		err = fmt.Errorf("it has more than %d MB", maxPatch>>20)
	}
	return patch, err
}
