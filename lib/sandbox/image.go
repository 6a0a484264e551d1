package sandbox

import (
	"context"
	"io"
)

// Images is a sandbox whose boxes are made from images: Docker. Both methods
// may take minutes, and several may ask for the same image at once.
type Images interface {
	Sandbox

	// Build builds a directory and returns the image, under a name that the
	// same content has again, so that it is built once. Images that it made
	// are kept: the next run finds them.
	Build(ctx context.Context, b Build) (image string, err error)

	// Pull sees to it that an image is there, and leaves one alone that is.
	Pull(ctx context.Context, image string) error

	// Labels are those of what belongs to a box, for whoever makes more of it:
	// the next start removes what a dead run has left by them.
	Labels(box string) map[string]string
}

// Build is an image to be built.
type Build struct {
	Name       string // of whom or what: a word for the image's name
	Dir        string // the build's context
	Dockerfile string // in Dir; "" for Dockerfile
	Args       map[string]string
	Log        io.Writer // what the build says; nil for nowhere. The last of it is in the error too
}
