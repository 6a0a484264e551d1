package run

import (
	"errors"
	"os"
	"sync"
)

// crew is the processes of a run, and the first thing that went wrong.
type crew struct {
	mu      sync.Mutex
	all     []*stage
	killed  bool
	failure error
	broken  chan struct{} // closed at the first failure
}

// start adds a stage to the crew.
func (c *crew) start(argv []string, stdin *os.File, say func(string)) (*stage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return nil, errors.New("killed")
	}
	s, err := startStage(argv, stdin, say)
	if err == nil {
		c.all = append(c.all, s)
	}
	return s, err
}

// fail keeps the first failure.
func (c *crew) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil && err != nil {
		c.failure = err
		close(c.broken)
	}
}

func (c *crew) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// kill ends every stage at once, and lets no other begin.
func (c *crew) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	for _, s := range c.all {
		s.kill()
	}
}
