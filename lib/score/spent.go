package score

import "slices"

// Spent is what the judge's calls cost, as far as its endpoint told.
type Spent struct {
	Models       []string `json:"models"`
	Calls        int      `json:"calls"`
	Failed       int      `json:"failed"` // of them, without a readable verdict
	InputTokens  *int64   `json:"input_tokens"`
	OutputTokens *int64   `json:"output_tokens"`
	CostUSD      *float64 `json:"cost_usd"` // of the calls whose cost was told

	FirstError string `json:"-"` // of the failed
}

func (s *Spent) add(a *Asked) {
	s.Calls++
	if !slices.Contains(s.Models, a.JudgeModel) {
		s.Models = append(s.Models, a.JudgeModel)
	}
	if a.Error != nil {
		if s.Failed++; s.Failed == 1 {
			s.FirstError = *a.Error
		}
	}
	plus(&s.InputTokens, a.InputTokens)
	plus(&s.OutputTokens, a.OutputTokens)
	plus(&s.CostUSD, a.CostUSD)
}

// plus adds what is known; a sum of nothing known stays nil.
func plus[N int64 | float64](sum **N, v *N) {
	if v == nil {
		return
	}
	if *sum == nil {
		*sum = new(N)
	}
	**sum += *v
}
