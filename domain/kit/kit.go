// Package kit decides what is on the list of a tool box or set.
//
// The list says what belongs together (TOL-05); each tool in it keeps its own
// custody, so that issue and return of a whole kit are independent decisions
// of its tools. The kit keeps the order: which tools were to be given out or
// taken back then. It is pure: no clock, no I/O, no random numbers. The rules
// are TOL-05 and TOL-07 in docs/rules.md.
package kit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

const (
	mostTools  = 100
	mostOrders = 400 // so that no stream passes a thousand events
)

// Event is what happened to a kit. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Registered enters a kit with its list (TOL-05). Type kit.registered.v1.
type Registered struct {
	At     domain.Instant `json:"at"`
	Number string         `json:"number"` // marked on the box, one kit each at a site
	Name   string         `json:"name"`   // what it is called
	Store  string         `json:"store"`  // code of its home
	Tools  []uuid.UUID    `json:"tools"`  // tool ids, in the order of the list
}

// ToolAdded puts a tool onto the list. Type kit.tool_added.v1.
type ToolAdded struct {
	At   domain.Instant `json:"at"`
	Tool uuid.UUID      `json:"tool"` // tool id
}

// ToolRemoved takes a tool off the list. Type kit.tool_removed.v1.
type ToolRemoved struct {
	At     domain.Instant `json:"at"`
	Tool   uuid.UUID      `json:"tool"`   // tool id
	Reason string         `json:"reason"` // no personal data
}

// IssueOrdered says that the whole kit is to be given out; what became of each
// tool is in its own stream. Type kit.issue_ordered.v1.
type IssueOrdered struct {
	At    domain.Instant `json:"at"`
	Order uuid.UUID      `json:"order"` // order id
	To    tool.Holder    `json:"to"`    // who gets it
	Tools []uuid.UUID    `json:"tools"` // tool ids, the list as it was
}

// ReturnOrdered says that a kit is brought back; what became of each tool is
// in its own stream. Type kit.return_ordered.v1.
type ReturnOrdered struct {
	At    domain.Instant `json:"at"`
	Order uuid.UUID      `json:"order"` // order id
	Store string         `json:"store"` // code of the store
	By    string         `json:"by"`    // person id of who brings it
	Tools []uuid.UUID    `json:"tools"` // tool ids of what is there
	Short []uuid.UUID    `json:"short"` // tool ids of the list that are not
}

func (Registered) event()    {}
func (ToolAdded) event()     {}
func (ToolRemoved) event()   {}
func (IssueOrdered) event()  {}
func (ReturnOrdered) event() {}

// Command asks for something to happen to a kit.
//
//sumtype:decl
type Command interface{ command() }

// Register enters a kit.
type Register struct {
	At     domain.Instant `json:"at"`
	Number string         `json:"number"`
	Name   string         `json:"name"`
	Store  string         `json:"store"`
	Tools  []uuid.UUID    `json:"tools"`
}

// Add puts a tool onto the list.
type Add struct {
	At   domain.Instant `json:"at"`
	Tool uuid.UUID      `json:"tool"`
}

// Remove takes a tool off the list.
type Remove struct {
	At     domain.Instant `json:"at"`
	Tool   uuid.UUID      `json:"tool"`
	Reason string         `json:"reason"`
}

// OrderIssue has the whole kit given out.
type OrderIssue struct {
	At    domain.Instant `json:"at"`
	Order uuid.UUID      `json:"order"`
	To    tool.Holder    `json:"to"`
}

// OrderReturn has what is there of a kit taken back.
type OrderReturn struct {
	At    domain.Instant `json:"at"`
	Order uuid.UUID      `json:"order"`
	Store string         `json:"store"`
	By    string         `json:"by"`
	Tools []uuid.UUID    `json:"tools"`
}

func (Register) command()    {}
func (Add) command()         {}
func (Remove) command()      {}
func (OrderIssue) command()  {}
func (OrderReturn) command() {}

// State is a kit. The zero value is not registered.
type State struct {
	Number string
	Store  string
	Tools  []uuid.UUID
	Orders []Order
}

// Order is which tools were to move.
type Order struct {
	ID    uuid.UUID
	Tools []uuid.UUID
}

// Order returns the order with an id; false if there is none.
func (s State) Order(id uuid.UUID) (Order, bool) {
	i := slices.IndexFunc(s.Orders, func(o Order) bool { return o.ID == id })
	if i < 0 {
		return Order{}, false
	}
	return s.Orders[i], true
}

