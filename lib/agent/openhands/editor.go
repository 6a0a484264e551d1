package openhands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"ipw/lib/sandbox"
	"ipw/lib/stream"
)

// editor is the tool file_editor: it views, makes and changes text files of the
// box.
type editor struct {
	files files

	mu      sync.Mutex
	history map[string][]string // by path, what the file was before each edit
}

const (
	maxHistory = 10    // edits of a file that can be undone
	maxView    = 30000 // bytes shown at once
	around     = 4     // lines shown before and after an edit
)

func newEditor(box sandbox.Box) *editor {
	return &editor{files: files{box}, history: map[string][]string{}}
}

func (*editor) Name() string { return "file_editor" }

func (e *editor) Description() string {
	return "View, create and edit text files. Paths are absolute; the work lies in " + e.files.box.Path(".") + `.
- view shows a file with line numbers (view_range [first, last] a part of it, last -1 for the end), or a directory two levels deep without hidden entries.
- create makes a file of file_text; the file must not be there yet.
- str_replace replaces old_str by new_str. old_str must stand in the file exactly once, white space included: take a few lines around the place along.
- insert puts new_str behind line insert_line, 0 for the beginning.
- undo_edit takes the last edit of the file back.`
}

func (*editor) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{` +
		`"command":{"type":"string","enum":["view","create","str_replace","insert","undo_edit"],"description":"what to do"},` +
		`"path":{"type":"string","description":"absolute path of the file or directory"},` +
		`"file_text":{"type":"string","description":"of create: the whole file"},` +
		`"old_str":{"type":"string","description":"of str_replace: the text to be replaced"},` +
		`"new_str":{"type":"string","description":"of str_replace and insert: the new text"},` +
		`"insert_line":{"type":"integer","minimum":0,"description":"of insert: the line behind which new_str comes"},` +
		`"view_range":{"type":"array","items":{"type":"integer"},"description":"of view: first and last line, from 1"}` +
		`},"required":["command","path"]}`)
}

type edit struct {
	Command    string   `json:"command"`
	Path       string   `json:"path"`
	FileText   *string  `json:"file_text"`
	OldStr     *string  `json:"old_str"`
	NewStr     *string  `json:"new_str"`
	InsertLine *number  `json:"insert_line"`
	ViewRange  []number `json:"view_range"`
}

func (e *editor) Call(ctx context.Context, arguments string) (string, error) {
	var a edit
	if err := decode(arguments, &a); err != nil {
		return "", err
	}
	if !path.IsAbs(a.Path) {
		return "", fmt.Errorf("%q is no absolute path; do you mean %s?", a.Path, e.files.box.Path(a.Path))
	}
	a.Path = path.Clean(a.Path)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch a.Command {
	case "view":
		return e.view(ctx, a)
	case "create":
		return e.create(ctx, a)
	case "str_replace", "insert":
		return e.change(ctx, a)
	case "undo_edit":
		return e.undo(ctx, a.Path)
	}
	return "", fmt.Errorf("unknown command %q; there are view, create, str_replace, insert and undo_edit", a.Command)
}

func (e *editor) create(ctx context.Context, a edit) (string, error) {
	if a.FileText == nil {
		return "", errors.New(`create needs "file_text"`)
	}
	switch kind, err := e.files.kind(ctx, a.Path); {
	case err != nil:
		return "", err
	case kind != absent:
		return "", fmt.Errorf("%s exists already; change it with str_replace or insert", a.Path)
	}
	if err := e.files.write(ctx, a.Path, *a.FileText); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s is made, %d lines.", a.Path, len(lines(*a.FileText))), nil
}

// change is str_replace or insert.
func (e *editor) change(ctx context.Context, a edit) (string, error) {
	old, err := e.files.read(ctx, a.Path)
	if err != nil {
		return "", err
	}
	var changed string
	var first, last int // lines of the new text
	if a.Command == "insert" {
		changed, first, last, err = insert(old, a)
	} else {
		changed, first, last, err = replace(old, a)
	}
	if err != nil {
		return "", err
	}
	if err := e.files.write(ctx, a.Path, changed); err != nil {
		return "", err
	}
	h := append(e.history[a.Path], old)
	e.history[a.Path] = h[max(0, len(h)-maxHistory):]
	return fmt.Sprintf("%s is changed. Around the change it is now:\n%s", a.Path, numbered(lines(changed), first-around, last+around)), nil
}

// replace finds old_str, which must be there once. If it is not there at all it
// is looked for without the white space around it.
func replace(text string, a edit) (changed string, first, last int, err error) {
	if a.OldStr == nil || *a.OldStr == "" {
		return "", 0, 0, errors.New(`str_replace needs "old_str", which is not empty`)
	}
	old, now := *a.OldStr, ""
	if a.NewStr != nil {
		now = *a.NewStr
	}
	if old == now {
		return "", 0, 0, errors.New("old_str and new_str are the same: nothing to change")
	}
	if trimmed := strings.TrimSpace(old); !strings.Contains(text, old) && trimmed != "" {
		old, now = trimmed, strings.TrimSpace(now)
	}
	switch strings.Count(text, old) {
	case 0:
		return "", 0, 0, fmt.Errorf("old_str does not stand in %s as it is written; view the file", a.Path)
	case 1:
	default:
		return "", 0, 0, fmt.Errorf("old_str stands in %s more than once, in lines %s; take more lines around it along", a.Path, places(text, old))
	}
	at := strings.Index(text, old)
	first = 1 + strings.Count(text[:at], "\n")
	return text[:at] + now + text[at+len(old):], first, first + strings.Count(now, "\n"), nil
}

// places are the lines in which a text stands.
func places(text, part string) string {
	var out []string
	for at := 0; len(out) < 20; {
		i := strings.Index(text[at:], part)
		if i < 0 {
			break
		}
		at += i
		out = append(out, fmt.Sprint(1+strings.Count(text[:at], "\n")))
		at++
	}
	return strings.Join(out, ", ")
}

func insert(text string, a edit) (changed string, first, last int, err error) {
	if a.InsertLine == nil || a.NewStr == nil {
		return "", 0, 0, errors.New(`insert needs "insert_line" and "new_str"`)
	}
	all, at := lines(text), int(*a.InsertLine)
	if at < 0 || at > len(all) {
		return "", 0, 0, fmt.Errorf("insert_line %d: %s has lines 0 to %d", at, a.Path, len(all))
	}
	added := lines(*a.NewStr)
	joined := append(append(append([]string{}, all[:at]...), added...), all[at:]...)
	changed = strings.Join(joined, "\n")
	if strings.HasSuffix(text, "\n") || text == "" || at == len(all) && strings.HasSuffix(*a.NewStr, "\n") {
		changed += "\n"
	}
	return changed, at + 1, at + len(added), nil
}

func (e *editor) undo(ctx context.Context, name string) (string, error) {
	h := e.history[name]
	if len(h) == 0 {
		return "", fmt.Errorf("there is no edit of %s to take back", name)
	}
	if err := e.files.write(ctx, name, h[len(h)-1]); err != nil {
		return "", err
	}
	e.history[name] = h[:len(h)-1]
	return fmt.Sprintf("The last edit of %s is taken back:\n%s", name, clipped(numbered(lines(h[len(h)-1]), 1, -1))), nil
}

func (e *editor) view(ctx context.Context, a edit) (string, error) {
	kind, err := e.files.kind(ctx, a.Path)
	if err != nil {
		return "", err
	}
	if kind == directory {
		if len(a.ViewRange) > 0 {
			return "", fmt.Errorf("%s is a directory, view_range is for files", a.Path)
		}
		list, err := e.files.list(ctx, a.Path)
		return clipped(list), err
	}
	text, err := e.files.read(ctx, a.Path)
	if err != nil {
		return "", err
	}
	all := lines(text)
	first, last, err := part(a, len(all))
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return a.Path + " is empty.", nil
	}
	return clipped(numbered(all, first, last)), nil
}

// part reads view_range. A last line beyond the end is the end.
func part(a edit, n int) (first, last int, err error) {
	switch len(a.ViewRange) {
	case 0:
		return 1, n, nil
	case 2:
	default:
		return 0, 0, errors.New("view_range is two numbers, the first and the last line")
	}
	first, last = int(a.ViewRange[0]), int(a.ViewRange[1])
	if last == -1 || last > n {
		last = n
	}
	if first < 1 || first > n || last < first {
		return 0, 0, fmt.Errorf("view_range [%d, %d]: %s has lines 1 to %d", int(a.ViewRange[0]), int(a.ViewRange[1]), a.Path, n)
	}
	return first, last, nil
}

func clipped(s string) string { return stream.Clip(s, maxView) }

// lines are those of a text; an end of line at its end begins no further one.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// numbered shows lines as cat -n does. A last line of −1 is the end.
func numbered(all []string, first, last int) string {
	if last < 0 || last > len(all) {
		last = len(all)
	}
	var b strings.Builder
	for i := max(first, 1); i <= last; i++ {
		fmt.Fprintf(&b, "%6d\t%s\n", i, all[i-1])
	}
	return b.String()
}
