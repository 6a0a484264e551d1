package jetson

import (
	"bytes"
	"errors"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// rail reads one channel.
type rail struct {
	domain sensor.Domain
	files  []*sensor.File // millivolts and milliamperes, or milliwatts
}

func (r *rail) Domain() *sensor.Domain { return &r.domain }

func (r *rail) Read(now int64, _ bool, to *sensor.Reading) {
	to.MicroW, to.WErr = r.microW(now)
}

func (r *rail) microW(now int64) (int64, error) {
	product := int64(1)
	for _, f := range r.files {
		b, err := f.Bytes(now)
		if err != nil {
			return power.Null, err
		}
		v, err := parseMilli(b)
		if err != nil {
			return power.Null, err
		}
		product *= v
	}
	if len(r.files) == 1 {
		product *= 1000
	}
	return product, nil
}

// Limits of a reading. Around no current at all the monitor's offset makes it
// negative: that is a measurement of nothing. More is no rail of a module.
const (
	mostMilli  = 1_000_000
	leastMilli = -1_000
)

// parseMilli reads what a file in thousandths holds.
func parseMilli(b []byte) (int64, error) {
	b, negative := bytes.CutPrefix(b, minus)
	v, err := sensor.ParseCount(b)
	switch {
	case err != nil:
		return 0, err
	case negative && -v >= leastMilli:
		return 0, nil
	case negative || v > mostMilli:
		return 0, sensor.ErrRange
	}
	return v, nil
}

var minus = []byte("-")

func (r *rail) Close() error {
	var errs error
	for _, f := range r.files {
		errs = errors.Join(errs, f.Close())
	}
	return errs
}
