package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ipw/lib/retrieval"
)

func TestBuild(t *testing.T) {
	for _, test := range []struct{ names, want, fails string }{
		{"calculator", "calculator", ""},
		{"search,calculator", "search,calculator", ""},
		{" calculator ,calculator", "calculator", ""},
		{"none", "", ""},
		{"", "", ""},
		{"none,calculator", "", `"none" goes with no other tool`},
		{"calculator,", "", `unknown tool ""`},
		{"Calculator", "", `unknown tool "Calculator"; there are calculator, think, search, web_search, file_read, file_write, code_interpreter, bash, or none`},
		{"mcp:files", "", `unknown tool "mcp:files"`},
		{"shell,bash,think", "bash,think", ""},
		{"file_write,file_read", "file_write,file_read", ""},
	} {
		tools, err := Build(strings.Split(test.names, ","), Options{Workspace: t.TempDir(), Box: hostBox{}})
		if test.fails != "" {
			var e *NameError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), test.fails) || !e.Usage() {
				t.Errorf("%q: %v", test.names, err)
			}
			continue
		}
		var names []string
		for _, tl := range tools {
			names = append(names, tl.Name())
		}
		if got := strings.Join(names, ","); err != nil || got != test.want {
			t.Errorf("%q: %q, %v", test.names, got, err)
		}
	}
}

func TestBuildOpensCorpusOnce(t *testing.T) {
	opened := 0
	broken := errors.New("no corpus")
	o := Options{Corpus: func() (*retrieval.Corpus, error) { opened++; return nil, broken }}
	if _, err := Build([]string{"calculator"}, o); err != nil || opened != 0 {
		t.Errorf("opened %d times without search, %v", opened, err)
	}
	if _, err := Build([]string{"search"}, o); !errors.Is(err, broken) || opened != 1 {
		t.Errorf("opened %d times, %v", opened, err)
	}
}

// TestLacking: what a tool needs and has not is told before it is called.
func TestLacking(t *testing.T) {
	for _, test := range []struct {
		name, fails string
		o           Options
	}{
		{"shell", `tool "bash" runs commands and needs a sandbox`, Options{Workspace: "/"}},
		{"code_interpreter", "needs a sandbox", Options{Workspace: "/"}},
		{"file_read", "needs a workspace", Options{}},
		{"bash", "needs a workspace", Options{Box: hostBox{}}},
		{"web_search", "no key for api.tavily.com: TAVILY_API_KEY is not set", Options{}},
		{"web_search", "--search-url: a URL begins with", Options{SearchURL: "localhost:8080/search", SearchKey: "k"}},
	} {
		if _, err := Build([]string{test.name}, test.o); err == nil || !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestSplit(t *testing.T) {
	shared, placed := Split([]string{"bash", "calculator", "file_read", "web_search"})
	if !slices.Equal(shared, []string{"calculator", "web_search"}) || !slices.Equal(placed, []string{"bash", "file_read"}) {
		t.Errorf("%q, %q", shared, placed)
	}
	if NeedsBox("file_read") || !NeedsBox("shell") || !NeedsWorkspace("bash") || NeedsWorkspace("nosuch") {
		t.Error("needs")
	}
}

func TestDescribed(t *testing.T) {
	tools, err := All(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tl := range tools {
		var schema struct {
			Type       string                     `json:"type"`
			Properties map[string]json.RawMessage `json:"properties"`
			Required   []string                   `json:"required"`
		}
		if err := json.Unmarshal(tl.Parameters(), &schema); err != nil || schema.Type != "object" {
			t.Errorf("%s: schema %s, %v", tl.Name(), tl.Parameters(), err)
		}
		for _, name := range schema.Required {
			if schema.Properties[name] == nil {
				t.Errorf("%s: required %q has no schema", tl.Name(), name)
			}
		}
		if len(tl.Description()) < 40 {
			t.Errorf("%s: description %q", tl.Name(), tl.Description())
		}
	}
}

// TestClipped sees that a long result keeps head and tail, and says what is
// gone.
func TestClipped(t *testing.T) {
	tools, err := Build([]string{"calculator"}, Options{MaxResult: 100})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tools[0].Call(context.Background(), `{"expression":"10**1000+7"}`)
	if err != nil || !strings.HasPrefix(got, "10000") || !strings.HasSuffix(got, "00007") || !strings.Contains(got, "…[901 bytes cut]…") {
		t.Errorf("%q, %v", got, err)
	}
	_, err = tools[0].Call(context.Background(), `{"expression":"`+strings.Repeat("x", 3000)+`"}`)
	if err == nil || len(err.Error()) > 150 || !strings.Contains(err.Error(), "bytes cut") {
		t.Errorf("error of %d bytes: %v", len(err.Error()), err)
	}
}

func TestSearch(t *testing.T) {
	s := NewSearch(&retrieval.Corpus{Documents: []retrieval.Document{
		{ID: "a", Title: "Apples", Text: "An apple is red."},
		{ID: "b", Text: "A pear is green. " + strings.Repeat("Nothing here. ", 200) + "The quince is yellow."},
		{ID: "c", Text: "Plums."},
	}})
	call := func(arguments string) string {
		got, err := s.Call(context.Background(), arguments)
		if err != nil {
			return "error: " + err.Error()
		}
		return got
	}
	if got := call(`{"query":"apple"}`); got != "[1] a: Apples (score 1.73)\nAn apple is red." {
		t.Errorf("%q", got)
	}
	if got := call(`{"query":"red green apple","k":1}`); strings.Count(got, "(score") != 1 || !strings.Contains(got, "[1] a") {
		t.Errorf("k 1: %q", got)
	}
	if got := call(`{"query":"yellow quince"}`); !strings.HasPrefix(got, "[1] b (score") || !strings.HasSuffix(got, "The quince is yellow.") || len(got) > searchExcerpt+40 {
		t.Errorf("a long document: %q", got)
	}
	if got := call(`{"query":"banana"}`); got != `no document holds a word of "banana"` {
		t.Errorf("%q", got)
	}
	for _, k := range []string{`3`, `"3"`, `3.0`, `null`, `100`, `1e1`} {
		if got := call(`{"query":"apple","k":` + k + `}`); !strings.Contains(got, "[1] a") {
			t.Errorf("k %s: %q", k, got)
		}
	}
	for _, k := range []string{`0`, `-1`, `2.5`, `"many"`, `[]`, `{}`, `true`, `1e400`} {
		if got := call(`{"query":"apple","k":` + k + `}`); !strings.Contains(got, `error: the argument "k" must be a whole number from 1 to 20; send for example {"query"`) {
			t.Errorf("k %s: %q", k, got)
		}
	}
	for _, arguments := range []string{``, `{}`, `{"q":"x"}`, `{"query":"  "}`, `{"query":{}}`, `{`} {
		if got := call(arguments); !strings.HasPrefix(got, "error: the argument") {
			t.Errorf("%s: %q", arguments, got)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	tools, err := All(Options{Workspace: t.TempDir(), Box: hostBox{dir: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tl := range tools {
		if _, err := tl.Call(ctx, `{"expression":"1","query":"x","thought":"x","path":"x","content":"x","code":"1","command":"true"}`); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", tl.Name(), err)
		}
	}
}

func ExampleBuild() {
	tools, _ := Build([]string{"calculator"}, Options{})
	result, _ := tools[0].Call(context.Background(), `{"expression":"0.1 + 0.2"}`)
	fmt.Println(result)
	// Output: 0.3
}
