package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	protocol "github.com/mark3labs/mcp-go/mcp"
)

// conn is one connection to a server, from its start or first request on.
type conn struct {
	client *client.Client
	peer   peer
	worked atomic.Bool // a call succeeded

	calls   atomic.Int64
	changed chan struct{} // the server says that its tools are others
	ended   chan struct{}
	end     sync.Once

	mu    sync.Mutex
	tools []protocol.Tool
	open  map[string]*patience // calls in flight by the token of their progress
}

// peer is what is at the other end: a process, or a web server.
type peer interface {
	transport() transport.Interface
	alive() bool
	obituary(err error) error // what is known of why it failed with err
	kill(why error)           // ends what cannot be ended well
	close() error
}

// connect reaches a server and asks for its tools. First it is greeted as all
// servers know it; one that refuses that is asked by the protocol without a
// greeting, of July 2026.
func connect(ctx context.Context, s Server, o Options) (*conn, error) {
	c, err := greet(ctx, s, o, client.WithProtocolVersion(protocol.LATEST_LEGACY_PROTOCOL_VERSION))
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		if newer, err := greet(ctx, s, o); err == nil {
			return newer, nil
		}
	}
	return c, err
}

// refusal is a server that answers, and not as it should.
type refusal struct{ error }

func greet(ctx context.Context, s Server, o Options, option ...client.ClientOption) (*conn, error) {
	p, err := newPeer(s)
	if err != nil {
		return nil, err
	}
	c := &conn{client: client.NewClient(p.transport(), option...), peer: p,
		changed: make(chan struct{}, 1), ended: make(chan struct{}), open: map[string]*patience{}}
	c.client.OnNotification(c.notice)
	if err := c.begin(ctx, o); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		err = p.obituary(err)
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *conn) begin(ctx context.Context, o Options) error {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx)) // what is started outlives the start
	go func() {
		<-c.ended
		cancel()
	}()
	defer context.AfterFunc(ctx, c.hangUp)()
	if err := c.client.Start(life); err != nil {
		return err
	}
	var hello protocol.InitializeRequest
	hello.Params.ClientInfo = protocol.Implementation{Name: "ipw", Version: o.Version}
	if _, err := c.client.Initialize(ctx, hello); err != nil {
		if broken := (*transport.Error)(nil); !errors.As(err, &broken) {
			return &refusal{err}
		}
		return err
	}
	return c.refresh(ctx)
}

func newPeer(s Server) (peer, error) {
	if s.URL != "" {
		return newSite(s)
	}
	return startProcess(s)
}

// maxTools is how many tools a server may have.
const maxTools = 1000

// refresh asks for the tools.
func (c *conn) refresh(ctx context.Context) error {
	r, err := c.client.ListTools(ctx, protocol.ListToolsRequest{})
	if err != nil {
		return err
	}
	if len(r.Tools) > maxTools {
		return fmt.Errorf("it has %d tools; %d are the most", len(r.Tools), maxTools)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tools = r.Tools
	return nil
}

func (c *conn) list() []protocol.Tool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tools
}

func (c *conn) names() []string {
	var names []string
	for _, t := range c.list() {
		names = append(names, t.Name)
	}
	return names
}

func (c *conn) has(name string) bool { return slices.Contains(c.names(), name) }

// notice takes what the server says unasked. It may not wait: answers come
// through the same reader.
func (c *conn) notice(n protocol.JSONRPCNotification) {
	switch n.Method {
	case protocol.MethodNotificationToolsListChanged:
		select {
		case c.changed <- struct{}{}:
		default: // somebody is on the way to ask
		}
	case "notifications/progress":
		token, _ := n.Params.AdditionalFields["progressToken"].(string)
		c.mu.Lock()
		defer c.mu.Unlock()
		if p := c.open[token]; p != nil {
			p.progress()
		}
	}
}

// changeTime passes between two questions for tools, however often a server
// says that they have changed.
const changeTime = 100 * time.Millisecond

// watch asks for the tools whenever they have changed, and then calls seen.
func (c *conn) watch(o Options, seen func()) {
	if protocol.IsModernProtocol(c.client.ProtocolVersion()) {
		c.subscribe()
	}
	go func() {
		for {
			seen()
			select {
			case <-c.changed:
			case <-c.ended:
				return
			}
			select {
			case <-time.After(changeTime):
			case <-c.ended:
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), o.Timeout)
			_ = c.refresh(ctx) // if it fails, the next call finds out why
			cancel()
		}
	}()
}

// subscribe asks for the notices that older servers give unasked.
func (c *conn) subscribe() {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-c.ended
		cancel()
	}()
	go func() { _ = c.client.Listen(ctx, protocol.SubscriptionFilter{ToolsListChanged: true}) }() // a server may have none to give
}

func (c *conn) call(ctx context.Context, name string, arguments json.RawMessage, p *patience) (*protocol.CallToolResult, error) {
	token := fmt.Sprintf("ipw-%d", c.calls.Add(1))
	c.mu.Lock()
	c.open[token] = p
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.open, token)
		c.mu.Unlock()
	}()
	var req protocol.CallToolRequest
	req.Params.Name = name
	req.Params.RawArguments = arguments
	req.Params.Meta = &protocol.Meta{ProgressToken: token}
	return c.client.CallTool(ctx, req)
}

func (c *conn) alive() bool {
	select {
	case <-c.ended:
		return false
	default:
		return c.peer.alive()
	}
}

func (c *conn) obituary(err error) error { return c.peer.obituary(err) }

func (c *conn) hangUp() { c.end.Do(func() { close(c.ended) }) }

func (c *conn) close() error {
	c.hangUp()
	_ = c.client.Close() // what matters of it is in the peer
	return c.peer.close()
}
