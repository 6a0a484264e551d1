package event

import (
	"encoding/json"
	"io"

	"ipw/lib/stream"
)

// Copy writes what src holds as an event stream. What was read from one goes
// through as it is, with the fields that this version does not know. A segment
// whose producer died gets an end with status failed: it closes what is open,
// as its missing end did.
func Copy(w *stream.Writer, src Source) error {
	for {
		rec, err := src.Next()
		if err == io.EOF {
			return w.Flush()
		}
		if err == nil {
			err = write(w, rec)
		}
		if err != nil {
			return err
		}
	}
}

func write(w *stream.Writer, rec *Record) error {
	switch {
	case rec.Header != nil && rec.Raw != nil:
		return w.Header(json.RawMessage(rec.Raw))
	case rec.Header != nil:
		return w.Header(rec.Header)
	case rec.Event == nil:
		return w.End(endOf(rec.End), nil)
	case rec.Raw != nil:
		return w.Append(func(b []byte) ([]byte, error) { return stream.AppendEscaped(b, rec.Raw), nil })
	}
	return w.Record(rec.Event)
}

// endOf is the status that says of a complete segment what a reader said of one
// that may not be.
func endOf(status string) string {
	switch status {
	case "ok", "interrupted", "failed":
		return status
	case "open": // a followed file: reading was stopped
		return "interrupted"
	}
	return "failed"
}
