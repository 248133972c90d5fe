// Package need adds up what a unit asks for of one kind within a window, so
// that a need is not split into requests that each stay under a limit (STK-02).
//
// It is pure. One stream holds the requests of a unit for a kind within a year,
// and what counts from the year before is handed in: so the second of two
// requests at the same moment sees the first. It refuses nothing: what a sum
// leads to is the purchase's to decide (ADR 0021).
package need

import (
	"fmt"
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain"
)

// Event is what happened to a need.
//
//sumtype:decl
type Event interface{ event() }

// Entered says that a request asks for a price. Type need.entered.v1.
type Entered struct {
	At       domain.Instant `json:"at"`
	Purchase string         `json:"purchase"`
	Quote    int            `json:"quote"` // number of the quote, from 1
	Fen      int64          `json:"fen"`   // its unit price
	// SumFen is that and the last unit price of every other request within the window.
	SumFen int64    `json:"sum_fen"`
	Others []string `json:"others"` // those requests
}

// Left says that a request counts no more. Type need.left.v1.
type Left struct {
	At       domain.Instant `json:"at"`
	Purchase string         `json:"purchase"`
}

func (Entered) event() {}
func (Left) event()    {}

// Entry is a request that counts.
type Entry struct {
	Purchase string         `json:"purchase"`
	At       domain.Instant `json:"at"` // of its first quote
	Quote    int            `json:"quote"`
	Fen      int64          `json:"fen"`
	SumFen   int64          `json:"sum_fen"`
	Others   []string       `json:"others"`
}

// State is the requests that count. The zero value is none.
type State struct{ Entries []Entry }

// Of returns what a quote of a request came to.
func (s State) Of(purchase string, quote int) (Entry, bool) {
	for _, e := range s.Entries {
		if e.Purchase == purchase && e.Quote == quote {
			return e, true
		}
	}
	return Entry{}, false
}

// Command asks for something to happen to a need.
//
//sumtype:decl
type Command interface{ command() }

// Enter counts a request's quote. Before are the entries of the year before.
type Enter struct {
	At         domain.Instant `json:"at"`
	Purchase   string         `json:"purchase"`
	Quote      int            `json:"quote"`
	Fen        int64          `json:"fen"`
	WindowDays int            `json:"window_days"` // 0: only the request itself
	Before     []Entry        `json:"before"`
}

// Leave takes a request out.
type Leave struct {
	At       domain.Instant `json:"at"`
	Purchase string         `json:"purchase"`
}

func (Enter) command() {}
func (Leave) command() {}

// Decide returns the events that c causes in state s. It never refuses.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Enter:
		if _, ok := s.Of(c.Purchase, c.Quote); ok {
			return nil, nil
		}
		e := Entered{At: c.At, Purchase: c.Purchase, Quote: c.Quote, Fen: c.Fen, SumFen: c.Fen, Others: []string{}}
		window := time.Duration(c.WindowDays) * 24 * time.Hour
		for _, o := range slices.Concat(c.Before, s.Entries) {
			if far := c.At.Sub(o.At.Time); o.Purchase != c.Purchase && far <= window && far >= -window && c.WindowDays > 0 { // STK-02
				e.SumFen += o.Fen
				e.Others = append(e.Others, o.Purchase)
			}
		}
		return []Event{e}, nil
	case Leave:
		if !slices.ContainsFunc(s.Entries, func(e Entry) bool { return e.Purchase == c.Purchase }) {
			return nil, nil
		}
		return []Event{Left(c)}, nil
	}
	return nil, fmt.Errorf("need: unknown command %T", c)
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Entered:
		entry := Entry{e.Purchase, e.At, e.Quote, e.Fen, e.SumFen, e.Others}
		out := slices.Clone(s.Entries)
		if i := slices.IndexFunc(out, func(o Entry) bool { return o.Purchase == e.Purchase }); i >= 0 {
			entry.At = out[i].At
			out[i] = entry
		} else {
			out = append(out, entry)
		}
		s.Entries = out
	case Left:
		s.Entries = slices.DeleteFunc(slices.Clone(s.Entries), func(o Entry) bool { return o.Purchase == e.Purchase })
	}
	return s
}
