package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"ipw/lib/stream"
	"ipw/lib/swebench"
)

// clone puts the repository at its base commit into an empty folder, with no
// commit that came later.
func (b *Bed) clone(ctx context.Context, in *swebench.Instance, dir string) error {
	source, local := b.source(in.Repo)
	fetch := []string{"fetch", "-q", "--no-tags", "--depth=1", source, in.BaseCommit}
	if local {
		fetch = []string{"fetch", "-q", "--no-tags", source, in.BaseCommit}
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		fetch,
		{"reset", "-q", "--hard", "FETCH_HEAD"},
	} {
		if err := hostGit(ctx, dir, args...); err != nil {
			return fmt.Errorf("%s at %s, from %s: %w", in.Repo, in.BaseCommit, source, err)
		}
	}
	return nil
}

// source is where a repository is fetched from.
func (b *Bed) source(repo string) (source string, local bool) {
	if b.Mirror != "" {
		owner, name, _ := strings.Cut(repo, "/")
		for _, below := range []string{repo, repo + ".git", owner + "__" + name, name, name + ".git"} {
			dir := filepath.Join(b.Mirror, below)
			if _, err := os.Stat(dir); err == nil {
				if abs, err := filepath.Abs(dir); err == nil {
					return abs, true
				}
			}
		}
	}
	return "https://github.com/" + repo + ".git", false
}

// hostGit runs git on the host, deaf to the user's configuration, which may have
// hooks and filters.
func hostGit(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null"}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w: %s", args[0], err, stream.Clip(strings.TrimSpace(string(out)), 1000))
	}
	return nil
}

// predict appends a line to the predictions.
func (b *Bed) predict(in *swebench.Instance, patch string) error {
	if b.Predictions == "" {
		return nil
	}
	line, err := json.Marshal(swebench.Prediction{InstanceID: in.ID, Model: b.Model, Patch: patch})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := os.OpenFile(b.Predictions, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err = f.Write(append(line, '\n')); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
