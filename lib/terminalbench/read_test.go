package terminalbench

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	tasks, err := Read("testdata/tasks")
	if err != nil || len(tasks) != 3 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	script, count, greeting := tasks[0], tasks[1], tasks[2]
	if s := script.Service; script.ID != "broken-script" || !script.Harbor || script.AgentTimeout != 2*time.Minute || script.BuildTimeout != 5*time.Minute ||
		s.CPUs != 1 || s.Memory != 512<<20 || script.WantsNetwork || s.Context != filepath.Join(script.Dir, "environment") ||
		script.Metadata["category"] != "debugging" || !strings.HasPrefix(script.Instruction, "The script /app/sum.sh") {
		t.Errorf("%+v", script)
	}
	if s := count.Service; s.Image != "ipw-test-base" || s.Context != "" || s.Memory != 512<<20 || s.Workdir != "/app" || !count.WantsNetwork {
		t.Errorf("%+v", count)
	}
	if s := greeting.Service; greeting.Harbor || greeting.Main != "client" || len(greeting.Others) != 0 || s.Context != greeting.Dir || s.Dockerfile != "Dockerfile" || s.Image != "" ||
		!maps.Equal(s.Env, map[string]string{"TEST_DIR": "/tests"}) || !slices.Equal(s.Command, []string{"sh", "-c", "sleep infinity"}) ||
		greeting.TestTimeout != time.Minute || greeting.Parser != "pytest" {
		t.Errorf("%+v", greeting)
	}
	if one, err := Read("testdata/tasks/greeting"); err != nil || len(one) != 1 || one[0].Dir != greeting.Dir {
		t.Errorf("%+v, %v", one, err)
	}
	if !Holds("testdata/tasks") || !Holds("testdata/tasks/greeting") || Holds("testdata") || Holds("nowhere") {
		t.Error("Holds")
	}
}

// write makes a task of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "task")
	for name, text := range files {
		name = filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(name), 0o755)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestCompose reads what compose files say in their several ways.
func TestCompose(t *testing.T) {
	const yaml = "descriptions:\n  - key: base\n    description: do it\n  - key: hard\n    description: do it well\n"
	for _, test := range []struct {
		name, compose string
		ok            func(Task) bool
		err           string
	}{
		{"short build, list, limits", "services:\n  client:\n    build: sub\n    environment: [A=1, B, C=x=y]\n    cpus: 1.5\n    mem_limit: 1g\n    network_mode: none\n",
			func(t Task) bool {
				s := t.Service
				return s.Context == filepath.Join(t.Dir, "sub") && maps.Equal(s.Env, map[string]string{"A": "1", "C": "x=y"}) && s.CPUs == 1.5 && s.Memory == 1<<30 && !t.WantsNetwork && t.Instruction == "do it"
			}, ""},
		{"image, mapping, deploy", "services:\n  main:\n    image: debian:12\n    command: sleep infinity\n    environment:\n      N: 3\n      E:\n    user: \"1000\"\n    working_dir: /w\n    deploy: {resources: {limits: {cpus: \"2\", memory: 512M}}}\n",
			func(t Task) bool {
				s := t.Service
				return s.Image == "debian:12" && s.Context == "" && slices.Equal(s.Command, []string{"sh", "-c", "sleep infinity"}) && maps.Equal(s.Env, map[string]string{"N": "3"}) && s.User == "1000" && s.Workdir == "/w" && s.CPUs == 2 && s.Memory == 512<<20
			}, ""},
		{"defaults of variables", "services:\n  client:\n    image: ${NONE:-a}b${T_BENCH_TEST_DIR}$$x${NONE2-}\n", func(t Task) bool { return t.Service.Image == "ab/tests$x" }, ""},
		{"two services", "services:\n  client:\n    build: .\n  db:\n    image: postgres\n    volumes: [data:/var/lib]\n", func(t Task) bool {
			return t.Main == "client" && slices.Equal(t.Others, []string{"db"}) && len(t.Unnamed) == 0
		}, ""},
		{"none of ours", "services:\n  a:\n    image: x\n  b:\n    image: y\n", nil, "none of its services is called client or main"},
		{"a mount", "services:\n  client:\n    image: x\n    volumes: ['/var/run/docker.sock:/var/run/docker.sock']\n", nil, "mounts /var/run/docker.sock"},
		{"a long mount", "services:\n  client:\n    image: x\n    volumes: [{type: bind, source: /etc, target: /e}]\n", nil, "mounts /etc:/e"},
		{"privileged", "services:\n  client:\n    image: x\n    privileged: true\n", nil, "wants privileges"},
		{"another service with a mount", "services:\n  client:\n    build: .\n  db:\n    image: x\n    volumes: [/:/host]\n", nil, "mounts /:/host"},
		{"the host's network", "services:\n  client:\n    build: .\n    network_mode: host\n", nil, "network_mode"},
		{"a wrong size", "services:\n  client:\n    image: x\n    mem_limit: much\n", nil, "no size"},
		{"empty", "services: {}\n", nil, "no services"},
		{"no YAML", "services: [\n", nil, "yaml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			task, err := ReadTask(write(t, map[string]string{"task.yaml": yaml, "docker-compose.yaml": test.compose}))
			switch {
			case test.err != "":
				if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), "docker-compose.yaml") {
					t.Error(err)
				}
			case err != nil || !test.ok(task):
				t.Errorf("%+v, %v", task, err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		files map[string]string
		err   string
	}{
		{map[string]string{"task.toml": "[environment]\ngpus = 1\n", "instruction.md": "x"}, "gpus"},
		{map[string]string{"task.toml": "[environment]\nos = \"windows\"\n", "instruction.md": "x"}, "windows"},
		{map[string]string{"task.toml": "[[steps]]\nname = \"a\"\n", "instruction.md": "x"}, "several steps"},
		{map[string]string{"task.toml": "[environment]\nmemory = \"lots\"\ndocker_image = \"x\"\n", "instruction.md": "x"}, "environment.memory"},
		{map[string]string{"task.toml": "environment = 3\n", "instruction.md": "x"}, "task.toml"},
		{map[string]string{"task.toml": "[environment]\ndocker_image = \"x\"\n"}, "instruction.md"},
		{map[string]string{"task.toml": "", "instruction.md": "x"}, "neither a compose file nor a Dockerfile"},
		{map[string]string{"task.yaml": "instruction: ''\n", "Dockerfile": "FROM x"}, "no instruction"},
		{map[string]string{"task.yaml": "instruction: [\n"}, "task.yaml"},
	} {
		if _, err := ReadTask(write(t, test.files)); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%v: %v", test.files, err)
		}
	}
}
