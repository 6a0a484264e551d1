package terminalbench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"

	"ipw/lib/unit"
)

// taskTOML is Harbor's task.toml, as far as a container on this machine can
// follow it.
type taskTOML struct {
	Metadata struct {
		Difficulty string   `toml:"difficulty"`
		Category   string   `toml:"category"`
		Tags       []string `toml:"tags"`
	} `toml:"metadata"`
	Verifier struct {
		TimeoutSec float64           `toml:"timeout_sec"`
		Env        map[string]string `toml:"env"`
		User       any               `toml:"user"` // a name or a number
	} `toml:"verifier"`
	Agent struct {
		TimeoutSec float64 `toml:"timeout_sec"`
		User       any     `toml:"user"`
	} `toml:"agent"`
	Environment struct {
		BuildTimeoutSec float64           `toml:"build_timeout_sec"`
		DockerImage     string            `toml:"docker_image"`
		OS              string            `toml:"os"`
		CPUs            float64           `toml:"cpus"`
		Memory          string            `toml:"memory"` // 2G
		MemoryMB        int64             `toml:"memory_mb"`
		Storage         string            `toml:"storage"`
		StorageMB       int64             `toml:"storage_mb"`
		GPUs            int               `toml:"gpus"`
		AllowInternet   *bool             `toml:"allow_internet"`
		Env             map[string]string `toml:"env"`
		Workdir         string            `toml:"workdir"`
	} `toml:"environment"`
	Steps []any `toml:"steps"`
}

// harborSeconds is the time limit of agent and verifier where a task names
// none.
const harborSeconds = 600

func (t *Task) readHarbor() error {
	name := filepath.Join(t.Dir, "task.toml")
	var c taskTOML
	c.Verifier.TimeoutSec, c.Agent.TimeoutSec, c.Environment.BuildTimeoutSec = harborSeconds, harborSeconds, harborSeconds
	if _, err := toml.DecodeFile(name, &c); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	e := c.Environment
	switch {
	case len(c.Steps) > 0 || exists(t.Dir, "steps"):
		return fmt.Errorf("%s: tasks of several steps cannot be run", name)
	case e.OS != "" && e.OS != "linux":
		return fmt.Errorf("%s: environment.os is %q, only linux can be run", name, e.OS)
	case e.GPUs > 0:
		return fmt.Errorf("%s: environment.gpus is %d, containers get no GPU", name, e.GPUs)
	}
	b, err := os.ReadFile(filepath.Join(t.Dir, "instruction.md"))
	if err != nil {
		return err
	}
	t.Instruction = strings.TrimSpace(string(b))
	t.Metadata = described(c.Metadata.Difficulty, c.Metadata.Category, c.Metadata.Tags)
	t.AgentTimeout, t.TestTimeout, t.BuildTimeout = seconds(c.Agent.TimeoutSec), seconds(c.Verifier.TimeoutSec), seconds(e.BuildTimeoutSec)
	t.AgentUser, t.TestUser = user(c.Agent.User), user(c.Verifier.User)
	t.WantsNetwork = e.AllowInternet == nil || *e.AllowInternet
	t.TestEnv = resolved(c.Verifier.Env)
	t.Service = Service{Image: e.DockerImage, CPUs: e.CPUs, Memory: e.MemoryMB << 20, Disk: e.StorageMB << 20, Env: e.Env, Workdir: e.Workdir}
	for _, x := range []struct {
		key, text string
		bytes     *int64
	}{{"memory", e.Memory, &t.Service.Memory}, {"storage", e.Storage, &t.Service.Disk}} {
		if x.text == "" {
			continue
		}
		if *x.bytes, err = unit.ParseBytes(x.text); err != nil {
			return fmt.Errorf("%s: environment.%s: %w", name, x.key, err)
		}
	}
	return t.readContainer(filepath.Join(t.Dir, "environment"))
}

func user(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// resolved keeps what is written out. A value that asks for one of the host's
// variables, as ${KEY}, is left out: a container sees nothing of the host's.
func resolved(env map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range env {
		if !strings.Contains(v, "${") {
			out[k] = v
		}
	}
	return out
}
