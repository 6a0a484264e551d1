package openhands

// How often the same must come again until an agent counts as stuck: the SDK's
// StuckDetectionThresholds.
const (
	sameSteps       = 4 // one action with one observation
	sameErrors      = 3 // one action that fails
	sameSilences    = 3 // answers that call no tool
	alternatingStep = 6 // two steps in turn: A B A B A B
)

// stuck tells whether the agent goes round in circles.
func (s *session) stuck() bool {
	return s.silences >= sameSilences ||
		repeats(s.steps, sameSteps, 1, func(a, b step) bool { return a == b }) ||
		repeats(s.steps, sameErrors, 1, func(a, b step) bool { return a.action == b.action && a.failed != "" && b.failed != "" }) ||
		repeats(s.steps, alternatingStep, 2, func(a, b step) bool { return a == b })
}

// repeats tells whether each of the last n steps is like the one that came
// period steps before it.
func repeats(steps []step, n, period int, like func(a, b step) bool) bool {
	if len(steps) < n {
		return false
	}
	last := steps[len(steps)-n:]
	for i := period; i < n; i++ {
		if !like(last[i], last[i-period]) {
			return false
		}
	}
	return true
}
