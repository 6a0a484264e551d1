// Package demo holds the tasks of the bundled data set: arithmetic, look-ups in
// the bundled corpus, and both together. All are our own, with exact answers.
package demo

import _ "embed"

// Tasks is JSON Lines, one task a line.
//
//go:embed tasks.jsonl
var Tasks []byte
