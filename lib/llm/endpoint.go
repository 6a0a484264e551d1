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
	Provider string // one of Providers, or builtin
	Protocol Protocol
	BaseURL  string // without user name and password; "" for builtin, which is to be started
	Key      Secret // "" for none

	user *url.Userinfo // of the URL as it was given, nil for none
}

// Local tells whether the endpoint runs on this host: at a loopback address, or
// at one of its own.
func (e Endpoint) Local() bool {
	u, err := url.Parse(e.BaseURL)
	return err == nil && isLocal(u.Hostname())
}

// Where names an endpoint. The zero value leaves it to the model's name and
// the environment.
type Where struct {
	Provider string // --provider
	BaseURL  string // --base-url
}

// Resolve finds the endpoint of a model: "builtin" is always the scripted
// model, else the base URL, else the named provider's own place, else claude-*
// and gemini-* their providers', else OPENAI_BASE_URL, else OpenAI. Each
// provider's host gets its own key only, every other endpoint OPENAI_API_KEY.
// The error is a *UsageError or a *KeyError, both with a hint.
func Resolve(model string, at Where, getenv func(string) string) (Endpoint, error) {
	named, err := at.provider("provider")
	byModel, told := providerOfModel(model)
	switch {
	case err != nil:
		return Endpoint{}, err
	case model == "":
		return Endpoint{}, &UsageError{text: "no model is named"}
	case model == Builtin:
		return Endpoint{Provider: Builtin}, nil
	case at.BaseURL != "":
		return resolve("--base-url", at.BaseURL, named, "", getenv)
	case named != nil && named.baseURL == "":
		return Endpoint{}, &UsageError{text: "provider " + named.name + " has no place of its own", hint: "--base-url URL"}
	case named != nil:
		return resolve("", named.baseURL, named, "", getenv)
	case told:
		return resolve("", byModel.baseURL, &byModel, "", getenv)
	case getenv("OPENAI_BASE_URL") != "":
		return resolve("OPENAI_BASE_URL", getenv("OPENAI_BASE_URL"), nil, "", getenv)
	}
	return resolve("", providers[0].baseURL, nil, "", getenv)
}

// ResolveJudge finds the judge's endpoint: evalBaseURL (--eval-base-url), else
// the eval client's own. OPENAI_BASE_URL does not move it. Its key is
// IPW_EVAL_API_KEY, else its host's.
func ResolveJudge(client, evalBaseURL string, getenv func(string) string) (Endpoint, error) {
	if client == "" {
		client = providers[0].name
	}
	p, err := Where{Provider: client}.provider("eval client")
	switch {
	case err != nil:
		return Endpoint{}, err
	case evalBaseURL != "" && client == providers[0].name: // the default: whoever is there
		return resolve("--eval-base-url", evalBaseURL, nil, evalKey, getenv)
	case evalBaseURL != "":
		return resolve("--eval-base-url", evalBaseURL, p, evalKey, getenv)
	case p.baseURL == "":
		return Endpoint{}, &UsageError{text: "eval client " + p.name + " has no place of its own", hint: "--eval-base-url URL"}
	}
	return resolve("", p.baseURL, p, evalKey, getenv)
}

const evalKey = "IPW_EVAL_API_KEY"

// provider finds who is named, nil for nobody.
func (w Where) provider(flag string) (*provider, error) {
	if w.Provider == "" {
		return nil, nil
	}
	p, err := providerNamed(flag, w.Provider)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// resolve reads a base URL and finds its key: first the variable named, if
// any, then the host's. source names the URL in errors; named says who answers
// there, nil: the host does.
func resolve(source, baseURL string, named *provider, variable string, getenv func(string) string) (Endpoint, error) {
	u, err := parseBaseURL(source, baseURL)
	if err != nil {
		return Endpoint{}, err
	}
	host := providerAt(u.Hostname())
	p := host
	if named != nil {
		p = *named
	}
	e := Endpoint{Provider: p.name, Protocol: p.protocol, user: u.User}
	if named == nil && p.protocol == GenerateContent && strings.HasSuffix(u.Path, "/openai") {
		e.Protocol = ChatCompletions // which Gemini speaks there
	}
	setPath(u, e.Protocol)
	u.User = nil
	e.BaseURL = u.String()
	if e.user != nil { // a name and password are a key of their own
		return e, nil
	}
	for _, v := range []string{variable, host.variable} {
		if v != "" && e.Key == "" {
			e.Key = Secret(strings.TrimSpace(getenv(v)))
		}
	}
	if variable == "" {
		variable = host.variable
	}
	if e.Key == "" && !IsPrivate(u.Hostname()) {
		return Endpoint{}, &KeyError{Host: u.Host, Variable: variable}
	}
	return e, nil
}

// calls are the ends of the addresses of calls, which people copy.
var calls = map[Protocol]string{ChatCompletions: "/chat/completions", Messages: "/messages"}

// setPath makes a base URL's path: /v1 if it has none, which for Gemini's own
// protocol is v1beta, where its tools are.
func setPath(u *url.URL, p Protocol) {
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	if end := calls[p]; end != "" {
		u.Path = strings.TrimSuffix(u.Path, end)
	}
	switch {
	case u.Path != "":
	case p == GenerateContent:
		u.Path = "/v1beta"
	default:
		u.Path = "/v1"
	}
}

// parseBaseURL checks a base URL.
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
	return u, nil
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
