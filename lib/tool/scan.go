package tool

import (
	"fmt"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

// next reads the next token.
func (p *parser) next() {
	rest := p.text[p.at+p.width:]
	text := strings.TrimLeftFunc(rest, unicode.IsSpace)
	p.at += p.width + len(rest) - len(text)
	p.token = scan(text)
	p.width = len(p.token)
	if plain, ok := spellings[p.token]; ok {
		p.token = plain
	}
}

var spellings = map[string]string{"^": "**", "×": "*", "·": "*", "∙": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-"}

// scan returns the token that text begins with.
func scan(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	switch {
	case strings.HasPrefix(text, "**") || strings.HasPrefix(text, "//"):
		return text[:2]
	case isDigit(first) || first == '.':
		return text[:numberEnd(text)]
	case unicode.IsLetter(first):
		end := strings.IndexFunc(text, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.'
		})
		if end < 0 {
			return text
		}
		return text[:end]
	}
	return text[:size]
}

// numberEnd is the length of the digits, points, underscores and exponent that
// text begins with.
func numberEnd(text string) int {
	i := 0
	for i < len(text) && (isDigit(rune(text[i])) || text[i] == '.' || text[i] == '_') {
		i++
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		j := i + 1
		if j < len(text) && (text[j] == '+' || text[j] == '-') {
			j++
		}
		for k := j; k < len(text) && isDigit(rune(text[k])); k++ {
			i = k + 1
		}
	}
	return i
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// parseNumber reads a decimal number. The exponent is looked at first: a short
// text can be a number that fills the memory.
func parseNumber(token string) (Number, error) {
	const maxExponent = maxBits * 3 / 10 // log10(2), rounded
	plain := strings.ReplaceAll(token, "_", "")
	if i := strings.IndexAny(plain, "eE"); i >= 0 {
		e, ok := new(big.Int).SetString(strings.TrimPrefix(plain[i+1:], "+"), 10)
		switch {
		case !ok:
			return Number{}, fmt.Errorf("%q is no number", token)
		case e.CmpAbs(big.NewInt(maxExponent)) <= 0:
		case strings.Trim(plain[:i], "0.") == "":
			return whole(0), nil
		case e.Sign() < 0:
			return Number{}, errSmall
		default:
			return Number{}, errLarge
		}
	}
	r, ok := new(big.Rat).SetString(plain)
	if !ok || strings.HasPrefix(token, "_") {
		return Number{}, fmt.Errorf("%q is no number", token)
	}
	return exactly(r)
}
