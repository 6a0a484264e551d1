// Package tokenizer counts tokens with a real byte-pair tokenizer, for servers
// that do not say how many there were. It is OpenAI's o200k_base: whatever the
// model, the count is an estimate, unless that is its own.
//
//	client, err := llm.New(endpoint, llm.Config{Count: tokenizer.Count})
package tokenizer

import (
	"sync"

	"github.com/tiktoken-go/tokenizer"

	"ipw/lib/llm"
)

// codec is read when it is first needed: that takes a sixth of a second and
// 60 MB.
var codec = sync.OnceValues(func() (tokenizer.Codec, error) { return tokenizer.Get(tokenizer.O200kBase) })

// longest is the piece of a text that is cut at once: the merging of a run
// without blanks takes time that grows with the square of its length.
const longest = 4096

// Count is the number of tokens of a text.
func Count(text string) int64 {
	c, err := codec()
	if err != nil {
		return llm.CountTokens(text)
	}
	var n int64
	for len(text) > 0 {
		part := text[:min(len(text), longest)]
		k, err := c.Count(part)
		if err != nil {
			return n + llm.CountTokens(text)
		}
		n += int64(k)
		text = text[len(part):]
	}
	return n
}
