package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// FileWrite writes text files of a workspace.
type FileWrite struct{ files }

// Name is the tool's name.
func (FileWrite) Name() string { return "file_write" }

// Description tells the model what the tool is for.
func (FileWrite) Description() string {
	return "Write a text file in the workspace, or add to the end of one. Folders that are missing are made. Without a mode the file is replaced."
}

// Parameters is the schema of the arguments.
func (FileWrite) Parameters() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"path":{"type":"string","description":"path in the workspace"},"content":{"type":"string","description":"the text"},"mode":{"type":"string","enum":["w","a"],"description":"w replaces the file, a adds to its end; w if not given"}},"required":["path","content"]}`)
}

// Call writes.
func (f FileWrite) Call(ctx context.Context, text string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	args, err := parseArguments(text, `{"path": "out/answer.txt", "content": "42\n", "mode": "w"}`)
	if err != nil {
		return "", err
	}
	p, err := args.text("path")
	if err != nil {
		return "", err
	}
	content, err := args.anyText("content")
	if err != nil {
		return "", err
	}
	mode, err := args.oneOf("mode", "w", "a")
	if err != nil {
		return "", err
	}
	name, err := f.name(p)
	if err != nil {
		return "", err
	}
	size, err := f.write(name, content, mode == "a")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("wrote %d bytes to %q, which has %d now", len(content), name, size), nil
}

// write returns the file's size after it.
func (f FileWrite) write(name, content string, add bool) (size int64, err error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return 0, plain(".", err)
	}
	defer root.Close()
	switch err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); {
	case errors.Is(err, fs.ErrExist):
		return 0, fmt.Errorf("%q is a file, not a folder", path.Dir(name))
	case err != nil:
		return 0, plain(path.Dir(name), err)
	}
	flag := os.O_WRONLY | os.O_CREATE
	if add {
		flag |= os.O_APPEND
	}
	file, info, err := f.open(root, name, flag)
	if err != nil {
		return 0, err
	}
	defer func() {
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = plain(name, closeErr)
		}
	}()
	if err := put(file, info, content, add); err != nil {
		return 0, plain(name, err)
	}
	info, err = file.Stat()
	if err != nil {
		return 0, plain(name, err)
	}
	return info.Size(), nil
}

// put fills a file that is open for writing. It is emptied only now, when it is
// known to be one.
func put(file *os.File, info fs.FileInfo, content string, add bool) error {
	size := int64(len(content))
	if add {
		size += info.Size()
	}
	switch {
	case info.IsDir():
		return errors.New("is a folder")
	case size > maxFile:
		return fmt.Errorf("would have more than %d bytes", maxFile)
	}
	if !add {
		if err := file.Truncate(0); err != nil {
			return err
		}
	}
	_, err := file.WriteString(content)
	return err
}
