//go:build !cgo

package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"ipw/lib/cli"
)

func TestBuildWithoutDuckDBSaysSo(t *testing.T) {
	var out, words bytes.Buffer
	c := &cli.Context{Context: context.Background(), Name: "ipw-sql", Args: []string{"SELECT 1"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &words}
	if code := c.Run(run); code != 1 || out.Len() > 0 || !strings.HasPrefix(words.String(), "ipw-sql: DuckDB is not built in\nipw-sql: hint: ") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, &out, &words)
	}
}
