package join

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// However a stream falls into batches, its records come in the same order, with
// their values: a note before the samples of its instant that stand right before
// it, all else as it is read.
func TestPowerInBatches(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		text, want := randomPower(r)
		want = notesFirst(want)
		for _, size := range []int{1, 2, 3, 7, 64, 512} {
			if got := inBatches(t, text, size); !slices.Equal(got, want) {
				t.Fatalf("%s\nin batches of %d:\n%s\nwant\n%s", text, size, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}

// randomPower makes a stream and says what its records are.
func randomPower(r *rand.Rand) (text string, records []string) {
	var b bytes.Buffer
	now := int64(1)
	for range 1 + r.IntN(3) {
		lines := 0
		b.WriteString(`{"type":"header","schema":"ipw.power/1","host":"h","domains":[{"id":"gpu:0","kind":"gpu","energy":"counter","power":"none"}]}` + "\n")
		records = append(records, "header")
		for range r.IntN(150) {
			if r.IntN(4) == 0 {
				now++
			}
			lines++
			if r.IntN(6) == 0 {
				fmt.Fprintf(&b, `{"type":"note","t_us":%d,"domain":"gpu:0","what":"reset"}`+"\n", now)
				records = append(records, fmt.Sprintf("note %d", now))
				continue
			}
			j := r.IntN(1000)
			space := []string{"", " "}[r.IntN(2)] // one in two takes the slower way
			fmt.Fprintf(&b, `{"t_us":%d,%s"j":[%d]}`+"\n", now, space, j)
			records = append(records, fmt.Sprintf("sample %d %d", now, j*1e6))
		}
		fmt.Fprintf(&b, `{"type":"end","records":%d,"status":"ok"}`+"\n", lines)
		records = append(records, "end")
	}
	return b.String(), records
}

// notesFirst moves each note before the samples of its instant, at most maxHeld
// of them.
func notesFirst(records []string) (out []string) {
	held := 0 // of the last records of out: samples of one instant
	at := func(record string) string { return strings.Fields(record)[1] }
	for _, record := range records {
		switch {
		case strings.HasPrefix(record, "note") && held > 0 && at(out[len(out)-1]) == at(record):
			out = slices.Insert(out, len(out)-held, record)
			continue
		case !strings.HasPrefix(record, "sample"):
			held = 0
		case held == 0 || held == maxHeld || at(out[len(out)-1]) != at(record):
			held = 1
		default:
			held++
		}
		out = append(out, record)
	}
	return out
}

// inBatches reads a stream in batches of about this size, which are used again.
func inBatches(t *testing.T, text string, size int) (records []string) {
	p := &powerReading{open: func() (*power.Reader, error) {
		return power.NewReader(new(stream.Problems), stream.NewInput("p", strings.NewReader(text))), nil
	}}
	b := new(batch[powerItem])
	for b.err == nil {
		b.items = b.items[:0]
		p.fill(b, size+maxHeld)
		for _, it := range b.items {
			switch {
			case it.header != nil:
				records = append(records, "header")
			case it.note != nil:
				records = append(records, fmt.Sprintf("note %d", it.note.TUs))
			case it.end:
				records = append(records, "end")
			default:
				records = append(records, fmt.Sprintf("sample %d %d", it.sample.TUs, it.sample.J[0]))
			}
		}
	}
	return records
}
