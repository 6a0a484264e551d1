package nvml

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"ipw/lib/sensor"
)

// smiSource is the source of domains read through nvidia-smi.
const smiSource = "nvidia-smi"

// smi is one nvidia-smi that prints for ever, shared by the GPUs. Starting one
// per reading would cost a tenth of a second of a core each.
type smi struct {
	command string
	query   string
	period  time.Duration
	now     func() int64
	cancel  context.CancelFunc
	over    chan struct{}
	open    int // sensors that hold it
	gpus    int // rows to expect

	mu     sync.Mutex
	begun  sync.Once
	fresh  chan struct{}     // closed once every GPU has given a row, or none will
	latest map[string]smiRow // by index, as printed
	err    error             // why it does not run
}

// smiRow is what nvidia-smi printed last about a GPU.
type smiRow struct {
	at      int64 // when the line came
	reading sensor.Reading
}

// smiGPU reads one GPU's latest row.
type smiGPU struct {
	domain sensor.Domain
	smi    *smi
	index  string // as nvidia-smi prints it
	apps   string // to be told once: asking again and again would cost too much
}

const (
	smiStart   = 10 * time.Second // for the first line: without persistence mode the driver wakes up first
	smiAnswer  = 30 * time.Second // for the list, on a machine with many that wake up
	smiRestart = time.Second      // between attempts to start it again
)

// openSMI finds the GPUs that nvidia-smi lists.
func openSMI(o Options) ([]sensor.Sensor, string, error) {
	command := o.Command
	if command == "" {
		command = "nvidia-smi"
	}
	listed, err := listSMI(command, smiAnswer)
	if err != nil {
		return nil, "", err
	}
	var devices []device
	for _, g := range listed {
		devices = append(devices, device{g.name, g.uuid, g.bus, g.mig})
	}
	why, remark := hidden(o.Env, devices)
	column := powerColumn(listed)
	s := &smi{
		command: command, query: "index," + column + ",utilization.gpu,memory.used,temperature.gpu",
		now: o.Now, period: max(o.Interval, updateUs*time.Microsecond),
		latest: make(map[string]smiRow), gpus: len(listed), fresh: make(chan struct{}), over: make(chan struct{}),
	}
	var sensors []sensor.Sensor
	for i, g := range listed {
		d := g.domain(column)
		if d.Silent() {
			sensors = append(sensors, sensor.Silent(d, errSMIWatts))
			sensors[i].Domain().Spare = why[i]
			continue
		}
		update := s.period.Microseconds()
		d.UpdateUs, d.LagUs = &update, update
		s.open++
		sensors = append(sensors, &smiGPU{domain: sensor.Domain{Domain: d, Paced: true, Spare: why[i]}, smi: s, index: g.index, apps: g.apps})
	}
	if s.open == 0 {
		return sensors, remark, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.run(ctx)
	select {
	case <-s.fresh:
	case <-time.After(smiStart):
	}
	return sensors, remark, nil
}

var errSMIWatts = errors.New("nvidia-smi tells no watts of this GPU")

// run keeps an nvidia-smi going until ctx ends.
func (s *smi) run(ctx context.Context) {
	defer close(s.over)
	for {
		err := s.once(ctx)
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
		s.begin()
		select {
		case <-ctx.Done():
			return
		case <-time.After(smiRestart):
		}
	}
}

// once reads one nvidia-smi to its end.
func (s *smi) once(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, s.command, "--query-gpu="+s.query, "--format=csv,noheader,nounits", "-lms", strconv.FormatInt(s.period.Milliseconds(), 10))
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.read(out)
	if err := cmd.Wait(); err != nil {
		return errors.New(s.command + ": " + err.Error())
	}
	return errors.New(s.command + " ended")
}

func (s *smi) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if id, r, ok := parseRow(lines.Text()); ok {
			s.take(id, r)
		}
	}
}

// take keeps a GPU's latest row.
func (s *smi) take(index string, r sensor.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest[index] = smiRow{s.now(), r}
	s.err = nil
	if len(s.latest) < s.gpus {
		return
	}
	s.begin()
}

func (s *smi) begin() { s.begun.Do(func() { close(s.fresh) }) }

func (g *smiGPU) Domain() *sensor.Domain { return &g.domain }

func (g *smiGPU) Read(now int64, full bool, r *sensor.Reading) {
	s := g.smi
	if full && g.apps != "" {
		apps := g.apps
		g.apps, r.Neighbours = "", &apps
	}
	s.mu.Lock()
	row, ok := s.latest[g.index]
	err := s.err
	s.mu.Unlock()
	if !ok || now-row.at > 3*s.period.Microseconds() {
		r.WErr = sensor.ErrStale
		if err != nil {
			r.WErr = err
		}
		return
	}
	r.MicroW, r.WErr = row.reading.MicroW, row.reading.WErr
	if full {
		r.Util, r.MemBytes, r.TempC = row.reading.Util, row.reading.MemBytes, row.reading.TempC
	}
}

func (g *smiGPU) Close() error {
	s := g.smi
	if s.open--; s.open == 0 {
		s.cancel()
		<-s.over
	}
	return nil
}
