package export

import "slices"

// Known lists the formats that can be written.
func Known() []string { return slices.Clone(formats) }
