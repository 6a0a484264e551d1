package run

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Shell returns the run as lines for a shell: the same programs, joined by the
// same pipes. It looks at nothing but the programs and the scorer's name.
func Shell(o Options, scorer, datasetName string) (string, error) {
	o.defaults()
	p, err := findPrograms(o.Bin, len(o.Samplers) == 0)
	if err != nil {
		return "", err
	}
	for _, path := range []*string{&p.sample, &p.agent, &p.attribute, &p.judge, &p.export} {
		*path = short(*path)
	}
	dir := Dir(filepath.Join(o.OutputDir, Name(o.Agent, o.Model, datasetName, o.Name)))
	var powers []string
	for i := range max(1, len(o.Samplers)) {
		powers = append(powers, dir.Power(i))
	}
	c := o.build(p, dir, scorer, powers, false)

	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("mkdir -p %s", quote(dir.file("analysis")))
	for i, argv := range c.samplers {
		if len(o.Samplers) > 0 {
			line("%s >> %s & samplers=\"$samplers $!\"", quoteAll(argv), quote(powers[i]))
		} else {
			line("%s -o %s & samplers=$!", quoteAll(argv), quote(powers[i]))
		}
		line("until [ -s %s ]; do sleep 0.1; done", quote(powers[i]))
	}
	if o.Baseline > 0 {
		line("sleep %g   # idle baseline", o.Baseline.Seconds())
	}
	line("%s |", quoteAll(c.agent))
	line("    tee -a %s |", quote(dir.Events()))
	line("    %s |", quoteAll(c.attribute))
	line("    %s > %s", quoteAll(append(c.judge, "--report="+dir.Accuracy())), quote(dir.Traces()))
	line("kill -INT $samplers; wait $samplers || true")
	line("%s", quoteAll(c.export))
	return b.String(), nil
}

// short is the name alone where the shell would find the same program by it.
func short(path string) string {
	if found, err := exec.LookPath(filepath.Base(path)); err == nil && found == path {
		return filepath.Base(path)
	}
	return path
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quote makes s one word of a shell.
func quote(s string) string {
	if plain.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func quoteAll(argv []string) string {
	q := make([]string, len(argv))
	for i, s := range argv {
		q[i] = quote(s)
	}
	return strings.Join(q, " ")
}
