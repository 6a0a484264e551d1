package sandbox

import (
	"fmt"
	"slices"
	"testing"
)

func TestTree(t *testing.T) {
	procs := []Proc{
		{PID: 1, Start: 10},
		{PID: 7, Parent: 1, Start: 11},               // the box's idle process
		{PID: 20, Parent: 0, Start: 100, Mark: "a"},  // a command
		{PID: 21, Parent: 20, Start: 101, Mark: "a"}, // its child
		{PID: 22, Parent: 21, Start: 102},            // its grandchild without a mark
		{PID: 23, Parent: 1, Start: 103, Mark: "a"},  // left its parent
		{PID: 24, Parent: 1, Start: 104},             // left its parent and dropped the mark
		{PID: 25, Parent: 20, Start: 105, Mark: "a", Dead: true},
		{PID: 30, Parent: 0, Start: 90, Mark: "b"}, // another command
		{PID: 31, Parent: 30, Start: 120},
		{PID: 32, Parent: 1, Start: 95}, // older than a
	}
	for _, c := range []struct {
		mark  string
		loose bool
		want  []int
	}{
		{"a", false, []int{20, 21, 22, 23}},
		{"a", true, []int{20, 21, 22, 23, 24}},
		{"b", false, []int{30, 31}},
		{"c", true, nil},
	} {
		if got := Tree(procs, c.mark, c.loose); !slices.Equal(got, c.want) {
			t.Errorf("%s, loose %v: %v, not %v", c.mark, c.loose, got, c.want)
		}
	}
	// a loop of parents ends
	Tree([]Proc{{PID: 2, Parent: 3}, {PID: 3, Parent: 2}}, "a", true)
}

// FuzzParseStat: a name may hold anything, and what is read is what stands
// around it.
func FuzzParseStat(f *testing.F) {
	f.Add("12 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20", "sh", 12, 1, uint64(4711))
	f.Add("12 (a", ") Z 7 (", 1, 0, uint64(0))
	f.Add("", "\n", 99, 98, uint64(1)<<63)
	f.Fuzz(func(t *testing.T, line, name string, pid, parent int, start uint64) {
		if p, ok := ParseStat(line); !ok && p != (Proc{}) && p.Mark != "" {
			t.Errorf("%q: %v", line, p)
		}
		made := fmt.Sprintf("%d (%s) Z %d 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %d 20 21", pid, name, parent, start)
		want := Proc{PID: pid, Parent: parent, Start: start, Dead: true}
		if p, ok := ParseStat(made); !ok || p != want {
			t.Errorf("%q: %v, %v", made, p, ok)
		}
	})
}
