// Package card decides what may go onto the tool card of a person or team.
//
// A tool's own stream decides who has it; the card decides what one custodian
// may have. Whatever is about to go to a person or team is entered here first,
// at the revision that the tool's stream had, so that two issues to one person
// meet in one stream and the second is told what the first one took (TOL-15),
// and so that a card which was closed stays empty: nothing goes to who left
// (TOL-07). An entry is struck when its tool was seen elsewhere since.
//
// It is pure: no clock, no I/O, no random numbers. Which entries are gone
// arrives inside the command, and an entry of which the command says nothing
// counts as held. The rules are TOL-06, TOL-07, TOL-15 and TOL-20 in
// docs/rules.md, the reasons ADR 0019.
package card

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// RollAt is how many events a part of a card gets before the next one is begun.
const RollAt = 900

// Entry is a tool on a card.
type Entry struct {
	Tool      uuid.UUID      `json:"tool"`       // tool id
	Number    string         `json:"number"`     // marked on it
	Kind      string         `json:"kind"`       // code of the kind
	Loan      bool           `json:"loan"`       // for a time only: counts for no entitlement
	Revision  int64          `json:"revision"`   // of the tool's stream when it was entered, -1 before its first event
	EnteredAt domain.Instant `json:"entered_at"` // by our clock
}

// Event is what happened to a card. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Opened begins a part of a card, with what the part before ended with. Type card.opened.v1.
type Opened struct {
	At      domain.Instant `json:"at"`
	Holder  tool.Holder    `json:"holder"`  // whose card it is
	Part    int            `json:"part"`    // from 1
	Entries []Entry        `json:"entries"` // what the part before ended with
	Duty    string         `json:"duty"`    // person id of who is on duty for a team, "" if nobody was named
}

// Entered says that a tool is about to go to the holder. Type card.entered.v1.
type Entered struct {
	At         domain.Instant      `json:"at"`
	Entry      Entry               `json:"entry"`                 // the tool
	Gone       []uuid.UUID         `json:"gone"`                  // tool ids of entries that are struck, having been seen elsewhere
	Line       *policy.Entitlement `json:"line,omitempty"`        // of the entitlement table, if there is one (TOL-15)
	ApprovedBy string              `json:"approved_by,omitempty"` // person id
	Approval   *uuid.UUID          `json:"approval,omitempty"`    // id of the approval by which that was said
	Policy     domain.PolicyRef    `json:"policy"`                // of tools, in force then
}

// Closed says that the holder gets nothing any more (TOL-07). Type card.closed.v1.
type Closed struct {
	At domain.Instant `json:"at"`
}

// Continued says that the next part goes on. Type card.continued.v1.
type Continued struct {
	At domain.Instant `json:"at"`
}

func (Opened) event()    {}
func (Entered) event()   {}
func (Closed) event()    {}
func (Continued) event() {}

// Command asks for something to happen to a card.
//
//sumtype:decl
type Command interface{ command() }

// Start is how a part begins if it has not: the card's holder and what the
// part before ended with.
type Start struct {
	Holder  tool.Holder `json:"holder"`
	Part    int         `json:"part"`
	Entries []Entry     `json:"entries"` // what the part before ended with
	Duty    string      `json:"duty"`
}

// Enter puts a tool onto a card before it goes to the holder.
type Enter struct {
	At         domain.Instant `json:"at"`
	Start      Start          `json:"start"`
	Site       string         `json:"site"` // of the tool; its policies decide
	Entry      Entry          `json:"entry"`
	Gone       []uuid.UUID    `json:"gone"`
	ByTable    bool           `json:"by_table"` // the storekeeper's issue goes by the entitlement table (TOL-15)
	Posts      []string       `json:"posts"`    // of the holder, at that time
	Team       string         `json:"team"`     // code of the holder's team, or of the holder
	ApprovedBy string         `json:"approved_by"`
	Approval   *uuid.UUID     `json:"approval"`
	Book       *policy.Book   `json:"-"`
}

// Close ends a card on which nothing is open.
type Close struct {
	At    domain.Instant `json:"at"`
	Start Start          `json:"start"`
	Gone  []uuid.UUID    `json:"gone"`
}

// Continue ends a part that is full.
type Continue struct {
	At domain.Instant `json:"at"`
}

func (Enter) command()    {}
func (Close) command()    {}
func (Continue) command() {}

