package builtin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// stream sends an answer as server-sent events, one a token. c is the frame of
// every chunk; its usage, if any, comes last.
func (p Pace) stream(w http.ResponseWriter, ctx context.Context, c completion, parts []said, finish string) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	total := c.Usage
	c.Object, c.Usage = "chat.completion.chunk", nil
	send(w, c, choice{Delta: &said{Role: "assistant"}})
	wait := p.First
	for i := range parts {
		if sleep(ctx, wait) != nil {
			return // the client went away
		}
		send(w, c, choice{Delta: &parts[i]})
		wait = p.Token
	}
	send(w, c, choice{Delta: &said{}, Finish: &finish})
	if total != nil {
		c.Usage = total
		send(w, c)
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}

func send(w http.ResponseWriter, c completion, choices ...choice) {
	c.Choices = append([]choice{}, choices...) // [] rather than null
	b, _ := json.Marshal(c)                    // of strings and numbers: cannot fail
	fmt.Fprintf(w, "data: %s\n\n", b)
	http.NewResponseController(w).Flush()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}
