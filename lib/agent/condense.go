package agent

import (
	"fmt"

	"ipw/lib/llm"
	"ipw/lib/stream"
)

// short is a tool result that is not worth condensing, in bytes.
const short = 200

// condense makes a conversation shorter that its model cannot read: the oldest
// tool results, half of what all of them are together, give way to a line that
// says so. The latest one is the last to go, and is cut to half, head and tail,
// before. What the task says and what the model said stays. It reports false if
// there is nothing left to take.
func (c *Conversation) condense() bool {
	var long []*llm.Message
	total := 0
	for i := range c.Messages {
		if m := &c.Messages[i]; m.Role == llm.ToolRole && len(m.Content) > short {
			long = append(long, m)
			total += len(m.Content)
		}
	}
	if len(long) == 0 {
		return false
	}
	if last := long[0]; len(long) == 1 && len(last.Content) > 4*short {
		last.Content = stream.Clip(last.Content, len(last.Content)/2)
		return true
	}
	for gone := 0; gone < total/2 && len(long) > 1; long = long[1:] {
		gone += len(long[0].Content)
		leaveOut(long[0])
	}
	if total <= 4*short {
		leaveOut(long[0])
	}
	return true
}

func leaveOut(m *llm.Message) {
	m.Content = fmt.Sprintf("[a result of %d bytes is left out, as the conversation grew too long]", len(m.Content))
}
