package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	protocol "github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"ipw/lib/tool"
)

// fakeServer is the variable that makes this test's program an MCP server.
const fakeServer = "IPW_FAKE_MCP_SERVER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(fakeServer); kind != "" {
		serve(kind)
		return
	}
	os.Exit(m.Run())
}

// serve is a server on stdin and stdout.
func serve(kind string) {
	switch kind {
	case "dies":
		fmt.Fprintln(os.Stderr, "no configuration\nfound")
		os.Exit(3)
	case "mute":
		io.Copy(io.Discard, os.Stdin)
		return
	case "paged":
		s := server.NewMCPServer("fake", "1", server.WithPaginationLimit(3), server.WithToolCapabilities(true))
		for i := range 10 {
			s.AddTool(protocol.NewTool(fmt.Sprintf("tool %d", i)), fakeTools["echo"])
		}
		server.ServeStdio(s)
		return
	}
	fmt.Println("Welcome to the fake server!")
	server.ServeStdio(newFake())
}

func newFake() *server.MCPServer {
	s := server.NewMCPServer("fake", "1", server.WithToolCapabilities(true))
	for name, handler := range fakeTools {
		s.AddTool(protocol.NewTool(name, protocol.WithDescription("Does "+name+"."), protocol.WithString("text")), handler)
	}
	return s
}

type handler = server.ToolHandlerFunc

func says(text string, err error) (*protocol.CallToolResult, error) {
	return protocol.NewToolResultText(text), err
}

// fakeTools are what a server may do well and badly.
var fakeTools = map[string]handler{
	"echo": func(_ context.Context, r protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		return says(r.GetString("text", "nothing")+fmt.Sprint(len(r.Params.RawArguments)), nil)
	},
	"refuse": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		return protocol.NewToolResultError("there is no such city"), nil
	},
	"die": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		fmt.Fprintln(os.Stderr, "out of memory")
		os.Exit(7)
		return nil, nil
	},
	"hang": func(ctx context.Context, r protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		<-ctx.Done()
		os.WriteFile(r.GetString("text", ""), []byte("cancelled"), 0o600)
		return says("", ctx.Err())
	},
	"freeze": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		syscall.Kill(os.Getpid(), syscall.SIGSTOP) // which may take a moment
		time.Sleep(time.Hour)
		return says("thawed", nil)
	},
	"huge": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		return says(strings.Repeat("x", 1<<20), nil)
	},
	"flood": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		return says(strings.Repeat("x", maxMessage+1<<20), nil)
	},
	"noise": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		line := strings.Repeat("noise ", 10000) + "\n"
		for range maxNoise/len(line) + 2 {
			os.Stdout.WriteString(line)
		}
		return says("unheard", nil)
	},
	"spam": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		for range 100 {
			fmt.Fprintln(os.Stderr, strings.Repeat("spam ", 2000))
		}
		fmt.Print("\n{\"no\":\"message\"}\n{broken\n[1]\n\xff\xfe\n")
		return says("still here", nil)
	},
	"change": func(ctx context.Context, _ protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		s := server.ServerFromContext(ctx)
		s.DeleteTools("echo")
		s.AddTool(protocol.NewTool("new"), func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
			return says("new", nil)
		})
		return says("changed", nil)
	},
	"plod": func(ctx context.Context, r protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		for i := range 12 {
			time.Sleep(500 * time.Millisecond)
			err := server.ServerFromContext(ctx).SendNotificationToClient(ctx, "notifications/progress",
				map[string]any{"progressToken": r.Params.Meta.ProgressToken, "progress": i})
			if err != nil {
				return nil, err
			}
		}
		return says("arrived", nil)
	},
	"environment": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		return says(strings.Join(os.Environ(), "\n"), nil)
	},
	"child": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		cmd := exec.Command("sleep", "1000")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		err := cmd.Start()
		return says(fmt.Sprintf("%d %d", os.Getpid(), cmd.Process.Pid), err)
	},
	"mixed": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		return &protocol.CallToolResult{Content: []protocol.Content{
			protocol.NewTextContent("a picture:"),
			protocol.NewImageContent("aGVsbG8=", "image/png"),
			protocol.NewAudioContent("aGVsbA==", "audio/wav"),
			protocol.NewResourceLink("file:///a", "a", "the first", "text/plain"),
			protocol.NewEmbeddedResource(protocol.TextResourceContents{URI: "file:///b", Text: "in b"}),
			protocol.NewEmbeddedResource(protocol.BlobResourceContents{URI: "file:///c", MIMEType: "application/zip", Blob: "aGVs"}),
		}}, nil
	},
	"structured": func(context.Context, protocol.CallToolRequest) (*protocol.CallToolResult, error) {
		return &protocol.CallToolResult{Content: []protocol.Content{}, StructuredContent: map[string]any{"a": 1}}, nil
	},
}

// fake is the server of a kind, as a process.
func fake(t *testing.T, name, kind string) Server {
	t.Helper()
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Server{Name: name, Command: []string{me}, Env: map[string]string{fakeServer: kind, "GIVEN": "yes"}}
}

// told is what the user was told.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (w *told) say(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, s)
}

func (w *told) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.lines, "\n")
}

// open opens servers for a test, and closes them after it.
func open(t *testing.T, o Options, servers ...Server) *Set {
	t.Helper()
	s, err := Open(t.Context(), servers, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// said is what a model is told of a call.
func (s *Set) said(ctx context.Context, name, arguments string) string {
	text, err := s.find(name).Call(ctx, arguments)
	if err != nil {
		return "error: " + err.Error()
	}
	return text
}

func (s *Set) find(name string) tool.Tool {
	for _, t := range s.Tools() {
		if t.Name() == name {
			return t
		}
	}
	panic("no tool " + name)
}

// eventually waits for what other goroutines and processes do.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: not after 20 s", what)
}

// gone tells whether a process has ended; a zombie has.
func gone(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "stat"))
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}

func object(t *testing.T, fields map[string]any) string {
	t.Helper()
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
