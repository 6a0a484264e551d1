package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Pick is which tasks of a data set run, and in what order: they are shuffled,
// cut to the first Max, dealt out to shards, and what is left is gone through
// Repeat times. The shards of a pick together are the pick without shards.
type Pick struct {
	Shuffle *int64 // the seed; nil keeps the data set's order
	Max     int    // 0 for all
	Shard   int    // from 1 to Shards
	Shards  int    // 0 for one
	Repeat  int    // 0 for once
}

// Of picks. The tasks are read to their end before the first comes out if they
// are shuffled, and held in memory if they are repeated: whole passes follow one
// another, so that no repetition finds its own prompt fresh in a server's cache.
// The k-th repetition of a task has the id ID#k, from 2.
func (p Pick) Of(tasks iter.Seq2[Task, error]) iter.Seq2[Task, error] {
	if p.Shuffle != nil {
		tasks = shuffled(tasks, *p.Shuffle)
	}
	tasks = p.dealt(tasks)
	if p.Repeat > 1 {
		tasks = repeated(tasks, p.Repeat)
	}
	return tasks
}

// Count is how many of n tasks are picked, -1 if n is.
func (p Pick) Count(n int) int {
	if n < 0 {
		return n
	}
	if p.Max > 0 {
		n = min(n, p.Max)
	}
	if p.Shards > 1 {
		n = (n + p.Shards - p.Shard) / p.Shards
	}
	return n * max(p.Repeat, 1)
}

// shuffled orders tasks by the SHA-256 of SEED:ID: an order that any program
// can find again, and that a task more in the data set does not change.
func shuffled(tasks iter.Seq2[Task, error], seed int64) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		all, err := collect(tasks)
		if err != nil {
			yield(Task{}, err)
			return
		}
		keys := make(map[string][sha256.Size]byte, len(all))
		for _, t := range all {
			keys[t.ID] = sha256.Sum256([]byte(strconv.FormatInt(seed, 10) + ":" + t.ID))
		}
		slices.SortStableFunc(all, func(a, b Task) int {
			x, y := keys[a.ID], keys[b.ID]
			return bytes.Compare(x[:], y[:])
		})
		for _, t := range all {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// dealt is the first Max tasks, of which every shard takes each Shards-th one.
func (p Pick) dealt(tasks iter.Seq2[Task, error]) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		seen := 0
		for t, err := range tasks {
			if err != nil {
				yield(t, err)
				return
			}
			if mine := p.Shards < 2 || seen%p.Shards == p.Shard-1; mine && !yield(t, nil) {
				return
			}
			if seen++; seen == p.Max {
				return
			}
		}
	}
}

func repeated(tasks iter.Seq2[Task, error], times int) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		var all []Task
		ids := make(map[string]bool)
		for t, err := range tasks {
			if !yield(t, err) || err != nil {
				return
			}
			all = append(all, t)
			ids[t.ID] = true
		}
		for k := 2; k <= times; k++ {
			for _, t := range all {
				id := fmt.Sprintf("%s#%d", t.ID, k)
				if ids[id] {
					yield(Task{}, fmt.Errorf("task %q has the id of a repetition of task %q", id, t.ID))
					return
				}
				t.ID = id
				if !yield(t, nil) {
					return
				}
			}
		}
	}
}

func collect(tasks iter.Seq2[Task, error]) ([]Task, error) {
	var all []Task
	for t, err := range tasks {
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// Warmup makes n tasks that are run before the first one and not counted: the
// last n tasks, whose prompts are the least likely to be in a server's cache
// when their own turn comes, over again if there are fewer. They are called
// warmup#1, warmup#2, …, have "warmup": true and the id of their "task" in
// their metadata, and no answer, so that nobody scores them.
func Warmup(tasks iter.Seq2[Task, error], n int) ([]Task, error) {
	all, err := collect(tasks)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	ids := make(map[string]bool)
	for _, t := range all {
		ids[t.ID] = true
	}
	all = all[max(0, len(all)-n):]
	var warm []Task
	for i := range n {
		t := all[i%len(all)]
		if t.Metadata, err = mark(t); err != nil {
			return nil, err
		}
		t.ID, t.Answer = fmt.Sprintf("warmup#%d", i+1), nil
		if ids[t.ID] {
			return nil, fmt.Errorf("task %q has the id of a warm-up query", t.ID)
		}
		warm = append(warm, t)
	}
	return warm, nil
}

func mark(t Task) (json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if len(t.Metadata) > 0 {
		if err := json.Unmarshal(t.Metadata, &fields); err != nil {
			return nil, err
		}
	}
	id, err := json.Marshal(t.ID)
	if err != nil {
		return nil, err
	}
	fields["warmup"], fields["task"] = json.RawMessage("true"), id
	return json.Marshal(fields)
}

// ParseShard reads I/N.
func ParseShard(s string) (shard, shards int, err error) {
	i, n, found := strings.Cut(s, "/")
	shard, err1 := strconv.Atoi(i)
	shards, err2 := strconv.Atoi(n)
	if !found || err1 != nil || err2 != nil || shard < 1 || shard > shards {
		return 0, 0, fmt.Errorf("%q is no I/N with I from 1 to N", s)
	}
	return shard, shards, nil
}
