package oracle

import (
	"bytes"
	"encoding/json"
	"errors"
)

// header is what matters here of a segment's header, of either stream.
type header struct {
	Host       string         `json:"host"`
	BootID     string         `json:"boot_id"`
	Run        string         `json:"run"`
	IntervalUs int64          `json:"interval_us"`
	Ticks      string         `json:"ticks"`
	Domains    []domainHeader `json:"domains"`
}

// record is one line of either stream that is no header and no end.
type record struct {
	Type string `json:"type"`
	TUs  int64  `json:"t_us"`
	MUs  *int64 `json:"m_us"`

	// samples and notes
	J      []*json.Number `json:"j"`
	W      []*json.Number `json:"w"`
	ReadUs int64          `json:"read_us"`
	Domain string         `json:"domain"`
	What   string         `json:"what"`

	// events
	Query    string       `json:"query"`
	Attempt  int          `json:"attempt"`
	Span     string       `json:"span"`
	Parent   string       `json:"parent"`
	Turn     *int         `json:"turn"`
	Endpoint string       `json:"endpoint"`
	Local    *bool        `json:"local"`
	WaitS    *json.Number `json:"wait_s"`

	at int64 // microseconds on the one axis
}

// segment is "one header line, records, one end line".
type segment struct {
	header  header
	records []record
	status  string // of the end, or "incomplete"
}

// split reads a stream. "Incomplete = no end, or a wrong N". A line that is
// not JSON is skipped, but is one of the lines between.
func split(stream []byte) ([]segment, error) {
	var all []segment
	open := false
	lines := 0
	for _, line := range bytes.Split(stream, []byte{'\n'}) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		var kind struct {
			Type    string `json:"type"`
			Records int    `json:"records"`
			Status  string `json:"status"`
		}
		bad := json.Unmarshal(line, &kind) != nil
		switch {
		case kind.Type == "header" && !bad:
			s := segment{status: "incomplete"}
			if err := json.Unmarshal(line, &s.header); err != nil {
				return nil, err
			}
			all, open, lines = append(all, s), true, 0
		case !open:
			return nil, errors.New("record outside any segment")
		case kind.Type == "end" && !bad:
			open = false
			if kind.Records == lines {
				all[len(all)-1].status = kind.Status
			}
		default:
			lines++
			var r record
			if bad || json.Unmarshal(line, &r) != nil {
				continue
			}
			s := &all[len(all)-1]
			s.records = append(s.records, r)
		}
	}
	return all, nil
}

// place puts every record on one axis.
//
// "For each pair of segments the join uses m_us if both headers have the same
// non-empty boot_id and both first records carry it, else t_us." One axis does
// this for all pairs: what shares its boot with a segment of the other stream
// stands at m_us plus the boot's own offset, all else at t_us. (For pairs of
// different boots this is t_us as long as t_us − m_us does not move.)
//
// "A reader takes an earlier record at its predecessor's time": within a
// segment.
func place(power, events []segment) {
	boots := make(map[string]bool)
	for i := range power {
		boots[boot(&power[i])] = true
	}
	offset := make(map[string]int64)
	for i := range events {
		b := boot(&events[i])
		if _, seen := offset[b]; b != "" && boots[b] && !seen {
			first := events[i].records[0]
			offset[b] = first.TUs - *first.MUs
		}
	}
	for _, stream := range [][]segment{power, events} {
		for i := range stream {
			s := &stream[i]
			off, onBoot := offset[boot(s)]
			for k := range s.records {
				r := &s.records[k]
				r.at = r.TUs
				if onBoot && r.MUs != nil {
					r.at = *r.MUs + off
				}
				if k > 0 {
					r.at = max(r.at, s.records[k-1].at)
				}
			}
		}
	}
}

// join makes one segment of those that "continue across an end with status ok
// into a segment of the same run": "neither the order of equal-time records nor
// a split of the stream changes a digit".
func join(events []segment) []segment {
	var all []segment
	for _, s := range events {
		n := len(all)
		if n > 0 && all[n-1].status == "ok" && all[n-1].header.Run == s.header.Run && boot(&all[n-1]) == boot(&s) {
			all[n-1].records = append(all[n-1].records, s.records...)
			all[n-1].status = s.status
			continue
		}
		all = append(all, s)
	}
	return all
}

// boot is the boot on whose clock a segment may be joined, "" for none.
func boot(s *segment) string {
	if len(s.records) == 0 || s.records[0].MUs == nil {
		return ""
	}
	return s.header.BootID
}
