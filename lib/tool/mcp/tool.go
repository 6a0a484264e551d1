package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	protocol "github.com/mark3labs/mcp-go/mcp"

	"ipw/lib/stream"
)

// maxDescription is how much of a tool's description a model is shown, in
// bytes.
const maxDescription = 4096

// offer is one tool of a server, as it was when the run began.
type offer struct {
	link        *link
	name        string // as models see it
	own         string // as the server knows it
	description string
	parameters  json.RawMessage
}

func newTool(l *link, name string, t protocol.Tool) *offer {
	o := &offer{link: l, name: name, own: t.Name, parameters: schema(t)}
	o.description = stream.Clip(cmp.Or(t.Description, t.Title, t.Annotations.Title, "The tool "+t.Name+" of the MCP server "+l.Name), maxDescription)
	return o
}

// schema is the tool's, if it is one of an object; a server that gives no
// properties means that there are none.
func schema(t protocol.Tool) json.RawMessage {
	if t.InputSchema.Type == "" {
		t.InputSchema.Type = "object"
	}
	if t.InputSchema.Properties == nil {
		t.InputSchema.Properties = map[string]any{}
	}
	b, err := json.Marshal(t.InputSchema)
	if err != nil || t.InputSchema.Type != "object" {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return b
}

func (o *offer) Name() string                { return o.name }
func (o *offer) Description() string         { return o.description }
func (o *offer) Parameters() json.RawMessage { return o.parameters }

func (o *offer) Call(ctx context.Context, arguments string) (string, error) {
	if strings.TrimSpace(arguments) == "" {
		arguments = "{}"
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(arguments), &fields); err != nil || fields == nil {
		return "", fmt.Errorf("the arguments must be a JSON object that fits the schema %s", stream.Clip(string(o.parameters), maxDescription))
	}
	return o.link.call(ctx, o.own, json.RawMessage(arguments))
}
