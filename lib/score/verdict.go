package score

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Verdict is what a judge said.
type Verdict struct {
	Correct     bool
	Explanation string
}

var (
	errNoVerdict     = errors.New("the reply holds no verdict")
	errContradictory = errors.New("the reply holds contradictory verdicts")
)

// maxScanned bounds the work on a reply of nothing but braces, in bytes.
const maxScanned = 4 << 20

// ParseVerdict finds the verdict in a judge's reply: JSON objects with a verdict
// key, anywhere in the text, fenced or not. id is the call's secret, which the
// judge was asked to repeat: objects that do stand above all others. Of the
// others, one that stands in the answer word for word is a quotation, unless it
// is the whole reply. All that then remain must agree: a reply that also holds
// the opposite says nothing.
func ParseVerdict(reply, id, answer string) (Verdict, error) {
	var signed, unsigned []claim
	for _, text := range objects(reply) {
		c, ok := readClaim(text)
		switch {
		case !ok:
		case id != "" && c.id == id:
			signed = append(signed, c)
		case !strings.Contains(answer, text) || isWhole(reply, text):
			unsigned = append(unsigned, c)
		}
	}
	if len(signed) == 0 {
		signed = unsigned
	}
	if len(signed) == 0 {
		return Verdict{}, errNoVerdict
	}
	first := signed[0]
	for _, c := range signed {
		if c.contradictory || c.correct != first.correct {
			return Verdict{}, errContradictory
		}
	}
	return Verdict{first.correct, first.explanation}, nil
}

// objects lists the JSON objects in a text, outermost ones, as they stand.
func objects(text string) []string {
	var found []string
	for scanned := int64(0); scanned < maxScanned; {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			break
		}
		text = text[i:]
		dec := json.NewDecoder(strings.NewReader(text))
		var raw json.RawMessage
		end := int64(1) // behind the brace, if it begins nothing
		if err := dec.Decode(&raw); err == nil {
			end = dec.InputOffset()
			found = append(found, text[:end])
			scanned += end
		} else if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
			scanned += syntax.Offset
		} else {
			scanned += int64(len(text))
		}
		text = text[end:]
	}
	return found
}

// isWhole tells whether a reply is the object and nothing else, but for a fence.
func isWhole(reply, object string) bool {
	s := strings.TrimSpace(reply)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "```"), "json")
	return strings.TrimSpace(strings.TrimSuffix(s, "```")) == object
}

// claim is an object with a verdict in it.
type claim struct {
	id            string
	correct       bool
	contradictory bool // its own keys are at odds
	explanation   string
}

// verdictKeys are correct, the one asked for, and what models write instead.
var verdictKeys = []string{"correct", "is_correct", "verdict", "judgment", "judgement", "grade", "score", "is_resolved", "resolved"}

var explanationKeys = []string{"explanation", "reasoning", "reason", "rationale"}

// readClaim reads an object key by key, so that a key that comes twice is seen
// twice. It tells false for one without a readable verdict.
func readClaim(object string) (c claim, ok bool) {
	dec := json.NewDecoder(strings.NewReader(object))
	dec.Token() // the brace
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return claim{}, false
		}
		key := strings.ToLower(t.(string))
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			return claim{}, false
		}
		var s string
		isString := json.Unmarshal(raw, &s) == nil
		switch {
		case slices.Contains(verdictKeys, key):
			if correct, readable := readCorrect(raw, s); readable {
				c.contradictory = c.contradictory || ok && c.correct != correct
				c.correct, ok = correct, true
			}
		case key == "id" && isString:
			c.id = s
		case slices.Contains(explanationKeys, key) && isString:
			c.explanation = s
		}
	}
	return c, ok
}

// readCorrect reads true, 1 and words for right, false, 0 and words for wrong;
// nothing else is a verdict.
func readCorrect(raw json.RawMessage, s string) (correct, ok bool) {
	switch word := strings.ToLower(strings.TrimSpace(s)); {
	case word != "":
		switch word {
		case "true", "yes", "correct", "right":
			return true, true
		case "false", "no", "incorrect", "wrong":
			return false, true
		}
		return false, false
	case string(raw) == "true":
		return true, true
	case string(raw) == "false":
		return false, true
	}
	var n json.Number
	if len(raw) == 0 || raw[0] == '"' || json.Unmarshal(raw, &n) != nil {
		return false, false
	}
	switch v, _ := parseNumber(n.String()); v {
	case number{digits: "1", exponent: 1}:
		return true, true
	case number{}:
		return false, n != ""
	}
	return false, false
}
