// Package inspectionplan decides how the tools of a kind at a site are looked
// after: what is checked how often, what the checks found, which tools in use
// are called back, where tools lie and who keeps them there.
//
// Results of inspections are facts of each tool and are decided there
// (domain/tool); this package never says whether a tool may be given out. The
// lists that it records come with the command. Pure: no clock, no I/O. The
// rules are INS-01, INS-02, INS-04, INS-05 and INS-07 to INS-09 in
// docs/rules.md; ADR 0024.
package inspectionplan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// ListLimit is how many tools one event names.
const ListLimit = 500

// Purpose says what tools are looked at for.
type Purpose string

// The purposes.
const (
	Maintenance Purpose = "maintenance" // by the user, supervised by the storekeeper (INS-05)
	Random      Purpose = "random"      // by the equipment officer (INS-08)
	Quality     Purpose = "quality"     // of tooling, by the process department (INS-09)
)

func (p Purpose) known() bool { return p == Maintenance || p == Random || p == Quality }

// Event is what happened to the plans of a kind. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Set says how often the tools of a kind are checked from a day on (INS-05, INS-08, INS-09). Type inspection.planned.v1.
type Set struct {
	At      domain.Instant    `json:"at"`
	Site    string            `json:"site"`             // code
	Kind    string            `json:"kind"`             // code of the policy of tools
	Purpose Purpose           `json:"purpose"`          // what for
	Months  int               `json:"months"`           // between two checks of a tool
	Sample  int               `json:"sample"`           // how many tools a random check draws; 0 for all
	From    domain.Day        `json:"from"`             // the first period begins
	Reason  string            `json:"reason"`           // no personal data
	Policy  *domain.PolicyRef `json:"policy,omitempty"` // of keeping, if the figures are its own
}

// Ended ends the plan of a purpose. Type inspection.plan_ended.v1.
type Ended struct {
	At      domain.Instant `json:"at"`
	Purpose Purpose        `json:"purpose"` // what for
	Reason  string         `json:"reason"`  // no personal data
}

// Checked is what a check found, settled at once (INS-05, INS-08, INS-09). Type inspection.checked.v1.
type Checked struct {
	At         domain.Instant `json:"at"`
	On         domain.Day     `json:"on"`         // civil date of the check
	Purpose    Purpose        `json:"purpose"`    // what for
	By         string         `json:"by"`         // person id of who did it
	Supervisor string         `json:"supervisor"` // person id, "" for none
	Tools      []Finding      `json:"tools"`      // at most 500
}

// Finding is what was found of one tool.
type Finding struct {
	Tool    uuid.UUID `json:"tool"`    // id
	Number  string    `json:"number"`  // marked on the tool
	Good    bool      `json:"good"`    // nothing is wrong
	Found   string    `json:"found"`   // what is wrong; no personal data
	Settled string    `json:"settled"` // what was done about it at once; no personal data
}

// CalledBack asks the holders of tools past their date to bring them (INS-02). Type inspection.called_back.v1.
type CalledBack struct {
	At    domain.Instant `json:"at"`
	Today domain.Day     `json:"today"` // civil date by which they are past
	AsOf  int64          `json:"as_of"` // log number as of which the list holds
	Tools []Overdue      `json:"tools"` // at most 500
}

// Overdue is a tool in use past its last day.
type Overdue struct {
	Tool    uuid.UUID   `json:"tool"`               // id
	Number  string      `json:"number"`             // marked on the tool
	LastDay domain.Day  `json:"last_day,omitempty"` // none if it never passed, or failed last
	Told    tool.Holder `json:"told"`               // who has it and is told
}

// Placed says where tools lie, and who keeps them there (INS-04, INS-07). Type inspection.placed.v1.
type Placed struct {
	At     domain.Instant   `json:"at"`
	Place  string           `json:"place"`  // code
	Keeper string           `json:"keeper"` // person id, "" where none is asked for
	Tools  []Lying          `json:"tools"`  // at most 500
	Policy domain.PolicyRef `json:"policy"` // of keeping, in force then
}

// Lying is a tool in a place.
type Lying struct {
	Tool   uuid.UUID `json:"tool"`   // id
	Number string    `json:"number"` // marked on the tool
}

func (Set) event()        {}
func (Ended) event()      {}
func (Checked) event()    {}
func (CalledBack) event() {}
func (Placed) event()     {}

// Command asks for something to happen to the plans of a kind.
//
//sumtype:decl
type Command interface{ command() }

// SetPlan sets how often the tools of a kind are checked. Months 0 takes the
// period of the policy of keeping (POL-08).
type SetPlan struct {
	Plan Set          `json:"plan"`
	Book *policy.Book `json:"-"`
}

// EndPlan ends a plan.
type EndPlan Ended

