//go:build docker

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ipw/lib/sandbox/docker/dockerd"
)

// TestDocker runs agents over tasks in real containers. It needs the Docker
// Engine and the image ipw-test-base: scripts/docker-up.
func TestDocker(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/docker",
		Setup: func(env *testscript.Env) error {
			e := newEndpoint()
			env.Defer(e.Close)
			env.Setenv("URL", e.URL)
			env.Values["daemon"] = new(ownDaemon)
			tasks, err := os.Getwd()
			env.Setenv("TASKS", tasks+"/../../lib/terminalbench/testdata/tasks")
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"conform":      checkFile,
			"count":        count,
			"daemon":       daemon,
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

// ownDaemon is a script's own Docker daemon, nil until it is started.
type ownDaemon struct{ *dockerd.Daemon }

// daemon gives a script a Docker daemon that it may kill and start again:
// daemon start|kill|empty
func daemon(ts *testscript.TestScript, _ bool, args []string) {
	d := ts.Value("daemon").(*ownDaemon)
	switch {
	case args[0] == "kill":
		ts.Check(d.Kill())
	case args[0] == "empty":
		if ids, err := d.Left(); err != nil || len(ids) > 0 {
			ts.Fatalf("left behind: %v %v", ids, err)
		}
	case d.Daemon != nil:
		ts.Check(d.Start())
	default:
		var err error
		d.Daemon, err = dockerd.New("ipw-test-base")
		ts.Check(err)
		ts.Defer(func() { ts.Check(d.Close()) })
		ts.Setenv("DOCKER_HOST", d.Host)
	}
}
