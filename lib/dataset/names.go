package dataset

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"ipw/lib/dataset/demo"
	"ipw/lib/retrieval"
)

// Demo is the bundled data set.
func Demo() *Set {
	return fromBytes(Set{
		Name:   "demo",
		About:  "arithmetic, look-ups in a bundled corpus and both together, with exact answers",
		Tools:  []string{"calculator", "search"},
		Scorer: "exact",
		Corpus: retrieval.BundledName,
	}, demo.Tasks)
}

func known() []*Set { return []*Set{Demo()} }

// Known lists the data sets that have a name.
func Known() []string {
	var names []string
	for _, set := range known() {
		names = append(names, set.Name)
	}
	return names
}

// planned are the names of data sets that come later.
var planned = []string{
	"ipw", "gaia", "frames", "hle", "simpleqa", "math500", "gpqa", "mmlu-pro",
	"supergpqa", "natural-reasoning", "wildchat", "browsecomp",
	"deepresearchbench", "liveresearchbench", "liveresearch",
	"arena-hard-auto-v2", "arena-hard-v2", "gdpval", "gdpval-stirrup",
	"gdpval-aa-single", "livecodebench", "swefficiency",
	"terminalbench-native", "fixed_length",
}

func isPlanned(name string) bool { return slices.Contains(planned, name) }

// NameError is a data set that cannot be had.
type NameError struct {
	Name      string
	NotBuilt  bool // it is planned
	directory bool
}

func (e *NameError) Error() string {
	names := strings.Join(Known(), ", ")
	switch {
	case e.NotBuilt:
		return fmt.Sprintf("data set %q is not built yet; there is %s, and any JSONL file of tasks", e.Name, names)
	case e.directory:
		return fmt.Sprintf("data set %q is a directory without Terminal-Bench tasks, and not a JSONL file of tasks", e.Name)
	case howToFetch(e.Name) != "":
		return fmt.Sprintf("data set %q is not on this machine", e.Name)
	}
	return fmt.Sprintf("no data set and no file is called %q; there is %s, and any JSONL file of tasks", e.Name, names)
}

// Hint is what a user may type next.
func (e *NameError) Hint() string {
	if how := howToFetch(e.Name); how != "" {
		return how
	}
	if info, err := os.Stat(e.Name); e.NotBuilt && err == nil && !info.IsDir() {
		return "./" + e.Name + " names the file"
	}
	return ""
}

// Usage tells that the command was called wrongly.
func (e *NameError) Usage() bool { return true }
