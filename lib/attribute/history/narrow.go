package history

import "math/rand/v2"

// Seeded makes the history of a seed.
func Seeded(seed uint64, o Options) History { return Random(rand.New(rand.NewPCG(seed, 0)), o) }

// Narrow looks for a simpler history that still fails: it turns off, one by
// one, every switch that the failure can do without. It returns that history
// and the options that make it.
func Narrow(seed uint64, o Options, fails func(History) bool) (History, Options) {
	h := Seeded(seed, o)
	for _, smaller := range []func(*Options){
		func(o *Options) { o.Queries = 1 },
		func(o *Options) { o.Turns = 1 },
		func(o *Options) { o.Samples = 30 },
	} {
		try := o
		smaller(&try)
		if simpler := Seeded(seed, try); fails(simpler) {
			h, o = simpler, try
		}
	}
	for _, s := range h.On.List() {
		try := o
		try.Off |= s
		if simpler := Seeded(seed, try); fails(simpler) {
			h, o = simpler, try
		}
	}
	return h, o
}
