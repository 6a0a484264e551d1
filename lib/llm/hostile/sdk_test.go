package hostile

import (
	"os"
	"os/exec"
	"testing"
)

// TestSDKs has the official Python SDKs read what the endpoint sends, which
// shows that it speaks their protocols. scripts/check-fakes installs them.
func TestSDKs(t *testing.T) {
	python := os.Getenv("IPW_SDK_PYTHON")
	if python == "" {
		t.Skip("IPW_SDK_PYTHON names no Python with anthropic, google-genai and openai: scripts/check-fakes")
	}
	s := Start()
	defer s.Close()
	out, err := exec.Command(python, "../../../scripts/check-fakes.py", s.URL).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
