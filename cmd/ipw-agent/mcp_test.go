package main

import (
	"context"
	"fmt"
	"os"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// serveTools is an MCP server on stdin and stdout. It writes its process id to
// the file PID.
func serveTools() {
	if file := os.Getenv("PID"); file != "" {
		if err := os.WriteFile(file, []byte(fmt.Sprint(os.Getpid())), 0o644); err != nil {
			panic(err)
		}
	}
	s := server.NewMCPServer("tools", "1")
	s.AddTool(mcp.NewTool("greet", mcp.WithDescription("Greet somebody."), mcp.WithString("name", mcp.Required())),
		func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText("hello " + r.GetString("name", "") + os.Getenv("OPENAI_API_KEY") + os.Getenv("SERVER_TOKEN")), nil
		})
	s.AddTool(mcp.NewTool("crash"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		os.Exit(4)
		return nil, nil
	})
	s.AddTool(mcp.NewTool("wait"), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if err := server.ServeStdio(s); err != nil {
		os.Exit(1)
	}
}
