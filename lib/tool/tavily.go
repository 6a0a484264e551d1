package tool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ipw/lib/stream"
)

// question is what Tavily is asked, by its field names.
type question struct {
	Query         string `json:"query"`
	MaxResults    int    `json:"max_results"`
	SearchDepth   string `json:"search_depth"`
	IncludeAnswer bool   `json:"include_answer"`
}

// findings is what it answers.
type findings struct {
	Answer  string `json:"answer"`
	Results []struct {
		Title   string  `json:"title"`
		URL     string  `json:"url"`
		Content string  `json:"content"`
		Score   float64 `json:"score"`
	} `json:"results"`
}

// ask makes one request. Wait is how long to let pass before another, 0 if that
// would not help.
func (w *WebSearch) ask(ctx context.Context, body []byte) (found findings, wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return found, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if w.key != "" {
		req.Header.Set("Authorization", "Bearer "+w.key)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return found, time.Second, fmt.Errorf("the search could not be asked: %w", unwrapURL(err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, webMaxResponse))
	switch {
	case err != nil:
		return found, time.Second, fmt.Errorf("the search broke off: %w", err)
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return found, retryAfter(resp.Header), refused(resp.Status, answer)
	case resp.StatusCode != http.StatusOK:
		return found, 0, refused(resp.Status, answer)
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return found, 0, fmt.Errorf("the search gave no answer that can be read: %w", err)
	}
	return found, 0, nil
}

// refused tells why a search was, without what is not text.
func refused(status string, answer []byte) error {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(answer), "")), " ")
	return fmt.Errorf("the search was refused: %s %s", status, stream.Clip(text, webErrorResponse))
}

// unwrapURL leaves out the address, which says nothing to a model.
func unwrapURL(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 1 {
		return time.Second
	}
	return min(time.Duration(n)*time.Second, webMaxWait)
}

func (f findings) render(query string) string {
	var parts []string
	if f.Answer != "" {
		parts = append(parts, "Answer: "+f.Answer)
	}
	for i, r := range f.Results {
		parts = append(parts, fmt.Sprintf("[%d] %s\n%s\n%s", i+1, r.Title, r.URL, stream.Clip(strings.TrimSpace(r.Content), webContent)))
	}
	if len(parts) == 0 {
		return fmt.Sprintf("nothing was found for %q", query)
	}
	return strings.Join(parts, "\n\n")
}
