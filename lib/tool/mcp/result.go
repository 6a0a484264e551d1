package mcp

import (
	"encoding/base64"
	"fmt"
	"strings"

	protocol "github.com/mark3labs/mcp-go/mcp"
)

// tell is a result as a text for a model. What is no text is named, with its
// kind and size.
func tell(r *protocol.CallToolResult) string {
	var parts []string
	for _, c := range r.Content {
		if text := part(c); text != "" {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 && len(r.RawStructuredContent) > 0 {
		return string(r.RawStructuredContent) // a server should repeat it as a text, and some do not
	}
	if len(parts) == 0 {
		return "[an empty result]"
	}
	return strings.Join(parts, "\n")
}

func part(c protocol.Content) string {
	switch c := c.(type) {
	case protocol.TextContent:
		return c.Text
	case protocol.ImageContent:
		return fmt.Sprintf("[an image, %s, %d bytes, that cannot be shown]", c.MIMEType, decoded(c.Data))
	case protocol.AudioContent:
		return fmt.Sprintf("[a sound, %s, %d bytes, that cannot be played]", c.MIMEType, decoded(c.Data))
	case protocol.ResourceLink:
		return strings.TrimSuffix(fmt.Sprintf("[resource %s: %s] %s", c.Name, kind(c.URI, c.MIMEType), c.Description), " ")
	case protocol.EmbeddedResource:
		switch res := c.Resource.(type) {
		case protocol.TextResourceContents:
			return fmt.Sprintf("[resource %s]\n%s", kind(res.URI, res.MIMEType), res.Text)
		case protocol.BlobResourceContents:
			return fmt.Sprintf("[resource %s, %d bytes, that cannot be shown]", kind(res.URI, res.MIMEType), decoded(res.Blob))
		}
	}
	return fmt.Sprintf("[content of an unknown kind: %T]", c)
}

func kind(uri, mime string) string {
	if mime == "" {
		return uri
	}
	return uri + ", " + mime
}

// decoded is how many bytes a base64 text stands for.
func decoded(data string) int {
	return base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(data, "=")))
}
