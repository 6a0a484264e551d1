package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"ipw-attribute": main}) }

// Scripts find the small streams of testdata/streams in $STREAMS: one GPU of
// host h at 100 W and one CPU at 20 W from 0 s to 10 s, and the query q from
// 2 s to 6 s.
func TestScripts(t *testing.T) {
	streams, err := filepath.Abs("testdata/streams")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("STREAMS", streams)
			return nil
		},
	})
}
