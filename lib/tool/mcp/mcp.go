// Package mcp makes tools of MCP servers: programs that speak the Model Context
// Protocol over their stdin and stdout, or over HTTP. The protocol itself is
// mcp-go's.
//
//	servers, err := mcp.ReadConfig("mcp.json", file, os.LookupEnv)
//	set, err := mcp.Open(ctx, servers, mcp.Options{})
//	defer set.Close()
//	agent.Tools = append(agent.Tools, set.Tools()...)
//
// A Set is opened once for a run and shared by its queries. The tools it offers
// are those that its servers have at that time, so that every query of the run
// sees the same ones. From then on nothing that a server does ends the run: one
// that dies, hangs, floods or loses a tool makes a call fail, with a text for
// the model, and one that died is started again for the next call.
package mcp

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"ipw/lib/tool"
)

// Options is what all servers of a run share.
type Options struct {
	Version   string            // of ipw, told to the servers
	Timeout   time.Duration     // of a call without a sign of progress; 0 for DefaultTimeout
	MaxResult int               // longest result in bytes; 0 for tool.DefaultMaxResult
	Say       func(what string) // told of what a user should know, such as tools that vanish; may be nil
}

// DefaultTimeout is how long a call may go on without a sign of progress.
const DefaultTimeout = time.Minute

// startTime is how long a server may take to begin; npx may have to fetch it.
const startTime = 2 * time.Minute

// Set is the servers of a run.
type Set struct {
	links []*link
	tools []tool.Tool
}

// Open starts or reaches the servers, all at once, and asks for their tools. If
// one cannot be had, none is left running. When ctx ends they go on: Close ends
// them.
func Open(ctx context.Context, servers []Server, o Options) (*Set, error) {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.MaxResult = cmp.Or(o.MaxResult, tool.DefaultMaxResult)
	if o.Say == nil {
		o.Say = func(string) {}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, &SilenceError{startTime})
	defer cancel()
	s := &Set{}
	for _, server := range servers {
		if !server.Disabled {
			s.links = append(s.links, newLink(server, o))
		}
	}
	errs := make([]error, len(s.links))
	var wg sync.WaitGroup
	for i, l := range s.links {
		wg.Go(func() {
			if _, err := l.reach(ctx); err != nil {
				errs[i] = &ServerError{l.Name, err}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.name()
	return s, nil
}

// name makes the tools that are offered in this run.
func (s *Set) name() {
	taken := map[string]bool{}
	for _, l := range s.links {
		for _, t := range l.begun {
			name := qualified(l.Name, t.Name, taken)
			s.tools = append(s.tools, tool.Clipped(newTool(l, name, t), l.o.MaxResult))
		}
	}
}

// Tools are the tools of all servers, in the order of the servers.
func (s *Set) Tools() []tool.Tool { return slices.Clone(s.tools) }

// Close ends the connections, and the servers that were started.
func (s *Set) Close() error {
	errs := make([]error, len(s.links))
	var wg sync.WaitGroup
	for i, l := range s.links {
		wg.Go(func() { errs[i] = l.close() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// ServerError is a server that cannot be had.
type ServerError struct {
	Name string
	Err  error
}

func (e *ServerError) Error() string { return "MCP server " + e.Name + ": " + e.Err.Error() }
func (e *ServerError) Unwrap() error { return e.Err }

// SilenceError is a server that did not answer in time.
type SilenceError struct{ After time.Duration }

func (e *SilenceError) Error() string { return "no answer within " + e.After.String() }
