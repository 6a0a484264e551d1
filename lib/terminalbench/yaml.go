package terminalbench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// taskYAML is task.yaml. Older tasks have several descriptions, of which base
// counts.
type taskYAML struct {
	Instruction  string `yaml:"instruction"`
	Descriptions []struct {
		Key         string `yaml:"key"`
		Description string `yaml:"description"`
	} `yaml:"descriptions"`
	Difficulty   string   `yaml:"difficulty"`
	Category     string   `yaml:"category"`
	Tags         []string `yaml:"tags"`
	ParserName   string   `yaml:"parser_name"`
	AgentTimeout *float64 `yaml:"max_agent_timeout_sec"`
	TestTimeout  *float64 `yaml:"max_test_timeout_sec"`
	SameShell    bool     `yaml:"run_tests_in_same_shell"`
	RunAsUser    string   `yaml:"agent_user"`
}

// Time limits of a task that names none: terminal-bench's own.
const (
	agentSeconds = 360
	testSeconds  = 60
)

func (t *Task) readYAML() error {
	name := filepath.Join(t.Dir, "task.yaml")
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	y := taskYAML{ParserName: "pytest"}
	if err := yaml.Unmarshal(b, &y); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	t.Instruction = strings.TrimSpace(y.Instruction)
	for _, d := range y.Descriptions {
		if t.Instruction == "" && (d.Key == "base" || len(y.Descriptions) == 1) {
			t.Instruction = strings.TrimSpace(d.Description)
		}
	}
	t.Metadata = described(y.Difficulty, y.Category, y.Tags)
	t.AgentTimeout, t.TestTimeout = seconds(agentSeconds), seconds(testSeconds)
	if y.AgentTimeout != nil {
		t.AgentTimeout = seconds(*y.AgentTimeout)
	}
	if y.TestTimeout != nil {
		t.TestTimeout = seconds(*y.TestTimeout)
	}
	t.Parser, t.SameShell, t.AgentUser = y.ParserName, y.SameShell, y.RunAsUser
	return t.readContainer(t.Dir)
}

// readContainer finds out how the container is made: by a compose file, else by
// a Dockerfile.
func (t *Task) readContainer(dir string) error {
	for _, name := range []string{"docker-compose.yaml", "docker-compose.yml", "compose.yaml", "compose.yml"} {
		if exists(dir, name) {
			t.ComposeFile = filepath.Join(dir, name)
			return t.readCompose()
		}
	}
	if t.Service.Image == "" && !exists(dir, "Dockerfile") {
		return fmt.Errorf("%s: neither a compose file nor a Dockerfile", dir)
	}
	if t.Service.Image == "" {
		t.Service.Context, t.Service.Dockerfile = dir, "Dockerfile"
	}
	return nil
}

func described(difficulty, category string, tags []string) map[string]any {
	m := map[string]any{}
	if difficulty != "" {
		m["difficulty"] = difficulty
	}
	if category != "" {
		m["category"] = category
	}
	if len(tags) > 0 {
		m["tags"] = tags
	}
	return m
}