// State is a part of a card. The zero value has not begun.
type State struct {
	Holder    tool.Holder
	Part      int
	Entries   []Entry // in the order in which they were entered
	Closed    bool
	Continued bool
	Events    int
	Duty      string
	Last      Checked // the newest check of this part
}

// Decide returns the events that c causes in state s, in order.
// No events and no error means that c asks for what already holds (TKT-02).
// A *domain.RuleError means that a rule refused c; s is not changed.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Enter:
		return enter(s, c)
	case Close:
		return closeCard(s, c)
	case Check:
		return check(s, c)
	case Continue:
		if s.Continued { // TKT-02
			return nil, nil
		}
		return []Event{Continued(c)}, nil
	}
	return nil, fmt.Errorf("card: unknown command %T", c)
}

// opening are the events before the first one of a part.
func (s State) opening(at domain.Instant, from Start) []Event {
	if s.Part > 0 {
		return nil
	}
	return []Event{Opened{At: at, Holder: from.Holder, Part: from.Part, Entries: append([]Entry{}, from.Entries...), Duty: from.Duty}}
}

func enter(s State, c Enter) ([]Event, error) {
	opening := s.opening(c.At, c.Start)
	for _, e := range opening {
		s = Evolve(s, e)
	}
	v, ok := c.Book.InForce(policy.KindTools, c.Site, c.At.Time)
	switch {
	case s.Closed: // TOL-07
		return nil, domain.Refuse("TOL-07", "card.closed", "who", s.Holder.Who)
	case s.Continued:
		return nil, domain.Refuse("TOL-15", "card.continued")
	case !ok:
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	}
	e := Entered{At: c.At, Entry: c.Entry, Gone: append([]uuid.UUID{}, c.Gone...), ApprovedBy: c.ApprovedBy, Approval: c.Approval, Policy: v.Ref()}
	if table := v.Tools(); c.ByTable && len(table.Entitlements) > 0 {
		line := table.Entitled(c.Posts, c.Team, c.Entry.Kind)
		has := s.without(append(slices.Clone(c.Gone), c.Entry.Tool)).issued(c.Entry.Kind)
		if len(has) >= line.Count && c.ApprovedBy == "" { // TOL-15
			return nil, domain.Refuse("TOL-15", "card.beyond_table",
				"kind", line.Kind, "post", line.Post, "team", line.Team, "count", line.Count, "has", has)
		}
		e.Line = &line
	}
	if i := s.index(c.Entry.Tool); i >= 0 && s.Entries[i].Revision == c.Entry.Revision { // TKT-02
		return nil, nil
	}
	return append(opening, e), nil
}

func closeCard(s State, c Close) ([]Event, error) {
	opening := s.opening(c.At, c.Start)
	for _, e := range opening {
		s = Evolve(s, e)
	}
	if s.Closed { // TKT-02
		return nil, nil
	}
	if open := s.without(c.Gone); len(open.Entries) > 0 { // TOL-07
		return nil, domain.Refuse("TOL-07", "card.open", "tools", open.numbers())
	}
	return append(opening, Closed{At: c.At}), nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	s.Events++
	switch e := e.(type) {
	case Opened:
		s.Holder, s.Part, s.Entries, s.Duty = e.Holder, e.Part, e.Entries, e.Duty
	case Entered:
		s = s.without(append(slices.Clone(e.Gone), e.Entry.Tool))
		s.Entries = append(s.Entries, e.Entry)
	case Checked:
		s.Last = e
		if e.Kind == ShiftCheck { // the keys pass with the shift (TOL-06)
			s.Duty = e.By
		}
	case Closed:
		s.Closed, s.Entries = true, nil
	case Continued:
		s.Continued = true
	}
	return s
}

func (s State) index(id uuid.UUID) int {
	return slices.IndexFunc(s.Entries, func(e Entry) bool { return e.Tool == id })
}

// without returns s without the entries of some tools.
func (s State) without(gone []uuid.UUID) State {
	s.Entries = slices.DeleteFunc(slices.Clone(s.Entries), func(e Entry) bool { return slices.Contains(gone, e.Tool) })
	return s
}

// issued returns the numbers of the tools of a kind that are not lent.
func (s State) issued(kind string) []string {
	numbers := []string{}
	for _, e := range s.Entries {
		if e.Kind == kind && !e.Loan {
			numbers = append(numbers, e.Number)
		}
	}
	return numbers
}

func (s State) numbers() []string {
	out := make([]string, len(s.Entries))
	for i, e := range s.Entries {
		out[i] = e.Number
	}
	return out
}
