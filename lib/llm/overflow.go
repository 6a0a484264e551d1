package llm

import (
	"errors"
	"slices"
	"strings"
)

// overflowWords are what servers say of a request that is longer than the model can
// read, in lower case.
var overflowWords = []string{
	"context length",                           // OpenAI, vLLM, SGLang, OpenRouter, Ollama: maximum, exceeds, longer than the model's
	"context_length",                           // OpenAI's and DeepSeek's code
	"exceed_context_size",                      // llama.cpp
	"exceeds the available context size",       // llama.cpp
	"exceed context window",                    // llama-cpp-python
	"prompt is too long",                       // Anthropic
	"exceed context limit",                     // Anthropic, input and max_tokens together
	"exceeds the maximum number of tokens",     // Gemini
	"inputs tokens + max_new_tokens",           // text-generation-inference
	"please reduce the length of the messages", // Groq, and OpenAI's own words
}

// IsContextOverflow tells whether a call failed because its request is longer
// than the model can read. Sent again it fails again; a shorter one may not.
func IsContextOverflow(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Class == ContextOverflow || overflows(e.Text))
}

func overflows(said string) bool {
	said = strings.ToLower(said)
	return slices.ContainsFunc(overflowWords, func(words string) bool { return strings.Contains(said, words) })
}
