package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"ipw/lib/sandbox"
)

// files is a workspace as the file tools see it: through an os.Root, so that
// neither .. nor a link, made before or in between, leads out of it.
type files struct {
	dir string
	box sandbox.Box // nil: none; its name for the workspace is understood too
}

// maxFile is the largest file that is read or written, in bytes.
const maxFile = 64 << 20

// name is the path within the workspace of a path as a model writes it.
func (f files) name(p string) (string, error) {
	p = strings.TrimSpace(p)
	name := path.Clean(filepath.ToSlash(p))
	if path.IsAbs(name) {
		for _, base := range f.bases() {
			if rest, ok := strings.CutPrefix(name+"/", base+"/"); ok {
				name = path.Clean("./" + rest)
				break
			}
		}
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("%q is outside of the workspace; give a path relative to it", p)
	}
	return name, nil
}

// bases are the absolute paths under which the workspace is known.
func (f files) bases() []string {
	bases := []string{sandbox.Workdir, filepath.ToSlash(f.dir)}
	if f.box != nil {
		bases = append(bases, strings.TrimSuffix(path.Clean(f.box.Path(".")), "/"))
	}
	return bases
}

// open opens a file of the workspace. A pipe does not hold it up, and is
// refused like all that is neither file nor, if it is only read, folder.
func (f files) open(root *os.Root, name string, flag int) (*os.File, fs.FileInfo, error) {
	file, err := root.OpenFile(filepath.FromSlash(name), flag|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, nil, plain(name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = errors.New("neither a file nor a folder")
	}
	if err != nil {
		file.Close()
		return nil, nil, plain(name, err)
	}
	return file, info, nil
}

// plain says what is wrong with a file of the workspace, without a path of
// the host.
func plain(name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("%q: %w", name, err)
}
