package rapl

import "ipw/lib/sensor"

// zone reads one counter.
type zone struct {
	domain sensor.Domain
	file   *sensor.File
}

func (z *zone) Domain() *sensor.Domain { return &z.domain }

func (z *zone) Read(now int64, _ bool, r *sensor.Reading) {
	if v, err := z.file.Count(now); err != nil {
		r.JErr = err
	} else {
		r.MicroJ = v
	}
}

func (z *zone) Close() error { return z.file.Close() }
