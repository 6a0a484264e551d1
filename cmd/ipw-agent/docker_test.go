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
			"conform":      checkFile,
			"nothing-left": nothingLeft,
		},
	})
}

// nothingLeft looks for what a run has left: nothing-left RUN
func nothingLeft(ts *testscript.TestScript, _ bool, args []string) {
	for _, what := range [][]string{{"ps", "-aq"}, {"network", "ls", "-q"}} {
		out, err := exec.Command("docker", append(what, "--filter", "label=ipw.run="+args[0])...).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "" {
			ts.Fatalf("docker %s: %s %v", strings.Join(what, " "), out, err)
		}
	}
}
