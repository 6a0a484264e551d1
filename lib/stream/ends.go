package stream

import "io"

// without deals with what an input gives instead of a line.
func (r *Reader) without(in *Input, err error) (*Line, error) {
	switch {
	case err == errLong:
		if err := r.settle(false); err != nil {
			return nil, err
		}
		r.fresh = false
		r.records++
		r.last = place{in.Name, in.line}
		return nil, r.problems.Reject(in.Name, in.line, err)
	case err == io.EOF || shortened(err) && in.waited():
		return r.leave(in)
	case shortened(err):
		return r.broken(in)
	}
	return nil, &Error{in.Name, in.line, err.Error()}
}

// leave steps to the next input, which may be this one's successor under the
// same name.
func (r *Reader) leave(in *Input) (*Line, error) {
	if why := in.moved(); why != "" {
		return r.successor(in, why)
	}
	if r.fresh && !in.stopped() {
		return nil, &Error{in.Name, 0, "empty: a stream begins with a header line"}
	}
	if r.barren && !in.stopped() {
		if err := r.settle(true); err != nil {
			return nil, err
		}
		return nil, &Error{in.Name, 0, "no header: nothing in it can be read"}
	}
	r.at, r.fresh = r.at+1, true
	in.Close()
	if !r.open || !in.stopped() {
		return nil, nil
	}
	if err := r.settle(true); err != nil {
		return nil, err
	}
	return r.close("open"), nil
}

// successor goes on in the file that has the followed one's name now.
func (r *Reader) successor(in *Input, why string) (*Line, error) {
	next, err := Open(in.tail.ctx, in.Name, nil, true)
	if err != nil {
		return nil, err
	}
	in.Close()
	r.inputs[r.at], r.fresh = next, true
	r.problems.Warn("%s:%d: %s, going on with the new file", in.Name, in.line, why)
	if err := r.settle(true); err != nil || !r.open {
		return nil, err
	}
	return r.implied("no end line in the old file"), nil
}

// broken ends the reading of an input that cannot be decompressed further: what
// came before stands.
func (r *Reader) broken(in *Input) (*Line, error) {
	const why = "compressed data cut short"
	r.at, r.fresh = r.at+1, true
	in.Close()
	if err := r.settle(true); err != nil {
		return nil, err
	}
	if r.open {
		return r.implied(why), nil
	}
	r.incomplete(in.Name, in.line, why)
	return nil, nil
}

func (r *Reader) finish() (*Line, error) {
	if err := r.settle(true); err != nil {
		return nil, err
	}
	switch {
	case r.open:
		return r.implied("no end line, the producer died"), nil
	case !r.any && len(r.inputs) > 0 && !r.inputs[len(r.inputs)-1].stopped():
		r.any = true // said once
		return nil, &Error{r.inputs[0].Name, 0, "no header: nothing in it can be read"}
	}
	return nil, io.EOF
}
