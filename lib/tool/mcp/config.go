package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// entry is one server of a configuration file, in the shape that MCP clients
// share.
type entry struct {
	Type     string            `json:"type"`
	Command  string            `json:"command"`
	Args     []string          `json:"args"`
	Env      map[string]string `json:"env"`
	Dir      string            `json:"cwd"`
	URL      string            `json:"url"`
	Headers  map[string]string `json:"headers"`
	Disabled bool              `json:"disabled"`
}

// ReadConfig reads the servers of a file {"mcpServers": {NAME: {…}}}, in the
// order of their names. In its texts ${NAME} is the variable of that name, and
// ${NAME:-TEXT} is TEXT where there is none, so that a file need not hold a
// secret; lookup gives a variable's value.
func ReadConfig(file string, lookup func(string) (string, bool)) ([]Server, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var config struct {
		Servers map[string]entry `json:"mcpServers"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return nil, fmt.Errorf("%s%w", place(file, data, err), err)
	}
	if config.Servers == nil {
		return nil, fmt.Errorf(`%s: no "mcpServers", an object of servers by name`, file)
	}
	var servers []Server
	for _, name := range slices.Sorted(maps.Keys(config.Servers)) {
		s, err := config.Servers[name].server(name, lookup)
		if err != nil {
			return nil, fmt.Errorf("%s: server %q: %w", file, name, err)
		}
		servers = append(servers, s)
	}
	return servers, nil
}

// place is the file and, if the error tells, the line.
func place(file string, data []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	offset := int64(0)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	default:
		return file + ": "
	}
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	return fmt.Sprintf("%s:%d: ", file, 1+bytes.Count(before, []byte("\n")))
}

func (e entry) server(name string, lookup func(string) (string, bool)) (Server, error) {
	x := expansion{lookup: lookup}
	s := Server{Name: sane(name), Env: x.all(e.Env), Dir: x.text(e.Dir), URL: x.text(e.URL), Headers: x.all(e.Headers), Disabled: e.Disabled}
	if e.Command != "" {
		s.Command = []string{x.text(e.Command)}
		for _, arg := range e.Args {
			s.Command = append(s.Command, x.text(arg))
		}
	}
	s.Secrets = append(x.secrets, secrets(s.Env, s.Headers)...)
	if e.Disabled {
		return s, nil
	}
	return s, errors.Join(x.err, s.check(e.Type))
}

// check finds out how a server is reached.
func (s *Server) check(kind string) error {
	web := false
	switch kind {
	case "", "stdio":
	case "http", "streamable-http", "streamableHttp", "streamable_http", "sse":
		web = true
	default:
		return fmt.Errorf("unknown type %q; there are stdio, http and sse", kind)
	}
	switch {
	case len(s.Command) > 0 && s.URL != "":
		return errors.New(`it has both "command" and "url"`)
	case web && s.URL == "":
		return fmt.Errorf(`type %q needs a "url"`, kind)
	case kind == "stdio" && len(s.Command) == 0:
		return errors.New(`type "stdio" needs a "command"`)
	case s.URL == "" && len(s.Command) == 0:
		return errors.New(`it needs a "command" or a "url"`)
	case s.URL == "":
		return nil
	}
	u, err := parseURL(s.URL)
	if err != nil {
		return err
	}
	s.SSE = kind == "sse" || kind == "" && oldPath(u)
	return nil
}

// expansion puts the environment's values into texts.
type expansion struct {
	lookup  func(string) (string, bool)
	secrets []string
	err     error
}

var variable = regexp.MustCompile(`\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

func (x *expansion) text(s string) string {
	return variable.ReplaceAllStringFunc(s, func(found string) string {
		m := variable.FindStringSubmatch(found)
		if value, ok := x.lookup(m[1]); ok && value != "" {
			x.secrets = append(x.secrets, secrets(map[string]string{m[1]: value})...)
			return value
		}
		if m[2] == "" {
			x.err = errors.Join(x.err, fmt.Errorf("the variable %s is not set", m[1]))
		}
		return strings.TrimPrefix(m[2], ":-")
	})
}

func (x *expansion) all(texts map[string]string) map[string]string {
	out := maps.Clone(texts)
	for k, v := range out {
		out[k] = x.text(v)
	}
	return out
}

// secret are the names of variables and headers whose values are to be kept out
// of what is written.
var secret = regexp.MustCompile(`(?i)auth|key|token|secret|passw|credential|cookie`)

func secrets(texts ...map[string]string) []string {
	var found []string
	for _, m := range texts {
		for name, value := range m {
			if secret.MatchString(name) && value != "" {
				found = append(found, strings.TrimPrefix(value, "Bearer "))
			}
		}
	}
	return found
}
