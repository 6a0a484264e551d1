package amdgpu

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/sensor"
)

// card is a directory cardN/device of the tree of graphics cards.
type card struct {
	root   string
	number int
	pci    string // address, "" if the tree does not tell
}

// list finds AMD's cards in the order of their numbers. What has no hwmon is a
// partition of another card.
func list(root string) []card {
	dirs, _ := filepath.Glob(filepath.Join(root, "class/drm/card*"))
	var cards []card
	for _, dir := range dirs {
		n, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), "card"))
		if err != nil {
			continue // card0-DP-1 is a connector
		}
		c := card{root: root, number: n}
		if link, err := os.Readlink(c.dir()); err == nil {
			c.pci = filepath.Base(link)
		}
		if c.text("vendor") == vendor && c.hwmon() != "" {
			cards = append(cards, c)
		}
	}
	slices.SortFunc(cards, func(a, b card) int { return cmp.Compare(a.number, b.number) })
	return cards
}

func (c card) dir() string {
	return filepath.Join(c.root, "class/drm", "card"+strconv.Itoa(c.number), "device")
}

func (c card) hwmon() string {
	dirs, _ := filepath.Glob(filepath.Join(c.dir(), "hwmon/hwmon*"))
	if len(dirs) == 0 {
		return ""
	}
	return dirs[0]
}

// path is where a file of the card is: in its own directory or in its hwmon's,
// whose number changes.
func (c card) path(file string) string {
	path := filepath.Join(c.dir(), file)
	if _, err := os.Stat(path); err != nil {
		if h := c.hwmon(); h != "" {
			return filepath.Join(h, file)
		}
	}
	return path
}

func (c card) text(file string) string { return sensor.ReadText(c.path(file)) }

// again finds the card as it is now: a driver that is loaded again may number
// it anew.
func (c card) again() card {
	if c.pci != "" {
		for _, other := range list(c.root) {
			if other.pci == c.pci {
				return other
			}
		}
	}
	return c
}
