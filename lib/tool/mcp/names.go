package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
)

// longestName is how long the APIs of models let the name of a tool be.
const longestName = 64

var outside = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// sane makes a name of the characters that the APIs of models take.
func sane(name string) string {
	if name = outside.ReplaceAllString(name, "_"); name == "" {
		return "_"
	}
	return name
}

// qualified is the name of a server's tool as models see it: server__tool. One
// that is too long, or looks like another that is taken, is cut and ends in a
// hash of the whole.
func qualified(server, tool string, taken map[string]bool) string {
	whole := server + "__" + tool
	name := sane(server) + "__" + sane(tool)
	for n := 0; len(name) > longestName || taken[name]; n++ {
		sum := sha256.Sum256(append([]byte(whole), byte(n)))
		mark := "_" + hex.EncodeToString(sum[:4])
		name = sane(server) + "__" + sane(tool)
		name = name[:min(len(name), longestName-len(mark))] + mark
	}
	taken[name] = true
	return name
}
