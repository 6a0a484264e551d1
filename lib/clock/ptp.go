package clock

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"time"
)

// daemon is linuxptp's ptp4l, asked by PTP management messages through its
// socket, as pmc(8) does. It answers those of its own domain only.
type daemon struct {
	conn   *net.UnixConn
	domain byte
	wait   time.Duration // for an answer
}

// ptpSockets are where ptp4l listens: for everybody since linuxptp 4, and for
// root (ptp4l(8), uds_ro_address and uds_address).
var ptpSockets = []string{"/var/run/ptp4lro", "/var/run/ptp4l"}

// ptpWait is for a daemon on this machine: one that lives answers in
// milliseconds, one of another domain never.
const ptpWait = 300 * time.Millisecond

const ptpDomains = 128

var errNoPTP = errors.New("no ptp4l that answers")

// ptp asks the first ptp4l that answers how it keeps the clock. It is not asked
// where no port of it follows a master: then it keeps the others' clocks.
func ptp(ctx context.Context, sockets []string, wait time.Duration, phc func(name string) (phcOffset, error)) (Keeper, error) {
	for _, path := range sockets {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		d, err := dial(ctx, path, wait)
		if err != nil {
			continue
		}
		defer d.close()
		return d.keeper(phc)
	}
	return Keeper{}, errNoPTP
}

// dial binds a socket of our own, because the answers are sent to its path.
func dial(ctx context.Context, path string, wait time.Duration) (*daemon, error) {
	dir, err := socketDir()
	if err != nil {
		return nil, err
	}
	own := filepath.Join(dir, "s")
	conn, err := net.DialUnix("unixgram", &net.UnixAddr{Name: own, Net: "unixgram"}, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	d := &daemon{conn: conn, wait: wait}
	_ = os.Chmod(own, 0o666) // for a daemon that is not root
	_ = os.Chmod(dir, 0o755)
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	for _, domains := range [][2]int{{0, 1}, {1, ptpDomains}} {
		if d.find(domains[0], domains[1]) {
			return d, nil
		}
	}
	d.close()
	return nil, errNoPTP
}

// socketDir makes a directory for our socket, where a daemon with a private /tmp
// sees it if that can be.
func socketDir() (string, error) {
	parent := "/run"
	if os.Geteuid() != 0 {
		parent = os.Getenv("XDG_RUNTIME_DIR")
	}
	dir, err := os.MkdirTemp(parent, "ipw-ptp")
	if err != nil {
		dir, err = os.MkdirTemp("", "ipw-ptp")
	}
	return dir, err
}

func (d *daemon) close() {
	own := d.conn.LocalAddr().String()
	d.conn.Close()
	os.RemoveAll(filepath.Dir(own))
}

// find tells whether the daemon is of one of the domains, and which.
func (d *daemon) find(from, to int) bool {
	for i := from; i < to; i++ {
		if _, err := d.conn.Write(appendGet(nil, byte(i), currentDataSet)); err != nil {
			return false
		}
	}
	_, domain, err := d.receive(currentDataSet)
	d.domain = domain
	return err == nil
}

// get asks for one data set. Only the first answer is taken: see ports.
func (d *daemon) get(id uint16) ([]byte, error) {
	if _, err := d.conn.Write(appendGet(nil, d.domain, id)); err != nil {
		return nil, err
	}
	data, _, err := d.receive(id)
	return data, err
}

// receive waits for the answer about id.
func (d *daemon) receive(id uint16) (data []byte, domain byte, err error) {
	b := make([]byte, 1500)
	_ = d.conn.SetReadDeadline(time.Now().Add(d.wait))
	for {
		n, err := d.conn.Read(b)
		if err != nil {
			return nil, 0, err
		}
		if data, domain, ok := parseResponse(b[:n], id); ok {
			return data, domain, nil
		}
	}
}

// keeper asks for all that a bound on the clock's error needs.
func (d *daemon) keeper(phc func(string) (phcOffset, error)) (Keeper, error) {
	p, following, err := d.port()
	if err != nil || !following {
		return Keeper{}, errors.Join(errNoPTP, err)
	}
	k := Keeper{Source: "ptp4l"}
	var sets [3][]byte
	for i, id := range []uint16{currentDataSet, parentDataSet, timeProperties} {
		if sets[i], err = d.get(id); err != nil {
			return k, nil
		}
	}
	s, ok := parseStatus(sets[0], sets[1], sets[2])
	if !ok || p.state != portSlave {
		return k, nil
	}
	ns, ok := s.bound()
	if ok && p.hardware { // it keeps the card's clock, and something else the system's by that
		o, err := phc(p.name)
		ns, ok = ns+o.bound(s.utcOffset), err == nil
	}
	if ok {
		us := (ns + 999) / 1000
		k.ErrorUs = &us
	}
	return k, nil
}

// port asks for the ports, and takes the one that follows a master or is about
// to. Each port answers for itself.
func (d *daemon) port() (p ptpPort, following bool, err error) {
	data, err := d.get(portProperties)
	for n := 0; err == nil && n < maxPorts; n++ {
		if p, ok := parsePort(data); ok && (p.state == portSlave || p.state == portUncalibrated) {
			return p, true, nil
		}
		if data, _, err = d.receive(portProperties); errors.Is(err, os.ErrDeadlineExceeded) {
			return p, false, nil
		}
	}
	return p, false, err
}

const maxPorts = 64 // more are not looked at
