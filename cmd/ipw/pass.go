package main

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// agentFlags are flags of ipw-agent that a run passes on as they are. What they
// mean, and which values are right, ipw-agent knows.
type agentFlags struct {
	Warmup       *int   `placeholder:"N" help:"Run N more queries before the first, which are not counted."`
	TokenBudget  *int64 `name:"max-tokens-total" placeholder:"N" help:"End a query that has used N tokens, input and output together."`
	MaxResult    *int   `placeholder:"BYTES" help:"Cut the middle out of a tool's result that has more bytes."`
	ToolProtocol string `placeholder:"HOW" help:"How the model calls tools: native, text, auto."`

	SearchURL  string   `name:"search-url" placeholder:"URL" help:"Where web_search asks instead of Tavily."`
	MCP        []string `name:"mcp" sep:"none" placeholder:"NAME=COMMAND|URL" help:"An MCP server whose tools are added; repeatable."`
	MCPConfig  []string `name:"mcp-config" sep:"none" type:"path" placeholder:"FILE" help:"The MCP servers of a file with mcpServers; repeatable."`
	MCPTimeout string   `name:"mcp-timeout" placeholder:"TIME" help:"Give up a call of an MCP server after this long without a sign of progress."`

	Sandbox string   `placeholder:"KIND" help:"Where commands run: docker, bwrap, auto, or none: on this machine."`
	Image   string   `placeholder:"IMAGE" help:"The sandbox's image, for tasks that bring none."`
	Network bool     `help:"Leave the sandbox's network open while the agent works."`
	CPUs    *float64 `name:"cpus" placeholder:"N" help:"Processors of a sandbox at most."`
	Memory  string   `placeholder:"SIZE" help:"Memory of a sandbox at most, as in 2G."`
	Disk    string   `placeholder:"SIZE" help:"What a sandbox may write outside its workspace."`
	PIDs    *int     `name:"pids" placeholder:"N" help:"Processes and threads of a sandbox at most."`
	Repos   string   `placeholder:"DIR" help:"A folder of git repositories, OWNER/NAME below it, for SWE-bench."`
}

// words are the flags that were given, as ipw-agent is called with them.
func words(flags any) []string {
	var out []string
	v := reflect.ValueOf(flags)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := f.Tag.Get("name")
		if name == "" {
			name = dashed(f.Name)
		}
		x := v.Field(i)
		switch {
		case x.IsZero():
		case x.Kind() == reflect.Slice:
			for k := range x.Len() {
				out = append(out, fmt.Sprintf("--%s=%v", name, x.Index(k)))
			}
		case x.Kind() == reflect.Pointer:
			out = append(out, fmt.Sprintf("--%s=%v", name, x.Elem()))
		case x.Kind() == reflect.Bool:
			out = append(out, "--"+name)
		default:
			out = append(out, fmt.Sprintf("--%s=%v", name, x))
		}
	}
	return out
}

// dashed is a field's name as kong makes a flag of it.
func dashed(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
