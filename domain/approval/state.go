package approval

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Standing is where an approval stands. The empty one means that there is none.
type Standing string

// The standings.
const (
	StandingRequested Standing = "requested"
	StandingGiven     Standing = "given"
	StandingUsed      Standing = "used" // as often as it may be
	StandingRefused   Standing = "refused"
	StandingWithdrawn Standing = "withdrawn"
)

// State is an approval. The zero value is none.
type State struct {
	Standing Standing
	Asked    Requested
	Signed   []Signature
	GivenAt  domain.Instant // by the last signature
	Until    domain.Instant // zero without an end
	Uses     []Use
}

// By is the person id of the last signature, "" for none.
func (s State) By() string {
	if len(s.Signed) == 0 {
		return ""
	}
	return s.Signed[len(s.Signed)-1].By
}

// Needs is the role whose signature is next, "" for none.
func (s State) Needs() string {
	if s.Standing != StandingRequested || len(s.Signed) >= len(s.Asked.Needs) {
		return ""
	}
	return s.Asked.Needs[len(s.Signed)]
}

// Full reports whether nothing is left for a use of a tool (nil for none),
// unless some of the uses came to nothing.
func (s State) Full(of *uuid.UUID) bool {
	return len(s.Uses) >= s.Asked.Covers.Pieces || s.usedFor(of)
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Requested:
		return State{Standing: StandingRequested, Asked: e}
	case Given:
		s.Signed = append(slices.Clip(s.Signed), e.Signed)
		if e.Complete {
			s.Standing, s.GivenAt = StandingGiven, e.At
		}
		if e.Until != nil {
			s.Until = *e.Until
		}
	case Refused:
		s.Standing = StandingRefused
	case Withdrawn:
		s.Standing = StandingWithdrawn
	case Used:
		s = s.without(e.Void, e.Use)
		s.Uses = append(s.Uses, e.Use)
		s.Standing = StandingGiven
		if len(s.Uses) >= s.Asked.Covers.Pieces {
			s.Standing = StandingUsed
		}
	}
	return s
}

// without returns s without the uses that came to nothing, and without those of
// the same command on the same stream, which tries again.
func (s State) without(void []uuid.UUID, again Use) State {
	s.Uses = slices.DeleteFunc(slices.Clone(s.Uses), func(u Use) bool {
		return slices.Contains(void, u.Command) || u.Command == again.Command && u.Stream == again.Stream
	})
	return s
}