// Check records what a check found. Quality is checked by the process
// department, and of tooling only (INS-09).
type Check struct {
	Checked
	Today domain.Day   `json:"today"` // civil date of At in the site's zone
	Site  string       `json:"site"`
	Kind  string       `json:"kind"`
	Roles []string     `json:"roles"` // of who gives the command
	Book  *policy.Book `json:"-"`
}

// CallBack calls tools back; those that were for the same day are left out.
type CallBack CalledBack

// Place puts tools into a place.
type Place struct {
	At     domain.Instant `json:"at"`
	Site   string         `json:"site"`
	Kind   string         `json:"kind"`
	Place  string         `json:"place"`
	Keeper string         `json:"keeper"`
	Tools  []Lying        `json:"tools"`
	Failed []string       `json:"failed"` // numbers of those that failed their last inspection
	Book   *policy.Book   `json:"-"`
}

func (SetPlan) command()  {}
func (EndPlan) command()  {}
func (Check) command()    {}
func (CallBack) command() {}
func (Place) command()    {}

// State is the plans of a kind at a site.
type State struct {
	Plans  map[Purpose]Set
	Called map[uuid.UUID]Overdue // newest call of each tool
	Places map[uuid.UUID]Placed  // newest place of each tool, without the list
}

// Decide returns the events that c causes in state s. No events and no error
// means that what c asks for holds already (TKT-02). A *domain.RuleError means
// that a rule refused c, a *domain.InvalidError that a field is not acceptable.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case SetPlan:
		return set(s, c)
	case EndPlan:
		return end(s, c)
	case Check:
		return check(c)
	case CallBack:
		return callBack(s, c)
	case Place:
		return place(s, c)
	}
	return nil, fmt.Errorf("inspection plan: unknown command %T", c)
}

const longestMonths = 1200

func set(s State, c SetPlan) ([]Event, error) {
	e := c.Plan
	v, ok := c.Book.InForce(policy.KindKeeping, e.Site, e.At.Time)
	if e.Months == 0 && ok {
		if p, found := v.Keeping().Check(e.Kind, string(e.Purpose)); found {
			ref := v.Ref()
			e.Months, e.Sample, e.Policy = p.Months, p.Sample, &ref
		}
	}
	switch {
	case e.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	case !e.Purpose.known():
		return nil, domain.Invalid("/purpose", "INS-08", "inspect.purpose_unknown", "purpose", string(e.Purpose))
	case e.Months == 0: // POL-08: nobody gave a period, and there is none to go by
		return nil, domain.Refuse("POL-08", "inspect.period_missing", "kind", e.Kind, "purpose", string(e.Purpose))
	case e.Months < 0 || e.Months > longestMonths:
		return nil, domain.Invalid("/months", "INS-08", "policy.months_out_of_range", "most", longestMonths)
	case !e.From.Valid():
		return nil, domain.Invalid("/from", "INS-08", "tool.day_malformed")
	case e.Sample < 0 || e.Sample > ListLimit:
		return nil, domain.Invalid("/sample", "INS-08", "policy.sample_out_of_range", "most", ListLimit)
	case strings.TrimSpace(e.Reason) == "":
		return nil, domain.Invalid("/reason", "INS-08", "tool.reason_missing")
	}
	tools, ok := c.Book.InForce(policy.KindTools, e.Site, e.At.Time)
	if !ok {
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	}
	kind, known := tools.Tools().Kind(e.Kind)
	switch {
	case !known:
		return nil, domain.Invalid("/kind", "TOL-02", "tool.kind_unknown", "kind", e.Kind)
	case e.Purpose == Quality && kind.Category != tooling: // INS-09
		return nil, domain.Refuse("INS-09", "inspect.no_tooling", "kind", e.Kind)
	}
	if old, there := s.Plans[e.Purpose]; there && old.Months == e.Months && old.Sample == e.Sample && old.From == e.From { // TKT-02
		return nil, nil
	}
	return []Event{e}, nil
}

func end(s State, c EndPlan) ([]Event, error) {
	if _, there := s.Plans[c.Purpose]; !there { // TKT-02
		return nil, nil
	}
	if strings.TrimSpace(c.Reason) == "" {
		return nil, domain.Invalid("/reason", "INS-08", "tool.reason_missing")
	}
	return []Event{Ended(c)}, nil
}

