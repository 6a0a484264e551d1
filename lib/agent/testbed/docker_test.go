//go:build docker

package testbed

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os/exec"
	"strings"
	"testing"

	"ipw/lib/agent"
	"ipw/lib/clock"
	"ipw/lib/dataset"
	"ipw/lib/event"
	"ipw/lib/sandbox"
	"ipw/lib/sandbox/docker"
	"ipw/lib/stream"
	"ipw/lib/terminalbench"
)

// outside says that the box is in another network beside the others' own.
const outside = `if [ "$(ls /sys/class/net | grep -c eth)" = 2 ]; then echo outside; fi`

// prepared is an agent that needs the outside during setup.
type prepared struct{ does }

func (prepared) Prepare(ctx context.Context, box sandbox.Box) error {
	r, err := box.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", outside}})
	if err == nil && r.Stdout != "outside\n" {
		err = fmt.Errorf("no network for setup: %+v", r)
	}
	return err
}

// TestComposed: the agent of a task of two containers reaches the other one, and
// the outside during setup only, and nothing of either is left. Where docker compose is missing the task says
// so.
func TestComposed(t *testing.T) {
	engine, err := docker.New(t.Context(), "test-composed")
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	task, err := terminalbench.ReadTask("testdata/two")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := event.NewWriter(stream.NewWriter(&out), clock.System)
	if err := w.Header(event.Header{Run: "r@1"}); err != nil {
		t.Fatal(err)
	}
	bed := &Bed{Sandbox: engine}
	r := agent.Run{Agent: prepared{does("bash -c 'exec 3<>/dev/tcp/word/7000; read -r w <&3; echo $w > /app/word.txt'; " + outside + " >> /app/word.txt")}, Recorder: agent.NewRecorder(w), Open: bed.Open}
	var tasks iter.Seq2[dataset.Task, error] = func(yield func(dataset.Task, error) bool) {
		yield(dataset.Task{ID: "two", Problem: task.Instruction, Bench: &task}, nil)
	}
	totals, err := r.Tasks(t.Context(), tasks)
	if err != nil || totals.Left != nil {
		t.Error(err, totals)
	}
	want := `"is_resolved":true`
	if composeCommand(t.Context()) == nil {
		want = "; hint: apt-get install docker-compose"
	}
	if !strings.Contains(out.String(), want) {
		t.Errorf("no %s in %s", want, out.String())
	}
	for _, what := range [][]string{{"ps", "-aq"}, {"network", "ls", "-q"}, {"volume", "ls", "-q"}} {
		left, err := exec.Command("docker", append(what, "--filter", "label=ipw.run=test-composed")...).CombinedOutput()
		if err != nil || what[0] == "ps" && len(bytes.TrimSpace(left)) > 0 {
			t.Errorf("docker %s: %s %v", what, left, err)
		}
	}
}
