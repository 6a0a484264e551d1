package foreign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ipw/lib/stream"
)

// document reads the JSON values of an input one after the other: a value a
// line, one value over many lines, a list. It goes into the lists and objects
// that hold what is wanted and gives their members one by one, so that memory
// is one member, not one document.
type document struct {
	in    *stream.Input
	into  func(parent, key string, open byte) bool // go into a list or object?
	chunk []byte
	at    int
	eof   error // what the input ended with
	line  int
	last  byte // the byte before the next one

	open    []container
	oneLine bool // the outermost value's first line holds more than its brace: its lines are values
	raw     []byte
}

// container is an object or list that was gone into.
type container struct {
	kind  byte   // { or [
	key   string // of itself; an element has its list's
	first bool   // nothing was read of it
}

// item is what a document gives: a member's value, or the edge of something that
// it goes into.
type item struct {
	key         string
	raw         []byte // of a value; valid until the next call
	enter, exit bool
	line        int
}

// broken is text that is no JSON, or one value cut short by another.
type broken struct {
	line int
	why  string
	end  bool // by the end of the input
}

func (b *broken) Error() string { return b.why }

// maxValue bounds one member, as MaxLine bounds a line.
const maxValue = stream.MaxLine

func newDocument(in *stream.Input, into func(parent, key string, open byte) bool) *document {
	return &document{in: in, into: into, line: 1, last: '\n', chunk: make([]byte, 0, 64<<10)}
}

// next gives the next item and io.EOF at the end. After a *broken the next call
// goes on with the next line that begins a value.
func (d *document) next() (item, error) {
	if _, err := d.peek(); err != nil && len(d.open) == 0 {
		return item{}, err
	}
	it, err := d.step()
	if err == nil {
		return it, nil
	}
	b := &broken{line: d.line, why: err.Error()}
	switch err {
	case io.EOF:
		b.end, b.why = true, "cut short"
	case errTorn:
		b.line--
	case errSyntax, errScalar, errLong:
		d.skip()
	default:
		return it, err // of the input
	}
	d.open = d.open[:0]
	return it, b
}

var (
	errTorn   = errors.New("cut short: another value begins in the next line")
	errSyntax = errors.New("not JSON")
	errScalar = errors.New("neither an object nor a list")
	errLong   = fmt.Errorf("a value of more than %d MiB", maxValue>>20)
)

func (d *document) step() (item, error) {
	c, err := d.peek()
	if err != nil {
		return item{}, err
	}
	if len(d.open) == 0 {
		if c != '{' && c != '[' {
			return item{}, errScalar
		}
		return d.value("", "", c)
	}
	top := &d.open[len(d.open)-1]
	if c == top.kind+2 { // } and ] stand two behind { and [
		d.take()
		d.open = d.open[:len(d.open)-1]
		return item{key: top.key, exit: true, line: d.line}, nil
	}
	if !top.first {
		if c != ',' {
			return item{}, errSyntax
		}
		d.take()
		if c, err = d.peek(); err != nil {
			return item{}, err
		}
	}
	top.first = false
	if top.kind == '[' {
		return d.value(top.key, top.key, c)
	}
	key, err := d.name()
	if err != nil {
		return item{}, err
	}
	if c, err = d.peek(); err != nil {
		return item{}, err
	}
	return d.value(top.key, key, c)
}

// value gives a member, or goes into it.
func (d *document) value(parent, key string, c byte) (item, error) {
	if (c == '{' || c == '[') && d.into(parent, key, c) {
		d.take()
		if len(d.open) == 0 {
			d.outermost(c)
		}
		d.open = append(d.open, container{c, key, true})
		return item{key: key, enter: true, line: d.line}, nil
	}
	line := d.line
	raw, err := d.scan(c)
	return item{key: key, raw: raw, line: line}, err
}

// outermost remembers how an outermost value is laid out. Its bracket was read.
func (d *document) outermost(c byte) {
	n, err := d.byteAt(0)
	d.oneLine = c == '{' && err == nil && n != '\n' && n != '\r'
}

// name reads a member's key and its colon.
func (d *document) name() (string, error) {
	c, err := d.peek()
	if err != nil {
		return "", err
	}
	if c != '"' {
		return "", errSyntax
	}
	raw, err := d.scan(c)
	if err != nil {
		return "", err
	}
	var key string
	if json.Unmarshal(raw, &key) != nil {
		return "", errSyntax
	}
	if c, err = d.peek(); err != nil {
		return "", err
	}
	if c != ':' {
		return "", errSyntax
	}
	d.take()
	return key, nil
}

// peek steps over white space and gives the next byte.
func (d *document) peek() (byte, error) {
	for {
		c, err := d.byteAt(0)
		if err != nil {
			return 0, err
		}
		switch c {
		case '\n', ' ', '\t', '\r':
			d.take()
		case byteOrderMark[0]:
			if len(d.open) > 0 || !d.mark() {
				return c, nil
			}
		case '{':
			if d.last == '\n' && d.oneLine && len(d.open) > 0 {
				return 0, errTorn
			}
			return c, nil
		default:
			return c, nil
		}
	}
}

// mark steps over a byte order mark.
func (d *document) mark() bool {
	d.byteAt(len(byteOrderMark) - 1)
	if !bytes.HasPrefix(d.chunk[d.at:], byteOrderMark) {
		return false
	}
	d.at += len(byteOrderMark)
	return true
}

// take steps over a byte that was looked at.
func (d *document) take() {
	d.last = d.chunk[d.at]
	if d.last == '\n' {
		d.line++
	}
	d.at++
}

// byteAt looks n bytes ahead.
func (d *document) byteAt(n int) (byte, error) {
	for len(d.chunk)-d.at <= n {
		if d.eof != nil {
			return 0, d.eof
		}
		d.fill()
	}
	return d.chunk[d.at+n], nil
}

func (d *document) fill() {
	rest := copy(d.chunk[:cap(d.chunk)], d.chunk[d.at:])
	d.chunk, d.at = d.chunk[:rest], 0
	n, err := d.in.Read(d.chunk[rest:cap(d.chunk)])
	d.chunk, d.eof = d.chunk[:rest+n], err
}

// skip goes on with the next line that begins a value.
func (d *document) skip() {
	for {
		c, err := d.byteAt(0)
		if err != nil || d.last == '\n' && (c == '{' || c == '[') {
			return
		}
		d.take()
	}
}
