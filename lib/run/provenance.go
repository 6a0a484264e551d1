package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"ipw/lib/event"
	"ipw/lib/power"
	"ipw/lib/stream"
)

// Provenance is where the numbers come from.
type Provenance struct {
	Host       string            `json:"host"`       // of the agent
	System     *power.System     `json:"system"`     // of the first power stream
	CPU        *string           `json:"cpu"`        // its name, null if the system does not tell
	GPUs       []Sensor          `json:"gpus"`       // those of the sensors below that are GPUs
	Sensors    []Sensor          `json:"sensors"`    // every domain of every power stream
	Sampling   []Sampling        `json:"sampling"`   // one per power stream
	Neighbours []Neighbour       `json:"neighbours"` // processes on the GPUs; null: not known
	Versions   map[string]string `json:"versions"`
	Command    []string          `json:"command"`
	Sessions   []*Session        `json:"sessions"`
	Streams    []Raw             `json:"streams"`
	Judging    string            `json:"judging,omitempty"` // where a judge could disturb what is measured
}

// Sensor is a domain and how it is read.
type Sensor struct {
	Host string `json:"host"`
	power.Domain
	Counted bool     `json:"counted"`         // part of energy_joules
	Notes   []string `json:"notes,omitempty"` // lost, permission, …, with their details
}

// Sampling is how often a power stream's sensors were read.
type Sampling struct {
	File       string   `json:"file"`
	Host       string   `json:"host"`
	Samples    int64    `json:"samples"`
	Segments   int      `json:"segments"`
	IntervalUs int64    `json:"interval_us"` // asked for
	Hz         *float64 `json:"achieved_hz"` // seen: intervals over the time between first and last sample of each segment
	LongestS   *float64 `json:"longest_gap_s"`
}

// Raw is a file of the run that nothing else can bring back.
type Raw struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func digest(path string) (Raw, error) {
	f, err := os.Open(path)
	if err != nil {
		return Raw{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return Raw{filepath.Base(path), n, hex.EncodeToString(h.Sum(nil))}, err
}

// collect reads the raw streams for what they say of themselves.
func (p *Provenance) collect(dir Dir, version string) error {
	p.Versions = map[string]string{"ipw": version, "go": runtime.Version()}
	var errs []error
	p.GPUs, p.Sensors, p.Sampling, p.Streams = []Sensor{}, []Sensor{}, []Sampling{}, []Raw{}
	files := dir.PowerFiles()
	for _, path := range files {
		errs = append(errs, p.readPower(path))
	}
	errs = append(errs, p.readEvents(dir.Events()))
	for _, path := range append(files, dir.Events()) {
		raw, err := digest(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.Streams = append(p.Streams, raw)
	}
	for _, s := range p.Sensors {
		if s.Kind == power.GPU {
			p.GPUs = append(p.GPUs, s)
		}
	}
	return errors.Join(errs...)
}

// readPower takes headers, notes and times of one power stream.
func (p *Provenance) readPower(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := power.NewReader(&stream.Problems{Partial: true}, stream.NewInput(path, f))
	sampling := Sampling{File: filepath.Base(path)}
	var pace pace
	var host string
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch {
		case rec.Header != nil:
			host = rec.Header.Host
			sampling.Host, sampling.IntervalUs = host, rec.Header.IntervalUs
			sampling.Segments++
			p.header(rec.Header)
			pace.segment()
		case rec.Note != nil:
			p.note(host, rec.Note)
		case rec.Sample != nil:
			sampling.Samples++
			pace.sample(rec.Sample.TUs)
		}
	}
	sampling.Hz, sampling.LongestS = pace.rate()
	p.Sampling = append(p.Sampling, sampling)
	return nil
}

func (p *Provenance) header(h *power.Header) {
	if p.System == nil && h.System != nil {
		p.System = h.System
		if h.System.CPU != "" {
			p.CPU = &h.System.CPU
		}
	}
	if h.Tool != "" {
		p.tool(h.Tool)
	}
	for _, d := range h.Domains {
		same := func(s Sensor) bool { return s.Host == h.Host && s.ID == d.ID }
		if !slices.ContainsFunc(p.Sensors, same) {
			p.Sensors = append(p.Sensors, Sensor{Host: h.Host, Domain: d, Counted: d.Counts()})
		}
	}
}

// note keeps one note of each kind per domain: a sensor that comes and goes
// would fill the summary.
func (p *Provenance) note(host string, n *power.Note) {
	text := n.What
	if n.Detail != "" {
		text += ": " + n.Detail
	}
	for i := range p.Sensors {
		s := &p.Sensors[i]
		if s.Host == host && s.ID == n.Domain && len(s.Notes) < 8 && !slices.Contains(s.Notes, text) {
			s.Notes = append(s.Notes, text)
		}
	}
}

// tool keeps what a header's "ipw-sample 0.1.0" says.
func (p *Provenance) tool(s string) {
	var name, version string
	if n, _ := fmt.Sscan(s, &name, &version); n == 2 {
		p.Versions[name] = version
	}
}

// readEvents takes the host and the tools of the event stream.
func (p *Provenance) readEvents(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := stream.NewReader(event.Schema, &stream.Problems{Partial: true}, stream.NewInput(path, f))
	for {
		line, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if line.Kind != stream.Header {
			continue
		}
		var h event.Header
		if err := json.Unmarshal(line.Bytes, &h); err != nil {
			return err
		}
		p.Host = h.Host
		p.tool(h.Tool)
	}
}

// pace is the times of samples.
type pace struct {
	last      int64 // 0: none in this segment
	intervals int64
	us        int64
	longest   int64
}

func (p *pace) segment() { p.last = 0 }

func (p *pace) sample(t int64) {
	if p.last != 0 && t > p.last {
		p.intervals++
		p.us += t - p.last
		p.longest = max(p.longest, t-p.last)
	}
	p.last = t
}

func (p *pace) rate() (hz, longest *float64) {
	if p.us == 0 {
		return nil, nil
	}
	r, l := float64(p.intervals)*1e6/float64(p.us), float64(p.longest)/1e6
	return &r, &l
}
