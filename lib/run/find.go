package run

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Find looks for a stage's program: in dir ("" for none), where ipw itself
// lies, then on PATH.
func Find(dir, name string) (string, error) {
	if dir != "" {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return "", &MissingError{name}
	}
	return path, nil
}

// Beside is the directory of the running program.
func Beside() string {
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Dir(exe)
}

// MissingError is a stage that is not installed.
type MissingError struct{ Name string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is neither beside ipw nor on PATH", e.Name)
}

// Hint is what a user may type next.
func (e *MissingError) Hint() string { return "make build" }
