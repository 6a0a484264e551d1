package history

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// object is a JSON object whose keys keep their order.
type object []pair

type pair struct {
	key   string
	value any
}

func (o object) write(out *bytes.Buffer) {
	out.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(strconv.Quote(p.key) + ":")
		b, err := json.Marshal(p.value)
		if err != nil {
			panic(err) // only what this package makes comes here
		}
		out.Write(b)
	}
	out.WriteString("}\n")
}

// decimal prints a number of millionths as a number, with six decimals or
// fewer: 15620000 is 15.62.
func decimal(micro int64) json.Number {
	s := strconv.FormatInt(micro/1_000_000, 10)
	frac := strconv.FormatInt(1_000_000+micro%1_000_000, 10)[1:]
	if frac = strings.TrimRight(frac, "0"); frac != "" {
		s += "." + frac
	}
	return json.Number(s)
}
