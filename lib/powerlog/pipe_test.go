package powerlog

import (
	"bufio"
	"encoding/json"
	"io"
)

// pipe is a pipe whose end can be read line by line.
func pipe() (*bufio.Reader, *io.PipeWriter) {
	r, w := io.Pipe()
	return bufio.NewReader(r), w
}

func jsonInto(line string, v any) error { return json.Unmarshal([]byte(line), v) }
