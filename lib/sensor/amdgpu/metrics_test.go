package amdgpu

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// table makes a gpu_metrics of a version with the accumulator in its place,
// and noise everywhere else.
func table(format, content uint8, size int, energy uint64) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = 0x5a
	}
	binary.LittleEndian.PutUint16(b, uint16(size))
	b[2], b[3] = format, content
	if format == 1 && int(content) < len(energyAt) && energyAt[content] > 0 {
		binary.LittleEndian.PutUint64(b[energyAt[content]:], energy)
	}
	return b
}

// listed makes a table of version 1.9: three temperatures in one field, the
// accumulator, and something after it.
func listed(energy uint64) []byte {
	attr := func(kind, id, n uint64) []byte {
		return binary.LittleEndian.AppendUint64(nil, 3<<24|kind<<20|id<<10|n)
	}
	b := []byte{0, 0, 1, 9, 3, 0, 0, 0}
	b = append(append(b, attr(2, 0, 3)...), 1, 0, 2, 0, 3, 0)
	b = binary.LittleEndian.AppendUint64(append(b, attr(typeU64, attrEnergy, 1)...), energy)
	b = append(append(b, attr(4, 9, 1)...), 4, 0, 0, 0)
	binary.LittleEndian.PutUint16(b, uint16(len(b)))
	return b
}

func TestParseMetrics(t *testing.T) {
	const joule = 1 << 16
	cut := table(1, 4, 120, joule)[:20]
	long := table(1, 4, 120, joule)
	binary.LittleEndian.PutUint16(long, 500)
	cutList := listed(joule)
	binary.LittleEndian.PutUint16(cutList, uint16(len(cutList)-16))
	endless := listed(joule)
	endless[8+1] = 0xff // the first field's id and count: nothing is left for the rest
	tests := []struct {
		name   string
		b      []byte
		energy int64
		apu    bool
		err    error
	}{
		{"1.0", table(1, 0, 96, 5), power.Null, false, nil},
		{"1.1", table(1, 1, 96, joule), 1_000_000, false, nil},
		{"1.3", table(1, 3, 120, 3*joule/2), 1_500_000, false, nil},
		{"1.4", table(1, 4, 300, 1), 15, false, nil},
		{"1.5", table(1, 5, 360, 2), 30, false, nil},
		{"1.6", table(1, 6, 1000, 1024), 15_625, false, nil},
		{"1.7", table(1, 7, 1000, 1<<62/15625), 1<<62/15625*15625/1024 + 0, false, nil},
		{"1.8", table(1, 8, 1000, joule), 1_000_000, false, nil},
		{"1.9", listed(joule), 1_000_000, false, nil},
		{"1.9, cut", cutList, power.Null, false, errTorn},
		{"1.9, a field longer than the table", endless, power.Null, false, errTorn},
		{"1.12", table(1, 12, 100, 5), power.Null, false, errVersion},
		{"an APU", table(2, 3, 120, 5), power.Null, true, nil},
		{"a newer APU", table(3, 0, 260, 5), power.Null, true, nil},
		{"another format", table(9, 1, 120, 5), power.Null, false, errVersion},
		{"all ones", table(1, 4, 300, math.MaxUint64), power.Null, false, sensor.ErrRange},
		{"32 ones", table(1, 3, 120, math.MaxUint32), power.Null, false, sensor.ErrRange},
		{"too large", table(1, 4, 300, 1<<63), power.Null, false, sensor.ErrRange},
		{"cut", cut, power.Null, false, errTorn},
		{"longer than told", long, power.Null, false, errTorn},
		{"shorter than its fields", table(1, 4, 300, 5)[:0], power.Null, false, sensor.ErrEmpty},
		{"three bytes", []byte{4, 0, 1}, power.Null, false, errTorn},
		{"a header only", []byte{4, 0, 1, 4}, power.Null, false, errTorn},
	}
	for _, tt := range tests {
		m, err := parseMetrics(tt.b)
		if !errors.Is(err, tt.err) || m.energy != tt.energy || m.apu() != tt.apu {
			t.Errorf("%s: %+v, %v", tt.name, m, err)
		}
	}
}

// The accumulator becomes microjoules exactly, rounded down.
func TestUnit(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 10_000 {
		raw := rnd.Uint64() >> (rnd.UintN(50) + 5)
		var m metrics
		if err := m.count(raw); err != nil && raw < 1<<59 {
			if raw == math.MaxUint32 {
				continue
			}
			t.Fatal(raw, err)
		}
		want := new(big.Int).SetUint64(raw)
		want.Rsh(want.Mul(want, big.NewInt(1_000_000)), 16)
		if m.energy != want.Int64() {
			t.Fatalf("%d: %d, want %s", raw, m.energy, want)
		}
	}
}

// Whatever the bytes: no panic, and either an error or joules that the table
// can hold.
func FuzzMetrics(f *testing.F) {
	for content := range uint8(9) {
		f.Add(table(1, content, 300, 123456789))
	}
	f.Add(listed(1 << 20))
	f.Add(table(2, 1, 100, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMetrics(b)
		if m.energy < 0 && m.energy != power.Null {
			t.Errorf("%d µJ", m.energy)
		}
		if err != nil && m.energy != power.Null {
			t.Errorf("%v and %d µJ", err, m.energy)
		}
	})
}
