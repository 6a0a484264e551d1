package terminus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"ipw/lib/sandbox"
	"ipw/lib/stream"
)

const (
	cols, rows = 160, 40
	history    = 50_000 // lines
	maxNews    = 10_000 // bytes that the model is shown at once
	patience   = time.Minute
)

// terminal is a tmux session in a box, with somebody attached who keeps a
// record of it.
type terminal struct {
	box      sandbox.Box
	name     string
	attached sandbox.Process
	cast     *cast
	seen     int // lines that the model has been shown, from the session's first
}

// open starts the session.
func open(ctx context.Context, box sandbox.Box) (*terminal, error) {
	t := &terminal{box: box, name: "ipw-" + strings.ToLower(rand.Text()[:10])}
	return t, t.start(ctx)
}

// start starts the session and waits until it answers. The shell is the best
// there is, without the user's own files of settings, as they are nobody's.
func (t *terminal) start(ctx context.Context) error {
	p, err := t.box.Start(ctx, sandbox.Command{Cols: cols, Rows: rows, Args: []string{"tmux", "-u", "-L", t.name, "-f", "/dev/null",
		"set", "-g", "history-limit", fmt.Sprint(history), ";", "set", "-g", "status", "off", ";", "set", "-g", "prefix", "None", ";",
		"set", "-s", "escape-time", "0", ";", "set", "-g", "default-command", shell, ";", "new-session", "-s", t.name}})
	if err != nil {
		return err
	}
	t.attached, t.cast, t.seen = p, newCast(p), 0
	for {
		r, err := t.tmux(ctx, "list-panes", "-t", t.name)
		switch {
		case err != nil:
			return errors.Join(err, p.Close())
		case r.Code == 0:
			return sleep(ctx, settle)
		}
		select {
		case <-t.cast.ended:
			return errors.Join(fmt.Errorf("tmux ended: %s", strings.TrimSpace(t.cast.words())), p.Close())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// settle is how long a new shell is given for its prompt.
const settle = 300 * time.Millisecond

const shell = `if command -v bash >/dev/null 2>&1; then exec bash; fi; exec sh`

func (t *terminal) tmux(ctx context.Context, args ...string) (sandbox.Result, error) {
	return t.run(ctx, sandbox.Command{Args: append([]string{"tmux", "-u", "-L", t.name}, args...)})
}

func (t *terminal) run(ctx context.Context, c sandbox.Command) (sandbox.Result, error) {
	c.Timeout = patience
	r, err := t.box.Exec(ctx, c)
	if err == nil && r.TimedOut {
		err = fmt.Errorf("tmux does not answer for %s", patience)
	}
	return r, err
}

// key is a key as tmux names it, alone.
var key = regexp.MustCompile(`^(?:[CMS]-)*(?:[CMS]-\S|Up|Down|Left|Right|Enter|Escape|Tab|BTab|Space|BSpace|Home|End|PageUp|PageDown|PgUp|PgDn|PPage|NPage|IC|DC|Insert|Delete|F[1-9]|F1[0-2])$`)

func isKey(s string) bool { return key.MatchString(s) }

// spelled are names that models use and tmux does not know.
var spelled = strings.NewReplacer("Insert", "IC", "Delete", "DC")

// chunk is how much tmux is sent at once: a message to its server holds 16 KiB.
const chunk = 4000

// press types keys. A line break is the Enter key, as a keyboard has no other.
func (t *terminal) press(ctx context.Context, keys string) error {
	switch {
	case keys == "":
		return nil
	case isKey(keys):
		return t.sent(t.tmux(ctx, "send-keys", "-t", t.name, spelled.Replace(keys)))
	}
	keys = strings.ReplaceAll(strings.ReplaceAll(keys, "\r\n", "\r"), "\n", "\r")
	for parts := chunks(keys); len(parts) > 0; {
		n := min(len(parts), 20)
		c := sandbox.Command{Args: append([]string{"sh", "-c", sendAll, "sh", t.name}, parts[:n]...)}
		if err := t.sent(t.run(ctx, c)); err != nil {
			return err
		}
		parts = parts[n:]
	}
	return nil
}

const sendAll = `s=$1; shift; for k; do tmux -u -L "$s" send-keys -t "$s" -l -- "$k" || exit; done`

// chunks cuts keys at characters. To tmux a semicolon at the end of an argument
// begins another command, unless there is a backslash before it. A NUL cannot
// be an argument.
func chunks(keys string) (parts []string) {
	keys = strings.ReplaceAll(strings.ToValidUTF8(keys, "\uFFFD"), "\x00", "")
	for keys != "" {
		n := min(chunk, len(keys))
		for n < len(keys) && !utf8.RuneStart(keys[n]) {
			n--
		}
		part := keys[:n]
		if strings.HasSuffix(part, ";") {
			part = part[:n-1] + `\;`
		}
		parts, keys = append(parts, part), keys[n:]
	}
	return parts
}

// errGone is a session whose last program has ended.
var errGone = errors.New("the session has ended")

func (t *terminal) sent(r sandbox.Result, err error) error {
	switch {
	case err != nil:
		return err
	case r.Code != 0 && gone(r.Stderr):
		return errGone
	case r.Code != 0:
		return fmt.Errorf("tmux: %s", strings.TrimSpace(r.Stderr))
	}
	return nil
}

func gone(words string) bool {
	for _, w := range []string{"no server running", "can't find", "no sessions", "error connecting", "server exited", "lost server", "no current"} {
		if strings.Contains(words, w) {
			return true
		}
	}
	return false
}

// news is what the terminal shows that the model has not seen yet: the lines
// from the one on which the last look ended. A program that fills the screen,
// and a screen that was cleared, are shown as they are. A session that has
// ended is begun anew.
func (t *terminal) news(ctx context.Context) (string, error) {
	r, err := t.run(ctx, sandbox.Command{Args: []string{"sh", "-c", newLines, "sh", t.name, fmt.Sprint(t.seen), fmt.Sprint(history)}})
	if err := t.sent(r, err); errors.Is(err, errGone) {
		t.attached.Close()
		if err := t.start(ctx); err != nil {
			return "", err
		}
		now, err := t.news(ctx)
		return "[the shell had ended; this is a new one]\n" + now, err
	} else if err != nil {
		return "", err
	}
	state, text, _ := strings.Cut(r.Stdout, "\n")
	var full bool
	if _, err := fmt.Sscanf(state, "%d %t", &t.seen, &full); err != nil {
		return "", fmt.Errorf("tmux: %q", state)
	}
	text = strings.TrimRight(text, "\n ")
	if full {
		text = "[the whole screen]\n" + text
	}
	return stream.Clip(text, maxNews), nil
}

// newLines prints how many lines there are above the cursor's, whether what
// follows is the whole screen, and then it or the lines from $2 on. Lines are
// counted from the first of the session, as long as it remembers them all.
const newLines = `t() { tmux -u -L "$name" "$@"; }
name=$1 seen=$2 most=$3
at=$(t display-message -p -t "$name" '#{history_size} #{cursor_y} #{alternate_on}') || exit
set -- $at
from=$((seen - $1))
if [ "$3" = 1 ] || [ "$from" -gt "$2" ] || [ "$1" -ge "$most" ]; then
	[ "$3" = 1 ] || seen=$(($1 + $2))
	echo "$seen true"
	t capture-pane -p -t "$name"
else
	echo "$(($1 + $2)) false"
	t capture-pane -p -S "$from" -t "$name"
fi`

// all is what the terminal has shown, as far as tmux remembers it.
func (t *terminal) all(ctx context.Context) (string, error) {
	r, err := t.tmux(ctx, "capture-pane", "-p", "-S", "-", "-t", t.name)
	if err := t.sent(r, err); err != nil {
		return "", err
	}
	return strings.TrimRight(r.Stdout, "\n "), nil
}

// close ends the session, with all that runs in it, and returns its recording.
func (t *terminal) close() []byte {
	t.attached.Close()
	return t.cast.bytes()
}
