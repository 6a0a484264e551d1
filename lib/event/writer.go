package event

import (
	"ipw/lib/clock"
	"ipw/lib/stream"
)

// Writer writes events, stamping each as it writes it.
type Writer struct {
	w     *stream.Writer
	clock clock.Clock
}

// NewWriter writes to w with the time of a clock.
func NewWriter(w *stream.Writer, c clock.Clock) *Writer { return &Writer{w, c} }

// Header begins a segment; type, schema and t_us are filled in.
func (w *Writer) Header(h Header) error {
	h.Type, h.Schema, h.TUs = "header", Schema, w.clock().TUs
	return w.w.Header(h)
}

// Emit stamps and writes e. Stamp and place in the stream are taken under one
// lock, so records stand in time order.
func (w *Writer) Emit(e Event) error {
	return w.w.Append(func(b []byte) ([]byte, error) {
		now := w.clock()
		e.TUs, e.MUs = now.TUs, &now.MUs
		return Append(b, &e)
	})
}

// End ends the segment.
func (w *Writer) End(status string) error { return w.w.End(status, nil) }
