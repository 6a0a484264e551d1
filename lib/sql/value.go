//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package sql

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"ipw/lib/sql/format"
)

// shape is how a column's values are spelled.
type shape int

const (
	anything    shape = iota // whatever comes
	direct                   // strings and booleans
	plainNumber              // integers and floats of Go
	textNumber               // cast to text, a number
	plainText                // cast to text
	nested                   // made JSON
)

func shapeOf(info duckdb.TypeInfo) shape {
	if info.Alias() != "" { // JSON
		return nested
	}
	switch info.InternalType() {
	case duckdb.TYPE_BOOLEAN:
		return direct
	case duckdb.TYPE_VARCHAR, duckdb.TYPE_ENUM:
		return direct
	case duckdb.TYPE_TINYINT, duckdb.TYPE_SMALLINT, duckdb.TYPE_INTEGER, duckdb.TYPE_BIGINT,
		duckdb.TYPE_UTINYINT, duckdb.TYPE_USMALLINT, duckdb.TYPE_UINTEGER, duckdb.TYPE_UBIGINT,
		duckdb.TYPE_FLOAT, duckdb.TYPE_DOUBLE:
		return plainNumber
	case duckdb.TYPE_HUGEINT, duckdb.TYPE_UHUGEINT, duckdb.TYPE_DECIMAL, duckdb.TYPE_BIGNUM:
		return textNumber
	case duckdb.TYPE_LIST, duckdb.TYPE_STRUCT, duckdb.TYPE_MAP, duckdb.TYPE_ARRAY, duckdb.TYPE_UNION:
		return nested
	case duckdb.TYPE_SQLNULL:
		return anything
	}
	return plainText
}

// value is what a format.Writer takes: nil, bool, string, format.Number or
// format.JSON.
func (c resultColumn) value(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case bool:
		return v
	case string:
		switch c.as {
		case textNumber:
			return format.Number(v)
		case nested:
			return format.JSON(finite(v))
		}
		return v
	case float64:
		return floating(v, 64)
	case float32:
		return floating(float64(v), 32)
	case int64:
		return format.Number(strconv.FormatInt(v, 10))
	case int8, int16, int32, uint8, uint16, uint32, uint64:
		return format.Number(fmt.Sprint(v))
	}
	return fmt.Sprint(v) // of a statement that cannot be a subquery
}

// floating spells a float as JSON does; what is no number is null.
func floating(f float64, bits int) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	verb := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		verb = 'e'
	}
	s := strconv.FormatFloat(f, verb, -1, bits)
	return format.Number(strings.Replace(s, "e-0", "e-", 1))
}

// finite makes JSON of DuckDB's, which may hold NaN and Infinity: null.
func finite(text string) string {
	if json.Valid([]byte(text)) {
		return text
	}
	var b []byte
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\' && i+1 < len(text):
			b = append(b, c)
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == 'N' || c == 'I'): // the only capitals outside strings
			b = append(trimMinus(b), "null"...)
			for i+1 < len(text) && text[i+1] >= 'A' {
				if text[i+1] == ']' || text[i+1] == '}' {
					break
				}
				i++
			}
			continue
		}
		b = append(b, text[i])
	}
	return string(b)
}

func trimMinus(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '-' {
		return b[:n-1]
	}
	return b
}
