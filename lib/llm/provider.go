package llm

import (
	"fmt"
	"slices"
	"strings"
)

// provider is one that has a name: where it is, how it is asked, and which key
// is its own.
type provider struct {
	name     string
	host     string // of its own, or the domain; "" for a server that anybody runs
	variable string // that holds its key
	baseURL  string // where --provider looks for it
	protocol Protocol
	models   string // the beginning of its models' names, where those name it
}

var providers = []provider{
	{name: "openai", host: "api.openai.com", variable: "OPENAI_API_KEY", baseURL: "https://api.openai.com/v1"},
	{name: "anthropic", host: "anthropic.com", variable: "ANTHROPIC_API_KEY", baseURL: "https://api.anthropic.com/v1", protocol: Messages, models: "claude-"},
	{name: "gemini", host: "generativelanguage.googleapis.com", variable: "GEMINI_API_KEY", baseURL: "https://generativelanguage.googleapis.com/v1beta", protocol: GenerateContent, models: "gemini-"},
	{name: "openrouter", host: "openrouter.ai", variable: "OPENROUTER_API_KEY", baseURL: "https://openrouter.ai/api/v1"},
	// Servers, at the port where they listen if nobody says otherwise.
	{name: "llamacpp", baseURL: "http://127.0.0.1:8080/v1"},
	{name: "ollama", baseURL: "http://127.0.0.1:11434/v1"},
	{name: "sglang", baseURL: "http://127.0.0.1:30000/v1"},
	{name: "vllm", baseURL: "http://127.0.0.1:8000/v1"},
	compatible,
}

// compatible is any other endpoint.
var compatible = provider{name: "openai-compatible", variable: "OPENAI_API_KEY"}

// Providers lists what --provider takes.
func Providers() []string {
	names := make([]string, len(providers))
	for i, p := range providers {
		names[i] = p.name
	}
	return names
}

// providerNamed finds a provider by its name. flag names it in errors.
func providerNamed(flag, name string) (provider, error) {
	i := slices.IndexFunc(providers, func(p provider) bool { return p.name == name })
	if i < 0 {
		return provider{}, &UsageError{text: fmt.Sprintf("unknown %s %q; there are %s", flag, name, strings.Join(Providers(), ", "))}
	}
	return providers[i], nil
}

// providerAt finds the provider whose host, or a part of whose domain, host is.
func providerAt(host string) provider {
	host = plainHost(host)
	for _, p := range providers {
		if p.host != "" && (host == p.host || strings.HasSuffix(host, "."+p.host)) {
			return p
		}
	}
	return compatible
}

// providerOfModel finds the provider that a model's name tells.
func providerOfModel(model string) (provider, bool) {
	i := slices.IndexFunc(providers, func(p provider) bool { return p.models != "" && strings.HasPrefix(model, p.models) })
	if i < 0 {
		return provider{}, false
	}
	return providers[i], true
}
