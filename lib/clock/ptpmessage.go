package clock

import (
	"encoding/binary"
	"math"
)

// Management messages of PTP (IEEE 1588-2019, clause 15), as far as they are
// needed: a header of 34 bytes, who is meant, an action, and one TLV.
const (
	messageManagement = 0x0d
	actionGet         = 0
	actionResponse    = 2
	tlvManagement     = 1
	headerBytes       = 54 // up to the TLV's data

	currentDataSet = 0x2001
	parentDataSet  = 0x2002
	timeProperties = 0x2003
	portProperties = 0xc004 // linuxptp's own PORT_PROPERTIES_NP

	portUncalibrated = 8
	portSlave        = 9
)

// appendGet asks all ports of a domain's clock, with an empty TLV.
func appendGet(b []byte, domain byte, id uint16) []byte {
	m := [headerBytes]byte{0: messageManagement, 1: 2, 4: domain, 32: 4, 33: 0x7f, 46: actionGet}
	binary.BigEndian.PutUint16(m[2:], headerBytes)
	m[29] = 1                  // our port
	for i := 34; i < 44; i++ { // whose clock and port: all
		m[i] = 0xff
	}
	binary.BigEndian.PutUint16(m[48:], tlvManagement)
	binary.BigEndian.PutUint16(m[50:], 2)
	binary.BigEndian.PutUint16(m[52:], id)
	return append(b, m[:]...)
}

// parseResponse returns the data of an answer about id.
func parseResponse(b []byte, id uint16) (data []byte, domain byte, ok bool) {
	if len(b) < headerBytes || b[0]&0xf != messageManagement || b[46]&0xf != actionResponse ||
		binary.BigEndian.Uint16(b[48:]) != tlvManagement || binary.BigEndian.Uint16(b[52:]) != id {
		return nil, 0, false
	}
	n := int(binary.BigEndian.Uint16(b[50:])) - 2
	if n < 0 || n > len(b)-headerBytes {
		return nil, 0, false
	}
	return b[headerBytes : headerBytes+n], b[4], true
}

// ptpPort is a port of ptp4l.
type ptpPort struct {
	state    byte
	hardware bool // the network card stamps: ptp4l keeps the card's clock
	name     string
}

func parsePort(b []byte) (p ptpPort, ok bool) {
	if len(b) < 13 || len(b) < 13+int(b[12]) {
		return p, false
	}
	return ptpPort{state: b[10], hardware: b[11] != 0, name: string(b[13 : 13+int(b[12])])}, true
}

// ptpStatus is what ptp4l knows of its clock and its master's.
type ptpStatus struct {
	steps     uint16 // boundary clocks to the grandmaster, plus 1
	offset    int64  // nanoseconds from the master, as measured last
	delay     int64  // nanoseconds from the master to here, the mean of both ways
	accuracy  byte   // the grandmaster's, of its own time
	utcOffset int64  // seconds of TAI over UTC
	utcValid  bool
	tai       bool // the grandmaster's time is TAI, not an arbitrary one
}

func parseStatus(current, parent, properties []byte) (s ptpStatus, ok bool) {
	if len(current) < 18 || len(parent) < 32 || len(properties) < 4 {
		return s, false
	}
	interval := func(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) >> 16 } // units of 2⁻¹⁶ ns, rounded down
	s = ptpStatus{
		steps: binary.BigEndian.Uint16(current), offset: interval(current[2:]), delay: interval(current[10:]),
		accuracy:  parent[20],
		utcOffset: int64(int16(binary.BigEndian.Uint16(properties))), utcValid: properties[2]&4 != 0, tai: properties[2]&8 != 0,
	}
	return s, true
}

// bound is how far the clock may be from true time, in nanoseconds: what it is
// off, the whole of the mean delay (the ways there and back may differ by twice
// that), and what the grandmaster says of itself. There is none if there are
// boundary clocks in between, whose own errors nobody tells, if the grandmaster
// does not know its error or UTC, and before the first measurement.
func (s ptpStatus) bound() (ns int64, ok bool) {
	own, ok := accuracy(s.accuracy)
	if !ok || s.steps != 1 || !s.utcValid || !s.tai || s.delay <= 0 {
		return 0, false
	}
	return max(s.offset, -s.offset) + 1 + s.delay + 1 + own, true // both were rounded down
}

// accuracy is the meaning of clockAccuracy in nanoseconds (IEEE 1588-2019, table
// 5): from 0x17, one picosecond, to 0x30, ten seconds. The rest is unknown.
func accuracy(code byte) (ns int64, ok bool) {
	switch {
	case code == 0x30:
		return 10e9, true
	case code < 0x17 || code > 0x2f:
		return 0, false
	}
	steps := int(code) - 0x17 // 1, 2.5, 10, 25, 100 …
	ps := math.Pow10(steps / 2)
	if steps%2 == 1 {
		ps *= 2.5
	}
	return int64(math.Ceil(ps / 1e3)), true
}

// phcOffset is the system's clock beside a network card's.
type phcOffset struct {
	ns     int64 // the card's time less the system's
	within int64 // nanoseconds that this may be wrong by
}

// bound is how far the system's clock is from the card's, which counts TAI.
func (o phcOffset) bound(utcOffset int64) int64 {
	d := o.ns - utcOffset*1e9
	return max(d, -d) + o.within
}
