package cli

import (
	"reflect"
	"time"

	"github.com/alecthomas/kong"
)

var durationType = reflect.TypeFor[time.Duration]()

// durationMapper lets every time.Duration flag take a bare number of seconds.
type durationMapper struct{}

func (durationMapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	var s string
	if err := ctx.Scan.PopValueInto("duration", &s); err != nil {
		return err
	}
	d, err := ParseDuration(s)
	if err != nil {
		return err
	}
	target.SetInt(int64(d))
	return nil
}
