//go:build docker

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestDocker runs agents over tasks in real containers. It needs the Docker
// Engine and the image ipw-test-base: scripts/docker-up.
func TestDocker(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/docker",
		Setup: func(env *testscript.Env) error {
			tasks, err := os.Getwd()
			env.Setenv("TASKS", tasks+"/../../lib/terminalbench/testdata/tasks")
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"conform": checkFile,
			"nothing-left": func(ts *testscript.TestScript, _ bool, _ []string) {
				for _, what := range [][]string{{"ps", "-aq", "--filter", "label=ipw.run"}, {"network", "ls", "-q", "--filter", "label=ipw.run"}} {
					out, err := exec.Command("docker", what...).CombinedOutput()
					if err != nil || strings.TrimSpace(string(out)) != "" {
						ts.Fatalf("docker %s: %s %v", strings.Join(what, " "), out, err)
					}
				}
			},
		},
	})
}
