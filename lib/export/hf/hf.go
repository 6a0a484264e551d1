// Package hf writes traces as a Hugging Face data set: a directory that
// Python's datasets.load_from_disk opens.
//
//	data-00000-of-00002.arrow  data-00001-of-00002.arrow   Arrow IPC streams, the shards
//	dataset_info.json                                      the features: names and types of columns
//	state.json                                             the list of shards, and a fingerprint
//
// The features are the same for every run, with energies or without, also for
// no trace at all, so data sets of different runs concatenate. The fingerprint
// is of the bytes: the same traces make the same data set.
//
//	err := hf.Create("out", export.Rows(ctx, set, problems), hf.Options{Shards: 3, Rows: n})
//
//	>>> datasets.load_from_disk("out").to_pandas()
package hf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"ipw/lib/export"
	"ipw/lib/trace"
)

// MaxShard is the size a shard does not grow much beyond, that of `datasets`
// itself.
const MaxShard = 500 << 20

// MaxShards is the most shards that a file name counts.
const MaxShards = 99_999

// Options say how rows are cut into shards. The zero value cuts by size only.
type Options struct {
	Shards    int   // so many, some of them empty if there are fewer rows; 0: as many as it takes
	Rows      int   // how many rows come, for Shards
	ShardRows int   // at most so many rows each; 0: no limit
	ShardSize int64 // a shard ends behind so many bytes; 0: MaxShard
}

const (
	infoFile  = "dataset_info.json"
	stateFile = "state.json"
)

// mark begins the description of data sets that this package made.
const mark = trace.Schema + ":"

const description = mark + " energy, time, tokens and correctness of agent runs, one row a query. " +
	"Energies are joules, times seconds, t_us and *_us Unix microseconds; null is not measured."

// fill writes the whole data set into dir, which is empty, and returns the
// names of its files.
func fill(dir string, rows iter.Seq2[export.Row, error], o Options) ([]string, error) {
	columns := export.Columns()
	sch, err := schema(columns)
	if err != nil {
		return nil, err
	}
	s := &shards{dir: dir, columns: columns, schema: sch, sum: sha256.New()}
	if err := s.all(rows, o); err != nil {
		s.abandon()
		return nil, err
	}
	names := make([]string, len(s.names))
	for i, temp := range s.names {
		names[i] = fmt.Sprintf("data-%05d-of-%05d.arrow", i, len(s.names))
		if err := os.Rename(filepath.Join(dir, temp), filepath.Join(dir, names[i])); err != nil {
			return nil, err
		}
	}
	info := map[string]any{"citation": "", "description": description, "features": features(columns), "homepage": "", "license": ""}
	if err := writeJSON(filepath.Join(dir, infoFile), info); err != nil {
		return nil, err
	}
	fingerprint := hex.EncodeToString(s.sum.Sum(nil))[:16]
	if err := writeJSON(filepath.Join(dir, stateFile), state(names, fingerprint)); err != nil {
		return nil, err
	}
	return append(names, infoFile, stateFile), nil
}

func tempName(i int) string { return fmt.Sprintf("data-%05d.part", i) }

// all writes the rows and at least one shard.
func (s *shards) all(rows iter.Seq2[export.Row, error], o Options) error {
	n := 0
	for row, err := range rows {
		if err != nil {
			return err
		}
		for s.full(n, o) {
			if s.open == nil { // a shard that stays empty
				if err := s.begin(); err != nil {
					return err
				}
			}
			if err := s.end(); err != nil {
				return err
			}
		}
		if err := s.add(row); err != nil {
			return err
		}
		n++
	}
	if err := s.end(); err != nil {
		return err
	}
	for len(s.names) < max(o.Shards, 1) {
		if err := s.begin(); err != nil {
			return err
		}
		if err := s.end(); err != nil {
			return err
		}
	}
	return nil
}

// full tells whether the n-th row belongs into a later shard than the open one.
func (s *shards) full(n int, o Options) bool {
	if o.Shards > 0 {
		i := max(len(s.names)-1, 0) // the open shard
		return s.open != nil && i < o.Shards-1 && n >= first(i+1, o.Shards, o.Rows)
	}
	if s.open == nil {
		return false
	}
	size := o.ShardSize
	if size == 0 {
		size = MaxShard
	}
	return o.ShardRows > 0 && s.open.rows >= o.ShardRows || s.open.count.n >= size
}

// first is the first row of shard i of n: contiguous shards whose sizes differ
// by one at most, the longer ones first, as `datasets` cuts them.
func first(i, n, rows int) int { return i*(rows/n) + min(i, rows%n) }

type dataFile struct {
	Filename string `json:"filename"`
}

func state(names []string, fingerprint string) map[string]any {
	files := make([]dataFile, len(names))
	for i, n := range names {
		files[i] = dataFile{n}
	}
	return map[string]any{"_data_files": files, "_fingerprint": fingerprint, "_format_columns": nil,
		"_format_kwargs": map[string]any{}, "_format_type": nil, "_output_all_columns": false, "_split": nil}
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
