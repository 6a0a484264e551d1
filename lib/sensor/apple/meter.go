package apple

import (
	"context"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"ipw/lib/power"
	"ipw/lib/powerlog"
	"ipw/lib/sensor"
	"ipw/lib/stream"
)

// meter is one powermetrics that prints for ever, shared by the parts.
type meter struct {
	command []string
	period  time.Duration
	now     func() int64
	cancel  context.CancelFunc
	over    chan struct{}
	open    int // parts that hold it

	mu     sync.Mutex
	begun  sync.Once
	ready  chan struct{} // closed once there is a report, or will be none
	counts []count
	at     int64 // when the last report came
	err    error // why there is none
}

// count is what a part of the chip used.
type count struct {
	domain power.Domain
	microJ int64
	told   bool // in the last report
}

const restart = time.Second // between attempts to start it again

func newMeter(command []string, period time.Duration, now func() int64) *meter {
	ctx, cancel := context.WithCancel(context.Background())
	m := &meter{command: command, period: period, now: now, cancel: cancel, over: make(chan struct{}), ready: make(chan struct{})}
	go m.run(ctx)
	return m
}

// run keeps a powermetrics going until ctx ends.
func (m *meter) run(ctx context.Context) {
	defer close(m.over)
	for {
		err := m.once(ctx)
		m.mu.Lock()
		m.err = err
		m.lose()
		m.mu.Unlock()
		m.begin()
		select {
		case <-ctx.Done():
			return
		case <-time.After(restart):
		}
	}
}

// once reads one powermetrics to its end.
func (m *meter) once(ctx context.Context) error {
	args := append(m.command[1:len(m.command):len(m.command)], "--samplers", "cpu_power,gpu_power", "-i", strconv.FormatInt(m.period.Milliseconds(), 10), "-f", "plist")
	cmd := exec.CommandContext(ctx, m.command[0], args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // sudo hands it on
	cmd.WaitDelay = time.Second
	said := &head{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return refusal([]byte(err.Error()), nil)
	}
	m.read(out)
	err = cmd.Wait()
	return refusal(said.text, err)
}

// head keeps the beginning of what is written.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(4096-len(h.text), len(p))]...)
	return len(p), nil
}

// read adds up reports. One that cannot be read leaves a hole of unknown joules:
// the counters begin again.
func (m *meter) read(out io.Reader) {
	problems := &stream.Problems{Print: func(string) { m.hole() }}
	r, err := powerlog.Open("powermetrics", "powermetrics", out, powerlog.Options{Problems: problems, Now: m.now})
	if err != nil {
		return
	}
	for {
		tick, err := r.Next()
		if err != nil {
			return
		}
		m.take(r.Header(), tick)
	}
}

func (m *meter) hole() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lose()
}

// lose begins the counters again.
func (m *meter) lose() {
	for i := range m.counts {
		m.counts[i].microJ = 0
	}
}

// take adds a report. The first one says which parts there are; one that is not
// in a report begins again.
func (m *meter) take(h *powerlog.Header, tick *powerlog.Tick) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		for _, d := range h.Domains {
			m.counts = append(m.counts, count{domain: d.Domain})
		}
	}
	for i := range m.counts {
		c := &m.counts[i]
		k := slices.IndexFunc(h.Domains, func(d powerlog.Domain) bool { return d.ID == c.domain.ID })
		c.told = k >= 0 && k < len(tick.Values) && tick.Values[k].J != power.Null
		if c.told {
			c.microJ += tick.Values[k].J
		} else {
			c.microJ = 0 // what it used meanwhile is not known
		}
	}
	m.at, m.err = m.now(), nil
	m.begin()
}

func (m *meter) begin() { m.begun.Do(func() { close(m.ready) }) }

// found are the parts of the first report, or why there was none.
func (m *meter) found() (domains []power.Domain, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.counts {
		domains = append(domains, m.describe(c.domain))
	}
	return domains, m.err
}

// describe is a part's domain. A report comes when its time is over, and then
// takes a while.
func (m *meter) describe(d power.Domain) power.Domain {
	update := m.period.Microseconds()
	d.Source, d.Energy, d.Power = Source, power.Counter, power.Derived
	d.UpdateUs, d.LagUs = &update, update
	return d
}

func (m *meter) stop() {
	m.cancel()
	<-m.over
}

// part reads what one part of the chip used, as of the last report.
type part struct {
	domain sensor.Domain
	meter  *meter
	index  int
	closed bool
}

func (p *part) Domain() *sensor.Domain { return &p.domain }

func (p *part) Read(now int64, _ bool, r *sensor.Reading) {
	m := p.meter
	m.mu.Lock()
	c, at, err := m.counts[p.index], m.at, m.err
	m.mu.Unlock()
	switch {
	case now-at > 3*m.period.Microseconds() && err != nil:
		r.JErr = err
	case now-at > 3*m.period.Microseconds() || !c.told:
		r.JErr = sensor.ErrStale
	default:
		r.MicroJ = c.microJ
	}
}

func (p *part) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	if p.meter.open--; p.meter.open == 0 {
		p.meter.stop()
	}
	return nil
}
