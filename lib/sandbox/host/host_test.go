package host_test

import (
	"testing"

	"ipw/lib/sandbox"
	"ipw/lib/sandbox/conform"
	"ipw/lib/sandbox/host"
)

func TestBox(t *testing.T) { conform.Test(t, host.Sandbox{}, sandbox.Spec{}) }

func TestNoWorkspace(t *testing.T) {
	b, err := host.Sandbox{}.Open(t.Context(), sandbox.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Exec(t.Context(), sandbox.Command{Args: []string{"sh", "-c", "pwd; touch a; ls"}})
	if err != nil || r.Stdout != b.Path("")+"\na\n" {
		t.Errorf("%+v, %v", r, err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestUser(t *testing.T) {
	if _, err := (host.Sandbox{}).Open(t.Context(), sandbox.Spec{User: "nobody"}); err == nil {
		t.Error("a user is taken and not obeyed")
	}
}
