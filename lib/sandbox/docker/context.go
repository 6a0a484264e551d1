package docker

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"ipw/lib/sandbox"
)

// entry is a file of a build's context.
type entry struct {
	path   string // of this machine
	header tar.Header
}

// contextOf lists what a build sees: all files of the directory but those that
// .dockerignore names. Times and owners are left out, so that the same files
// make the same image.
func contextOf(b sandbox.Build) ([]entry, error) {
	ignored, err := ignoredBy(b)
	if err != nil {
		return nil, err
	}
	var files []entry
	err = filepath.WalkDir(b.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(b.Dir, path)
		if err != nil || name == "." {
			return err
		}
		name = filepath.ToSlash(name)
		if skip, err := ignored.MatchesOrParentMatches(name); err != nil || skip {
			return err // below a directory that is left out something may be taken in again
		}
		e, err := entryOf(path, name, d)
		if err == nil && e.header.Typeflag != 0 {
			files = append(files, e)
		}
		return err
	})
	return files, err
}

// ignoredBy reads .dockerignore. What the build itself needs is always sent.
func ignoredBy(b sandbox.Build) (*patternmatcher.PatternMatcher, error) {
	var patterns []string
	f, err := os.Open(filepath.Join(b.Dir, ".dockerignore"))
	if err == nil {
		defer f.Close()
		if patterns, err = ignorefile.ReadAll(f); err != nil {
			return nil, fmt.Errorf(".dockerignore: %w", err)
		}
		patterns = append(patterns, "!"+b.Dockerfile, "!.dockerignore")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return patternmatcher.New(patterns)
}

// entryOf is empty for what a context cannot hold, such as a socket.
func entryOf(path, name string, d fs.DirEntry) (entry, error) {
	info, err := d.Info()
	if err != nil {
		return entry{}, err
	}
	h := tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Format: tar.FormatPAX}
	switch {
	case d.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	case info.Mode()&fs.ModeSymlink != 0:
		h.Typeflag = tar.TypeSymlink
		if h.Linkname, err = os.Readlink(path); err != nil {
			return entry{}, err
		}
	case info.Mode().IsRegular():
		h.Typeflag, h.Size = tar.TypeReg, info.Size()
	}
	return entry{path, h}, nil
}

// pack writes the context as a tar stream.
func pack(w io.Writer, files []entry) error {
	tw := tar.NewWriter(w)
	for _, e := range files {
		if err := tw.WriteHeader(&e.header); err != nil {
			return err
		}
		if e.header.Typeflag == tar.TypeReg {
			if err := copyFile(tw, e.path); err != nil {
				return err
			}
		}
	}
	return tw.Close()
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// digest names a build by all that goes into it.
func digest(b sandbox.Build, files []entry) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%q", b.Dockerfile)
	for _, k := range slices.Sorted(maps.Keys(b.Args)) {
		fmt.Fprintf(h, " %q=%q", k, b.Args[k])
	}
	if err := pack(h, files); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil))[:32], nil
}
