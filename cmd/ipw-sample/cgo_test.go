//go:build cgo && linux

package main

const cgo = true
