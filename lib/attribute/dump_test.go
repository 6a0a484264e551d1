package attribute_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"ipw/lib/attribute/history"
)

var dump = flag.String("dump", "", "write the narrowed history of -seed there")

func TestDump(t *testing.T) {
	if *dump == "" {
		t.Skip("no -dump")
	}
	rule := []string{"active", "equal", "whole"}[*firstSeed%3]
	h := narrow(*firstSeed, rule, history.Random(rand.New(rand.NewPCG(*firstSeed, 7)), history.Options{Samples: 120, Off: skip}))
	os.WriteFile(*dump+"/power.jsonl", h.Power, 0o644)
	os.WriteFile(*dump+"/events.jsonl", h.Events, 0o644)
	t.Log(rule, h.On)
	for i, d := range against(h, rule, serves(*firstSeed)) {
		if i > 20 {
			break
		}
		t.Log(d)
	}
}

const skip = history.Seams
