package price

import (
	"bytes"
	_ "embed"
	"sync"
)

//go:embed prices.json
var shipped []byte

// Default is the table that ships with ipw. Every price in it was read off its
// vendor's own list; docs/prices.md says which, when, and what was left out.
// Nobody may change it.
var Default = sync.OnceValue(func() *Table {
	t, err := Read(bytes.NewReader(shipped))
	if err != nil {
		panic("the price table in this program: " + err.Error())
	}
	return t
})
