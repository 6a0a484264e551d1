package oracle

import (
	"encoding/json"
	"math/big"
)

// sample is one record's watts, for peaks.
type sample struct {
	at    int64
	watts map[string]*big.Rat // by domain id; a null is absent
}

func readSamples(s *segment) []sample {
	var out []sample
	for _, r := range s.records {
		if r.Type != "" {
			continue
		}
		one := sample{r.at, make(map[string]*big.Rat)}
		for i, d := range s.header.Domains {
			if w := number(r.W, i); w != nil {
				one.watts[d.ID] = w
			}
		}
		out = append(out, one)
	}
	return out
}

// number reads values[i] exactly, nil if it is missing.
func number(values []*json.Number, i int) *big.Rat {
	if i >= len(values) || values[i] == nil {
		return nil
	}
	return rat(*values[i])
}

func rat(n json.Number) *big.Rat {
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return nil
	}
	return r
}

// seconds turns microseconds into seconds.
func seconds(us int64) *big.Rat { return big.NewRat(us, 1_000_000) }
