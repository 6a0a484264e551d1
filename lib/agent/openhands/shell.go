package openhands

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ipw/lib/sandbox"
)

// shell is an interactive shell on a terminal. Its prompt is a mark that nobody
// can guess, with the exit status and the directory: where it comes a command
// is over.
type shell struct {
	box     sandbox.Box
	proc    sandbox.Process
	out     *screen
	mark    string
	prompt  *regexp.Regexp
	bash    bool
	running bool
}

const (
	startTime = 30 * time.Second
	longest   = 3000 // bytes of a line that are sure to pass a terminal: Linux takes 4095
)

// state is what a prompt says.
type state struct {
	done bool
	code int
	dir  string
}

// limits of a wait: how long all of it, or how long without output; 0 is none.
type limits struct{ total, quiet time.Duration }

// timeLimit is a command's own limit, at most a day.
func timeLimit(seconds float64) limits {
	return limits{total: time.Duration(min(max(seconds, 0.1), 24*3600) * float64(time.Second))}
}

// startShell starts bash, or sh where there is none.
func startShell(ctx context.Context, box sandbox.Box) (*shell, error) {
	r, err := box.Exec(ctx, sandbox.Command{Args: []string{"sh", "-c", "command -v bash"}, Timeout: startTime})
	if err != nil {
		return nil, err
	}
	s := &shell{box: box, bash: r.Code == 0, mark: "ipw" + rand.Text(), out: newScreen()}
	s.prompt = regexp.MustCompile(s.mark + `;(\d+);(.*?);` + s.mark + `\r?\n`)
	args := []string{"sh", "-i"}
	if s.bash {
		args = []string{"bash", "--noprofile", "--norc", "--noediting", "+H", "-i"}
	}
	s.proc, err = box.Start(ctx, sandbox.Command{Args: args, Cols: 200, Rows: 50, Env: map[string]string{
		"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat", "MANPAGER": "cat", "DEBIAN_FRONTEND": "noninteractive", "PS1": "", "PS2": "",
	}})
	if err != nil {
		return nil, err
	}
	go s.out.fill(s.proc)
	return s, s.ready(ctx)
}

// ready sets the prompt. It is written in two halves, so that the echo of the
// line that sets it is not taken for it.
func (s *shell) ready(ctx context.Context) error {
	half := len(s.mark) / 2
	line := fmt.Sprintf("stty -echo 2>/dev/null; ipw_a=%s ipw_b=%s; PS2= PS1='$ipw_a$ipw_b;$?;$PWD;$ipw_a$ipw_b\n'", s.mark[:half], s.mark[half:])
	if _, err := s.proc.Write([]byte(line + "\n")); err != nil {
		return err
	}
	_, st, err := s.wait(ctx, limits{total: startTime})
	if err == nil && !st.done {
		err = errors.New("no prompt came")
	}
	if err != nil {
		s.close()
	}
	return err
}

// send runs a command. It goes through eval, so that a quote left open is an
// error and not a shell that waits for the other one; what is too long for a
// line of a terminal goes through a file.
func (s *shell) send(ctx context.Context, command string) error {
	line := "eval " + quoted(command)
	if !s.bash && strings.Contains(command, "\n") || len(line) > longest {
		name := "/tmp/." + s.mark
		if err := (files{s.box}).write(ctx, name, command+"\n"); err != nil {
			return fmt.Errorf("the command is too long for a line, and no file can be made for it: %w", err)
		}
		line = ". " + name
	}
	s.out.take()
	s.running = true
	_, err := s.proc.Write([]byte(line + "\n"))
	return err
}

// quoted is a word for the shell, on one line: plain quotes for a single line,
// bash's $'…' for several.
func quoted(command string) string {
	if !strings.ContainsAny(command, "\n\r\t\x00\x03\x04\x1a") {
		return "'" + strings.ReplaceAll(command, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(command) {
		switch c := command[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteString("'")
	return b.String()
}

// typeIn types into the running program: a text and Enter, or a key.
func (s *shell) typeIn(text string) error {
	if key := strings.TrimSpace(text); len(key) == 3 && strings.HasPrefix(key, "C-") {
		_, err := s.proc.Write([]byte{key[2] & 0x1f})
		return err
	}
	_, err := s.proc.Write([]byte(text + "\n"))
	return err
}

// wait returns what was printed until the prompt came or a limit was reached.
func (s *shell) wait(ctx context.Context, l limits) (text string, st state, err error) {
	var total, quiet <-chan time.Time
	if l.total > 0 {
		timer := time.NewTimer(l.total)
		defer timer.Stop()
		total = timer.C
	}
	var silence *time.Timer
	if l.quiet > 0 {
		silence = time.NewTimer(l.quiet)
		defer silence.Stop()
		quiet = silence.C
	}
	for {
		if text, st, ok := s.over(); ok {
			s.running = false
			return text, st, nil
		}
		select {
		case <-s.out.grown:
			if silence != nil {
				silence.Reset(l.quiet)
			}
			continue
		case <-s.out.ended:
			if text, st, ok := s.over(); ok {
				return text, st, nil
			}
			return s.out.take(), state{}, errors.New("the shell has ended")
		case <-total:
		case <-quiet:
		case <-ctx.Done():
			return s.out.take(), state{}, ctx.Err()
		}
		return s.out.take(), state{}, nil
	}
}

// over looks for the prompt.
func (s *shell) over() (text string, st state, ok bool) {
	text, groups := s.out.until(s.prompt)
	if groups == nil {
		return "", state{}, false
	}
	code, err := strconv.Atoi(groups[1])
	return text, state{true, code, groups[2]}, err == nil
}

func (s *shell) close() { s.proc.Close() }
