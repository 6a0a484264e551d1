package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/client/transport"
	protocol "github.com/mark3labs/mcp-go/mcp"
)

// link is one server through the whole run: the connection there is, and what
// is known of those before it.
type link struct {
	Server
	o     Options
	begun []protocol.Tool // of the first connection
	turn  chan struct{}   // held by who connects

	mu       sync.Mutex
	conn     *conn // nil: none
	failures int   // connections in a row that ended before a call succeeded
	again    time.Time
	missed   map[string]bool // tools whose end was told
	closed   bool
	closing  sync.WaitGroup // of connections that were given up
}

func newLink(s Server, o Options) *link {
	return &link{Server: s, o: o, turn: make(chan struct{}, 1), missed: map[string]bool{}}
}

// A server that died is started again at once if it had done something,
// otherwise after a time that doubles up to longestWait.
const (
	shortestWait = 250 * time.Millisecond
	longestWait  = 30 * time.Second
)

var errClosed = errors.New("the run is over")

// reach returns the connection, or makes one.
func (l *link) reach(ctx context.Context) (*conn, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	c, again, err := l.current()
	if c != nil || err != nil {
		return c, err
	}
	select {
	case <-time.After(time.Until(again)):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if c, err = connect(ctx, l.Server, l.o); err != nil {
		if ctx.Err() == nil {
			l.failed()
		}
		return nil, err
	}
	return c, l.adopt(c)
}

// current is the connection, or nil and when a new one may be made.
func (l *link) current() (*conn, time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, l.again, errClosed
	case l.conn != nil && l.conn.alive():
		return l.conn, l.again, nil
	case l.conn != nil: // it died while nobody called
		l.lost(l.conn)
	}
	return nil, l.again, nil
}

// adopt makes a connection the link's own.
func (l *link) adopt(c *conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		c.close()
		return errClosed
	}
	if l.conn = c; l.begun == nil {
		l.begun = c.list()
	}
	c.watch(l.o, func() { l.compare(c) })
	return nil
}

// lost forgets a connection; l.mu is held.
func (l *link) lost(c *conn) {
	if l.conn == c {
		l.conn = nil
		if c.worked.Load() {
			l.failures, l.again = 0, time.Time{}
		} else {
			l.back()
		}
	}
	l.closing.Go(func() { _ = c.close() })
}

func (l *link) failed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.back()
}

// back puts off the next connection.
func (l *link) back() {
	wait := longestWait
	if l.failures < 8 {
		wait = min(shortestWait<<l.failures, longestWait)
	}
	l.failures++
	l.again = time.Now().Add(wait)
}

// call calls a tool. Its error is for the model.
func (l *link) call(ctx context.Context, name string, arguments json.RawMessage) (string, error) {
	ctx, p := newPatience(ctx, l.o.Timeout)
	defer p.stop()
	c, err := l.reach(ctx)
	if err != nil {
		return "", &ServerError{l.Name, fmt.Errorf("it cannot be reached: %w", err)}
	}
	if !c.has(name) {
		return "", fmt.Errorf("MCP server %s has no tool %q any more; it has %s", l.Name, name, strings.Join(c.names(), ", "))
	}
	r, err := c.call(ctx, name, arguments, p)
	if err != nil {
		return "", &ServerError{l.Name, l.fault(ctx, c, err)}
	}
	c.worked.Store(true)
	if r.IsError {
		return "", errors.New(tell(r))
	}
	return tell(r), nil
}

// fault says what went wrong in a call, and ends a connection that is of no
// use any more.
func (l *link) fault(ctx context.Context, c *conn, err error) error {
	var broken *transport.Error
	switch {
	case ctx.Err() != nil:
		if cause := (*SilenceError)(nil); errors.As(context.Cause(ctx), &cause) {
			go l.probe(c)
		}
		return context.Cause(ctx)
	case !errors.As(err, &broken): // the server answered, and the answer is this
		return err
	}
	err = c.obituary(broken.Err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost(c)
	return err
}

// probeTime is how long a server that left a call unanswered may take to answer
// something simple.
const probeTime = 5 * time.Second

// probe ends a connection whose server hangs altogether.
func (l *link) probe(c *conn) {
	ctx, cancel := context.WithTimeout(context.Background(), min(probeTime, l.o.Timeout))
	defer cancel()
	if c.refresh(ctx) != nil {
		c.peer.kill(errors.New("it answered nothing any more, and was ended"))
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lost(c)
	}
}

// compare tells the user, once each, of tools that the server has no more.
func (l *link) compare(c *conn) {
	l.mu.Lock()
	var gone []string
	for _, t := range l.begun {
		if !c.has(t.Name) && !l.missed[t.Name] {
			l.missed[t.Name] = true
			gone = append(gone, t.Name)
		}
	}
	l.mu.Unlock()
	if len(gone) > 0 {
		slices.Sort(gone)
		l.o.Say(fmt.Sprintf("MCP server %s has changed its tools; calls of %s fail from now on", l.Name, strings.Join(gone, ", ")))
	}
}

func (l *link) close() error {
	l.mu.Lock()
	l.closed = true
	c := l.conn
	l.conn = nil
	l.mu.Unlock()
	defer l.closing.Wait()
	if c == nil {
		return nil
	}
	if err := c.close(); err != nil {
		return &ServerError{l.Name, err}
	}
	return nil
}
