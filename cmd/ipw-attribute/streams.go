package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"ipw/lib/cli"
	"ipw/lib/event"
	"ipw/lib/foreign"
	"ipw/lib/join"
	"ipw/lib/power"
	"ipw/lib/stream"
)

// streams are the opened inputs.
type streams struct {
	events event.Source
	power  []join.Power
	inputs []*stream.Input
}

func (s *streams) close() {
	for _, in := range s.inputs {
		in.Close()
	}
}

// copy writes the event stream instead of attributing it.
func (s *streams) copy(c *cli.Context, path string, problems *stream.Problems, live bool) error {
	out, err := c.Output(path)
	if err != nil {
		return err
	}
	defer out.Close()
	w := stream.NewWriter(out)
	if !live {
		w.Lazy()
	}
	if err := event.Copy(w, s.events); err != nil {
		w.Flush()
		return err
	}
	return errors.Join(out.Close(), problems.Err())
}

// openStreams opens the inputs and tells power from events by their first
// lines. Several power streams of the same domains are one, in the order given.
func openStreams(c *cli.Context, f *flags, problems *stream.Problems) (*streams, error) {
	s := &streams{}
	var events []*stream.Input
	byHost := &grouped{}
	for _, name := range f.Power {
		if f.Follow { // it may not exist yet, or be a pipe that nobody writes to yet
			s.power = append(s.power, join.Power{Name: name, Open: func() (*power.Reader, error) {
				in, err := stream.Open(c, name, c.Stdin, true)
				if err != nil {
					return nil, err
				}
				return power.NewReader(problems, in), nil
			}})
			continue
		}
		if err := s.open(c, f, name, byHost, nil); err != nil {
			return s, err
		}
	}
	for _, name := range f.Streams {
		if err := s.open(c, f, name, byHost, &events); err != nil {
			return s, err
		}
	}
	if len(events) == 0 {
		if slices.Contains(f.Streams, "-") || slices.Contains(f.Power, "-") {
			return s, cli.Usagef("no event stream among the inputs")
		}
		if err := s.open(c, f, "-", nil, &events); err != nil {
			return s, err
		}
	}
	for _, g := range byHost.groups {
		inputs := g.inOrder()
		s.power = append(s.power, join.Power{Name: naming(inputs), Open: func() (*power.Reader, error) { return power.NewReader(problems, inputs...), nil }})
	}
	loc, err := time.LoadLocation(f.Timezone)
	if err != nil {
		return s, &cli.UsageError{Err: fmt.Errorf("--timezone %q: no such time zone", f.Timezone)}
	}
	s.events = foreign.NewSource(problems, loc, foreign.Options{TypeFrom: f.TypeFrom}, events...)
	return s, nil
}

// open opens one input. Nil powers: it must be events; nil events: power.
func (s *streams) open(c *cli.Context, f *flags, name string, powers *grouped, events *[]*stream.Input) error {
	in, err := stream.Open(c, name, c.Stdin, f.Follow)
	if err != nil {
		return err
	}
	s.inputs = append(s.inputs, in)
	if err := foreign.Unfollow(in); err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	schema, err := in.Schema()
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	if powers != nil && (schema == power.Schema || events == nil) {
		return powers.add(in)
	}
	*events = append(*events, in)
	return nil
}

// grouped keeps power inputs whose first headers name the same host and the same
// domains: they are one stream, cut into files. Others run side by side; of those
// that give one domain at one time the first counts.
type grouped struct{ groups []*group }

type group struct {
	host    string
	domains []string // sorted
	files   []file
}

type file struct {
	*stream.Input
	from int64 // t_us of its first header
}

func (g *grouped) add(in *stream.Input) error {
	line, err := in.FirstLine()
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	var h power.Header
	json.Unmarshal(line, &h) // the reader says what is wrong with it
	now := &group{host: h.Host}
	for _, d := range h.Domains {
		now.domains = append(now.domains, d.ID)
	}
	slices.Sort(now.domains)
	i := slices.IndexFunc(g.groups, now.continues)
	if i < 0 {
		i = len(g.groups)
		g.groups = append(g.groups, now)
	}
	g.groups[i].files = append(g.groups[i].files, file{in, h.TUs})
	return nil
}

// continues reports whether a stream may be the rest of another one.
func (g *group) continues(o *group) bool {
	return g.host == o.host && slices.Equal(g.domains, o.domains)
}

// inOrder returns a stream's files in the order of their beginnings: a shell
// sorts power-10 before power-9. Those that begin together stay as they were
// named.
func (g *group) inOrder() []*stream.Input {
	files := slices.Clone(g.files)
	slices.SortStableFunc(files, func(a, b file) int { return cmp.Compare(a.from, b.from) })
	inputs := make([]*stream.Input, len(files))
	for i, f := range files {
		inputs[i] = f.Input
	}
	return inputs
}

// naming is what a stream in several files is called.
func naming(files []*stream.Input) string {
	if len(files) == 1 {
		return files[0].Name
	}
	return files[0].Name + " to " + files[len(files)-1].Name
}
