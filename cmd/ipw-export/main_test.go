package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript" // runs the commands of testdata/script
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ipw-export": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
