package openhands

import (
	"testing"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/host"
)

func box(t *testing.T) sandbox.Box {
	t.Helper()
	b, err := host.Sandbox{}.Open(t.Context(), sandbox.Spec{Workspace: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}
