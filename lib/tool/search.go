package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"ipw/lib/retrieval"
)

// Search looks for documents of a corpus by their words.
type Search struct {
	corpus *retrieval.Corpus
	index  *retrieval.BM25
}

const (
	searchDefaultK = 5
	searchMaxK     = 20
	searchExcerpt  = 1000 // bytes shown of one document
)

// NewSearch indexes a corpus.
func NewSearch(corpus *retrieval.Corpus) *Search {
	return &Search{corpus, retrieval.NewBM25(corpus.Documents)}
}

// Name is the tool's name.
func (s *Search) Name() string { return "search" }

// Description tells the model what the tool is for.
func (s *Search) Description() string {
	return fmt.Sprintf("Search a corpus of %d documents by keywords (BM25). Returns the best documents with id, score and text, long ones as the passage that fits best. Use few, telling words.", len(s.corpus.Documents))
}

// Parameters is the schema of the arguments.
func (s *Search) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"query":{"type":"string","description":"keywords to look for"},"k":{"type":"integer","minimum":1,"maximum":20,"description":"how many documents to return, 5 if not given"}},"required":["query"]}`)
}

// Call searches.
func (s *Search) Call(ctx context.Context, text string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	args, err := parseArguments(text, `{"query": "height of the lighthouse", "k": 3}`)
	if err != nil {
		return "", err
	}
	query, err := args.text("query")
	if err != nil {
		return "", err
	}
	k, err := args.whole("k", searchDefaultK, 1, searchMaxK)
	if err != nil {
		return "", err
	}
	hits := s.index.Search(query, k)
	if len(hits) == 0 {
		return fmt.Sprintf("no document holds a word of %q", query), nil
	}
	return render(hits, query), nil
}

func render(hits []retrieval.Hit, query string) string {
	var out strings.Builder
	for i, hit := range hits {
		if i > 0 {
			out.WriteString("\n\n")
		}
		fmt.Fprintf(&out, "[%d] %s", i+1, hit.Document.ID)
		if hit.Document.Title != "" {
			fmt.Fprintf(&out, ": %s", hit.Document.Title)
		}
		fmt.Fprintf(&out, " (score %.2f)\n%s", hit.Score, retrieval.Excerpt(hit.Document.Text, query, searchExcerpt))
	}
	return out.String()
}
