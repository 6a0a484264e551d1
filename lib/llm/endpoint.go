package llm

import (
	"fmt"
	"net/url"
	"strings"
)

// Builtin is the model, and the provider, of the scripted model.
const Builtin = "builtin"

// Secret is a text that never prints: not by any verb of fmt, not as JSON.
type Secret string

func (s Secret) String() string               { return "[secret]" }
func (s Secret) GoString() string             { return "[secret]" }
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

// Endpoint is where a model is reached.
type Endpoint struct {
	Provider string // openai, openrouter, anthropic, gemini, builtin, openai-compatible
	BaseURL  string // without user name and password; "" for builtin, which is to be started
	Key      Secret // "" for none

	user *url.Userinfo // of the URL as it was given, nil for none
}

// provider is one whose host and key are known.
type provider struct {
	name, host, variable, baseURL string
}

var providers = []provider{
	{"openai", "api.openai.com", "OPENAI_API_KEY", "https://api.openai.com/v1"},
	{"openrouter", "openrouter.ai", "OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"},
	{"anthropic", "anthropic.com", "ANTHROPIC_API_KEY", "https://api.anthropic.com/v1"},
	{"gemini", "generativelanguage.googleapis.com", "GEMINI_API_KEY", "https://generativelanguage.googleapis.com/v1beta/openai"},
}

// compatible is any other endpoint.
var compatible = provider{name: "openai-compatible", variable: "OPENAI_API_KEY"}

// providerOf finds the provider whose host, or a part of whose domain, host is.
func providerOf(host string) provider {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, p := range providers {
		if host == p.host || strings.HasSuffix(host, "."+p.host) {
			return p
		}
	}
	return compatible
}

// Resolve finds the endpoint of a model: "builtin" is always the scripted
// model, else baseURL (--base-url), else claude-* and gemini-* their providers,
// else OPENAI_BASE_URL, else OpenAI. Each provider's host gets its own key
// only, every other endpoint OPENAI_API_KEY. The error is a *UsageError or a
// *KeyError, both with a hint.
func Resolve(model, baseURL string, getenv func(string) string) (Endpoint, error) {
	switch {
	case model == "":
		return Endpoint{}, &UsageError{text: "no model is named"}
	case model == Builtin:
		return Endpoint{Provider: Builtin}, nil
	case baseURL != "":
		return resolve("--base-url", baseURL, "", getenv)
	case strings.HasPrefix(model, "claude-"):
		return Endpoint{}, notBuilt(model, "Anthropic")
	case strings.HasPrefix(model, "gemini-"):
		return Endpoint{}, notBuilt(model, "Gemini")
	case getenv("OPENAI_BASE_URL") != "":
		return resolve("OPENAI_BASE_URL", getenv("OPENAI_BASE_URL"), "", getenv)
	}
	return resolve("", providers[0].baseURL, "", getenv)
}

// ResolveJudge finds the judge's endpoint: evalBaseURL (--eval-base-url), else
// the eval client's own. OPENAI_BASE_URL does not move it. Its key is
// IPW_EVAL_API_KEY, else its host's.
func ResolveJudge(client, evalBaseURL string, getenv func(string) string) (Endpoint, error) {
	switch client {
	case "", "openai":
	case "anthropic", "gemini", "openrouter", "ollama", "vllm":
		return Endpoint{}, &UsageError{
			text: fmt.Sprintf("eval client %q is not built yet; there is openai", client),
			hint: "--eval-client openai --eval-base-url URL reaches any OpenAI-compatible endpoint",
		}
	default:
		return Endpoint{}, &UsageError{text: fmt.Sprintf("unknown eval client %q; there is openai", client)}
	}
	if evalBaseURL == "" {
		evalBaseURL = providers[0].baseURL
	}
	return resolve("--eval-base-url", evalBaseURL, "IPW_EVAL_API_KEY", getenv)
}

// resolve reads a base URL and finds its key: first the variable named, if
// any, then the host's. source names the URL in errors.
func resolve(source, baseURL, variable string, getenv func(string) string) (Endpoint, error) {
	u, err := parseBaseURL(source, baseURL)
	if err != nil {
		return Endpoint{}, err
	}
	p := providerOf(u.Hostname())
	e := Endpoint{Provider: p.name, user: u.User}
	u.User = nil
	e.BaseURL = u.String()
	if e.user != nil { // a name and password are a key of their own
		return e, nil
	}
	for _, v := range []string{variable, p.variable} {
		if v != "" && e.Key == "" {
			e.Key = Secret(strings.TrimSpace(getenv(v)))
		}
	}
	if variable == "" {
		variable = p.variable
	}
	if e.Key == "" && !IsPrivate(u.Hostname()) {
		return Endpoint{}, &KeyError{Host: u.Host, Variable: variable}
	}
	return e, nil
}

// parseBaseURL checks a base URL and gives it the path /v1 if it has none.
func parseBaseURL(source, text string) (*url.URL, error) {
	if source == "" {
		source = "base URL"
	}
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "://") {
		e := &UsageError{text: source + ": a base URL begins with http:// or https://"}
		if !strings.Contains(text, "@") {
			e.hint = source + " http://" + text
		}
		return nil, e
	}
	u, err := url.Parse(text)
	switch {
	case err != nil: // its text holds the URL, and that a password perhaps
		return nil, &UsageError{text: source + ": not a URL"}
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, &UsageError{text: source + ": a base URL begins with http:// or https://"}
	case u.Hostname() == "":
		return nil, &UsageError{text: source + ": the URL has no host"}
	case u.RawQuery != "" || u.Fragment != "":
		return nil, &UsageError{text: source + ": a base URL has no query and no fragment; keys come from the environment"}
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/chat/completions")
	u.RawPath = ""
	if u.Path == "" {
		u.Path = "/v1"
	}
	return u, nil
}

func notBuilt(model, name string) error {
	return &UsageError{
		text: fmt.Sprintf("model %q: the client for %s is not built yet", model, name),
		hint: "--base-url URL reaches the model at an OpenAI-compatible endpoint",
	}
}

// UsageError is a wrong word on the command line, or in a variable that stands
// for one.
type UsageError struct{ text, hint string }

func (e *UsageError) Error() string { return e.text }

// Hint is what a user may type next.
func (e *UsageError) Hint() string { return e.hint }

// Usage tells that the command was called wrongly.
func (e *UsageError) Usage() bool { return true }

// KeyError is a missing key: the host is neither this one nor a private one,
// and nobody answers there without.
type KeyError struct{ Host, Variable string }

func (e *KeyError) Error() string {
	return fmt.Sprintf("no key for %s: %s is not set", e.Host, e.Variable)
}

// Hint is what a user may type next.
func (e *KeyError) Hint() string { return "export " + e.Variable + "=…" }
