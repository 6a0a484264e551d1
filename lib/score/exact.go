package score

import (
	"context"
	"strings"

	"golang.org/x/text/unicode/norm" // NFKC, which the standard library lacks

	"ipw/lib/trace"
)

// Exact compares texts. It needs no model and gives the same result for ever.
type Exact struct{}

// Name is exact.
func (Exact) Name() string { return "exact" }

// Score compares the trace's answer with its reference.
func (Exact) Score(_ context.Context, q *trace.QueryTrace) Result {
	match := Match(q.ResponseText, *q.Reference)
	return Result{Resolved: &match, Metadata: Metadata{Scorer: "exact", ExactMatch: &match}}
}

// Match tells whether a response answers with the reference: what follows the
// last "FINAL ANSWER:" (else all of it) equals it after Normal, or both are the
// same number.
func Match(response, reference string) bool {
	got, want := Normal(FinalAnswer(response)), Normal(reference)
	if got == want {
		return true
	}
	a, ok := parseNumber(got)
	if !ok {
		return false
	}
	b, ok := parseNumber(want)
	return ok && a == b
}

const finalAnswer = "FINAL ANSWER:"

// FinalAnswer returns what follows the last "FINAL ANSWER:", else all of s.
func FinalAnswer(s string) string {
	if i := strings.LastIndex(s, finalAnswer); i >= 0 {
		return s[i+len(finalAnswer):]
	}
	return s
}

// Normal brings a text into the form in which answers are compared: NFKC, lower
// case, white space collapsed, outer space and one final full stop removed. A
// text that is nothing but a full stop keeps it.
func Normal(s string) string {
	s = norm.NFKC.String(strings.ToLower(norm.NFKC.String(s)))
	s = strings.Join(strings.Fields(s), " ")
	if cut := strings.TrimSuffix(strings.TrimSuffix(s, "."), " "); cut != "" {
		return cut
	}
	return s
}
