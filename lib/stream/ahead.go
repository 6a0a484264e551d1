package stream

// Ahead returns what has come of the open segment behind the last line returned,
// for a format that knows by itself what nearly all lines of its streams are: it
// may Pass them, and need not look at each by Next. The last line may not have
// come to its end. Nil says that the next line must be read by Next. The bytes
// are valid until then.
func (r *Reader) Ahead() []byte {
	if !r.open || r.glued != nil || r.rejected.why != nil || r.at == len(r.inputs) {
		return nil
	}
	return r.inputs[r.at].ahead()
}

// Pass steps over the first n bytes of what Ahead returned: whole lines, each a
// record and no other kind of line. It returns the place of the last of them.
func (r *Reader) Pass(n, lines int) (file string, num int) {
	in := r.inputs[r.at]
	in.br.Discard(n)
	in.line += lines
	r.fresh = false
	r.records += int64(lines)
	r.last = place{in.Name, in.line}
	return in.Name, in.line
}

// ahead returns what is in the buffer.
func (in *Input) ahead() []byte {
	if in.br == nil {
		return nil
	}
	b, _ := in.br.Peek(in.br.Buffered())
	return b
}
