package source

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/stream"
	"ipw/lib/trace"
)

// PowerHeaders returns the first header of each power stream.
func (s *Source) PowerHeaders() ([]*power.Header, error) {
	files, err := s.Files(Power)
	if err != nil {
		return nil, err
	}
	var headers []*power.Header
	for _, f := range files {
		in, err := f.Open()
		if err != nil {
			return nil, err
		}
		r := power.NewReader(new(stream.Problems), in)
		rec, err := r.Next()
		if err == nil && rec.Header != nil {
			headers = append(headers, rec.Header)
		}
		r.Close()
		if err != nil && f.Size() > 0 { // an empty file has no header yet
			return nil, err
		}
	}
	return headers, nil
}

// EventHeader returns the first header of the event stream, nil if there is
// none.
func (s *Source) EventHeader() (*event.Header, error) {
	files, err := s.Files(Events)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		in, err := f.Open()
		if err != nil {
			return nil, err
		}
		r := event.NewReader(new(stream.Problems), in)
		rec, err := r.Next()
		r.Close()
		if err == nil && rec.Header != nil {
			return rec.Header, nil
		}
		if err != nil && f.Size() > 0 {
			return nil, err
		}
	}
	return nil, nil
}

// GPUName is the names of the GPUs under the run, each once, joined by ", ";
// nil if the run has no power stream or no GPU in it.
func (s *Source) GPUName() (*string, error) {
	headers, err := s.PowerHeaders()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, h := range headers {
		for _, d := range h.Domains {
			if d.Kind == power.GPU && d.Name != "" && !slices.Contains(names, d.Name) {
				names = append(names, d.Name)
			}
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	all := strings.Join(names, ", ")
	return &all, nil
}

// Config is the run's configuration as JSON, nil if no event stream tells it.
func (s *Source) Config() (*string, error) {
	h, err := s.EventHeader()
	if err != nil || h == nil || len(h.Config) == 0 || string(h.Config) == "null" {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, h.Config); err != nil {
		return nil, err
	}
	text := strings.ToValidUTF8(b.String(), "\uFFFD")
	return &text, nil
}

// Run is the run's name as its records carry it: from the event stream's
// header, else the first trace, else the directory's name. It is "" for a bare
// file that does not tell.
func (s *Source) Run() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		return *s.run, nil
	}
	name, err := s.findRun()
	if err != nil {
		return "", err
	}
	s.run = &name
	return name, nil
}

func (s *Source) findRun() (string, error) {
	if h, err := s.EventHeader(); err == nil && h != nil && h.Run != "" {
		return h.Run, nil
	}
	files, err := s.Files(Traces)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		in, err := f.Open()
		if err != nil {
			return "", err
		}
		q, err := trace.NewReader(new(stream.Problems), in).Next()
		in.Close()
		if err == nil && q.Run != nil && *q.Run != "" {
			return *q.Run, nil
		}
		if err != nil && err != io.EOF {
			return "", err
		}
	}
	if s.Dir == "" {
		return "", nil
	}
	abs, err := filepath.Abs(s.Dir)
	if err != nil {
		return "", err
	}
	return filepath.Base(abs), nil
}
