package tool

import (
	"context"
	"encoding/json"
)

// Think gives a model a place to write down what it thinks, between calls of
// tools that do something.
type Think struct{}

// Name is the tool's name.
func (Think) Name() string { return "think" }

// Description tells the model what the tool is for.
func (Think) Description() string {
	return "Write down a thought: a plan, what a result means, what is still missing. It changes nothing and finds out nothing; use it to order your steps in a long task."
}

// Parameters is the schema of the arguments.
func (Think) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"thought":{"type":"string","description":"the thought"}},"required":["thought"]}`)
}

// Call takes note. The model has its thought already, in the call itself.
func (Think) Call(ctx context.Context, text string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	args, err := parseArguments(text, `{"thought": "first find the year, then the price in that year"}`)
	if err != nil {
		return "", err
	}
	if _, err := args.text("thought"); err != nil {
		return "", err
	}
	return "noted", nil
}
