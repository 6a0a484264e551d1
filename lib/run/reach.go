package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ipw/lib/llm"
)

// reach asks an endpoint for its models: does it answer, does it take the key?
// Many servers cannot list models; what they say to that is no matter.
func (p *plan) reach(ctx context.Context, what string, e llm.Endpoint, model string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	client, err := llm.New(e, llm.Config{})
	if err != nil {
		return err
	}
	names, err := client.Models(ctx)
	var failed *llm.Error
	switch {
	case ctx.Err() != nil:
		return hinted{fmt.Errorf("%s does not answer: %s: nothing came in 15 seconds", what, e.BaseURL), endpointHint(what)}
	case errors.As(err, &failed) && (failed.Status == http.StatusUnauthorized || failed.Status == http.StatusForbidden):
		return hinted{fmt.Errorf("%s refuses the key: %w", what, err), keyHint(what)}
	case errors.As(err, &failed) && failed.Status == 0 && failed.Class == llm.Connection && !odd(err):
		return hinted{fmt.Errorf("%s does not answer: %w", what, err), endpointHint(what)}
	case err == nil && len(names) > 0 && !slices.Contains(names, model):
		// Some servers take any name, so that is no error.
		slices.Sort(names)
		if len(names) > 5 {
			names = append(names[:5], "…")
		}
		p.Say(fmt.Sprintf("warning: %s's endpoint does not list %q; it lists %s", what, model, strings.Join(names, ", ")))
	}
	return nil
}

// odd tells an answer that is no list of models from none at all.
func odd(err error) bool {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &wrong)
}

func endpointHint(what string) string {
	if what == judgeName {
		return "start its server, name another with --eval-base-url, or use --scorer exact"
	}
	return "start its server, or name another with --base-url; --model builtin needs none"
}

func keyHint(what string) string {
	if what == judgeName {
		return "export IPW_EVAL_API_KEY=…, or use --scorer exact"
	}
	return "export the key of this endpoint's host"
}

const judgeName = "the judge"
