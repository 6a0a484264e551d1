package llm

import (
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
)

// env makes a getenv of KEY=value words.
func env(vars string) func(string) string {
	m := make(map[string]string)
	for _, v := range strings.Fields(vars) {
		key, value, _ := strings.Cut(v, "=")
		m[key] = value
	}
	return func(key string) string { return m[key] }
}

const allKeys = " OPENAI_API_KEY=ok ANTHROPIC_API_KEY=ak GEMINI_API_KEY=gk OPENROUTER_API_KEY=rk IPW_EVAL_API_KEY=ek"

func TestResolve(t *testing.T) {
	for _, test := range []struct {
		model, named, baseURL, env string
		provider, url, key, fails  string
	}{
		{"builtin", "", "", "", "builtin", "", "", ""},
		{"builtin", "", "http://h:1", "OPENAI_BASE_URL=http://h:2" + allKeys, "builtin", "", "", ""},
		{"m", "", "http://127.0.0.1:8000", "", "openai-compatible", "http://127.0.0.1:8000/v1", "", ""},
		{"m", "", "http://127.0.0.1:8000/", "", "openai-compatible", "http://127.0.0.1:8000/v1", "", ""},
		{"m", "", "http://localhost:8000/api/v3/", "", "openai-compatible", "http://localhost:8000/api/v3", "", ""},
		{"m", "", "http://[::1]:8000/v1/chat/completions", "", "openai-compatible", "http://[::1]:8000/v1", "", ""},
		{"m", "", "http://10.1.2.3", "", "openai-compatible", "http://10.1.2.3/v1", "", ""},
		{"m", "", "http://100.64.7.7", "", "openai-compatible", "http://100.64.7.7/v1", "", ""},
		{"m", "", "http://gpu-node:8000", "", "openai-compatible", "http://gpu-node:8000/v1", "", ""},
		{"m", "", "http://gpu.cluster.local", "", "openai-compatible", "http://gpu.cluster.local/v1", "", ""},
		{"m", "", "http://127.0.0.1:8000", allKeys, "openai-compatible", "http://127.0.0.1:8000/v1", "ok", ""},
		{"m", "", "https://8.8.8.8", allKeys, "openai-compatible", "https://8.8.8.8/v1", "ok", ""},
		{"m", "", "https://8.8.8.8", "ANTHROPIC_API_KEY=ak OPENROUTER_API_KEY=rk", "", "", "", "no key for 8.8.8.8: OPENAI_API_KEY is not set"},
		{"m", "", "https://host.invalid/v1", "", "", "", "", "no key for host.invalid"},
		{"m", "", "https://openrouter.ai/api/v1", allKeys, "openrouter", "https://openrouter.ai/api/v1", "rk", ""},
		{"m", "", "https://openrouter.ai/api/v1", "OPENAI_API_KEY=ok", "", "", "", "OPENROUTER_API_KEY is not set"},
		{"m", "", "https://OpenRouter.AI./api/v1", allKeys, "openrouter", "https://OpenRouter.AI./api/v1", "rk", ""},
		{"m", "", "https://openrouter.ai.evil.example", allKeys, "openai-compatible", "https://openrouter.ai.evil.example/v1", "ok", ""},
		{"m", "", "https://notopenrouter.ai", allKeys, "openai-compatible", "https://notopenrouter.ai/v1", "ok", ""},
		{"claude-x", "", "https://api.anthropic.com/v1", allKeys, "anthropic", "https://api.anthropic.com/v1", "ak", ""},
		{"gemini-x", "", "https://generativelanguage.googleapis.com/v1beta/openai", allKeys, "gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "gk", ""},
		{"claude-x", "", "", allKeys, "anthropic", "https://api.anthropic.com/v1", "ak", ""},
		{"claude-x", "", "", "OPENAI_API_KEY=ok", "", "", "", "no key for api.anthropic.com: ANTHROPIC_API_KEY is not set"},
		{"claude-x", "", "http://127.0.0.1:1", allKeys, "openai-compatible", "http://127.0.0.1:1/v1", "ok", ""},
		{"gemini-x", "", "", "OPENAI_BASE_URL=http://127.0.0.1:1" + allKeys, "gemini", "https://generativelanguage.googleapis.com/v1beta", "gk", ""},
		{"gemini-x", "", "https://generativelanguage.googleapis.com", allKeys, "gemini", "https://generativelanguage.googleapis.com/v1beta", "gk", ""},
		{"m", "anthropic", "http://127.0.0.1:1", allKeys, "anthropic", "http://127.0.0.1:1/v1", "ok", ""},
		{"m", "anthropic", "http://127.0.0.1:1/v1/messages", "", "anthropic", "http://127.0.0.1:1/v1", "", ""},
		{"m", "anthropic", "https://proxy.invalid/x/", "ANTHROPIC_API_KEY=ak", "", "", "", "no key for proxy.invalid: OPENAI_API_KEY is not set"},
		{"m", "gemini", "http://127.0.0.1:1", "", "gemini", "http://127.0.0.1:1/v1beta", "", ""},
		{"m", "gemini", "http://127.0.0.1:1/g/", "", "gemini", "http://127.0.0.1:1/g", "", ""},
		{"m", "openai", "https://api.anthropic.com", allKeys, "openai", "https://api.anthropic.com/v1", "ak", ""},
		{"claude-x", "openai", "", allKeys, "openai", "https://api.openai.com/v1", "ok", ""},
		{"claude-x", "openrouter", "", "OPENAI_BASE_URL=http://127.0.0.1:1" + allKeys, "openrouter", "https://openrouter.ai/api/v1", "rk", ""},
		{"m", "ollama", "", "", "ollama", "http://127.0.0.1:11434/v1", "", ""},
		{"m", "vllm", "http://10.0.0.1:9", allKeys, "vllm", "http://10.0.0.1:9/v1", "ok", ""},
		{"builtin", "vllm", "", "", "builtin", "", "", ""},
		{"m", "openai-compatible", "", allKeys, "", "", "", "has no place of its own"},
		{"m", "nobody", "", "", "", "", "", "unknown provider \"nobody\"; there are openai, anthropic"},
		{"m", "", "", "OPENAI_BASE_URL=http://127.0.0.1:9", "openai-compatible", "http://127.0.0.1:9/v1", "", ""},
		{"m", "", "http://127.0.0.1:8", "OPENAI_BASE_URL=http://127.0.0.1:9", "openai-compatible", "http://127.0.0.1:8/v1", "", ""},
		{"m", "", "", allKeys, "openai", "https://api.openai.com/v1", "ok", ""},
		{"m", "", "", "", "", "", "", "no key for api.openai.com: OPENAI_API_KEY is not set"},
		{"", "", "http://127.0.0.1:8", "", "", "", "", "no model"},
		{"m", "", "127.0.0.1:8000", "", "", "", "", "begins with http://"},
		{"m", "", "localhost:8000", "", "", "", "", "begins with http://"},
		{"m", "", "ftp://h", "", "", "", "", "begins with http://"},
		{"m", "", "http://", "", "", "", "", "no host"},
		{"m", "", "http://:8000", "", "", "", "", "no host"},
		{"m", "", "http://h/v1?key=hunter22", "", "", "", "", "no query"},
		{"m", "", "http://u:hunter22@h:x", "", "", "", "", "not a URL"},
		{"m", "", "http://u:hunter22@8.8.8.8/x", "OPENAI_API_KEY=ok", "openai-compatible", "http://8.8.8.8/x", "", ""},
	} {
		got, err := Resolve(test.model, Where{test.named, test.baseURL}, env(test.env))
		if test.fails != "" {
			if err == nil || !strings.Contains(err.Error(), test.fails) || strings.Contains(err.Error(), "hunter22") {
				t.Errorf("%+v: error %v", test, err)
			}
			continue
		}
		if want, _ := providerNamed("", got.Provider); want.protocol != got.Protocol && !strings.HasSuffix(got.BaseURL, "/openai") {
			t.Errorf("%+v: protocol %q", test, got.Protocol)
		}
		if err != nil || got.Provider != test.provider || got.BaseURL != test.url || string(got.Key) != test.key {
			t.Errorf("%+v: %s %s %q, %v", test, got.Provider, got.BaseURL, string(got.Key), err)
		}
	}
}

func TestResolveErrors(t *testing.T) {
	var usage *UsageError
	var key *KeyError
	if _, err := Resolve("m", Where{}, env("")); !errors.As(err, &key) || key.Hint() != "export OPENAI_API_KEY=…" {
		t.Error(err)
	}
	if _, err := Resolve("m", Where{BaseURL: "localhost:8000"}, env("")); !errors.As(err, &usage) || usage.Hint() != "--base-url http://localhost:8000" {
		t.Error(err, usage.Hint())
	}
}

func TestResolveJudge(t *testing.T) {
	for _, test := range []struct {
		client, url, env   string
		baseURL, key, fail string
	}{
		{"openai", "", "OPENAI_BASE_URL=http://127.0.0.1:9 OPENAI_API_KEY=ok", "https://api.openai.com/v1", "ok", ""},
		{"openai", "", allKeys, "https://api.openai.com/v1", "ek", ""},
		{"", "http://127.0.0.1:9", "", "http://127.0.0.1:9/v1", "", ""},
		{"openai", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY=rk OPENAI_API_KEY=ok", "https://openrouter.ai/api/v1", "rk", ""},
		{"openai", "https://openrouter.ai/api/v1", allKeys, "https://openrouter.ai/api/v1", "ek", ""},
		{"openai", "", "OPENAI_BASE_URL=http://127.0.0.1:9", "", "", "no key for api.openai.com: IPW_EVAL_API_KEY"},
		{"anthropic", "", allKeys, "https://api.anthropic.com/v1", "ek", ""},
		{"gemini", "", "GEMINI_API_KEY=gk OPENAI_API_KEY=ok", "https://generativelanguage.googleapis.com/v1beta", "gk", ""},
		{"gemini", "http://127.0.0.1:9", "", "http://127.0.0.1:9/v1beta", "", ""},
		{"ollama", "", "", "http://127.0.0.1:11434/v1", "", ""},
		{"openai", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY=ak", "https://api.anthropic.com/v1", "ak", ""},
		{"nonsense", "", allKeys, "", "", "unknown eval client"},
		{"openai", "h:9", allKeys, "", "", "--eval-base-url: a base URL"},
	} {
		got, err := ResolveJudge(test.client, test.url, env(test.env))
		if test.fail != "" {
			if err == nil || !strings.Contains(err.Error(), test.fail) {
				t.Errorf("%+v: error %v", test, err)
			}
			continue
		}
		if err != nil || got.BaseURL != test.baseURL || string(got.Key) != test.key {
			t.Errorf("%+v: %s %q, %v", test, got.BaseURL, string(got.Key), err)
		}
	}
}

func TestLocal(t *testing.T) {
	local := map[string]bool{
		"127.0.0.1": true, "127.8.8.8": true, "::1": true, "localhost": true, "LOCALHOST.": true,
		"0.0.0.0": true, "::ffff:127.0.0.1": true, "8.8.8.8": false, "192.0.2.77": false, "": false,
	}
	if name, err := os.Hostname(); err == nil && name != "" {
		local[name] = true
	}
	if nets, err := net.InterfaceAddrs(); err == nil {
		for _, n := range nets {
			if ip, _, err := net.ParseCIDR(n.String()); err == nil {
				local[ip.String()] = true
			}
		}
	}
	for host, want := range local {
		u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, "8000"), Path: "/v1"}
		c := caller(t, at(u.String()), Config{})
		if c.Local() != want {
			t.Errorf("%q: local %v, want %v", host, c.Local(), want)
		}
	}
}
