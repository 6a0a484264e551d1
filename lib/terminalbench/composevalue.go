package terminalbench

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// build is a directory, or where it is and how it is built.
type build struct {
	given      bool
	Context    string
	Dockerfile string
	Args       environment
}

func (b *build) UnmarshalYAML(n *yaml.Node) error {
	*b = build{given: true, Context: ".", Dockerfile: "Dockerfile"}
	if n.Kind == yaml.ScalarNode {
		b.Context = n.Value
		return nil
	}
	long := struct {
		Context    string      `yaml:"context"`
		Dockerfile string      `yaml:"dockerfile"`
		Args       environment `yaml:"args"`
		Target     string      `yaml:"target"`
	}{Context: b.Context, Dockerfile: b.Dockerfile}
	if err := n.Decode(&long); err != nil {
		return err
	}
	if long.Target != "" {
		return fmt.Errorf("line %d: build.target is not supported", n.Line)
	}
	b.Context, b.Dockerfile, b.Args = long.Context, long.Dockerfile, long.Args
	return nil
}

// environment is a mapping, or a list of KEY=VALUE. A key without a value would
// be taken from the host, and is left out.
type environment map[string]string

func (e *environment) UnmarshalYAML(n *yaml.Node) error {
	*e = environment{}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if k, v, ok := strings.Cut(item.Value, "="); ok {
				(*e)[k] = v
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if v := n.Content[i+1]; v.Tag != "!!null" {
				(*e)[n.Content[i].Value] = v.Value
			}
		}
	default:
		return fmt.Errorf("line %d: neither a list nor a mapping", n.Line)
	}
	return nil
}

// words are a command: a list, or a line for a shell.
type words []string

func (w *words) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		if n.Tag != "!!null" {
			*w = words{"sh", "-c", n.Value}
		}
		return nil
	}
	var list []string
	err := n.Decode(&list)
	*w = list
	return err
}
