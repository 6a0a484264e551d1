package openhands

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEditor is one session with the editor; %s in a path, text or result is
// the workspace.
func TestEditor(t *testing.T) {
	b := box(t)
	x, dir := newEditor(b), b.Path(".")
	f := filepath.Join(dir, "sub", "a.txt")
	os.WriteFile(filepath.Join(dir, "binary"), []byte("a\x00b"), 0o755)
	os.WriteFile(filepath.Join(dir, ".hidden"), nil, 0o644)
	os.WriteFile(filepath.Join(dir, "empty"), nil, 0o644)
	for _, step := range []struct {
		name   string
		args   args
		result string // part of it
		err    string
		file   string // what the file is afterwards; "" is not looked at
	}{
		{"create", args{"command": "create", "path": f, "file_text": "one\ntwo\nthree\n"}, "is made, 3 lines", "", "one\ntwo\nthree\n"},
		{"create again", args{"command": "create", "path": f, "file_text": "x"}, "", "exists already", "one\ntwo\nthree\n"},
		{"create nothing", args{"command": "create", "path": f + "2"}, "", `needs "file_text"`, ""},
		{"view", args{"command": "view", "path": f}, "     1\tone\n     2\ttwo\n     3\tthree\n", "", ""},
		{"view a part", args{"command": "view", "path": f, "view_range": []int{2, -1}}, "     2\ttwo\n     3\tthree\n", "", ""},
		{"view beyond the end", args{"command": "view", "path": f, "view_range": []int{3, 99}}, "     3\tthree\n", "", ""},
		{"view from nowhere", args{"command": "view", "path": f, "view_range": []int{4, 5}}, "", "has lines 1 to 3", ""},
		{"view backwards", args{"command": "view", "path": f, "view_range": []int{3, 2}}, "", "view_range [3, 2]", ""},
		{"view one number", args{"command": "view", "path": f, "view_range": []int{3}}, "", "two numbers", ""},
		{"replace", args{"command": "str_replace", "path": f, "old_str": "two", "new_str": "2\n2½"}, "     2\t2\n     3\t2½\n", "", "one\n2\n2½\nthree\n"},
		{"replace with white space around", args{"command": "str_replace", "path": f, "old_str": "\n  2½  \n", "new_str": "2.5"}, "is changed", "", "one\n2\n2.5\nthree\n"},
		{"replace what is not there", args{"command": "str_replace", "path": f, "old_str": "four", "new_str": "4"}, "", "does not stand", ""},
		{"replace what is there twice", args{"command": "str_replace", "path": f, "old_str": "2", "new_str": "4"}, "", "more than once, in lines 2, 3;", ""},
		{"replace by itself", args{"command": "str_replace", "path": f, "old_str": "one", "new_str": "one"}, "", "the same", ""},
		{"replace by nothing", args{"command": "str_replace", "path": f, "old_str": "2.5\n"}, "is changed", "", "one\n2\nthree\n"},
		{"insert at the top", args{"command": "insert", "path": f, "insert_line": 0, "new_str": "zero"}, "     1\tzero\n", "", "zero\none\n2\nthree\n"},
		{"insert at the end", args{"command": "insert", "path": f, "insert_line": "4", "new_str": "four\nfive\n"}, "     6\tfive\n", "", "zero\none\n2\nthree\nfour\nfive\n"},
		{"insert nowhere", args{"command": "insert", "path": f, "insert_line": 7, "new_str": "x"}, "", "lines 0 to 6", ""},
		{"undo", args{"command": "undo_edit", "path": f}, "taken back", "", "zero\none\n2\nthree\n"},
		{"undo again", args{"command": "undo_edit", "path": f}, "taken back", "", "one\n2\nthree\n"},
		{"a directory", args{"command": "view", "path": dir}, dir + "/binary\n" + dir + "/empty\n" + dir + "/sub/\n" + dir + "/sub/a.txt\n", "", ""},
		{"part of a directory", args{"command": "view", "path": dir, "view_range": []int{1, 2}}, "", "is a directory", ""},
		{"change a directory", args{"command": "insert", "path": dir, "insert_line": 0, "new_str": "x"}, "", "is a directory", ""},
		{"an empty file", args{"command": "view", "path": dir + "/empty"}, "is empty", "", ""},
		{"no text", args{"command": "view", "path": dir + "/binary"}, "", "is no text file", ""},
		{"no file", args{"command": "view", "path": dir + "/none"}, "", "No such file", ""},
		{"undo nothing", args{"command": "undo_edit", "path": dir + "/empty"}, "", "no edit", ""},
		{"a relative path", args{"command": "view", "path": "sub/a.txt"}, "", "do you mean " + f, ""},
		{"an unknown command", args{"command": "delete", "path": f}, "", "unknown command", ""},
		{"a name with signs", args{"command": "create", "path": dir + "/a b'$(x).txt", "file_text": ""}, "0 lines", "", ""},
	} {
		result, err := call(t, x, step.args)
		if !strings.Contains(result, step.result) || !strings.Contains(err, step.err) || (err == "") != (step.err == "") {
			t.Errorf("%s: %q, error %q", step.name, result, err)
		}
		if text, _ := os.ReadFile(f); step.file != "" && string(text) != step.file {
			t.Errorf("%s: the file is %q", step.name, text)
		}
	}
	if _, err := os.Stat(dir + "/a b'$(x).txt"); err != nil {
		t.Error(err)
	}
}

// TestEditorUndoes: any row of edits is taken back by as many undo_edit.
func TestEditorUndoes(t *testing.T) {
	b := box(t)
	x, f := newEditor(b), b.Path("f")
	call(t, x, args{"command": "create", "path": f, "file_text": "a\nb"})
	want := []string{}
	for i, step := range []args{
		{"command": "insert", "insert_line": 1, "new_str": "x"},
		{"command": "insert", "insert_line": 3, "new_str": "y\n"},
		{"command": "str_replace", "old_str": "x\nb", "new_str": ""},
	} {
		text, _ := os.ReadFile(f)
		want = append(want, string(text))
		step["path"] = f
		if _, err := call(t, x, step); err != "" {
			t.Fatal(i, err)
		}
	}
	for i := len(want) - 1; i >= 0; i-- {
		call(t, x, args{"command": "undo_edit", "path": f})
		if text, _ := os.ReadFile(f); string(text) != want[i] {
			t.Errorf("%d: %q, want %q", i, text, want[i])
		}
	}
}
