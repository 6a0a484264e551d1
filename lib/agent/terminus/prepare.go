package terminus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ipw/lib/sandbox"
	"ipw/lib/stream"
)

// installTime is how long the installation of tmux may take.
const installTime = 10 * time.Minute

// Prepare sees to it that there is tmux in the box: it is installed with the
// package manager that there is.
func (a *Agent) Prepare(ctx context.Context, box sandbox.Box) error {
	if has, err := hasTmux(ctx, box); err != nil || has {
		return err
	}
	r, err := box.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", install}, User: "root", Dir: "/", Timeout: installTime})
	var lost *sandbox.LostError
	switch {
	case errors.As(err, &lost) || ctx.Err() != nil:
		return err
	case err != nil: // a box without root has no package manager that could work
		return &NoTmuxError{err.Error()}
	}
	if has, err := hasTmux(ctx, box); err != nil || has {
		return err
	}
	why := strings.TrimSpace(r.Stderr)
	if r.TimedOut {
		why = fmt.Sprintf("its installation took longer than %s", installTime)
	}
	return &NoTmuxError{stream.Clip(why, 1000)}
}

func hasTmux(ctx context.Context, box sandbox.Box) (bool, error) {
	r, err := box.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", "command -v tmux"}, Timeout: patience})
	return err == nil && r.Code == 0, err
}

const install = `has() { command -v "$1" >/dev/null 2>&1; }
if has apt-get; then export DEBIAN_FRONTEND=noninteractive; apt-get update -q && apt-get install -qy --no-install-recommends tmux
elif has apk; then apk add --no-cache tmux
elif has dnf; then dnf install -qy tmux
elif has microdnf; then microdnf install -y tmux
elif has yum; then yum install -qy tmux
elif has zypper; then zypper -qn install tmux
elif has pacman; then pacman -Sy --noconfirm tmux
else echo "there is no apt-get, apk, dnf, yum, zypper or pacman" >&2; exit 1
fi`

// NoTmuxError is a box without tmux, where it cannot be installed.
type NoTmuxError struct{ Why string }

func (e *NoTmuxError) Error() string {
	return "terminus needs tmux, which is not in the sandbox and cannot be installed there: " + e.Why
}

// Hint is how to get it.
func (e *NoTmuxError) Hint() string {
	return "apt-get install tmux (without Docker: on this machine; with it: an image that has tmux, or a network for setup)"
}
