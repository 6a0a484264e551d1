package powerlog

import (
	"ipw/lib/power"
	"ipw/lib/stream"
)

// output writes records to a stream, which is opened with the first one: a log
// of which nothing can be read leaves no file.
type output struct {
	open func() (*stream.Writer, error)
	w    *stream.Writer
}

func (o *output) header(h *power.Header, raw []byte) error {
	if o.w == nil {
		w, err := o.open()
		if err != nil {
			return err
		}
		o.w = w
	}
	if raw != nil {
		return o.w.Header(verbatim(raw))
	}
	return o.w.Header(h)
}

func (o *output) sample(s *power.Sample, raw []byte) error {
	if raw != nil {
		return o.other(raw)
	}
	return o.w.Append(func(b []byte) ([]byte, error) { return power.AppendSample(b, s), nil })
}

func (o *output) note(n *power.Note, raw []byte) error {
	if raw != nil {
		return o.other(raw)
	}
	return o.w.Record(n)
}

func (o *output) other(raw []byte) error {
	return o.w.Append(func(b []byte) ([]byte, error) { return stream.AppendEscaped(b, raw), nil })
}

// end ends the segment. What its producer said of itself is handed on.
func (o *output) end(status string, raw []byte) error {
	for _, own := range []string{"type", "records", "status"} {
		if raw != nil {
			raw = setField(raw, own, nil)
		}
	}
	if len(raw) <= len("{}") {
		return o.w.End(status, nil)
	}
	return o.w.End(status, verbatim(raw))
}

func (o *output) close() error {
	if o.w == nil {
		return nil
	}
	return o.w.Close()
}

// verbatim is JSON that is written as it is.
type verbatim []byte

// MarshalJSON returns it.
func (v verbatim) MarshalJSON() ([]byte, error) { return v, nil }
