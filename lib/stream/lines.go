package stream

import "io"

// Lines reads JSON Lines without segments: traces, tasks.
type Lines struct {
	inputs   []*Input
	problems *Problems
	line     Line
	rejected error
	torn     bool
}

// NewLines reads the inputs, in order, as one list of lines.
func NewLines(problems *Problems, inputs ...*Input) *Lines {
	return &Lines{inputs: inputs, problems: problems}
}

// Reject reports that the last line returned could not be decoded.
func (l *Lines) Reject(why error) { l.rejected = why }

// Next returns the next line, valid until the next call, and io.EOF at the end.
// A rejected line without newline at the end of an input was torn.
func (l *Lines) Next() (*Line, error) {
	for {
		if why := l.rejected; why != nil {
			l.rejected = nil
			if l.torn {
				l.problems.Warn("%s:%d: torn last line dropped", l.line.File, l.line.Num)
			} else if err := l.problems.Reject(l.line.File, l.line.Num, why); err != nil {
				return nil, err
			}
		}
		if len(l.inputs) == 0 {
			return nil, io.EOF
		}
		in := l.inputs[0]
		b, torn, err := in.next()
		if err == io.EOF {
			l.inputs = l.inputs[1:]
			continue
		}
		l.torn = torn
		l.line = Line{Bytes: b, File: in.Name, Num: in.line}
		if err == errLong {
			l.rejected = err
			continue
		}
		if err != nil {
			return nil, &Error{in.Name, in.line, err.Error()}
		}
		return &l.line, nil
	}
}
