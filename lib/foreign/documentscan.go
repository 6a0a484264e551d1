package foreign

import "io"

// scan reads a value that begins with c, up to its closing bracket or quote.
// Whoever decodes it finds out whether it is JSON inside.
func (d *document) scan(c byte) ([]byte, error) {
	d.raw = d.raw[:0]
	switch c {
	case '{', '[':
		return d.nested()
	case '"':
		d.take()
		d.raw = append(d.raw, '"')
		return d.raw, d.text()
	}
	for {
		c, err := d.byteAt(0)
		if err != nil && err != io.EOF {
			return nil, err
		}
		switch {
		case err == io.EOF, c == ',', c == '}', c == ']', c == ' ', c == '\n', c == '\r', c == '\t':
			if len(d.raw) == 0 {
				return nil, errSyntax
			}
			return d.raw, nil
		case c < ' ' || c == '"' || c == ':' || len(d.raw) > 64:
			return nil, errSyntax
		}
		d.raw = append(d.raw, c)
		d.take()
	}
}

// nested reads a list or object.
func (d *document) nested() ([]byte, error) {
	depth := 0
	for {
		c, err := d.byteAt(0)
		if err != nil {
			return nil, err
		}
		if c == '{' && d.last == '\n' && d.oneLine && len(d.open)+depth > 0 {
			return nil, errTorn
		}
		d.take()
		if len(d.open)+depth == 0 {
			d.outermost(c)
		}
		if d.raw = append(d.raw, c); len(d.raw) > maxValue {
			return nil, errLong
		}
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return d.raw, nil
			}
		case '"':
			if err := d.text(); err != nil {
				return nil, err
			}
		}
	}
}

// text reads a string whose opening quote was read.
func (d *document) text() error {
	for escaped := false; ; {
		if _, err := d.byteAt(0); err != nil {
			return err
		}
		for _, c := range d.chunk[d.at:] {
			if c < ' ' {
				return errSyntax // a string ends in its line
			}
			d.at++
			d.raw = append(d.raw, c)
			switch {
			case escaped:
				escaped = false
			case c == '\\':
				escaped = true
			case c == '"':
				d.last = c
				return nil
			}
		}
		if len(d.raw) > maxValue {
			return errLong
		}
	}
}
