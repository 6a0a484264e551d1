package sampler

import (
	"math"

	"ipw/lib/sensor"
)

// rest holds what is read once a second.
type rest struct{ util, mem, temp column }

func newRest(n int) rest { return rest{newColumn(n), newColumn(n), newColumn(n)} }

func (r *rest) set(i int, from *sensor.Reading) {
	r.util.set(i, from.Util)
	r.mem.set(i, from.MemBytes)
	r.temp.set(i, from.TempC)
}

// column is one optional array of a sample, without allocation.
type column struct {
	value []float64
	point []*float64
	any   bool
}

func newColumn(n int) column {
	return column{value: make([]float64, n), point: make([]*float64, n)}
}

func (c *column) set(i int, f float64) {
	if i == 0 {
		c.any = false
	}
	c.point[i] = nil
	if !math.IsNaN(f) {
		c.value[i], c.point[i], c.any = f, &c.value[i], true
	}
}

// values is the array, nil if there is nothing in it.
func (c *column) values() []*float64 {
	if !c.any {
		return nil
	}
	return c.point
}
