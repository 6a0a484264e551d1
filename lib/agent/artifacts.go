package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"ipw/lib/llm"
	"ipw/lib/stream"
)

// artifacts holds one query's whole messages, uncut:
//
//	DIR/<query id>/messages.jsonl   every message, written as it comes
//	DIR/<query id>/response.txt     the answer
//	DIR/<query id>/workspace        the files it worked on, if it had tools for that
//
// Before a later attempt the files of attempt n are renamed messages.n.jsonl,
// response.n.txt and workspace.n. A nil *artifacts keeps nothing.
type artifacts struct {
	dir string

	mu       sync.Mutex
	messages *os.File
	err      error // the first that happened
}

// workspaceName is the folder of a query's own files.
const workspaceName = "workspace"

// message is a line of messages.jsonl.
type message struct {
	Role       string     `json:"role"`
	Content    string     `json:"content"`
	Reasoning  string     `json:"reasoning,omitempty"`
	ToolCalls  []toolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
	Name       string     `json:"name,omitempty"`
}

type toolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"` // as the model sent them
}

func openArtifacts(root, id string, attempt int) (*artifacts, error) {
	if root == "" {
		return nil, nil
	}
	a := &artifacts{dir: filepath.Join(root, FolderName(id))}
	err := os.MkdirAll(a.dir, 0o755)
	if err == nil && attempt > 1 {
		err = a.setAside(attempt - 1)
	}
	if err == nil {
		a.messages, err = os.Create(filepath.Join(a.dir, "messages.jsonl"))
	}
	if err != nil {
		return nil, fmt.Errorf("artifacts of %q: %w", id, err)
	}
	return a, nil
}

// setAside renames the files of an earlier attempt. There may be none.
func (a *artifacts) setAside(attempt int) error {
	for _, f := range []string{"messages.jsonl", "response.txt", workspaceName} {
		ext := filepath.Ext(f)
		aside := fmt.Sprintf("%s.%d%s", strings.TrimSuffix(f, ext), attempt, ext)
		err := os.Rename(filepath.Join(a.dir, f), filepath.Join(a.dir, aside))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// add writes a message.
func (a *artifacts) add(m message) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	b, err := stream.AppendJSON(nil, m)
	if err == nil && a.err == nil {
		_, err = a.messages.Write(append(b, '\n'))
	}
	if a.err == nil {
		a.err = err
	}
}

// close writes the answer and returns the first thing that went wrong.
func (a *artifacts) close(response string) error {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.err, a.messages.Close(),
		os.WriteFile(filepath.Join(a.dir, "response.txt"), []byte(response), 0o644))
}

// Keep writes a file of the query's own among its artifacts: a patch, the tests'
// output, a recording. Where none are kept it does nothing.
func (q *Query) Keep(name string, content []byte) error {
	if q.artifacts == nil {
		return nil
	}
	return os.WriteFile(filepath.Join(q.artifacts.dir, name), content, 0o644)
}

// note keeps a message of the query among its artifacts.
func (q *Query) note(m llm.Message) {
	strike := q.rec.strike
	w := message{roleOf(m), strike(m.Content), strike(m.Reasoning), nil, m.ToolCallID, m.Name}
	for _, c := range m.ToolCalls {
		w.ToolCalls = append(w.ToolCalls, toolCall{c.ID, c.Name, strike(c.Arguments)})
	}
	q.artifacts.add(w)
}

var outside = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// longestName leaves room below the 255 bytes that file systems allow.
const longestName = 120

// FolderName is a query's folder among the artifacts: its id, if that is safe
// as a file name. Otherwise every run of other characters becomes _ and a hash
// of the id keeps apart what would look alike.
func FolderName(id string) string {
	name := outside.ReplaceAllString(id, "_")
	if name == id && len(name) <= longestName && strings.Trim(name, ".") != "" {
		return name
	}
	sum := sha256.Sum256([]byte(id))
	name = strings.TrimLeft(name, ".")
	return name[:min(len(name), longestName)] + "-" + hex.EncodeToString(sum[:4])
}
