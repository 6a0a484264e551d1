package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"ipw/lib/clock"
	"ipw/lib/power"
)

// sampler is a process whose power stream is appended to a file of the run. The
// bytes pass through here, so that a sampler ends with its run however that
// ends, and so that a command of the user's needs to print a stream only.
type sampler struct {
	stage *stage
	file  *os.File
	first chan struct{} // closed when every counted domain has been read
	ended chan struct{} // closed when the stream has ended
	meter chan struct{} // told, without waiting, of every sample

	mu     sync.Mutex
	asked  bool // to end
	err    error
	header power.Header
	last   int64   // t_us of the latest sample
	begun  int64   // t_us of the first sample
	read   bool    // first is closed
	base   []int64 // j of each domain's first reading in the segment
	joules float64 // of the counted domains since then
}

// newSampler opens the file of a power stream; its stage is set before run.
func newSampler(path string) (*sampler, error) {
	file, err := openStream(path)
	if err != nil {
		return nil, err
	}
	return &sampler{file: file, first: make(chan struct{}), ended: make(chan struct{}), meter: make(chan struct{}, 1)}, nil
}

// run carries the stream until it ends.
func (s *sampler) run() {
	defer close(s.ended)
	err := s.relay(s.stage.stdout)
	s.stage.stdout.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = errors.Join(err, s.file.Close())
}

// relay appends whole lines to the file, and ends a segment that its producer
// left open.
func (s *sampler) relay(r io.Reader) error {
	br := bufio.NewReaderSize(r, 64<<10)
	var seg segment
	var failed error
	for {
		b, err := readLine(br)
		if text := bytes.TrimSpace(b); err == nil && len(text) > 0 {
			if !seg.any && !isPowerHeader(text) {
				s.stage.kill()
				return fmt.Errorf("what it prints is no %s stream: %.80q", power.Schema, text)
			}
			if failed == nil {
				_, failed = s.file.Write(b)
			}
			s.observe(seg.line(text), text)
		}
		if err != nil {
			break
		}
		if failed != nil {
			s.stage.kill()
			return failed
		}
	}
	if seg.open {
		status := "failed"
		if s.wasAsked() {
			status = "ok"
		}
		_, failed = s.file.Write(seg.end(status))
	}
	return failed
}

func isPowerHeader(line []byte) bool {
	var h struct{ Type, Schema string }
	return json.Unmarshal(line, &h) == nil && h.Type == "header" && h.Schema == power.Schema
}

// observe keeps what waiting and progress need to know.
func (s *sampler) observe(kind string, line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case "header":
		s.header, s.base = power.Header{}, nil
		_ = json.Unmarshal(line, &s.header) // a bad one is the readers' to report
		return
	case "":
	default:
		return
	}
	var v power.Sample
	if power.ParseSample(line, &v) != nil {
		return
	}
	if s.last = v.TUs; s.begun == 0 {
		s.begun = v.TUs
	}
	if s.count(&v) || v.TUs-s.begun > longestFirst.Microseconds() {
		if !s.read {
			close(s.first)
		}
		s.read = true
	}
	select {
	case s.meter <- struct{}{}:
	default:
	}
}

// longestFirst is how long after the first sample a sensor may be without a
// reading before the run begins without it.
const longestFirst = 2 * time.Second

// count adds up the joules since each counted domain's first reading. It
// reports whether all of them have been read.
func (s *sampler) count(v *power.Sample) bool {
	all := true
	s.joules = 0
	if s.base == nil {
		s.base = make([]int64, len(s.header.Domains))
		for i := range s.base {
			s.base[i] = power.Null
		}
	}
	for i, d := range s.header.Domains {
		switch {
		case !d.Counts():
		case d.Energy == power.None:
			all = all && i < len(v.W) && v.W[i] != power.Null
		case i >= len(v.J) || v.J[i] == power.Null:
			all = all && s.base[i] != power.Null
		case s.base[i] == power.Null:
			s.base[i] = v.J[i]
		default:
			s.joules += float64(v.J[i]-s.base[i]) / 1e6
		}
	}
	return all
}

// estimated tells whether what counts in joules is a model's.
func (s *sampler) estimated() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.header.Domains {
		if d.Counts() && d.Estimated {
			return true
		}
	}
	return false
}

func (s *sampler) soFar() (joules float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joules
}

// settle is how long after a moment a reading must be made to tell of it: the
// sensor's slowest refresh, its lag, and half the window of an averaged one.
func settle(h *power.Header) time.Duration {
	most := time.Duration(0)
	for _, d := range h.Domains {
		us := d.LagUs + d.PowerWindowUs/2
		if d.UpdateUs != nil {
			us += *d.UpdateUs
		}
		most = max(most, time.Duration(us)*time.Microsecond)
	}
	return min(most, longestSettle)
}

const longestSettle = 5 * time.Second

// past waits until a reading was made that covers the moment t. It reports
// false if the sampler ended or too much time went by.
func (s *sampler) past(t time.Time) bool {
	s.mu.Lock()
	target := t.Add(settle(&s.header))
	foreign := s.header.Host != clock.Host() // its clock may differ: count what arrives
	s.mu.Unlock()
	timeout := time.After(time.Until(target) + longestSettle)
	for arrived := 0; ; {
		s.mu.Lock()
		covered := s.last > target.UnixMicro()
		s.mu.Unlock()
		if covered && !foreign || arrived > 1 {
			return true
		}
		select {
		case <-s.meter:
			if foreign && time.Now().After(target) {
				arrived++
			}
		case <-s.ended:
			return false
		case <-timeout:
			return false
		}
	}
}

func (s *sampler) wasAsked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// stop ends the sampler well, and waits for the end of its stream.
func (s *sampler) stop() error {
	s.mu.Lock()
	s.asked = true
	s.mu.Unlock()
	if !s.stage.over() {
		_ = signalGroup(s.stage.cmd.Process, syscall.SIGINT)
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.stage.kill()
		<-s.ended
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// patience is how long a stage that was asked to end may take.
const patience = 10 * time.Second
