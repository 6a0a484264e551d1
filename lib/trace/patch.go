package trace

import (
	"maps"
	"slices"

	"ipw/lib/stream"
)

// Patch returns the line with top-level keys replaced, or added at the end;
// every other byte stays as it is. For filters, which must not lose what they
// do not know.
func Patch(line []byte, values map[string]any) ([]byte, error) {
	out := make([]byte, 0, len(line)+256)
	done := make(map[string]bool)
	var err error
	from, empty := 0, true // of what is not copied yet
	s := stream.Scan(line)
	for s.Next() {
		empty = false
		key := string(s.Key())
		start := s.Offset()
		s.Skip()
		v, ok := values[key]
		if !ok {
			continue
		}
		done[key] = true
		out = append(out, line[from:start]...)
		if out, err = stream.AppendJSON(out, v); err != nil {
			return nil, err
		}
		from = s.Offset()
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	end := s.Offset() - 1 // the closing brace
	out = append(out, line[from:end]...)
	for _, key := range sortedKeys(values) {
		if done[key] {
			continue
		}
		if !empty {
			out = append(out, ',')
		}
		empty = false
		out, _ = stream.AppendJSON(out, key)
		if out, err = stream.AppendJSON(append(out, ':'), values[key]); err != nil {
			return nil, err
		}
	}
	return append(out, line[end:]...), nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
