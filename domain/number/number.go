// Package number reserves blocks of human numbers: of tickets, vouchers,
// receipts (TKT-01).
//
// A process reserves a block and gives its numbers out; those it does not use
// stay unused and can be listed. Pure. Each site, kind and year has a stream
// of its own, which the caller names.
package number

import (
	"fmt"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to a series of numbers.
//
//sumtype:decl
type Event interface{ event() }

// BlockReserved reserves the numbers From to To, both included. Type number.block_reserved.v1.
type BlockReserved struct {
	Kind string `json:"kind"` // "ticket"
	From int64  `json:"from"` // from 1
	To   int64  `json:"to"`
}

func (BlockReserved) event() {}

// Command asks for numbers.
//
//sumtype:decl
type Command interface{ command() }

// Reserve asks for the next Size numbers.
type Reserve struct {
	Kind string `json:"kind"`
	Size int64  `json:"size"` // 1 to 10,000
}

func (Reserve) command() {}

// State is the last number reserved, 0 for none.
type State struct{ Last int64 }

const (
	largestBlock  = 10_000
	largestNumber = 999_999_999
)

// Decide returns the next block. A *domain.RuleError means that the series is
// used up.
func Decide(s State, c Command) ([]Event, error) {
	if c, ok := c.(Reserve); ok {
		return decideReserve(s, c)
	}
	return nil, fmt.Errorf("number: unknown command %T", c)
}

func decideReserve(s State, c Reserve) ([]Event, error) {
	switch {
	case c.Size < 1 || c.Size > largestBlock:
		return nil, domain.Invalid("/size", "TKT-01", "number.block_size", "most", largestBlock)
	case s.Last > largestNumber-c.Size:
		return nil, domain.Refuse("TKT-01", "number.used_up", "kind", c.Kind)
	}
	return []Event{BlockReserved{Kind: c.Kind, From: s.Last + 1, To: s.Last + c.Size}}, nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	if e, ok := e.(BlockReserved); ok {
		s.Last = max(s.Last, e.To)
	}
	return s
}
