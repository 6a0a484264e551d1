// Package source finds what the readers of finished runs read: run directories,
// and bare files of traces, power or events.
//
//	set, err := source.Open([]string{"runs/run_react_m_demo", "more.jsonl.zst"}, os.Stdin)
//	for t, err := range set.Traces(problems) { … }
//
// A run directory is known by what it holds, traces.jsonl, events.jsonl or
// power.jsonl (also power-2.jsonl, …; each also .gz or .zst); a bare file by its
// header, and traces by having none. Files can be read again and again: what
// cannot be rewound, stdin or a pipe, is kept in a temporary file. Sets may be
// read by several goroutines.
package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Kind is what a file holds.
type Kind int

const (
	Unknown Kind = iota // an empty file
	Traces
	Power
	Events
)

// Set is what a command was given, in order.
type Set struct {
	Sources []*Source

	mu    sync.Mutex
	index *index // see makeIndex
}

// Source is one run directory or one bare file.
type Source struct {
	Dir     string // the run directory's path, "" for a bare file
	Summary string // path of summary.json, "" if there is none
	files   map[Kind][]*File
	bare    *File

	mu  sync.Mutex
	run *string // see Run
}

// Open finds the sources of these names; "-" is stdin, and no name at all too.
// Nothing is read yet from stdin or a pipe.
func Open(names []string, stdin io.Reader) (*Set, error) {
	if len(names) == 0 {
		names = []string{"-"}
	}
	set := new(Set)
	var infos []fs.FileInfo
	for _, name := range names {
		fi, err := stat(name, stdin)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(infos, func(other fs.FileInfo) bool { return os.SameFile(fi, other) }) {
			continue // named twice
		}
		infos = append(infos, fi)
		s, err := open(name, fi, stdin)
		if err != nil {
			return nil, err
		}
		set.Sources = append(set.Sources, s)
	}
	return set, nil
}

// stat is nil for stdin that is no file.
func stat(name string, stdin io.Reader) (fs.FileInfo, error) {
	if name == "-" {
		if f, ok := stdin.(*os.File); ok {
			return f.Stat()
		}
		return nil, nil
	}
	fi, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &MissingError{name}
	}
	return fi, err
}

func open(name string, fi fs.FileInfo, stdin io.Reader) (*Source, error) {
	switch {
	case name == "-":
		return &Source{bare: &File{Name: "stdin", once: stdin}}, nil
	case fi.IsDir():
		return openDir(name)
	case !fi.Mode().IsRegular():
		return &Source{bare: &File{Name: name, path: name, pipe: true}}, nil
	}
	return &Source{bare: &File{Name: name, path: name}}, nil
}

// stems are the names of a run directory's streams, without .jsonl, as globs.
var stems = map[Kind][]string{
	Traces: {"traces"},
	Events: {"events"},
	Power:  {"power", "power-*"},
}

func openDir(dir string) (*Source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Source{Dir: dir, files: make(map[Kind][]*File)}
	taken := make(map[string]bool)
	for _, e := range entries { // sorted: power.jsonl stands before power.jsonl.zst
		stem, ok := streamStem(e.Name())
		if e.IsDir() || !ok || taken[stem] {
			continue
		}
		for kind, globs := range stems {
			if slices.ContainsFunc(globs, func(g string) bool { ok, _ := filepath.Match(g, stem); return ok }) {
				taken[stem] = true
				path := filepath.Join(dir, e.Name())
				s.files[kind] = append(s.files[kind], &File{Name: path, path: path})
			}
		}
	}
	if path := filepath.Join(dir, "summary.json"); isFile(path) {
		s.Summary = path
	}
	if len(taken) == 0 {
		return nil, &NoRunError{Dir: dir, Runs: runsIn(dir, entries)}
	}
	return s, nil
}

// streamStem cuts .jsonl, .jsonl.gz and .jsonl.zst from a name.
func streamStem(name string) (string, bool) {
	for _, ext := range []string{".jsonl", ".jsonl.gz", ".jsonl.zst"} {
		if stem, ok := strings.CutSuffix(name, ext); ok {
			return stem, true
		}
	}
	return "", false
}

func isFile(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular()
}

// runsIn tells whether some directory within dir is a run.
func runsIn(dir string, entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.IsDir() && (isFile(filepath.Join(dir, e.Name(), "traces.jsonl")) || isFile(filepath.Join(dir, e.Name(), "events.jsonl")))
	})
}

// Name is how messages call the source.
func (s *Source) Name() string {
	if s.bare != nil {
		return s.bare.Name
	}
	return s.Dir
}

// Files lists the files of a kind. An empty bare file is listed under every
// kind: its reader knows whether empty is an error.
func (s *Source) Files(kind Kind) ([]*File, error) {
	if s.bare == nil {
		return s.files[kind], nil
	}
	got, err := s.bare.Kind()
	if err != nil || got != kind && got != Unknown {
		return nil, err
	}
	return []*File{s.bare}, nil
}

// MissingError is a path where nothing is.
type MissingError struct{ Path string }

func (e *MissingError) Error() string { return e.Path + ": no such file or directory" }

// Hint is what a user may type next.
func (e *MissingError) Hint() string {
	return "name a run directory or a file of traces, power or events: ls " + nearest(e.Path)
}

// nearest is the closest directory above path that exists.
func nearest(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if fi, err := os.Stat(dir); err == nil && fi.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

// NoRunError is a directory that holds no run.
type NoRunError struct {
	Dir  string
	Runs bool // directories within it do
}

func (e *NoRunError) Error() string {
	return e.Dir + ": not a run directory: no traces.jsonl, events.jsonl or power.jsonl in it"
}

// Hint is what a user may type next.
func (e *NoRunError) Hint() string {
	if e.Runs {
		return "name the runs in it: " + filepath.Join(e.Dir, "*") + string(filepath.Separator)
	}
	return "ipw run makes one: ipw run --agent react --model builtin --dataset demo"
}

// KindError is a file that holds something else than what was asked for.
type KindError struct{ Name, Got, Want string }

func (e *KindError) Error() string {
	return fmt.Sprintf("%s: is a stream of %s, not %s", e.Name, e.Got, e.Want)
}

// Hint is what a user may type next.
func (e *KindError) Hint() string {
	return "ipw-attribute makes traces of power and event streams: ipw-attribute power.jsonl events.jsonl"
}

// NeedTraces returns an error if some source has no traces.
func (s *Set) NeedTraces() error {
	for _, src := range s.Sources {
		files, err := src.Files(Traces)
		if err != nil {
			return err
		}
		if len(files) > 0 {
			continue
		}
		if src.Dir != "" {
			return &NoTracesError{src.Dir}
		}
		kind, err := src.bare.Kind()
		if err != nil {
			return err
		}
		return &KindError{src.bare.Name, map[Kind]string{Power: "power", Events: "events"}[kind], "traces"}
	}
	return nil
}

// NoTracesError is a run directory without traces.
type NoTracesError struct{ Dir string }

func (e *NoTracesError) Error() string { return e.Dir + ": no traces.jsonl in it" }

// Hint is what a user may type next.
func (e *NoTracesError) Hint() string {
	return fmt.Sprintf("ipw-attribute -o %[1]s/traces.jsonl %[1]s/power.jsonl %[1]s/events.jsonl", e.Dir)
}
