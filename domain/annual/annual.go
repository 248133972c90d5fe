// Package annual decides about the annual issue of a site: one list of what
// each crew is to get, approved by another person, and the list of what became
// of each tool (TOL-13).
//
// It is pure: no clock, no I/O, no random numbers. It issues nothing: each
// tool's own stream decides that, and a process manager records here what came
// of it. A list that is given twice is one list. The rule is TOL-13 in docs/rules.md.
package annual

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// What one list holds at most.
const (
	MostRows   = 500
	MostPieces = 2000
)

// Row is one line of a list: a number of tools of a kind, or one tool.
type Row struct {
	To    tool.Holder `json:"to"`    // person or team
	Kind  string      `json:"kind"`  // code; "" for one tool
	Count int         `json:"count"` // pieces of the kind; 1 for one tool
	Tool  string      `json:"tool"`  // id; "" for any of the kind
}

// Event is what happened to the annual issue of a site and year.
//
//sumtype:decl
type Event interface{ event() }

// Listed names what each crew is to get. Type annual.listed.v1.
type Listed struct {
	At   domain.Instant `json:"at"`
	Site string         `json:"site"` // code
	Year int            `json:"year"` // civil, of the site
	List string         `json:"list"` // its name, one list each
	By   string         `json:"by"`   // person id of who signs
	Rows []Row          `json:"rows"`
}

// Approved sets a list going. Type annual.approved.v1.
type Approved struct {
	At   domain.Instant `json:"at"`
	List string         `json:"list"` // its name
	By   string         `json:"by"`   // person id of who signs
}

// Decided keeps what became of some of a list's tools. Type annual.decided.v1.
type Decided struct {
	At        domain.Instant  `json:"at"`
	List      string          `json:"list"` // its name
	Part      int             `json:"part"` // from 1
	Decisions []tool.Decision `json:"decisions"`
}

func (Listed) event()   {}
func (Approved) event() {}
func (Decided) event()  {}

// Command asks for something to happen to an annual issue.
//
//sumtype:decl
type Command interface{ command() }

// List enters a list.
type List struct{ Listed }

// Approve agrees to a list; nobody approves a list of their own.
type Approve struct{ Approved }

// Record keeps what became of some of a list's tools; again it changes nothing.
type Record struct{ Decided }

func (List) command()    {}
func (Approve) command() {}
func (Record) command()  {}

// State is the annual issue of a site and year, by the names of its lists.
type State struct{ Lists map[string]Progress }

// Progress is how far a list has come.
type Progress struct {
	Listed     Listed
	ApprovedBy string       // person id, "" for nobody yet
	Parts      map[int]bool // that were decided
}

// Decide returns the events that c causes in state s. None and no error mean
// that c asks for what already holds (TKT-02). A *domain.RuleError means that
// a rule refused c, a *domain.InvalidError that a field of c cannot be.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case List:
		return list(s, c)
	case Approve:
		p, ok := s.Lists[c.List]
		switch {
		case !ok:
			return nil, domain.Refuse("TOL-13", "annual.list_unknown", "list", c.List)
		case p.ApprovedBy != "": // TKT-02
			return nil, nil
		case p.Listed.By == c.By:
			return nil, domain.Refuse("TOL-13", "annual.approves_own")
		}
		return []Event{c.Approved}, nil
	case Record:
		p, ok := s.Lists[c.List]
		switch {
		case !ok || p.ApprovedBy == "":
			return nil, domain.Refuse("TOL-13", "annual.list_unknown", "list", c.List)
		case p.Parts[c.Part]: // TKT-02
			return nil, nil
		}
		return []Event{c.Decided}, nil
	}
	return nil, fmt.Errorf("annual: unknown command %T", c)
}

func list(s State, c List) ([]Event, error) {
	if strings.TrimSpace(c.List) == "" {
		return nil, domain.Invalid("/list", "TOL-13", "annual.name_missing")
	}
	if p, ok := s.Lists[c.List]; ok {
		if slices.Equal(p.Listed.Rows, c.Rows) { // TKT-02
			return nil, nil
		}
		return nil, domain.Refuse("TOL-13", "annual.listed_otherwise", "list", c.List)
	}
	if len(c.Rows) == 0 || len(c.Rows) > MostRows {
		return nil, domain.Invalid("/rows", "TOL-13", "annual.rows", "most", MostRows)
	}
	pieces, named := 0, map[string]bool{}
	for i, r := range c.Rows {
		if err := r.check("/rows/" + strconv.Itoa(i)); err != nil {
			return nil, err
		}
		if r.Tool != "" && named[r.Tool] {
			return nil, domain.Invalid("/rows/"+strconv.Itoa(i)+"/tool", "TOL-13", "annual.tool_twice", "tool", r.Tool)
		}
		named[r.Tool] = true
		pieces += r.Count
	}
	if pieces > MostPieces {
		return nil, domain.Invalid("/rows", "TOL-13", "annual.pieces", "most", MostPieces)
	}
	return []Event{c.Listed}, nil
}

func (r Row) check(at string) error {
	if _, err := uuid.Parse(r.To.Who); err != nil || r.To.Kind != tool.Person && r.To.Kind != tool.Team {
		return domain.Invalid(at+"/to", "TOL-03", "tool.holder_unknown", "holder", string(r.To.Kind))
	}
	_, err := uuid.Parse(r.Tool)
	switch {
	case (r.Kind == "") == (r.Tool == ""):
		return domain.Invalid(at+"/kind", "TOL-13", "annual.kind_or_tool")
	case r.Tool != "" && (err != nil || r.Count != 1):
		return domain.Invalid(at+"/tool", "TOL-13", "annual.kind_or_tool")
	case r.Count < 1 || r.Count > MostPieces:
		return domain.Invalid(at+"/count", "TOL-13", "annual.pieces", "most", MostPieces)
	}
	return nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	s.Lists = maps.Clone(s.Lists)
	if s.Lists == nil {
		s.Lists = map[string]Progress{}
	}
	switch e := any(e).(type) { // of the events alone
	case Listed:
		s.Lists[e.List] = Progress{Listed: e}
	case Approved:
		p := s.Lists[e.List]
		p.ApprovedBy = e.By
		s.Lists[e.List] = p
	case Decided:
		p := s.Lists[e.List]
		p.Parts = maps.Clone(p.Parts)
		if p.Parts == nil {
			p.Parts = map[int]bool{}
		}
		p.Parts[e.Part] = true
		s.Lists[e.List] = p
	}
	return s
}
