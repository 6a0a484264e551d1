//go:build cgo

package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript" // runs the commands of testdata/script
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ipw-sql": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
