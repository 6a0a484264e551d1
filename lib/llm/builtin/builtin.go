// Package builtin is the scripted model: no language model, but a real server
// that speaks the chat-completions protocol on a loopback port, so that the
// whole pipeline runs on a machine without GPU, key and network.
//
//	url, stop, err := builtin.Start()
//	defer stop()
//	// POST url + /chat/completions {"model":"builtin","messages":[…],"stream":true}
//
// It knows the dialogues of the demo tasks, by the text of the problem: what to
// think, say and ask of the tools, turn by turn. What it answers comes out of
// the tools' results wherever there are any; it does not know the answers that
// it is scored by. To any other problem it says that it is a scripted model.
// Tokens are words and punctuation marks; they come at a fixed pace.
package builtin

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Model is the name under which it answers.
const Model = "builtin"

// Pace is how fast it pretends to be.
type Pace struct {
	First time.Duration // before the first token
	Token time.Duration // before each further one
}

// DefaultPace makes a demo task take about half a second: long enough for
// several samples of power, short enough to be waited for.
var DefaultPace = Pace{First: 40 * time.Millisecond, Token: 6 * time.Millisecond}

// Start serves at the default pace on a free loopback port. url is the base
// URL, with /v1; stop ends the server and what it is answering.
func Start() (url string, stop func(), err error) { return DefaultPace.Start() }

// Start serves on a free loopback port.
func (p Pace) Start() (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if l, err = net.Listen("tcp", "[::1]:0"); err != nil {
			return "", nil, fmt.Errorf("scripted model: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{Handler: NewHandler(p), BaseContext: func(net.Listener) context.Context { return ctx }}
	done := make(chan struct{})
	go func() {
		server.Serve(l) // ends when it is closed, and not before
		close(done)
	}()
	stop = func() {
		cancel()
		server.Close()
		<-done
	}
	return "http://" + l.Addr().String() + "/v1", stop, nil
}
