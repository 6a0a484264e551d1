package powerlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ipw/lib/stream"
)

// promSeries is one series of an answer.
type promSeries struct {
	Metric map[string]string `json:"metric"`
	Values []promPoint       `json:"values"`
	Value  *promPoint        `json:"value"` // of a query for one moment
}

func (s *promSeries) all() []promPoint {
	if s.Value != nil {
		return append(s.Values, *s.Value)
	}
	return s.Values
}

// promPoint is [seconds, "value"].
type promPoint struct {
	us   int64
	text string
}

// UnmarshalJSON reads a point.
func (p *promPoint) UnmarshalJSON(b []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("%.40s is no point of a series", b)
	}
	us, err := microOf(string(pair[0]))
	if err != nil {
		return err
	}
	p.us = us
	return json.Unmarshal(pair[1], &p.text)
}

// answer reads all series of one or more answers, one behind the other. Where
// the last one is cut, its whole series stand.
func (r *prometheus) answer() (all []promSeries, err error) {
	dec := json.NewDecoder(r.src.br)
	for {
		err := r.members(dec, func(key string) error {
			switch key {
			case "error":
				var why string
				if err := dec.Decode(&why); err != nil {
					return err
				}
				return r.failed("the server answered with an error: " + why)
			case "data":
				return r.members(dec, func(key string) error {
					if key != "result" {
						return skip(dec)
					}
					return r.result(dec, &all)
				})
			}
			return skip(dec)
		})
		var syntax *json.SyntaxError
		switch {
		case err == io.EOF:
			return all, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			r.src.problems.Incomplete(r.src.name, 0, fmt.Sprintf("incomplete: the answer is cut behind %d whole series", len(all)))
			return all, nil
		case errors.As(err, &syntax):
			return nil, r.failed("not JSON: " + err.Error())
		case err != nil:
			return nil, err
		}
	}
}

func (r *prometheus) failed(why string) error { return &stream.Error{File: r.src.name, Text: why} }

// members calls each for every member of the next object, with the decoder
// before its value. io.EOF is the input's end before an object.
func (r *prometheus) members(dec *json.Decoder, each func(key string) error) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return r.failed(fmt.Sprintf("%v where an object should begin: no answer of Prometheus", t))
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return cutShort(err)
		}
		name, _ := key.(string)
		if err := each(name); err != nil {
			return cutShort(err)
		}
	}
	_, err = dec.Token()
	return cutShort(err)
}

// cutShort is the error of an end within an object.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func skip(dec *json.Decoder) error {
	var any json.RawMessage
	return dec.Decode(&any)
}

// result reads the array of series. One that is wrong is rejected.
func (r *prometheus) result(dec *json.Decoder, all *[]promSeries) error {
	t, err := dec.Token()
	if err != nil {
		return cutShort(err)
	}
	if t != json.Delim('[') {
		return r.failed("the result is no list of series: ask query_range")
	}
	for n := 1; dec.More(); n++ {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return cutShort(err)
		}
		var s promSeries
		if err := json.Unmarshal(raw, &s); err != nil {
			if err := r.src.problems.Reject(r.src.name, 1, fmt.Errorf("series %d: %w", n, stream.WrongType(err))); err != nil {
				return err
			}
			continue
		}
		*all = append(*all, s)
	}
	_, err = dec.Token()
	return cutShort(err)
}
