package tool

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"ipw/lib/llm"
)

// WebSearch asks Tavily, a search engine made for models, or a server that
// speaks its protocol.
type WebSearch struct {
	url, key string
	client   http.Client
}

// SearchKey is the variable that holds the key of the search.
const SearchKey = "TAVILY_API_KEY"

const (
	webSearch        = "web_search"
	tavily           = "https://api.tavily.com/search"
	webTimeout       = time.Minute
	webMaxResponse   = 8 << 20 // bytes
	webAttempts      = 3
	webMaxWait       = 30 * time.Second // what a Retry-After may ask for
	webDefaultSize   = 5
	webMaxSize       = 20
	webContent       = 2000 // bytes shown of one result
	webErrorResponse = 300
)

func newWebSearch(o Options) *WebSearch {
	return &WebSearch{url: cmp.Or(o.SearchURL, tavily), key: o.SearchKey, client: http.Client{Timeout: webTimeout}}
}

// checkSearch finds out, before the first query, that web_search cannot work.
func checkSearch(address, key string) error {
	u, err := url.Parse(cmp.Or(address, tavily))
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return &SearchURLError{}
	case key == "" && !llm.IsPrivate(u.Hostname()):
		return &llm.KeyError{Host: u.Host, Variable: SearchKey}
	}
	return nil
}

// SearchURLError is an address at which no search can be asked. It is not
// repeated, as it may hold a password.
type SearchURLError struct{}

func (*SearchURLError) Error() string {
	return "--search-url: a URL begins with http:// or https:// and names a host"
}

// Usage tells that the command was called wrongly.
func (*SearchURLError) Usage() bool { return true }

// Name is the tool's name.
func (*WebSearch) Name() string { return webSearch }

// Description tells the model what the tool is for.
func (*WebSearch) Description() string {
	return "Search the web. Returns a short answer, if there is one, and the best pages, each with title, address and the part of its text that fits the question."
}

// Parameters is the schema of the arguments.
func (*WebSearch) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"query":{"type":"string","description":"what to look for, in words or as a question"},"max_results":{"type":"integer","minimum":1,"maximum":20,"description":"how many pages to return, 5 if not given"},"search_depth":{"type":"string","enum":["basic","advanced"],"description":"advanced is slower and finds more; basic if not given"},"include_answer":{"type":"boolean","description":"whether to give a short answer too, true if not given"}},"required":["query"]}`)
}

// Call searches.
func (w *WebSearch) Call(ctx context.Context, text string) (string, error) {
	q, err := parseQuestion(text)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(q)
	if err != nil {
		return "", err
	}
	for attempt := 1; ; attempt++ {
		found, wait, err := w.ask(ctx, body)
		if err == nil {
			return found.render(q.Query), nil
		}
		if wait == 0 || attempt == webAttempts {
			return "", err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func parseQuestion(text string) (q question, err error) {
	args, err := parseArguments(text, `{"query": "tallest lighthouse in the world", "max_results": 3}`)
	if err != nil {
		return q, err
	}
	if q.Query, err = args.text("query"); err != nil {
		return q, err
	}
	if q.MaxResults, err = args.whole("max_results", webDefaultSize, 1, webMaxSize); err != nil {
		return q, err
	}
	if q.SearchDepth, err = args.oneOf("search_depth", "basic", "advanced"); err != nil {
		return q, err
	}
	q.IncludeAnswer, err = args.flag("include_answer", true)
	return q, err
}
