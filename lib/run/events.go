package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"

	"ipw/lib/event"
	"ipw/lib/trace"
)

// eventLog is events.jsonl while the agent writes it. It is also the queue
// between the agent and ipw-attribute: what stands in the file is passed on
// from there, so a slow reader never holds up the agent.
type eventLog struct {
	path string
	file *os.File

	mu      sync.Mutex
	grew    *sync.Cond
	size    int64 // bytes that may be passed on
	closed  bool
	seg     segment
	status  string          // of the end record, "" before
	lastUs  int64           // t_us of the latest record
	started map[string]bool // counted queries of this session, true once ended
	errors  int             // those of them that ended in error
}

// openEvents opens the log behind what earlier sessions left.
func openEvents(path string) (*eventLog, error) {
	f, err := openStream(path)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		f.Close()
		return nil, err
	}
	l := &eventLog{path: path, file: f, size: size, started: map[string]bool{}}
	l.grew = sync.NewCond(&l.mu)
	return l, nil
}

// take copies the agent's stream to the file until it ends. A segment that the
// agent left open is ended for it, with status failed.
func (l *eventLog) take(r io.Reader) error {
	br := bufio.NewReaderSize(r, 64<<10)
	var failed error
	for failed == nil {
		b, err := readLine(br)
		if text := bytes.TrimSpace(b); err == nil && len(text) > 0 {
			failed = l.append(b, text)
		}
		if err != nil {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if failed == nil && l.seg.open {
		tail := l.seg.end("failed")
		_, failed = l.file.Write(tail)
		l.size += int64(len(tail))
	}
	return failed
}

// finish says that no more comes. It must not be called while take runs.
func (l *eventLog) finish() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.grew.Broadcast()
	return l.file.Close()
}

// empty tells that there is not one event, of this session or another.
func (l *eventLog) empty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size == 0
}

func (l *eventLog) append(line, text []byte) error {
	if _, err := l.file.Write(line); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.size += int64(len(line))
	l.observe(text)
	l.grew.Broadcast()
	return nil
}

func (l *eventLog) observe(text []byte) {
	var e struct {
		TUs      int64           `json:"t_us"`
		Query    string          `json:"query"`
		Reason   string          `json:"reason"`
		Status   string          `json:"status"`
		Metadata json.RawMessage `json:"metadata"`
	}
	_ = json.Unmarshal(text, &e) // a bad line is the readers' to report
	l.lastUs = max(l.lastUs, e.TUs)
	switch l.seg.line(text) {
	case "end":
		l.status = e.Status
	case event.QueryStart:
		if !trace.IsWarmup(e.Metadata) {
			l.started[e.Query] = false
		}
	case event.QueryEnd:
		if _, counted := l.started[e.Query]; !counted {
			return
		}
		if e.Reason == event.Failed {
			l.errors++
		}
		l.started[e.Query] = true
	}
}

// passOn writes the whole log, old segments first, to w and keeps up with its
// growth until the agent has ended.
func (l *eventLog) passOn(w io.Writer) error {
	f, err := os.Open(l.path)
	if err != nil {
		return err
	}
	defer f.Close()
	var done int64
	for {
		l.mu.Lock()
		for l.size == done && !l.closed {
			l.grew.Wait()
		}
		n := l.size - done
		l.mu.Unlock()
		if n == 0 {
			return nil
		}
		if _, err := io.CopyN(w, f, n); err != nil {
			return err
		}
		done += n
	}
}

// progress counts this session's queries.
func (l *eventLog) progress() (ended, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, over := range l.started {
		if over {
			ended++
		} else {
			open++
		}
	}
	return ended, open
}

// lastEvent is the time of the latest record, zero if there was none.
func (l *eventLog) lastEvent() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lastUs == 0 {
		return time.Time{}
	}
	return time.UnixMicro(l.lastUs)
}

// endStatus is what the agent's own end record said, "" if it wrote none.
func (l *eventLog) endStatus() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

// failed is the number of this session's queries that ended in error.
func (l *eventLog) failed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.errors
}
