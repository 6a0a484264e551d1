package testbed

import (
	"context"
	"fmt"
	"os/exec"

	"ipw/lib/agent"
	"ipw/lib/terminalbench"
)

// ComposeError is a task of several containers where docker compose is missing.
type ComposeError struct{ Services int }

func (e *ComposeError) Error() string {
	return fmt.Sprintf("the task has %d containers, and needs docker compose", e.Services)
}

// Hint is what a user may type next.
func (e *ComposeError) Hint() string {
	return "apt-get install docker-compose-plugin   (or docker-compose, or see https://docs.docker.com/compose/install)"
}

// openComposed makes the place of a task of several containers.
func (b *Bed) openComposed(ctx context.Context, q *agent.Query, t *terminalbench.Task) (*agent.Place, error) {
	if _, err := exec.LookPath("docker"); err != nil {
		return nil, &ComposeError{t.Services}
	}
	return nil, &ComposeError{t.Services}
}
