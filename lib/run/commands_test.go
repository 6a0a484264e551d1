package run

import "testing"

// TestShownURLs: no command line that is written down holds a secret of a URL.
func TestShownURLs(t *testing.T) {
	for arg, want := range map[string]string{
		"--base-url=http://me:hunter2@h/v1?key=x": "--base-url=http://h/v1",
		"--mcp=docs=https://u:p@h/mcp?token=x":    "--mcp=docs=https://h/mcp",
		"--mcp=https://h/mcp?token=x":             "--mcp=https://h/mcp",
		"https://h/?k=v":                          "https://h/",
		"--system=a=b":                            "--system=a=b",
		"ssh n1 ipw-sample":                       "ssh n1 ipw-sample",
	} {
		if got := shown([]string{arg})[0]; got != want {
			t.Errorf("%s is shown as %s, want %s", arg, got, want)
		}
	}
}
