package mcp

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Server{
		"files=npx -y server .":               {Name: "files", Command: []string{"sh", "-c", "npx -y server ."}},
		"a=A=b server":                        {Name: "a", Command: []string{"sh", "-c", "A=b server"}},
		" web=https://mcp.example.com/mcp ":   {Name: "web", URL: "https://mcp.example.com/mcp"},
		"https://mcp.example.com/mcp?a=b":     {Name: "mcp_example_com", URL: "https://mcp.example.com/mcp?a=b"},
		"http://localhost:3001/sse":           {Name: "localhost", URL: "http://localhost:3001/sse", SSE: true},
		"old=http://user:pw@localhost:1/sse/": {Name: "old", URL: "http://user:pw@localhost:1/sse/", SSE: true},
	} {
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "npx", "a=", "a= ", "my files=npx", "http://", "a=https://:80", "https://%zz"} {
		if got, err := Parse(text); err == nil || !err.(*UsageError).Usage() {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestReadConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mcp.json")
	read := func(text string) ([]Server, error) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return ReadConfig(file, func(name string) (string, bool) {
			value, ok := map[string]string{"HOME": "/home/me", "GH_TOKEN": "ghp_1", "EMPTY": ""}[name]
			return value, ok
		})
	}
	got, err := read(`{"mcpServers":{
		"my files":{"command":"npx","args":["-y","files","${HOME}/x"],"env":{"A":"${NONE:-b}","API_KEY":"k1"},"cwd":"${HOME}","autoApprove":[]},
		"hub":{"type":"http","url":"https://hub.example/${EMPTY:-mcp}","headers":{"Authorization":"Bearer ${env:GH_TOKEN}"}},
		"old":{"type":"sse","url":"http://old.example/"},
		"older":{"url":"http://old.example/sse"},
		"off":{"command":"x","args":["${NONE}"],"disabled":true}}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Server{
		{Name: "hub", URL: "https://hub.example/mcp", Headers: map[string]string{"Authorization": "Bearer ghp_1"}, Secrets: []string{"ghp_1", "ghp_1"}},
		{Name: "my_files", Command: []string{"npx", "-y", "files", "/home/me/x"}, Env: map[string]string{"A": "b", "API_KEY": "k1"}, Dir: "/home/me", Secrets: []string{"k1"}},
		{Name: "off", Command: []string{"x", ""}, Disabled: true},
		{Name: "old", URL: "http://old.example/", SSE: true},
		{Name: "older", URL: "http://old.example/sse", SSE: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for text, want := range map[string]string{
		"{\n\"mcpServers\": {\n}":                                                           ":3: ",
		"{\n\"mcpServers\":\n{\"a\":\n7}}":                                                  ":4: ",
		`{"servers":{}}`:                                                                    `no "mcpServers", an object of servers by name`,
		`{"mcpServers":{"a":{}}}`:                                                           `server "a": it needs a "command" or a "url"`,
		`{"mcpServers":{"a":{"type":"x"}}}`:                                                 `server "a": unknown type "x"; there are stdio, http and sse`,
		`{"mcpServers":{"a":{"type":"http","command":"x"}}}`:                                `type "http" needs a "url"`,
		`{"mcpServers":{"a":{"type":"stdio","url":"http://x"}}}`:                            `type "stdio" needs a "command"`,
		`{"mcpServers":{"a":{"command":"x","url":"http://x"}}}`:                             `it has both "command" and "url"`,
		`{"mcpServers":{"a":{"url":"ftp://x"}}}`:                                            "begins with http:// or https://",
		`{"mcpServers":{"a":{"command":"${NONE}","args":["${EMPTY}"],"env":{"A":"${X}"}}}}`: "the variable NONE is not set",
	} {
		if _, err := read(text); err == nil || !strings.HasPrefix(err.Error(), file) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := ReadConfig(file+"x", os.LookupEnv); err == nil {
		t.Error("no file, no error")
	}
}

func TestUnique(t *testing.T) {
	if Unique([]Server{{Name: "a"}, {Name: "b"}}) != nil || Unique([]Server{{Name: "a"}, {Name: "a"}}) == nil {
		t.Error("unique")
	}
}

// TestQualified: names are distinct, and such as the APIs of models take.
func TestQualified(t *testing.T) {
	taken := map[string]bool{}
	valid := regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	n := 0
	for _, server := range []string{"files", "my files", "my_files", strings.Repeat("s", 70), "é"} {
		for _, tool := range []string{"read", "read.file", "read/file", "read_file", strings.Repeat("t", 40), strings.Repeat("t", 100), strings.Repeat("t", 100) + "u", ""} {
			name := qualified(server, tool, taken)
			if !valid.MatchString(name) {
				t.Errorf("%q", name)
			}
			n++
		}
	}
	if len(taken) != n {
		t.Errorf("%d names for %d tools", len(taken), n)
	}
	if got := qualified("files", "list", map[string]bool{}); got != "files__list" {
		t.Errorf("%q", got)
	}
}

// FuzzMessages: whatever a server writes, what comes through are lines that
// begin like objects, in their order, and the silence is told of once.
func FuzzMessages(f *testing.F) {
	for _, s := range []string{"{\"id\":1}\n", "hello\n{\"id\":1}\n\n[2]\n {}\r\n{\"cut", "\xff\xfe\n", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		silent := 0
		m := newMessages(strings.NewReader(s), func(error) { silent++ })
		got, err := io.ReadAll(m)
		if err != nil {
			t.Fatal(err)
		}
		var want strings.Builder
		for line := range strings.Lines(s) {
			if strings.HasSuffix(line, "\n") && strings.HasPrefix(strings.TrimLeft(line, " \t"), "{") {
				want.WriteString(line)
			}
		}
		if string(got) != want.String() || silent != 1 {
			t.Errorf("%q for %q, %d silences", got, want.String(), silent)
		}
	})
}
