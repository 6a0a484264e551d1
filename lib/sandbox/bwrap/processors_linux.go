package bwrap

import (
	"math"
	"strconv"

	"golang.org/x/sys/unix"
)

// processors are the first n that this process may use, "" for all.
func processors(n float64) string {
	var set unix.CPUSet
	if n <= 0 || unix.SchedGetaffinity(0, &set) != nil {
		return ""
	}
	list, left := "", int(math.Ceil(n))
	for cpu := 0; left > 0 && cpu < len(set)*64; cpu++ {
		if set.IsSet(cpu) {
			list, left = list+","+strconv.Itoa(cpu), left-1
		}
	}
	return list[1:]
}
