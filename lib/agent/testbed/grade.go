package testbed

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ipw/lib/agent"
	"ipw/lib/sandbox"
	"ipw/lib/swebench"
)

// activate enters the environment that the images of SWE-bench bring.
const activate = `if [ -f /opt/miniconda3/bin/activate ]; then . /opt/miniconda3/bin/activate; conda activate testbed; fi
`

// apply applies the patch that comes on stdin.
const apply = git + `cd "$1" && git apply --whitespace=nowarn -`

// Reasons for no verdict.
const (
	noTestPatch = "test_patch_apply_failed"
	noTests     = "tests_without_result"
	noTime      = "test_timeout"
	noPlace     = "workspace_unavailable"
)

// gradePatch applies the patch to a fresh checkout, so that nothing else which
// the agent did counts, and runs the tests there.
func (b *Bed) gradePatch(ctx context.Context, q *agent.Query, in *swebench.Instance, patch string) (g agent.Grade, err error) {
	no := false
	if patch == "" {
		return grade(&no, "", map[string]any{"patch": "empty"}), nil
	}
	c, err := b.checkOut(ctx, q, in)
	if c != nil {
		defer func() { err = errors.Join(err, c.Close()) }()
	}
	if err != nil {
		return grade(nil, noPlace, map[string]any{}), err
	}
	if err := c.apply(ctx, patch); err != nil {
		return grade(&no, "", map[string]any{"patch": "does not apply", "error": err.Error()}), nil
	}
	if err := c.apply(ctx, in.TestPatch); err != nil {
		return grade(nil, noTestPatch, map[string]any{}), fmt.Errorf("the test patch does not apply: %w", err)
	}
	if err := c.Box.Seal(ctx); err != nil {
		return grade(nil, noPlace, map[string]any{}), err
	}
	shell := "sh"
	if r, err := c.Box.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", "command -v bash"}, Timeout: quickly}); err == nil && r.Code == 0 {
		shell = "bash"
	}
	r, err := c.Box.Exec(ctx, sandbox.Command{Args: []string{shell, "-c", activate + in.TestCommand()}, Dir: c.dir, Timeout: testTime, MaxOutput: maxResult})
	if err != nil {
		return grade(nil, noPlace, map[string]any{}), fmt.Errorf("the tests cannot be run: %w", err)
	}
	output := r.Stdout + r.Stderr
	kept := q.Keep("tests.txt", []byte(output))
	if r.TimedOut {
		return grade(nil, noTime, map[string]any{"timeout_s": testTime.Seconds()}), kept
	}
	return tested(in.Grade(output), r.Code), kept
}

func tested(g *swebench.Grade, code int) agent.Grade {
	if g == nil {
		return grade(nil, noTests, map[string]any{"exit_code": code})
	}
	list := func(t swebench.Tally) map[string]any {
		m := map[string]any{"passed": t.Passed, "failed": len(t.Failed)}
		if len(t.Failed) > 0 {
			m["names"] = named(t.Failed)
		}
		return m
	}
	return grade(&g.Resolved, "", map[string]any{"exit_code": code, "fail_to_pass": list(g.FailToPass), "pass_to_pass": list(g.PassToPass)})
}

// apply applies a patch. An empty one changes nothing.
func (c *checkout) apply(ctx context.Context, patch string) error {
	if strings.TrimSpace(patch) == "" {
		return nil
	}
	_, err := script(ctx, c.Box, sandbox.Command{Dir: c.dir, Timeout: quickly, Stdin: strings.NewReader(patch)}, apply, c.dir)
	return err
}
