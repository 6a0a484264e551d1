package llm

import (
	"bytes"
	"encoding/json"

	"ipw/lib/stream"
)

// scan reads a chunk that says nothing unusual: a piece of text, of reasoning or
// of a tool call, the finish reason, the usage. Nearly all are such, every token
// is one, and it is several times as fast as encoding/json, which reads the
// others. It reports false for those.
func (k *chunk) scan(data []byte) bool {
	usual := true
	s := stream.Scan(data)
	for s.Next() {
		switch string(s.Key()) {
		case "choices":
			for s.Array(); s.More(); {
				var c choice
				usual = c.scan(s.Value()) && usual
				k.Choices = append(k.Choices, c)
			}
		case "usage":
			k.Usage = bytes.Clone(s.Value())
		case "error", "timings", "x_groq":
			if !s.Null() {
				return false
			}
		default:
			s.Skip()
		}
	}
	return usual && s.Err() == nil
}

func (c *choice) scan(data []byte) bool {
	usual := true
	s := stream.Scan(data)
	for s.Next() {
		switch string(s.Key()) {
		case "index":
			index := int64(c.Index)
			s.Int(&index)
			c.Index = int(index)
		case "delta":
			if !s.Null() {
				usual = c.Delta.scan(s.Value()) && usual
			}
		case "message":
			return false
		case "finish_reason":
			s.OptText(&c.FinishReason)
		default:
			s.Skip()
		}
	}
	return usual && s.Err() == nil
}

func (d *delta) scan(data []byte) bool {
	usual := true
	s := stream.Scan(data)
	for s.Next() {
		switch string(s.Key()) {
		case "content":
			s.Text((*string)(&d.Content)) // a list of parts is a wrong type here
		case "reasoning_content":
			s.Text(&d.ReasoningContent)
		case "reasoning":
			s.Text(&d.Reasoning)
		case "refusal":
			s.Text(&d.Refusal)
		case "tool_calls":
			usual = json.Unmarshal(s.Value(), &d.ToolCalls) == nil && usual
		default:
			s.Skip()
		}
	}
	return usual && s.Err() == nil
}
