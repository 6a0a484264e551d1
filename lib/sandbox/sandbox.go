// Package sandbox is where an agent's commands run: in a Docker container, in a
// bubblewrap jail, or, only where the user says so, on the bare host.
//
// A Sandbox makes Boxes, one for each query. A box has a workspace, a directory
// of the host that it sees read-write, and none of the host's environment. It
// is made with the network open, so that it can be set up; Seal closes that
// unless its Spec keeps it open. Whatever happens, Close removes all of it.
//
//	box, err := sb.Open(ctx, sandbox.Spec{Label: "q0003", Workspace: dir})
//	defer box.Close()
//	err = box.Seal(ctx)
//	result, err := box.Exec(ctx, sandbox.Command{Args: []string{"python3", "fix.py"}, Timeout: time.Minute})
package sandbox

import (
	"context"
	"io"
	"time"
)

// Workdir is where a box sees its workspace, and where commands begin, unless
// its Spec says otherwise. On the bare host that is the workspace itself.
const Workdir = "/workspace"

// Sandbox makes boxes. Open may be called by several goroutines at once.
type Sandbox interface {
	Kind() string // docker, bwrap or none
	Open(ctx context.Context, s Spec) (Box, error)
	Close() error // removes what boxes left, and shared images or networks that were made for the run
}

// Spec says what a box is to be. Zero values are the sandbox's own defaults.
type Spec struct {
	Label     string            // whose box it is, in its name and labels: a query's id and attempt
	Image     string            // of docker
	Command   []string          // of docker: what runs in the box from the start on; nil for nothing
	Workspace string            // a directory of the host, seen read-write at Workdir; "" for none
	Workdir   string            // "" for Workdir, or the image's own where Workspace is ""
	User      string            // "" for the default: no root where the workspace belongs to another
	Env       map[string]string // all there is, beside PATH, HOME, LANG and TERM
	CPUs      float64           // processors, 1.5 is one and a half
	Memory    int64             // bytes
	Disk      int64             // bytes of what is written outside the workspace
	PIDs      int               // processes and threads
	Network   bool              // keep the network open after Seal
	Joins     string            // of docker: a network of others' containers to be in, also after Seal, under the name Alias
	Alias     string
}

// Box is one closed-off place. Its methods may be called concurrently.
type Box interface {
	// Exec runs a command to its end. A status other than 0 is no error, nor is
	// a command that ran out of time: errors are of the sandbox itself. When
	// ctx or the time ends, the command's whole process tree is killed.
	Exec(ctx context.Context, c Command) (Result, error)

	// Start runs a command on a pseudo-terminal and leaves it running.
	Start(ctx context.Context, c Command) (Process, error)

	// Seal cuts the network, unless the Spec keeps it.
	Seal(ctx context.Context) error

	// CopyIn unpacks a tar stream into a directory of the box, which is made if
	// it is missing. CopyOut packs a file or directory.
	CopyIn(ctx context.Context, dir string, tar io.Reader) error
	CopyOut(ctx context.Context, path string) (io.ReadCloser, error)

	// While returns ctx, but it ends with the box, too: with a *LostError as
	// its cause if the box breaks for good. done must be called.
	While(ctx context.Context) (_ context.Context, done func())

	// Path is what a file below the workspace is called inside of the box.
	Path(name string) string

	Close() error
}

// Command is what a box is to run.
type Command struct {
	Args      []string
	Dir       string            // "" for the box's working directory
	Env       map[string]string // beside the box's own
	User      string            // "" for the box's own
	Stdin     io.Reader         // nil for none
	Timeout   time.Duration     // 0 for none but ctx's
	MaxOutput int               // bytes kept of stdout and of stderr, head and tail; 0 for DefaultMaxOutput
	Cols      int               // of Start's terminal; 0 for 80
	Rows      int               // 0 for 24
}

// DefaultMaxOutput is how much a command may say before its middle is cut out.
const DefaultMaxOutput = 1 << 20

// Result is how a command ended.
type Result struct {
	Stdout   string // longer ones are cut to head and tail, and say how much is missing
	Stderr   string
	Code     int // exit status, 128 + n if it was killed by signal n
	TimedOut bool
}

// Process is a command that runs on a terminal. Read gives what it prints,
// Write is what is typed.
type Process interface {
	io.ReadWriter
	Signal(name string) error // INT, TERM, KILL, … to the process and what it started
	Wait() (code int, err error)
	Close() error // kills what still runs
}
