package llm

import (
	"net/http"
	"net/url"
)

// Protocol is a way to ask a model over HTTP.
type Protocol string

const (
	ChatCompletions Protocol = ""                // OpenAI's chat completions, which most servers speak
	Messages        Protocol = "messages"        // Anthropic's
	GenerateContent Protocol = "generateContent" // Gemini's
)

// dialect is what a protocol has of its own.
type dialect interface {
	// body writes a request.
	body(req Request, provider string) ([]byte, error)
	// path of a call below the base URL.
	path(model string) string
	// sign sets the headers that hold the key, which may be "".
	sign(h http.Header, key string)
	// reader of one answer, which tells a what it reads.
	reader(a *answer) reader
}

// reader reads an answer, event by event. A whole answer is one event of its
// own kind. It returns errGarbage, or an *Error that the server sent.
type reader interface {
	event(data []byte) error
}

var dialects = map[Protocol]dialect{
	ChatCompletions: chatCompletions{},
	Messages:        anthropic{},
	GenerateContent: gemini{},
}

// native is an assistant's message as its provider wrote it. Parts of it that
// nobody but the provider can read, signed thoughts, have to be sent back as
// they came and where they stood.
type native struct {
	protocol Protocol
	parts    []byte // JSON array
	content  string // what Message held then: an edited message is written anew
	calls    []string
	ids      bool // the provider gave its calls ids
}

// native returns the provider's own form of a message, nil if there is none or
// it does not fit any more.
func (m Message) nativeTo(p Protocol) *native {
	n := m.native
	if n == nil || n.protocol != p || n.content != m.Content || len(n.calls) != len(m.ToolCalls) {
		return nil
	}
	for i, c := range m.ToolCalls {
		if c.ID != n.calls[i] {
			return nil
		}
	}
	return n
}

// pathOf escapes a model's name for a path, whose slashes stay.
func pathOf(model string) string { return (&url.URL{Path: model}).EscapedPath() }
