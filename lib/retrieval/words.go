package retrieval

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words cuts a text into lower-cased words: runs of letters, digits, combining
// marks and underscores of any script. Everything else separates.
func Words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !wordRune(r) })
}

func wordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// Excerpt returns the part of text, at most about size bytes, that holds the
// most different words of the query; the first of equals. A text that fits is
// returned whole. Left out parts are marked with an ellipsis.
func Excerpt(text, query string, size int) string {
	if len(text) <= size {
		return text
	}
	wanted := make(map[string]bool)
	for _, w := range Words(query) {
		wanted[w] = true
	}
	from, to := bestWindow(places(text, wanted), size)
	from, to = widen(text, from, to, size)
	out := strings.TrimSpace(text[from:to])
	if from > 0 {
		out = "… " + out
	}
	if to < len(text) {
		out += " …"
	}
	return out
}

// place is where a wanted word stands in a text, in bytes.
type place struct {
	word     string
	from, to int
}

func places(text string, wanted map[string]bool) []place {
	var found []place
	start := -1
	note := func(end int) {
		if w := strings.ToLower(text[start:end]); wanted[w] {
			found = append(found, place{w, start, end})
		}
		start = -1
	}
	for i, r := range text {
		switch word := wordRune(r); {
		case word && start < 0:
			start = i
		case !word && start >= 0:
			note(i)
		}
	}
	if start >= 0 {
		note(len(text))
	}
	return found
}

// bestWindow slides over the places and returns the stretch with the most
// different words.
func bestWindow(found []place, size int) (from, to int) {
	inside := make(map[string]int)
	best, first := 0, 0
	for _, p := range found {
		inside[p.word]++
		for p.to-found[first].from > size && p != found[first] {
			w := found[first].word
			if inside[w]--; inside[w] == 0 {
				delete(inside, w)
			}
			first++
		}
		if len(inside) > best {
			best, from, to = len(inside), found[first].from, p.to
		}
	}
	return from, to
}

// widen grows a window to size bytes, a quarter of the room before it, the
// rest behind, and then back to white space.
func widen(text string, from, to, size int) (int, int) {
	to = min(to, from+size) // of a word longer than that
	room := size - (to - from)
	from = max(0, from-room/4)
	end := min(len(text), max(to, from+size))
	from = max(0, min(from, end-size))
	if from > 0 {
		if i := strings.IndexFunc(text[from:end], unicode.IsSpace); i >= 0 && from+i < end && i < room {
			from += i
		}
	}
	if end < len(text) {
		if i := strings.LastIndexFunc(text[from:end], unicode.IsSpace); i > 0 && from+i >= to {
			end = from + i
		}
	}
	for from < end && !utf8.RuneStart(text[from]) {
		from++
	}
	for end > from && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return from, end
}
