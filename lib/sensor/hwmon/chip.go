package hwmon

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/sensor"
)

// chip is a directory hwmonN.
type chip struct {
	dir    string
	name   string
	device string // the device it belongs to, "" if the tree does not tell
	mark   string // what tells it from others of its name: the meter's own words
	alone  bool   // there is no other like it
}

func (c chip) like(other chip) bool {
	return other.name == c.name && other.device == c.device && other.mark == c.mark
}

// list finds the chips in the order of their numbers.
func list(tree string) []chip {
	dirs, _ := filepath.Glob(filepath.Join(tree, "hwmon*"))
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	var chips []chip
	for _, dir := range dirs {
		c := chip{dir: dir}
		if c.name = sensor.ReadText(c.path("name")); c.name == "" {
			continue
		}
		if link, err := os.Readlink(filepath.Join(dir, "device")); err == nil {
			c.device = filepath.Base(link)
		}
		c.mark = sensor.ReadText(c.path("power1_oem_info"))
		chips = append(chips, c)
	}
	for i, c := range chips {
		chips[i].alone = !slices.ContainsFunc(chips, func(o chip) bool { return o.dir != c.dir && o.like(c) })
	}
	return chips
}

func number(dir string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), "hwmon"))
	if err != nil {
		return 1 << 30
	}
	return n
}

// path is where a file of the chip is: older drivers keep theirs in the device.
func (c chip) path(file string) string {
	path := filepath.Join(c.dir, file)
	if _, err := os.Stat(path); err != nil {
		if old := filepath.Join(c.dir, "device", file); exists(old) {
			return old
		}
	}
	return path
}

func (c chip) has(file string) bool { return exists(c.path(file)) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// again finds the chip as it is now, whatever its number; one of several that
// nothing tells apart only by that.
func (c chip) again(tree string) (chip, bool) {
	for _, other := range list(tree) {
		if c.like(other) && (c.device != "" || c.mark != "" || other.dir == c.dir || c.alone && other.alone) {
			return other, true
		}
	}
	return chip{}, false
}
