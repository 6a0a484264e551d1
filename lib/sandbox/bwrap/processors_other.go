//go:build !linux

package bwrap

func processors(float64) string { return "" }
