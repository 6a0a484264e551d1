package unit

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseBytes reads a size such as 512m, 2G or 1.5Gi: powers of 1024, as Docker
// takes them.
func ParseBytes(s string) (int64, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	text = strings.TrimSuffix(strings.TrimSuffix(text, "b"), "i")
	shift := 0
	if n := len(text); n > 0 {
		if i := strings.IndexByte("kmgt", text[n-1]); i >= 0 {
			shift, text = 10*(i+1), text[:n-1]
		}
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	f *= float64(int64(1) << shift)
	if err != nil || !(f >= 1 && f < 1<<62) {
		return 0, fmt.Errorf("%q is no size such as 512M or 2G", s)
	}
	return int64(f), nil
}
