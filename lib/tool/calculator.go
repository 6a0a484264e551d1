package tool

import (
	"context"
	"encoding/json"
)

// Calculator evaluates arithmetic. It computes exactly, with fractions of
// whole numbers of any size, as long as nothing irrational is asked for, so
// 0.1 + 0.2 is 0.3. Every input is bounded in length, depth and the size of its
// numbers, so that none can keep it busy.
type Calculator struct{}

// Name is the tool's name.
func (Calculator) Name() string { return "calculator" }

// Description tells the model what the tool is for.
func (Calculator) Description() string {
	return "Evaluate an arithmetic expression exactly. Operators: + - * / // (floor division) % (remainder, not percent) ** or ^ (power), parentheses. " +
		"Functions: sqrt abs round(x, digits) min max floor ceil log (base 10, or log(x, base)) ln exp sin cos tan (radians). Constants: pi e. " +
		"Write numbers without thousands separators and without units."
}

// Parameters is the schema of the arguments.
func (Calculator) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"expression":{"type":"string","description":"the expression, for example (17 + 4) * 2.5"}},"required":["expression"]}`)
}

// Call evaluates.
func (Calculator) Call(ctx context.Context, text string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	args, err := parseArguments(text, `{"expression": "2 * (3 + 4)"}`)
	if err != nil {
		return "", err
	}
	expression, err := args.text("expression")
	if err != nil {
		return "", err
	}
	value, err := Evaluate(expression)
	if err != nil {
		return "", err
	}
	return value.String(), nil
}
