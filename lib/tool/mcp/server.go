package mcp

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Server says how one server is started or reached.
type Server struct {
	Name     string            // stands before the names of its tools
	Command  []string          // of a server on stdin and stdout: the program and its arguments
	Env      map[string]string // of the program, beside PATH, HOME and LANG
	Dir      string            // where it is started; "" for here
	URL      string            // of a server over HTTP
	Headers  map[string]string // of every request to it
	SSE      bool              // it speaks the older HTTP protocol, of 2024
	Disabled bool
	Secrets  []string // values to be kept out of what is written
}

var (
	flagName = regexp.MustCompile(`^([A-Za-z0-9_-]+)=(.+)$`)
	isURL    = regexp.MustCompile(`^https?://`)
)

// Parse reads a server as --mcp takes it: NAME=COMMAND, where COMMAND is a
// line for the shell, NAME=URL, or URL alone, which is named for its host.
func Parse(text string) (Server, error) {
	text = strings.TrimSpace(text)
	if isURL.MatchString(text) {
		s := Server{URL: text}
		u, err := parseURL(text)
		if err != nil {
			return s, err
		}
		s.Name, s.SSE = sane(u.Hostname()), oldPath(u)
		return s, nil
	}
	m := flagName.FindStringSubmatch(text)
	if m == nil || strings.TrimSpace(m[2]) == "" {
		return Server{}, &UsageError{text: fmt.Sprintf("--mcp %q is neither NAME=COMMAND nor a URL", text), hint: "--mcp 'files=npx -y @modelcontextprotocol/server-filesystem .'"}
	}
	s := Server{Name: m[1]}
	if !isURL.MatchString(m[2]) {
		s.Command = []string{"sh", "-c", m[2]}
		return s, nil
	}
	u, err := parseURL(m[2])
	if err != nil {
		return s, err
	}
	s.URL, s.SSE = m[2], oldPath(u)
	return s, nil
}

// parseURL checks a URL. Its error does not repeat it, as it may hold a
// password.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, &UsageError{text: "the URL of an MCP server begins with http:// or https:// and names a host"}
	}
	return u, nil
}

// oldPath tells of a URL by whose name a server says that it speaks the older
// protocol.
func oldPath(u *url.URL) bool { return strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/sse") }

// Unique refuses two servers of one name, which --mcp-config and --mcp may
// give together.
func Unique(servers []Server) error {
	seen := map[string]bool{}
	for _, s := range servers {
		if seen[s.Name] {
			return &UsageError{text: fmt.Sprintf("two MCP servers are called %q", s.Name), hint: "--mcp NAME=… gives one another name"}
		}
		seen[s.Name] = true
	}
	return nil
}

// UsageError is a server that is described wrongly.
type UsageError struct{ text, hint string }

func (e *UsageError) Error() string { return e.text }

// Hint is what a user may type next; "" for nothing.
func (e *UsageError) Hint() string { return e.hint }

// Usage tells that the command was called wrongly.
func (e *UsageError) Usage() bool { return true }
