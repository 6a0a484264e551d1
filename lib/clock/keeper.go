package clock

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Keeper is who keeps the wall clock right, and how wrong it can be: what a join
// of two hosts' streams must know.
//
// The kernel's own figure, adjtimex's maxerror, is none: systemd-timesyncd sets
// it to 0 with every answer of its server, however far away that is.
type Keeper struct {
	Source  string // "chrony", "ptp4l", "systemd-timesyncd"; "": nobody known
	ErrorUs *int64 // at most so far from true time; nil: unknown
}

// keeperWait is how long each daemon on this machine may take to answer; one that
// lives does in milliseconds.
const keeperWait = time.Second

// Kept asks who keeps the clock now.
func Kept(ctx context.Context) Keeper {
	if k, err := chrony(ctx); err == nil {
		return k
	}
	limited, cancel := context.WithTimeout(ctx, keeperWait)
	defer cancel()
	if k, err := ptp(limited, ptpSockets, ptpWait, readPHC); err == nil {
		return k
	}
	if _, err := os.Stat("/run/systemd/timesync/synchronized"); err == nil { // systemd-timesyncd.service(8)
		return Keeper{Source: "systemd-timesyncd"}
	}
	return Keeper{}
}

// chrony asks chronyd, which may be installed and not there to answer.
func chrony(ctx context.Context) (Keeper, error) {
	ctx, cancel := context.WithTimeout(ctx, keeperWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chronyc", "-n", "-c", "tracking")
	cmd.WaitDelay = keeperWait
	out, err := cmd.Output()
	if err != nil {
		return Keeper{}, err
	}
	return parseTracking(string(out))
}

var errTracking = errors.New("no report of chronyc -c tracking")

// Columns of chronyc's report (chronyc(1), tracking), and the reference of a
// daemon that has no source but itself ("local" in chrony.conf(5)): what it
// says of its error is 0, and means nothing.
const (
	reference      = 0
	systemTime     = 4
	rootDelay      = 10
	rootDispersion = 11
	leapStatus     = 13
	trackingFields = 14

	unsynchronised = "Not synchronised"
	localReference = "7F7F01"
)

// parseTracking reads chrony's tracking report. The bound on the error is the
// one its manual gives: |system time| + root dispersion + root delay / 2.
func parseTracking(s string) (Keeper, error) {
	f := strings.Split(strings.TrimSpace(s), ",")
	if len(f) < trackingFields {
		return Keeper{}, errTracking
	}
	k := Keeper{Source: "chrony"}
	var seconds [3]float64
	for i, column := range []int{systemTime, rootDispersion, rootDelay} {
		v, err := strconv.ParseFloat(f[column], 64)
		if err != nil || math.IsNaN(v) || math.Abs(v) > 1e6 {
			return Keeper{}, fmt.Errorf("%w: column %d is %q", errTracking, column+1, f[column])
		}
		seconds[i] = math.Abs(v)
	}
	if f[leapStatus] == unsynchronised || strings.HasPrefix(f[reference], localReference) {
		return k, nil
	}
	us := int64(math.Ceil((seconds[0] + seconds[1] + seconds[2]/2) * 1e6))
	k.ErrorUs = &us
	return k, nil
}

// String says it in words.
func (k Keeper) String() string {
	switch {
	case k.ErrorUs != nil:
		return fmt.Sprintf("kept by %s, at most %.3g ms off", k.Source, float64(*k.ErrorUs)/1e3)
	case k.Source != "":
		return fmt.Sprintf("kept by %s, nobody knows how far off", k.Source)
	}
	return "nobody is known to keep it"
}
