package terminalbench

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ipw/lib/unit"
)

// composeFile is a compose file, as far as one service needs it.
type composeFile struct {
	Services map[string]service `yaml:"services"`
}

type service struct {
	Build       build       `yaml:"build"`
	Image       string      `yaml:"image"`
	Command     words       `yaml:"command"`
	Entrypoint  words       `yaml:"entrypoint"`
	Environment environment `yaml:"environment"`
	WorkingDir  string      `yaml:"working_dir"`
	User        string      `yaml:"user"`
	Volumes     []yaml.Node `yaml:"volumes"`
	NetworkMode string      `yaml:"network_mode"`
	CPUs        string      `yaml:"cpus"`
	MemLimit    string      `yaml:"mem_limit"`
	Privileged  bool        `yaml:"privileged"`
	CapAdd      []string    `yaml:"cap_add"`
	Devices     []string    `yaml:"devices"`
	Deploy      struct {
		Resources struct {
			Limits struct {
				CPUs   string `yaml:"cpus"`
				Memory string `yaml:"memory"`
			} `yaml:"limits"`
		} `yaml:"resources"`
	} `yaml:"deploy"`
}

// The names of the agent's service: terminal-bench's and Harbor's.
var mainServices = []string{"client", "main"}

// readCompose reads a compose file. Of one with several services the agent's is
// read; the others, only docker compose itself can make.
func (t *Task) readCompose() error {
	b, err := os.ReadFile(t.ComposeFile)
	if err != nil {
		return err
	}
	var c composeFile
	if err := yaml.Unmarshal([]byte(t.substitute(string(b))), &c); err != nil {
		return fmt.Errorf("%s: %w", t.ComposeFile, err)
	}
	if len(c.Services) == 0 {
		return fmt.Errorf("%s: no services", t.ComposeFile)
	}
	if t.Main = c.main(); t.Main == "" {
		return fmt.Errorf("%s: none of its services is called %s", t.ComposeFile, strings.Join(mainServices, " or "))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Services)) {
		if name != t.Main {
			t.Others = append(t.Others, name)
			if c.Services[name].Image == "" {
				t.Unnamed = append(t.Unnamed, name)
			}
		}
		if err := c.Services[name].contained(name == t.Main); err != nil {
			return fmt.Errorf("%s: service %q %w", t.ComposeFile, name, err)
		}
	}
	if err := t.take(c.Services[t.Main]); err != nil {
		return fmt.Errorf("%s: %w", t.ComposeFile, err)
	}
	return nil
}

func (c composeFile) main() string {
	for _, name := range mainServices {
		if _, ok := c.Services[name]; ok {
			return name
		}
	}
	if len(c.Services) == 1 {
		for name := range c.Services {
			return name
		}
	}
	return ""
}

// contained tells what a service wants of the host. The agent's container has
// no volumes at all but for logs.
func (s service) contained(agents bool) error {
	switch m := mounts(s.Volumes, agents); {
	case s.Privileged || len(s.CapAdd) > 0 || len(s.Devices) > 0:
		return errors.New("wants privileges or devices, which a sandbox does not give")
	case s.NetworkMode != "" && s.NetworkMode != "none" && s.NetworkMode != "bridge" && s.NetworkMode != "default":
		return fmt.Errorf("wants network_mode %q, which a sandbox does not give", s.NetworkMode)
	case len(m) > 0:
		return fmt.Errorf("mounts %s, which a sandbox does not", strings.Join(m, ", "))
	}
	return nil
}

// take turns a compose service into a Service.
func (t *Task) take(s service) error {
	dir, v := filepath.Dir(t.ComposeFile), &t.Service
	if s.Build.given {
		v.Context, v.Dockerfile, v.BuildArgs, v.Image = filepath.Join(dir, s.Build.Context), s.Build.Dockerfile, s.Build.Args, ""
	} else if s.Image != "" && v.Image == "" {
		v.Image = s.Image
	}
	if v.Image == "" && v.Context == "" {
		v.Context, v.Dockerfile = dir, "Dockerfile"
	}
	v.Command = append(s.Entrypoint, s.Command...)
	if v.Env == nil {
		v.Env = map[string]string{}
	}
	for k, x := range s.Environment {
		v.Env[k] = x
	}
	if s.WorkingDir != "" {
		v.Workdir = s.WorkingDir
	}
	v.User = s.User
	if s.NetworkMode == "none" {
		t.WantsNetwork = false
	}
	return v.limits(s)
}

func (v *Service) limits(s service) error {
	for _, text := range []string{s.CPUs, s.Deploy.Resources.Limits.CPUs} {
		if text == "" {
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("cpus: %q is no number", text)
		}
		v.CPUs = n
	}
	for _, text := range []string{s.MemLimit, s.Deploy.Resources.Limits.Memory} {
		if text == "" {
			continue
		}
		n, err := unit.ParseBytes(text)
		if err != nil {
			return err
		}
		v.Memory = n
	}
	return nil
}

// Variables are what terminal-bench and Harbor set for a compose file.
func (t *Task) Variables() map[string]string {
	return map[string]string{
		"T_BENCH_TASK_DOCKER_CLIENT_CONTAINER_NAME": "ipw-" + t.ID,
		"T_BENCH_TASK_DOCKER_CLIENT_IMAGE_NAME":     "",
		"T_BENCH_TASK_DOCKER_NAME_PREFIX":           "ipw-" + t.ID,
		"T_BENCH_TEST_DIR":                          TestDir,
		"TEST_DIR":                                  TestDir,
		"T_BENCH_TASK_LOGS_PATH":                    logMark + "logs",
		"T_BENCH_CONTAINER_LOGS_PATH":               LogDir,
		"T_BENCH_TASK_AGENT_LOGS_PATH":              logMark + "agent-logs",
		"T_BENCH_CONTAINER_AGENT_LOGS_PATH":         AgentLogDir,
		"CPUS":                                      strconv.FormatFloat(max(t.Service.CPUs, 1), 'g', -1, 64),
		"MEMORY":                                    fmt.Sprint(max(t.Service.Memory, 2<<30)),
	}
}

// logMark marks volumes that only carry logs out: the container keeps its own.
const logMark = "/.ipw-logs/"

var variable = regexp.MustCompile(`\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)([^}]*))?\}|\$([A-Za-z_][A-Za-z0-9_]*)`)

// substitute fills in the variables of a compose file; none of the host's are
// seen.
func (t *Task) substitute(text string) string {
	values := t.Variables()
	return variable.ReplaceAllStringFunc(text, func(m string) string {
		if m == "$$" {
			return "$"
		}
		g := variable.FindStringSubmatch(m)
		v, ok := values[g[1]+g[4]]
		if g[2] != "" && (!ok || v == "" && g[2] == ":-") {
			return g[3]
		}
		return v
	})
}

// mounts are the volumes that reach into the host: not those that only carry
// logs, nor, unless they are asked for, those that have a name.
func mounts(volumes []yaml.Node, named bool) []string {
	var out []string
	for _, n := range volumes {
		source := n.Value
		if n.Kind == yaml.MappingNode {
			var long struct {
				Source string `yaml:"source"`
				Target string `yaml:"target"`
			}
			if n.Decode(&long) == nil {
				source = long.Source + ":" + long.Target
			}
		}
		inHost := named || strings.HasPrefix(source, "/") || strings.HasPrefix(source, ".")
		if inHost && !strings.HasPrefix(source, logMark) {
			out = append(out, source)
		}
	}
	return out
}
