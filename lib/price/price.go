// Package price is the dated price table: US dollars per million tokens.
//
//	{"schema":"ipw.prices/1","date":"2026-11-23","models":{
//	  "gpt-4o":{"input":2.5,"cached_input":1.25,"output":10},
//	  "gemini-2.5-pro":{"input":1.25,"cached_input":0.125,"output":10,"max_input_tokens":200000}}}
//
// A model matches by its exact name, without a provider/ prefix and without a
// trailing date, never by substring: a wrong price is worse than none. For the
// same reason a price that a vendor charges for short prompts, or for some
// months, says so and is given for nothing else.
package price

// Schema names the format.
const Schema = "ipw.prices/1"

// Table holds prices as of a date.
type Table struct {
	Schema string           `json:"schema"`
	Date   string           `json:"date,omitempty"` // 2026-11-23
	Models map[string]Model `json:"models"`
}

// Model is one model's prices in US dollars per million tokens. A missing price
// of cached input or of cache writes is the price of input.
type Model struct {
	Input       float64  `json:"input"`
	CachedInput *float64 `json:"cached_input,omitempty"`
	CacheWrite  *float64 `json:"cache_write,omitempty"`
	Output      float64  `json:"output"`

	// MaxInputTokens is the longest input of one call, cached tokens included,
	// that costs this; nil is any. Longer calls have a price of their own,
	// which is not in the table.
	MaxInputTokens *int64 `json:"max_input_tokens,omitempty"`
	// Until is the last day, in UTC, on which this is the price; "" is open.
	Until string `json:"until,omitempty"`

	Source string `json:"source,omitempty"` // the vendor's page
	Seen   string `json:"seen,omitempty"`   // the day on which it said so
}
