//go:build !linux

package clock

import "errors"

func readPHC(string) (phcOffset, error) { return phcOffset{}, errors.ErrUnsupported }
