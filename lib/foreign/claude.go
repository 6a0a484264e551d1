package foreign

import (
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"

	"ipw/lib/stream"
)

// claudeRecord is one line of a transcript of Claude Code.
type claudeRecord struct {
	Type       string
	UUID       string
	Session    string
	AgentID    string
	t          int64
	sidechain  bool
	meta       bool // not written by a person: a caveat, a skill's text
	summary    bool // of a compacted conversation
	copied     bool // from the session that this one was forked from
	apiError   bool
	cost       *float64
	message    claudeMessage
	facts      []byte // members for the metadata
	resultOf   string // agentId of a tool's result
	durationMs *float64
	line       int
	file       string
}

type claudeMessage struct {
	ID         string          `json:"id"`
	Model      string          `json:"model"`
	Role       string          `json:"role"`
	StopReason json.RawMessage `json:"stop_reason"`
	Content    json.RawMessage `json:"content"`
	Usage      *claudeUsage    `json:"usage"`

	blocks []claudeBlock // of Content
}

type claudeUsage struct {
	Input      *int64 `json:"input_tokens"`
	CacheWrite *int64 `json:"cache_creation_input_tokens"`
	CacheRead  *int64 `json:"cache_read_input_tokens"`
	Output     *int64 `json:"output_tokens"`
}

type claudeBlock struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	ToolUseID string          `json:"tool_use_id"`
	Content   json.RawMessage `json:"content"`
	IsError   bool            `json:"is_error"`
}

// readClaude reads one line. A record without a time, as of a summary, has t 0.
func readClaude(line *stream.Line) (*claudeRecord, error) {
	r := &claudeRecord{line: line.Num, file: line.File}
	var stamp string
	s := stream.Scan(line.Bytes)
	for s.Next() {
		switch key := string(s.Key()); key {
		case "type":
			s.Text(&r.Type)
		case "uuid":
			s.Text(&r.UUID)
		case "sessionId", "session_id":
			s.Text(&r.Session)
		case "agentId":
			s.Text(&r.AgentID)
		case "timestamp":
			s.Text(&stamp)
		case "isSidechain":
			s.Bool(&r.sidechain)
		case "isMeta":
			s.Bool(&r.meta)
		case "isCompactSummary":
			s.Bool(&r.summary)
		case "forkedFrom":
			raw := s.Value()
			r.copied = len(raw) > 0 && string(raw) != "null"
		case "isApiErrorMessage":
			s.Bool(&r.apiError)
		case "costUSD":
			s.OptFloat(&r.cost)
		case "message":
			r.message.read(s.Value())
		case "toolUseResult":
			r.result(s.Value())
		case "cwd", "version", "gitBranch":
			if raw := s.Value(); len(raw) > 2 && raw[0] == '"' {
				r.facts = appendPair(r.facts, key, raw)
			}
		default:
			s.Skip()
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if stamp == "" {
		return r, nil
	}
	var err error
	if r.t, err = when(stamp); err != nil {
		return nil, errors.New("timestamp " + err.Error())
	}
	return r, nil
}

// read takes a message. What is not as expected is left out: the content of
// tools is anything.
func (m *claudeMessage) read(raw []byte) {
	json.Unmarshal(raw, m)
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		m.blocks = []claudeBlock{{Type: "text", Text: text}}
		return
	}
	json.Unmarshal(m.Content, &m.blocks)
}

// stop is why the message ended, and whether the record says so: the records
// written while it streams have null there, and their count of output tokens is
// not the final one.
func (m *claudeMessage) stop() (reason string, final bool) {
	json.Unmarshal(m.StopReason, &reason)
	return reason, string(m.StopReason) != "null"
}

// result takes what Claude Code notes of a tool's result.
func (r *claudeRecord) result(raw []byte) {
	var x struct {
		AgentID    string   `json:"agentId"`
		DurationMs *float64 `json:"durationMs"`
		TotalMs    *float64 `json:"totalDurationMs"`
	}
	json.Unmarshal(raw, &x) // a string, a list: nothing to take
	r.resultOf, r.durationMs = x.AgentID, x.DurationMs
	if r.durationMs == nil {
		r.durationMs = x.TotalMs
	}
}

// claudeSessions finds the files of one session: its own, and those of its
// agents.
type claudeSessions struct {
	problems *stream.Problems
	byID     map[string]*claude
	seen     *claudeSeen
}

// claudeSeen remembers prompts and model calls, by the hash of their ids: a
// session that was resumed or forked may begin with a copy of the old one.
type claudeSeen struct {
	in   map[uint64]*claude
	seed maphash.Seed
}

// elsewhere reports that a record was given by another session.
func (x *claudeSeen) elsewhere(id string, by *claude) bool {
	if id == "" {
		return false
	}
	h := maphash.String(x.seed, id)
	if first, ok := x.in[h]; ok {
		return first != by
	}
	x.in[h] = by
	return false
}

func newClaudeSessions(problems *stream.Problems) *claudeSessions {
	return &claudeSessions{problems, make(map[string]*claude), &claudeSeen{make(map[uint64]*claude), maphash.MakeSeed()}}
}

// add takes one more file. It returns a session that was not there before, or
// nil.
func (x *claudeSessions) add(in *stream.Input) (*claude, error) {
	f := &claudeFile{in: in, lines: stream.NewLines(x.problems, in), problems: x.problems}
	if err := f.advance(); err != nil && err != io.EOF {
		return nil, err
	}
	id := f.session
	if id == "" {
		id = stem(in.Name)
	}
	if c := x.byID[id]; c != nil {
		c.files = append(c.files, f)
		return nil, nil
	}
	c := newClaude(x.problems, x.seen, id)
	c.files = append(c.files, f)
	x.byID[id] = c
	return c, nil
}

// claudeFile is one transcript, a record ahead.
type claudeFile struct {
	in       *stream.Input
	lines    *stream.Lines
	problems *stream.Problems
	session  string
	ahead    *claudeRecord // nil at the end
}

// advance reads the next record that has a time.
func (f *claudeFile) advance() error {
	f.ahead = nil
	for {
		line, err := f.lines.Next()
		if err != nil {
			return err
		}
		r, err := readClaude(line)
		if err != nil {
			f.lines.Reject(err)
			continue
		}
		if f.session == "" {
			f.session = r.Session
		}
		if r.t != 0 && !r.copied && (r.Type == "user" || r.Type == "assistant" || r.Type == "attachment") {
			f.ahead = r
			return nil
		}
	}
}
