package hf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ipw/lib/export"
	"ipw/lib/source"
	"ipw/lib/stream"
)

// Create makes a data set at dir, which does not exist yet, is empty, or holds
// an older data set of ours: then the new one takes its place as a whole. It
// refuses any other directory, so that nothing of someone else's is lost.
func Create(dir string, rows iter.Seq2[export.Row, error], o Options) error {
	dir, err := target(dir)
	if err != nil {
		return err
	}
	held, err := inspect(dir)
	switch {
	case err != nil:
		return err
	case held == foreign:
		return &RefusedError{dir}
	case held == mixed:
		return Update(dir, rows, o)
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) // nothing is there any more if all went well
	if _, err := fill(tmp, rows, o); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	return swap(tmp, dir)
}

// target makes dir absolute and follows a link, so that what stands beside it
// is on the same file system.
func target(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil
	}
	return real, err
}

// swap puts tmp in the place of dir. Where dir exists it is moved away first
// and put back if that fails.
func swap(tmp, dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(tmp, dir)
	}
	old := tmp + ".old"
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

// Update writes the data set into an existing directory that also holds other
// things, a run's: each file by write and rename, state.json last, then shards
// of an older data set are removed. Everything else stays as it is.
func Update(dir string, rows iter.Seq2[export.Row, error], o Options) error {
	tmp, err := os.MkdirTemp(dir, ".dataset-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	names, err := fill(tmp, rows, o)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(tmp, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return removeStale(dir, names)
}

// UpdateRun writes a run directory's traces into that directory as a data set.
func UpdateRun(ctx context.Context, dir string, problems *stream.Problems) error {
	set, err := source.Open([]string{dir}, nil)
	if err != nil {
		return err
	}
	defer set.Close()
	if err := set.NeedTraces(); err != nil {
		return err
	}
	return Update(dir, export.Rows(ctx, set, problems), Options{})
}

var shardName = regexp.MustCompile(`^data-\d{5}-of-\d{5}\.arrow$`)

func removeStale(dir string, keep []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if shardName.MatchString(e.Name()) && !slices.Contains(keep, e.Name()) {
			errs = append(errs, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// What a directory may hold.
type holding int

const (
	nothing holding = iota // or it does not exist
	ours                   // a data set of ours and nothing else
	mixed                  // a data set of ours among other things
	foreign                // other things only
)

func inspect(dir string) (holding, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nothing, nil
	}
	if err != nil {
		return foreign, err
	}
	if !isOurs(dir) {
		return foreign, nil
	}
	for _, e := range entries {
		name := e.Name()
		cache := strings.HasPrefix(name, "cache-") && strings.HasSuffix(name, ".arrow") // what datasets leaves after map and filter
		if !shardName.MatchString(name) && name != infoFile && name != stateFile && !cache {
			return mixed, nil
		}
	}
	return ours, nil
}

// isOurs tells whether dir holds a data set that this package made.
func isOurs(dir string) bool {
	var info struct {
		Description string `json:"description"`
	}
	b, err := os.ReadFile(filepath.Join(dir, infoFile))
	if err != nil || json.NewDecoder(bytes.NewReader(b)).Decode(&info) != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, stateFile))
	return err == nil && strings.HasPrefix(info.Description, mark)
}

// RefusedError is a directory that holds something else.
type RefusedError struct{ Dir string }

func (e *RefusedError) Error() string {
	return e.Dir + ": holds other files and no data set of ours, not written to"
}

// Hint is what a user may type next.
func (e *RefusedError) Hint() string {
	return "--overwrite adds the data set to what is there; -o names another directory"
}
