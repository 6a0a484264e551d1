package llm

import (
	"errors"
	"strings"
)

// overflows are what servers say of a request that is longer than the model can
// read, in lower case.
var overflows = []string{
	"context_length_exceeded",                  // OpenAI, Azure, DeepSeek
	"maximum context length",                   // OpenAI, vLLM, OpenRouter
	"exceed_context_size",                      // llama.cpp
	"exceeds the available context size",       // llama.cpp
	"exceed context window",                    // llama-cpp-python
	"prompt is too long",                       // Anthropic
	"exceed context limit",                     // Anthropic, input and max_tokens together
	"exceeds the maximum number of tokens",     // Gemini
	"input length exceeds the context length",  // Ollama
	"inputs tokens + max_new_tokens",           // text-generation-inference
	"longer than the model's context length",   // SGLang
	"please reduce the length of the messages", // Groq, and OpenAI's own words
}

// IsContextOverflow tells whether a call failed because its request is longer
// than the model can read. Sent again it fails again; a shorter one may not.
func IsContextOverflow(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	said := strings.ToLower(e.Text)
	for _, words := range overflows {
		if strings.Contains(said, words) {
			return true
		}
	}
	return false
}