// check wants maintenance supervised by another person, and what is found
// wrong settled at once.
func check(c Check) ([]Event, error) {
	switch {
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	case !c.Purpose.known():
		return nil, domain.Invalid("/purpose", "INS-08", "inspect.purpose_unknown", "purpose", string(c.Purpose))
	case !c.On.Valid():
		return nil, domain.Invalid("/on", "INS-08", "tool.day_malformed")
	case c.On > c.Today: // what is checked is due again later: nothing is put off by a day to come
		return nil, domain.Invalid("/on", "INS-08", "tool.inspected_ahead", "today", string(c.Today))
	case c.By == "":
		return nil, domain.Invalid("/by", "INS-05", "tool.signer_missing")
	case c.Purpose == Maintenance && (c.Supervisor == "" || c.Supervisor == c.By): // INS-05
		return nil, domain.Refuse("INS-05", "inspect.unsupervised")
	case len(c.Tools) == 0 || len(c.Tools) > ListLimit:
		return nil, domain.Invalid("/tools", "INS-08", "inspect.tools_wrong", "most", ListLimit)
	}
	if c.Purpose == Quality {
		if err := c.quality(); err != nil {
			return nil, err
		}
	}
	for i, f := range c.Tools {
		if !f.Good && (strings.TrimSpace(f.Found) == "" || strings.TrimSpace(f.Settled) == "") { // INS-08
			return nil, domain.Invalid(fmt.Sprintf("/tools/%d/settled", i), "INS-08", "inspect.unsettled")
		}
	}
	return []Event{c.Checked}, nil
}

const (
	tooling = "tooling" // category of TOL-02
	process = "process" // role of the process department
)

// quality refuses whoever is not of the process department, and what is no
// tooling (INS-09).
func (c Check) quality() error {
	tools, ok := c.Book.InForce(policy.KindTools, c.Site, c.At.Time)
	if !ok {
		return domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	}
	kind, known := tools.Tools().Kind(c.Kind)
	switch {
	case !known:
		return domain.Invalid("/kind", "TOL-02", "tool.kind_unknown", "kind", c.Kind)
	case kind.Category != tooling:
		return domain.Refuse("INS-09", "inspect.no_tooling", "kind", c.Kind)
	case !slices.Contains(c.Roles, process) || c.Supervisor != "" && c.Supervisor != c.By:
		return domain.Refuse("INS-09", "approval.role_missing", "role", process)
	}
	return nil
}

// callBack names each tool once for the same last day and holder (INS-02).
func callBack(s State, c CallBack) ([]Event, error) {
	if c.At.IsZero() {
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	}
	fresh := slices.DeleteFunc(slices.Clone(c.Tools), func(o Overdue) bool { return s.Called[o.Tool] == o })
	var events []Event
	for part := range slices.Chunk(fresh, ListLimit) {
		events = append(events, CalledBack{At: c.At, Today: c.Today, AsOf: c.AsOf, Tools: part})
	}
	return events, nil
}

func place(s State, c Place) ([]Event, error) {
	v, ok := c.Book.InForce(policy.KindKeeping, c.Site, c.At.Time)
	if !ok {
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindKeeping))
	}
	p, known := v.Keeping().Place(c.Place)
	switch {
	case !known: // INS-04
		return nil, domain.Invalid("/place", "INS-04", "inspect.place_unknown", "place", c.Place)
	case len(p.Kinds) > 0 && !slices.Contains(p.Kinds, c.Kind): // places are coded by class
		return nil, domain.Refuse("INS-04", "inspect.place_of_others", "place", c.Place, "kind", c.Kind)
	case len(c.Failed) > 0: // INS-06: it is moved out
		return nil, domain.Refuse("INS-06", "inspect.failed_kept", "place", c.Place, "tools", c.Failed)
	case p.KeeperNeeded && c.Keeper == "": // INS-07
		return nil, domain.Refuse("INS-07", "inspect.keeper_missing", "place", c.Place)
	case len(c.Tools) == 0 || len(c.Tools) > ListLimit:
		return nil, domain.Invalid("/tools", "INS-04", "inspect.tools_wrong", "most", ListLimit)
	case p.Rack && (len(c.Tools) != 1 || c.Tools[0].Number != p.Code): // an earthing wire's number equals its rack's (INS-04)
		return nil, domain.Refuse("INS-04", "inspect.rack_number", "place", p.Code)
	}
	fresh := slices.DeleteFunc(slices.Clone(c.Tools), func(l Lying) bool {
		at, lies := s.Places[l.Tool]
		return lies && at.Place == c.Place && at.Keeper == c.Keeper
	})
	if len(fresh) == 0 { // TKT-02
		return nil, nil
	}
	return []Event{Placed{At: c.At, Place: c.Place, Keeper: c.Keeper, Tools: fresh, Policy: v.Ref()}}, nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) { //nolint:gochecksumtype // Check is a command that has the event's fields
	case Set:
		s.Plans = copied(s.Plans)
		s.Plans[e.Purpose] = e
	case Ended:
		s.Plans = copied(s.Plans)
		delete(s.Plans, e.Purpose)
	case CalledBack:
		s.Called = copied(s.Called)
		for _, o := range e.Tools {
			s.Called[o.Tool] = o
		}
	case Placed:
		s.Places = copied(s.Places)
		for _, l := range e.Tools {
			s.Places[l.Tool] = Placed{Place: e.Place, Keeper: e.Keeper}
		}
	case Checked: // the read model has the last check of each tool
	}
	return s
}

// copied returns a copy of m that may be written to.
func copied[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m))
	maps.Copy(out, m)
	return out
}
