package sql

import "strings"

// Statements cuts a text into SQL statements at its semicolons, without them. White
// space and comments alone are no statement.
func Statements(query string) []string {
	var out []string
	begin, some := 0, false
	for i := 0; i <= len(query); {
		switch n := skip(query[i:]); {
		case i == len(query) || query[i] == ';':
			if some {
				out = append(out, strings.TrimSpace(query[begin:i]))
			}
			i++
			begin, some = i, false
		case n > 0:
			some = some || query[i] == '\'' || query[i] == '"' || query[i] == '$'
			i += n
		default:
			some = some || !strings.ContainsRune(" \t\r\n\f\v", rune(query[i]))
			i++
		}
	}
	return out
}

// skip returns the length of what s begins with if a semicolon in it ends
// nothing: a comment, a quoted string or name, a dollar-quoted string; else 0.
func skip(s string) int {
	through := func(from int, end string) int {
		if from > len(s) {
			return len(s)
		}
		if i := strings.Index(s[from:], end); i >= 0 {
			return from + i + len(end)
		}
		return len(s)
	}
	switch {
	case strings.HasPrefix(s, "--"):
		return through(2, "\n")
	case strings.HasPrefix(s, "/*"):
		return through(2, "*/")
	case strings.HasPrefix(s, "'"), strings.HasPrefix(s, `"`): // a doubled quote begins the next one at once
		return through(1, s[:1])
	case strings.HasPrefix(s, "$"):
		tag := strings.IndexByte(s[1:], '$') + 2
		if tag >= 2 && isTag(s[1:tag-1]) {
			return through(tag, s[:tag])
		}
	}
	return 0
}

// isTag tells what may stand between the dollars of $tag$.
func isTag(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return true
}
