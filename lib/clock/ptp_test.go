package clock

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The data of linuxptp 3.1.1's answers, as a slave over a veth pair gave them,
// with the offset of a clock that is kept.
const (
	slaveCurrent    = "0001" + "ffffffffff880000" + "0000000008910000" // −120 ns, 2193 ns
	slaveParent     = "6ef1e3fffe69b2f200010000ffff7fffffff0a06214e5d806ef1e3fffe69b2f2"
	slaveProperties = "00253c20"
	slavePort       = "dafa2bfffe642bfc0001" + "0900" + "03767330"
	masterPort      = "dafa2bfffe642bfc0002" + "0600" + "03767331"
)

// ptp4l is what a fake one answers.
type ptp4l struct {
	domain byte
	sets   map[uint16][]string // several answers: one for each port
}

func newSlave() *ptp4l {
	return &ptp4l{sets: map[uint16][]string{
		currentDataSet: {slaveCurrent}, parentDataSet: {slaveParent}, timeProperties: {slaveProperties},
		portProperties: {masterPort, slavePort},
	}}
}

// edit replaces bytes of an answer: edit(id, "00253c20", "00253820").
func (p *ptp4l) edit(id uint16, old, new string) *ptp4l {
	for i, s := range p.sets[id] {
		p.sets[id][i] = strings.Replace(s, old, new, 1)
	}
	return p
}

func (p *ptp4l) serve(t *testing.T) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ptp4l") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		os.RemoveAll(dir)
	})
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if n != headerBytes || b[0] != 0x0d || b[46] != actionGet || b[4] != p.domain {
				continue
			}
			for _, text := range p.sets[binary.BigEndian.Uint16(b[52:])] {
				data, _ := hex.DecodeString(text)
				m := append(append([]byte(nil), b[:headerBytes]...), data...)
				m[46] = actionResponse
				binary.BigEndian.PutUint16(m[2:], uint16(len(m)))
				binary.BigEndian.PutUint16(m[50:], uint16(2+len(data)))
				conn.WriteTo(m, from)
			}
		}
	}()
	return socket
}

func TestPTP(t *testing.T) {
	const unknown = "kept by ptp4l, nobody knows how far off"
	const nobody = "nobody is known to keep it"
	phc := func(name string) (phcOffset, error) {
		if name != "vs0" {
			return phcOffset{}, os.ErrPermission
		}
		return phcOffset{ns: 37_000_004_000, within: 600}, nil
	}
	for name, c := range map[string]struct {
		daemon *ptp4l
		want   string
	}{
		"kept":                          {newSlave(), "kept by ptp4l, at most 0.003 ms off"}, // 121 + 2194 + 100 ns
		"other domain":                  {&ptp4l{domain: 24, sets: newSlave().sets}, "kept by ptp4l, at most 0.003 ms off"},
		"far off":                       {newSlave().edit(currentDataSet, "ffffffffff880000", "00089d5f32a00000"), "kept by ptp4l, at most 3.7e+04 ms off"},
		"not yet":                       {newSlave().edit(portProperties, "0900", "0800"), unknown},
		"boundary clock":                {newSlave().edit(currentDataSet, "0001", "0002"), unknown},
		"no delay measured":             {newSlave().edit(currentDataSet, "0000000008910000", "0000000000000000"), unknown},
		"the largest offset":            {newSlave().edit(currentDataSet, "ffffffffff880000", "8000000000000000"), "kept by ptp4l, at most 1.41e+08 ms off"},
		"a master that does not know":   {newSlave().edit(parentDataSet, "21", "fe"), unknown},
		"a master good to ten seconds":  {newSlave().edit(parentDataSet, "21", "30"), "kept by ptp4l, at most 1e+04 ms off"},
		"arbitrary time":                {newSlave().edit(timeProperties, "3c", "34"), unknown},
		"UTC unknown":                   {newSlave().edit(timeProperties, "3c", "38"), unknown},
		"cut":                           {newSlave().edit(currentDataSet, "0000000008910000", "0000"), unknown},
		"hardware":                      {newSlave().edit(portProperties, "0900", "0901"), "kept by ptp4l, at most 0.008 ms off"}, // and 4000 + 600
		"hardware that may not be read": {newSlave().edit(portProperties, "0900037673", "0901037677"), unknown},
		"grandmaster itself":            {newSlave().edit(portProperties, "0900", "0600"), nobody},
		"nobody":                        {&ptp4l{}, nobody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wait := time.Minute
			switch name { // those in which somebody does not answer
			case "nobody":
				wait = 20 * time.Millisecond
			case "other domain", "grandmaster itself":
				wait = time.Second
			}
			k, err := ptp(context.Background(), []string{"/nowhere", c.daemon.serve(t)}, wait, phc)
			if got := k.String(); got != c.want || (err != nil) != (c.want == nobody) {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
	if _, err := ptp(context.Background(), nil, time.Second, phc); !errors.Is(err, errNoPTP) {
		t.Error(err)
	}
}

// Table 5 of IEEE 1588-2019.
func TestAccuracy(t *testing.T) {
	for code, want := range map[byte]int64{0x17: 1, 0x1d: 1, 0x20: 25, 0x21: 100, 0x22: 250, 0x23: 1000, 0x29: 1e6, 0x2f: 1e9, 0x30: 10e9, 0x16: -1, 0x31: -1, 0xfe: -1, 0: -1} {
		ns, ok := accuracy(code)
		if !ok {
			ns = -1
		}
		if ns != want {
			t.Errorf("%#x: %d ns, want %d", code, ns, want)
		}
	}
}

// Foreign bytes give a bound or none, never a negative one.
func FuzzPTP(f *testing.F) {
	for _, s := range []string{slaveCurrent + slaveParent + slaveProperties, slavePort} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
		f.Add(append(appendGet(nil, 0, currentDataSet), b...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		parsePort(b)
		if data, _, ok := parseResponse(b, currentDataSet); ok && len(data) > len(b)-headerBytes {
			t.Errorf("%d bytes of %d", len(data), len(b))
		}
		for cut := 0; cut <= len(b); cut++ {
			if s, ok := parseStatus(b[:cut], b, b[cut:]); ok {
				if ns, ok := s.bound(); ok && ns <= 0 {
					t.Errorf("%+v: %d", s, ns)
				}
			}
		}
	})
}
