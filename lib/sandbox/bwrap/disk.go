package bwrap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"ipw/lib/sandbox"
)

const prefix = "ipw-box-"

// look is how often a box's size is looked at. Between two looks a command may
// write more than it may; that it wrote it ends the box.
const look = 2 * time.Second

// watch breaks the box when it holds more than its Spec allows, beside the
// workspace.
func (b *box) watch() {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-b.lost.Done():
			return
		case <-tick.C:
			if n := size(b.dir); n > b.spec.Disk {
				b.lost.Lose(fmt.Errorf("it wrote %d bytes outside of its workspace, %d are allowed", n, b.spec.Disk))
				return
			}
		}
	}
}

// size counts blocks: a file may be longer than what it holds.
func size(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			n += allocated(info)
		}
		return nil
	})
	return n
}

// remove removes a directory, also one whose permissions forbid it.
func remove(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil {
		return nil
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// sweep removes the boxes of dead runs, and only those.
func (s *Sandbox) sweep() error {
	dirs, err := filepath.Glob(filepath.Join(s.temp, prefix+"*"))
	me := sandbox.Self()
	for _, dir := range dirs {
		text, readErr := os.ReadFile(filepath.Join(dir, "owner"))
		if readErr != nil {
			continue // another's, or one that is being made
		}
		if owner, parseErr := sandbox.ParseOwner(string(text)); parseErr == nil && owner.Dead(me) {
			groupOf(filepath.Base(dir)).remove()
			if removeErr := remove(dir); removeErr != nil && !os.IsPermission(removeErr) {
				err = errors.Join(err, fmt.Errorf("box of a dead run: %w", removeErr))
			}
		}
	}
	return err
}
