// Package recall decides about quality trouble of tools: a written report on one
// tool, or on a batch of a kind, and the list of what became of each tool (TOL-12).
//
// It is pure: no clock, no I/O, no random numbers. It takes no tool out of use:
// each tool's own stream decides that, and a process manager records here what
// came of it. The rules are TOL-12 and TOL-18 in docs/rules.md.
package recall

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Event is what happened to a recall.
//
//sumtype:decl
type Event interface{ event() }

// Reported is a written report of quality trouble (TOL-12). Type recall.reported.v1.
type Reported struct {
	At     domain.Instant `json:"at"`
	Site   string         `json:"site"`   // code
	By     string         `json:"by"`     // person id of who signs
	Tool   string         `json:"tool"`   // id of the one tool, "" for a batch
	Kind   string         `json:"kind"`   // of the batch's tools; "" for one tool, or whatever the kind
	Batch  string         `json:"batch"`  // of the maker; "" for one tool, or every batch of the kind
	Report string         `json:"report"` // no personal data
}

// Decided keeps what became of some of the tools. Type recall.decided.v1.
type Decided struct {
	At        domain.Instant  `json:"at"`
	Part      int             `json:"part"` // from 1
	Decisions []tool.Decision `json:"decisions"`
}

// Closed says what the cause was, and what is done about it. Type recall.closed.v1.
type Closed struct {
	At      domain.Instant `json:"at"`
	By      string         `json:"by"`      // person id of who signs
	Finding string         `json:"finding"` // no personal data
}

func (Reported) event() {}
func (Decided) event()  {}
func (Closed) event()   {}

// Command asks for something to happen to a recall.
//
//sumtype:decl
type Command interface{ command() }

// Report reports quality trouble.
type Report struct{ Reported }

// Record keeps what became of some of the tools; again it changes nothing.
type Record struct{ Decided }

// Close ends a recall.
type Close struct{ Closed }

func (Report) command() {}
func (Record) command() {}
func (Close) command()  {}

// State is a recall. The zero value does not exist.
type State struct {
	Of     Reported
	Parts  map[int]bool // that were decided
	Closed bool
}

// Decide returns the events that c causes in state s. None and no error mean
// that c asks for what already holds (TKT-02). A *domain.RuleError means that
// a rule refused c, a *domain.InvalidError that a field of c cannot be.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Report:
		return report(s, c)
	case Record:
		if s.Of.Site == "" {
			return nil, domain.Refuse("TOL-12", "recall.unknown")
		}
		if s.Parts[c.Part] { // TKT-02
			return nil, nil
		}
		return []Event{c.Decided}, nil
	case Close:
		switch {
		case s.Of.Site == "":
			return nil, domain.Refuse("TOL-12", "recall.unknown")
		case strings.TrimSpace(c.Finding) == "":
			return nil, domain.Invalid("/finding", "TOL-12", "recall.finding_missing")
		case s.Closed: // TKT-02
			return nil, nil
		}
		return []Event{c.Closed}, nil
	}
	return nil, fmt.Errorf("recall: unknown command %T", c)
}

func report(s State, c Report) ([]Event, error) {
	_, err := uuid.Parse(c.Tool)
	switch {
	case s.Of.Site != "":
		return nil, domain.Refuse("TOL-12", "recall.exists")
	case strings.TrimSpace(c.Report) == "":
		return nil, domain.Invalid("/report", "TOL-12", "recall.report_missing")
	case c.Tool != "" && err != nil:
		return nil, domain.Invalid("/tool", "TOL-12", "recall.tool_malformed")
	case (c.Tool == "") == (c.Kind == "" && c.Batch == ""):
		return nil, domain.Invalid("/batch", "TOL-12", "recall.of_what")
	}
	return []Event{c.Reported}, nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := any(e).(type) { // of the events alone
	case Reported:
		return State{Of: e}
	case Decided:
		parts := map[int]bool{e.Part: true}
		for p := range s.Parts {
			parts[p] = true
		}
		s.Parts = parts
	case Closed:
		s.Closed = true
	}
	return s
}
