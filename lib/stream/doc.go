// Package stream reads and writes segmented JSON Lines, the frame that every
// ipw stream shares.
//
// A stream is a sequence of segments. A segment is one header line, records,
// one end line:
//
//	{"type":"header","schema":"ipw.power/1",…}
//	{"t_us":1763884800000000,"j":[0]}
//	{"type":"end","records":1,"status":"ok"}
//
// records is the number of lines between the two; status is ok, interrupted or
// failed. So concatenated streams are a stream, and a restarted producer
// appends a segment to its own file. A segment without an end line, or with a
// wrong count, is incomplete: its producer died. What it holds is used, and the
// command that read it says so and fails, unless it was told to accept it.
//
// Input is UTF-8, plain, gzip or zstd (told by its first bytes, never by its
// name). Blank lines, a CR before LF and a leading byte order mark are ignored.
// A line of more than 64 MiB is one rejected line. A line that its reader
// cannot decode is rejected: reported with file and line, counted, skipped. If
// it is the beginning of an object, and nothing but a header or the end of the
// stream follows, it was torn by a crash and is dropped with a warning instead;
// the header may even stand in its line.
//
// A file that is still being written can be followed: it is read until its last
// segment has ended, or until the reader is told to stop. If it is replaced or
// overwritten meanwhile, reading goes on in the new one, and says so.
//
// Output escapes every control character, U+007F to U+009F too, and holds no
// NaN and no infinity.
package stream
