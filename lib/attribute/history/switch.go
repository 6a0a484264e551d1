package history

import "strings"

// Switch is a set of things that can be wrong with a history.
type Switch uint64

const (
	// of both streams
	Micro     Switch = 1 << iota // times in whole microseconds, not milliseconds
	BootTime                     // one stream or both have boot_id and m_us
	ClockStep                    // the wall clock jumps; both have m_us

	// of the events
	Concurrent         // queries overlap
	EmptyQueries       // queries without turns
	Attempts           // a query is tried again
	Setup              // queries have setup windows
	Scoring            // queries have scoring windows
	OutsideWindows     // setup and scoring windows cross or lie outside the query
	ParallelTools      // tools of one turn at once
	OutliveCalls       // tools go on behind the next model call
	NestedSpans        // sub-model calls and tools inside tools
	OutliveParents     // a nested span ends after its parent
	ForeignParents     // a parent of another turn, or of no span at all
	ToolsInCalls       // a tool inside a model call
	ParallelCalls      // model calls of one turn at once
	NoTurnCalls        // model calls without a turn
	SkippedTurns       // turn numbers with holes
	Retries            // calls wait after an error
	Remote             // calls to other hosts
	NoLocation         // calls without local and endpoint
	ZeroLength         // spans, turns, queries without length
	EqualTimes         // many records of one instant, in random order
	MissingStarts      // spans without start
	MissingEnds        // spans without end
	MissingQueryStarts // queries without start
	Unfinished         // queries without end
	PastQuery          // calls and tools that end after their query
	Backwards          // records that are late in the stream
	EventSegments      // the event stream goes on in further segments
	FailedSegments     // the agent dies; what was open is tried again
	ReusedSpans        // the same span ids in every query

	// of the power
	NoPower       // no power stream at all
	NoGPU         // no such domain
	ManyGPUs      // up to three
	OtherKinds    // soc, ane
	Board         // a board beside the others
	OnlyBoard     // and nothing else
	Parts         // domains that are part of others
	Permission    // a sensor that may not be read
	Staircase     // counters read oftener than they refresh
	NoUpdate      // counters with unknown update_us
	Integrated    // the sampler integrated watts
	Watts         // watts without joules
	Averaged      // watts averaged over a window
	Estimated     // a model instead of a sensor
	OddPower      // any number of microwatts, not round watts
	Lag           // values are older than they are fresh
	ReadTime      // samples carry read_us
	Jitter        // uneven spacing
	RandomTicks   // a random moment of each interval
	NoInterval    // header without interval_us
	Nulls         // readings are missing
	Gaps          // the sampler was away
	Resets        // a counter started anew
	Wraps         // gaps that may hide half a wrap
	PowerSegments // the sampler restarted
	Seams         // and repeated the last instant
	LateSampler   // it begins after the first event or ends before the last
	endOfSwitches
)

// All is every switch.
const All = endOfSwitches - 1

var switchNames = strings.Fields(`Micro BootTime ClockStep Concurrent EmptyQueries Attempts Setup Scoring
	OutsideWindows ParallelTools OutliveCalls NestedSpans OutliveParents ForeignParents ToolsInCalls ParallelCalls
	NoTurnCalls SkippedTurns Retries Remote NoLocation ZeroLength EqualTimes MissingStarts MissingEnds
	MissingQueryStarts Unfinished PastQuery Backwards EventSegments FailedSegments ReusedSpans NoPower NoGPU ManyGPUs
	OtherKinds Board OnlyBoard Parts Permission Staircase NoUpdate Integrated Watts Averaged Estimated OddPower Lag
	ReadTime Jitter RandomTicks NoInterval Nulls Gaps Resets Wraps PowerSegments Seams LateSampler`)

// List returns the single switches in s.
func (s Switch) List() []Switch {
	var list []Switch
	for one := Switch(1); one < endOfSwitches; one <<= 1 {
		if s&one != 0 {
			list = append(list, one)
		}
	}
	return list
}

// String names the switches in s.
func (s Switch) String() string {
	var names []string
	for i, one := range All.List() {
		if s&one != 0 {
			names = append(names, switchNames[i])
		}
	}
	return strings.Join(names, "|")
}