// Decide returns the events that c causes in state s, in order.
// No events and no error means that c asks for what already holds (TKT-02).
// A *domain.RuleError means that a rule refused c, a *domain.InvalidError that
// a field of c is not acceptable in itself; s is not changed.
func Decide(s State, c Command) ([]Event, error) {
	if r, ok := c.(Register); ok {
		return register(s, r)
	}
	if s.Number == "" {
		return nil, domain.Refuse("TOL-05", "kit.unknown")
	}
	switch c := c.(type) {
	case Register:
		// it is decided before
	case Add:
		return add(s, c)
	case Remove:
		return remove(s, c)
	case OrderIssue:
		return orderIssue(s, c)
	case OrderReturn:
		return orderReturn(s, c)
	}
	return nil, fmt.Errorf("kit: unknown command %T", c)
}

func register(s State, c Register) ([]Event, error) {
	switch {
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "kit.time_missing")
	case s.Number != "":
		return nil, domain.Refuse("TOL-05", "kit.exists", "number", s.Number)
	case strings.TrimSpace(c.Number) == "":
		return nil, domain.Invalid("/number", "TOL-05", "kit.number_missing")
	case len(c.Tools) > mostTools:
		return nil, domain.Invalid("/tools", "TOL-05", "kit.too_many", "most", mostTools)
	case twice(c.Tools):
		return nil, domain.Invalid("/tools", "TOL-05", "kit.tool_twice")
	}
	return []Event{Registered(c)}, nil
}

func add(s State, c Add) ([]Event, error) {
	switch {
	case slices.Contains(s.Tools, c.Tool): // TKT-02
		return nil, nil
	case len(s.Tools) >= mostTools:
		return nil, domain.Refuse("TOL-05", "kit.too_many", "most", mostTools)
	}
	return []Event{ToolAdded(c)}, nil
}

func remove(s State, c Remove) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "TOL-05", "kit.reason_missing")
	case !slices.Contains(s.Tools, c.Tool): // TKT-02
		return nil, nil
	}
	return []Event{ToolRemoved(c)}, nil
}

func orderIssue(s State, c OrderIssue) ([]Event, error) {
	switch {
	case len(s.Tools) == 0:
		return nil, domain.Refuse("TOL-05", "kit.empty")
	case len(s.Orders) >= mostOrders:
		return nil, domain.Refuse("TOL-05", "kit.worn_out", "most", mostOrders)
	}
	return []Event{IssueOrdered{At: c.At, Order: c.Order, To: c.To, Tools: s.Tools}}, nil
}

func orderReturn(s State, c OrderReturn) ([]Event, error) {
	switch {
	case twice(c.Tools):
		return nil, domain.Invalid("/tools", "TOL-05", "kit.tool_twice")
	case slices.ContainsFunc(c.Tools, func(t uuid.UUID) bool { return !slices.Contains(s.Tools, t) }):
		return nil, domain.Invalid("/tools", "TOL-05", "kit.not_on_list")
	case len(s.Orders) >= mostOrders:
		return nil, domain.Refuse("TOL-05", "kit.worn_out", "most", mostOrders)
	}
	short := slices.DeleteFunc(slices.Clone(s.Tools), func(t uuid.UUID) bool { return slices.Contains(c.Tools, t) })
	return []Event{ReturnOrdered{At: c.At, Order: c.Order, Store: c.Store, By: c.By, Tools: c.Tools, Short: short}}, nil
}

func twice(tools []uuid.UUID) bool {
	seen := make(map[uuid.UUID]bool, len(tools))
	for _, t := range tools {
		seen[t] = true
	}
	return len(seen) != len(tools)
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Registered:
		return State{Number: e.Number, Store: e.Store, Tools: e.Tools}
	case ToolAdded:
		s.Tools = append(slices.Clone(s.Tools), e.Tool)
	case ToolRemoved:
		s.Tools = slices.DeleteFunc(slices.Clone(s.Tools), func(t uuid.UUID) bool { return t == e.Tool })
	case IssueOrdered:
		s.Orders = append(slices.Clip(s.Orders), Order{e.Order, e.Tools})
	case ReturnOrdered:
		s.Orders = append(slices.Clip(s.Orders), Order{e.Order, e.Tools})
	}
	return s
}
