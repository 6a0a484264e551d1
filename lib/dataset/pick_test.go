package dataset

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
)

func numbered(n int) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		for i := range n {
			if !yield(Task{ID: fmt.Sprintf("q%04d", i), Problem: "p"}, nil) {
				return
			}
		}
	}
}

func picked(t *testing.T, p Pick, tasks iter.Seq2[Task, error]) []string {
	t.Helper()
	var ids []string
	for task, err := range p.Of(tasks) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, task.ID)
	}
	return ids
}

func TestPick(t *testing.T) {
	seed := int64(7)
	for _, c := range []struct {
		pick Pick
		want string
	}{
		{Pick{}, "q0000 q0001 q0002 q0003 q0004"},
		{Pick{Max: 2}, "q0000 q0001"},
		{Pick{Max: 9}, "q0000 q0001 q0002 q0003 q0004"},
		{Pick{Shard: 1, Shards: 2}, "q0000 q0002 q0004"},
		{Pick{Shard: 2, Shards: 2}, "q0001 q0003"},
		{Pick{Shard: 2, Shards: 3, Max: 4}, "q0001"},
		{Pick{Shard: 9, Shards: 9}, ""},
		{Pick{Max: 2, Repeat: 3}, "q0000 q0001 q0000#2 q0001#2 q0000#3 q0001#3"},
		// as printf 7:q0000 | sha256sum says
		{Pick{Shuffle: &seed}, "q0001 q0004 q0002 q0003 q0000"},
	} {
		got := picked(t, c.pick, numbered(5))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q, want %q", c.pick, got, c.want)
		}
		if n := c.pick.Count(5); n != len(got) {
			t.Errorf("%+v: %d are counted, %d come", c.pick, n, len(got))
		}
	}
	if n := (Pick{Repeat: 3}).Count(-1); n != -1 {
		t.Errorf("of an unknown number %d", n)
	}
}

// TestShards: the shards of any pick are the pick, each task once.
func TestShards(t *testing.T) {
	for seed := range int64(20) {
		n := int(seed*3) % 23
		p := Pick{Shuffle: &seed, Max: int(seed) % 17, Repeat: int(seed) % 3}
		want := picked(t, p, numbered(n))
		for shards := range 8 {
			var got []string
			for i := range shards {
				p.Shard, p.Shards = i+1, shards
				got = append(got, picked(t, p, numbered(n))...)
			}
			slices.Sort(got)
			if shards > 0 && !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("%+v: %q, want %q", p, got, want)
			}
		}
	}
}

// TestShuffle: another seed gives another order, a task more keeps the order of
// the rest, and a longer head begins with the shorter one.
func TestShuffle(t *testing.T) {
	one, two := int64(1), int64(2)
	a := picked(t, Pick{Shuffle: &one}, numbered(40))
	if b := picked(t, Pick{Shuffle: &two}, numbered(40)); slices.Equal(a, b) {
		t.Error("two seeds give one order")
	}
	b := slices.DeleteFunc(picked(t, Pick{Shuffle: &one}, numbered(41)), func(id string) bool { return id == "q0040" })
	if !slices.Equal(a, b) {
		t.Errorf("%q, with a task more %q", a, b)
	}
	if head := picked(t, Pick{Shuffle: &one, Max: 10}, numbered(40)); !slices.Equal(head, a[:10]) {
		t.Errorf("%q is no head of %q", head, a)
	}
}

func TestPickErrors(t *testing.T) {
	broken := func(yield func(Task, error) bool) {
		if yield(Task{ID: "a"}, nil) {
			yield(Task{}, errors.New("torn"))
		}
	}
	seed := int64(1)
	for _, p := range []Pick{{}, {Shuffle: &seed}, {Repeat: 2}, {Shard: 1, Shards: 2}} {
		var last error
		for _, err := range p.Of(broken) {
			last = err
		}
		if last == nil {
			t.Errorf("%+v: the error is lost", p)
		}
	}
	clash := func(yield func(Task, error) bool) {
		_ = yield(Task{ID: "a"}, nil) && yield(Task{ID: "a#2"}, nil)
	}
	var last error
	for _, err := range (Pick{Repeat: 2}).Of(clash) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), `"a#2"`) {
		t.Errorf("two queries of one id: %v", last)
	}
}

func TestWarmup(t *testing.T) {
	answer := "42"
	tasks := func(yield func(Task, error) bool) {
		_ = yield(Task{ID: "a", Problem: "1"}, nil) &&
			yield(Task{ID: "b", Problem: "2", Answer: &answer, Metadata: []byte(`{"level":1}`)}, nil) &&
			yield(Task{ID: "c", Problem: "3"}, nil)
	}
	warm, err := Warmup(tasks, 2)
	got := fmt.Sprintf("%v", err)
	for _, w := range warm {
		got += fmt.Sprintf(" %s %s %s %v", w.ID, w.Problem, w.Metadata, w.Answer)
	}
	if want := `<nil> warmup#1 2 {"level":1,"task":"b","warmup":true} <nil> warmup#2 3 {"task":"c","warmup":true} <nil>`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if warm, err := Warmup(tasks, 7); err != nil || len(warm) != 7 || warm[6].Problem != "1" {
		t.Errorf("%+v, %v", warm, err)
	}
	if warm, err := Warmup(numbered(0), 3); err != nil || len(warm) != 0 {
		t.Errorf("of no task %+v, %v", warm, err)
	}
}

func TestParseShard(t *testing.T) {
	if i, n, err := ParseShard("2/3"); i != 2 || n != 3 || err != nil {
		t.Error(i, n, err)
	}
	for _, s := range []string{"", "1", "/", "0/3", "4/3", "1/0", "-1/3", "a/b", "1/2/3", "1/ 2"} {
		if i, n, err := ParseShard(s); err == nil {
			t.Errorf("%q is %d/%d", s, i, n)
		}
	}
}
