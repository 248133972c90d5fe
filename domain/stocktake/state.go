package stocktake

import (
	"maps"
	"slices"

	"github.com/fieldledger/fieldledger/domain/tool"
)

// Phase is where a count stands.
type Phase string

// The phases. The empty one means that it was never started.
const (
	Listing  Phase = "listing" // the frozen list is not complete yet
	Scanning Phase = "counting"
	Ended    Phase = "ended" // scanning is over, the result is not there yet
	Resulted Phase = "counted"
	Done     Phase = "closed"
	GivenUp  Phase = "cancelled"
)

// State is a stocktake. The zero value was never started.
type State struct {
	Phase       Phase
	Site        string
	Scope       Scope
	AsOf        int64
	Total       int // tools of the frozen list
	Parts       int // of the list, so far
	Expected    []Expected
	Round       int
	RoundOf     map[string]int // by number, of those counted again
	Sessions    []Session
	Result      Counted
	Differences []Difference // of the result
	Signed      map[Signer]string
	StartedBy   string
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Started:
		s = State{Phase: Listing, Site: e.Site, Scope: e.Scope, AsOf: e.AsOf, Total: e.Expected, Round: 1, StartedBy: e.By}
		if e.Expected == 0 {
			s.Phase = Scanning
		}
	case Listed:
		s.Expected, s.Parts = append(slices.Clip(s.Expected), e.Tools...), e.Part+1
		if len(s.Expected) >= s.Total {
			s.Phase = Scanning
		}
	case Joined:
		s.Sessions = append(slices.Clip(s.Sessions), Session{Scanner: e.Scanner, Part: e.Part, Round: e.Round})
	case CountingEnded:
		s.Phase = Ended
	case Counted:
		s.Phase, s.Result, s.Differences, s.Signed = Resulted, e, nil, nil
	case Differed:
		s.Differences = append(slices.Clip(s.Differences), e.Items...)
	case RecountOrdered:
		s.Phase, s.Round, s.RoundOf = Scanning, e.Round, maps.Clone(s.RoundOf)
		if s.RoundOf == nil {
			s.RoundOf = map[string]int{}
		}
		for _, n := range e.Numbers {
			s.RoundOf[n] = e.Round
		}
	case Signed:
		s.Signed = maps.Clone(s.Signed)
		if s.Signed == nil {
			s.Signed = map[Signer]string{}
		}
		s.Signed[e.As] = e.By
	case Closed:
		s.Phase = Done
	case Cancelled:
		s.Phase = GivenUp
	}
	return s
}

// Current returns the newest part of a scanner in the present round; 0 for none.
func (s State) Current(scanner string) int {
	part := 0
	for _, x := range s.Sessions {
		if x.Scanner == scanner && x.Round == s.Round {
			part = x.Part
		}
	}
	return part
}

// last returns the newest part of a scanner in any round.
func (s State) last(scanner string) int {
	part := 0
	for _, x := range s.Sessions {
		if x.Scanner == scanner {
			part = x.Part
		}
	}
	return part
}

// Store returns where an unexpected tool is to be brought: the counted store,
// else the tool's home.
func (s State) Store(d Difference) string {
	if s.Scope.Kind == OfStore {
		return s.Scope.Who
	}
	return d.Home
}

// custodian is who has a tool that is not known.
var custodian = tool.Holder{Kind: tool.Nobody}

// Place says where the count was: "store main".
func (s State) Place() string {
	if s.Scope.Who == "" {
		return string(s.Scope.Kind) + " " + s.Site
	}
	return string(s.Scope.Kind) + " " + s.Scope.Who
}
