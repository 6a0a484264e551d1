package powerlog

import (
	"io"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// Job turns one log into a power stream.
type Job struct {
	Options
	Name       string // of the log, as reported in problems
	Log        io.Reader
	Format     string // one of Formats; "" or auto: by its content
	IntervalUs int64  // keep a sample per so much; 0: all
	Tool       string // of the headers
	Open       func() (*stream.Writer, error)
}

// Run reads the log to its end. What could be read is written, whatever the
// error; Options.Problems tells of the rest.
func (j *Job) Run() error {
	src := newSource(j.Name, j.Log, j.Problems)
	name := j.Format
	if name == "" || name == "auto" {
		var err error
		if name, err = recognize(src); err != nil {
			return err
		}
	}
	out := &output{open: j.Open}
	var to sink = out
	if j.IntervalUs > 0 {
		to = newThinner(out, j.IntervalUs)
	}
	err := j.convert(name, src, to)
	if closed := out.close(); err == nil {
		err = closed
	}
	return err
}

func (j *Job) convert(name string, src *source, to sink) error {
	if name == Power {
		return j.copy(src, to)
	}
	r, err := openFormat(name, src, j.Options)
	if err != nil {
		return err
	}
	c := &converter{out: to, src: src, host: j.Host, tool: j.Tool + " --from-format " + name, problems: j.Problems}
	return c.run(r)
}

// copy hands on a power stream as it is.
func (j *Job) copy(src *source, to sink) error {
	r := power.NewReader(j.Problems, stream.NewInput(src.name, src.br))
	r.Unknown()
	open := false
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return nil
		}
		switch {
		case err != nil:
			if open {
				_ = to.end("failed", nil)
			}
			return err
		case rec.Header != nil:
			err, open = to.header(j.named(rec)), true
		case rec.Sample != nil:
			err = to.sample(rec.Sample, rec.Raw)
		case rec.Note != nil:
			err = to.note(rec.Note, rec.Raw)
		case rec.End != "":
			err, open = to.end(ended(rec), rec.Raw), false
		default:
			err = to.other(rec.Raw)
		}
		if err != nil {
			return err
		}
	}
}

// named gives a header that names no host the one that was told.
func (j *Job) named(rec *power.Record) (*power.Header, []byte) {
	if rec.Header.Host != "" || j.Host == "" {
		return rec.Header, rec.Raw
	}
	rec.Header.Host = j.Host
	name, _ := stream.AppendJSON(nil, j.Host)
	return rec.Header, setField(rec.Raw, "host", name)
}

// ended is the status to write for a segment: one whose producer died has
// failed.
func ended(rec *power.Record) string {
	switch rec.End {
	case "ok", "interrupted", "failed":
		return rec.End
	}
	return "failed"
}
