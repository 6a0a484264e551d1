package docker

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"

	"ipw/lib/sandbox"
)

// keeperScript is the first process of every container. The container lives as
// long as it does, and it as long as the connection to its input.
//
//go:embed keeper.sh
var keeperScript string

// keeper is the connection to it, over which it lists processes and sends them
// signals.
type keeper struct {
	conn  client.HijackedResponse
	ended chan struct{} // the connection has ended

	mu    sync.Mutex // one request at a time
	lines chan string
}

func newKeeper(conn client.HijackedResponse) *keeper {
	k := &keeper{conn: conn, ended: make(chan struct{}), lines: make(chan string)}
	r, w := io.Pipe()
	go func() {
		stdcopy.StdCopy(w, io.Discard, conn.Reader)
		w.Close()
		close(k.ended)
	}()
	go func() {
		defer close(k.lines)
		for in := bufio.NewReader(r); ; {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			select {
			case k.lines <- line:
			case <-k.ended:
				return
			}
		}
	}()
	return k
}

// ask sends a request and returns the lines of its answer.
func (k *keeper) ask(ctx context.Context, request string) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, err := io.WriteString(k.conn.Conn, request+"\n"); err != nil {
		return nil, err
	}
	var lines []string
	for {
		select {
		case line, ok := <-k.lines:
			switch {
			case !ok:
				return nil, errEnded
			case line == "==\n":
				return lines, nil
			}
			lines = append(lines, line)
		case <-ctx.Done():
			k.conn.Close() // the late answer would be taken for the next one's: whoever gives up gives up the box
			return nil, context.Cause(ctx)
		}
	}
}

// look lists the container's processes, as the container numbers them.
func (k *keeper) look(ctx context.Context) ([]sandbox.Proc, error) {
	lines, err := k.ask(ctx, "look")
	if err != nil {
		return nil, err
	}
	var procs []sandbox.Proc
	for _, line := range lines {
		mark, stat, _ := strings.Cut(line, " ")
		if p, ok := sandbox.ParseStat(stat); ok {
			if mark != "-" {
				p.Mark = mark
			}
			procs = append(procs, p)
		}
	}
	return procs, nil
}

// send sends a signal to processes. One that is gone is none to tell of.
func (k *keeper) send(ctx context.Context, signal string, pids []int) error {
	name := strings.TrimPrefix(signal, "SIG")
	if unix.SignalNum("SIG"+name) == 0 {
		return fmt.Errorf("unknown signal %q", signal)
	}
	if len(pids) == 0 {
		return nil
	}
	_, err := k.ask(ctx, "send "+name+" "+strings.Trim(fmt.Sprint(pids), "[]"))
	return err
}
