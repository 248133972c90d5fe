package eventnode

import (
	"bytes"
	"math"
	"regexp"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// eventFilter tells whether an event of $all is wanted.
type eventFilter func(record) bool

// window is how a filtered read is cut into pages: a page ends at pageMatches
// matches or at considered events.
type window struct {
	considered int
	checkpoint int // considered events between two checkpoints
}

const pageMatches = 32

func everything(record) bool { return true }

// prefixFilter wants the streams whose name starts with prefix.
func prefixFilter(prefix string) eventFilter {
	if prefix == "" {
		return everything
	}
	p := []byte(prefix)
	return func(r record) bool { return bytes.HasPrefix(r.stream, p) }
}

// filterOf reads the filter of a request. Regular expressions are RE2: look-around is refused.
func filterOf(o *streams.ReadReq_Options_FilterOptions) (eventFilter, window, error) {
	var w window
	switch size := o.GetWindow().(type) {
	case *streams.ReadReq_Options_FilterOptions_Max:
		w.considered = int(size.Max)
	case *streams.ReadReq_Options_FilterOptions_Count:
		w.considered = pageMatches
	}
	if w.considered == 0 {
		return nil, w, badArgument("filter window is missing or zero")
	}
	w.checkpoint = int(min(uint64(o.GetCheckpointIntervalMultiplier())*uint64(w.considered), math.MaxInt)) //nolint:gosec // bounded
	switch f := o.GetFilter().(type) {
	case *streams.ReadReq_Options_FilterOptions_StreamIdentifier:
		match, err := expression(f.StreamIdentifier)
		return func(r record) bool { return match(r.stream) }, w, err
	case *streams.ReadReq_Options_FilterOptions_EventType:
		match, err := expression(f.EventType)
		return func(r record) bool { return match(r.kind) }, w, err
	}
	return nil, w, badArgument("filter is missing")
}

func expression(e *streams.ReadReq_Options_FilterOptions_Expression) (func([]byte) bool, error) {
	if e.GetRegex() != "" {
		re, err := regexp.Compile(e.GetRegex())
		if err != nil {
			return nil, errFault
		}
		return re.Match, nil
	}
	prefixes := make([][]byte, 0, len(e.GetPrefix()))
	for _, p := range e.GetPrefix() {
		prefixes = append(prefixes, []byte(p))
	}
	return func(b []byte) bool {
		for _, p := range prefixes {
			if bytes.HasPrefix(b, p) {
				return true
			}
		}
		return false
	}, nil
}

var (
	epochStream        = []byte("$epoch-information")
	groupStreamStart   = []byte("$persistentsubscription-$all::")
	checkpointSuffix   = []byte("-checkpoint")
	parkedStreamSuffix = []byte("-parked")
)

// isInternal tells whether $all always leaves r out.
func isInternal(r record) bool {
	if len(r.stream) == 0 || r.stream[0] != '$' {
		return false
	}
	return bytes.Equal(r.stream, epochStream) || bytes.HasPrefix(r.stream, groupStreamStart) &&
		(bytes.HasSuffix(r.stream, checkpointSuffix) || bytes.HasSuffix(r.stream, parkedStreamSuffix))
}
