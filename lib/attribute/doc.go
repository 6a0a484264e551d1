// Package attribute says what each query, turn and tool call cost: section by
// section, joules between sensor readings are handed down to whoever was at
// work. It is arithmetic over values that are pushed in, in time order; it
// reads no file and no clock.
//
// The model, from the sensor to the number:
//
//   - A domain's readings make a line: energy over time, straight between
//     readings, never extrapolated. Two neighbouring points bound an interval.
//   - Events cut time into slices; within a slice nothing starts or ends.
//   - Step one shares each slice of each domain among model calls in flight or
//     open queries; what a query gets is kept per epoch, the time between two
//     events of its own.
//   - When a query has ended and every line has passed it, its epochs go to
//     setup, scoring, turns or overhead, and on to spans: only then is it known
//     when a turn ended.
//   - Everything is whole nanojoules from the first cut on, so each domain's
//     device energy equals the sum of all charges exactly.
//
// Beside each number stands how far sampling may have moved it. Two
// neighbouring readings say only that their joules were used somewhere in a
// cell, a little wider than the time between them; a number's bound follows
// from the smallest and the largest share it had in each cell.
package attribute
