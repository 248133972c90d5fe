// Package ledgercheck decides how a ledger that somebody else keeps is held
// against ours: finance's against the store's, supply's against the unit's. A
// difference is an open item until somebody says how it was settled (CHK-04).
//
// It changes no ledger: what a difference asks for is done where the tool is.
// Both lists come with the command. Pure: no clock, no I/O. Amounts are fen.
package ledgercheck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// ListLimit is how many items one event holds.
const ListLimit = 500

const mostItems = 5000

// Event is what happened to a comparison. Past tense, never changed after release.
//
//sumtype:decl
type Event interface{ event() }

// Keeper says who keeps the other ledger.
type Keeper string

// The keepers (S2 一.2, 3; S5 四.2).
const (
	Finance Keeper = "finance"
	Supply  Keeper = "supply"
)

// Compared holds two ledgers against each other. Type ledger.compared.v1.
type Compared struct {
	At        domain.Instant `json:"at"`
	Site      string         `json:"site"`      // code
	With      Keeper         `json:"with"`      // who keeps the other ledger
	Reference string         `json:"reference"` // what the other ledger is called
	AsOf      int64          `json:"as_of"`     // log number as of which ours was taken
	By        string         `json:"by"`        // person id
	Ours      int            `json:"ours"`      // entries of our ledger
	Theirs    int            `json:"theirs"`    // entries of the other one
	Agree     int            `json:"agree"`     // entries that are the same
	Items     int            `json:"items"`     // that differ
}

// ItemKind says how two ledgers differ.
type ItemKind string

// The kinds of items.
const (
	OnlyOurs   ItemKind = "only_ours"
	OnlyTheirs ItemKind = "only_theirs"
	Price      ItemKind = "price"
)

// Item is an entry that differs.
type Item struct {
	Kind      ItemKind  `json:"kind"`       // how it differs
	Number    string    `json:"number"`     // marked on the tool
	Tool      uuid.UUID `json:"tool"`       // id; the zero id of what is not ours
	OursFen   int64     `json:"ours_fen"`   // CNY
	TheirsFen int64     `json:"theirs_fen"` // CNY
}

// Opened is a part of the items, in order of numbers. Type ledger.opened.v1.
type Opened struct {
	Items []Item `json:"items"` // at most 500
}

// Settled closes an item (CHK-04). Type ledger.settled.v1.
type Settled struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id
	Number string         `json:"number"` // of the item
	How    string         `json:"how"`    // what was done; no personal data
}

func (Compared) event() {}
func (Opened) event()   {}
func (Settled) event()  {}

// Entry is a tool in a ledger.
type Entry struct {
	Number   string
	Tool     uuid.UUID // of ours
	PriceFen int64
}

// Command asks for something to happen to a comparison.
//
//sumtype:decl
type Command interface{ command() }

// Compare holds two ledgers against each other.
type Compare struct {
	At        domain.Instant `json:"at"`
	Site      string         `json:"site"`
	With      Keeper         `json:"with"`
	Reference string         `json:"reference"`
	AsOf      int64          `json:"as_of"`
	By        string         `json:"by"`
	Ours      []Entry        `json:"-"`
	Theirs    []Entry        `json:"-"`
}

// Settle closes an item.
type Settle Settled

func (Compare) command() {}
func (Settle) command()  {}

// State is a comparison: how each item stands.
type State struct {
	Compared bool
	Open     map[string]bool // by number: true while nobody has settled it
}

// Decide returns the events that c causes in state s. No events and no error
// means that what c asks for holds already (TKT-02). A *domain.RuleError means
// that a rule refused c, a *domain.InvalidError that a field is not acceptable.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Compare:
		return compare(s, c)
	case Settle:
		return settle(s, c)
	}
	return nil, fmt.Errorf("ledger check: unknown command %T", c)
}

func compare(s State, c Compare) ([]Event, error) {
	switch {
	case s.Compared:
		return nil, domain.Refuse("CHK-04", "stock.exists")
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	case c.With != Finance && c.With != Supply:
		return nil, domain.Invalid("/with", "CHK-04", "stock.keeper_unknown", "keeper", string(c.With))
	case strings.TrimSpace(c.Reference) == "":
		return nil, domain.Invalid("/reference", "CHK-04", "stock.reference_missing")
	case c.By == "":
		return nil, domain.Invalid("/by", "CHK-04", "stock.person_missing")
	}
	theirs := make(map[string]Entry, len(c.Theirs))
	for i, e := range c.Theirs {
		if _, twice := theirs[e.Number]; twice || e.Number == "" {
			return nil, domain.Invalid(fmt.Sprintf("/entries/%d/number", i), "CHK-04", "stock.entry_twice")
		}
		theirs[e.Number] = e
	}
	items := []Item{}
	agree := 0
	for _, e := range c.Ours {
		other, there := theirs[e.Number]
		delete(theirs, e.Number)
		switch {
		case !there:
			items = append(items, Item{Kind: OnlyOurs, Number: e.Number, Tool: e.Tool, OursFen: e.PriceFen})
		case other.PriceFen != e.PriceFen:
			items = append(items, Item{Kind: Price, Number: e.Number, Tool: e.Tool, OursFen: e.PriceFen, TheirsFen: other.PriceFen})
		default:
			agree++
		}
	}
	for _, e := range theirs {
		items = append(items, Item{Kind: OnlyTheirs, Number: e.Number, TheirsFen: e.PriceFen})
	}
	if len(items) > mostItems {
		return nil, domain.Refuse("CHK-04", "stock.too_many_differences", "most", mostItems, "count", len(items))
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Number, b.Number) })
	events := []Event{Compared{
		At: c.At, Site: c.Site, With: c.With, Reference: c.Reference, AsOf: c.AsOf, By: c.By,
		Ours: len(c.Ours), Theirs: len(c.Theirs), Agree: agree, Items: len(items),
	}}
	for part := range slices.Chunk(items, ListLimit) {
		events = append(events, Opened{Items: part})
	}
	return events, nil
}

func settle(s State, c Settle) ([]Event, error) {
	open, there := s.Open[c.Number]
	switch {
	case !there:
		return nil, domain.Refuse("CHK-04", "stock.no_item", "number", c.Number)
	case !open: // TKT-02
		return nil, nil
	case c.By == "":
		return nil, domain.Invalid("/by", "CHK-04", "stock.person_missing")
	case strings.TrimSpace(c.How) == "":
		return nil, domain.Invalid("/how", "CHK-04", "tool.reason_missing")
	}
	return []Event{Settled(c)}, nil
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Compared:
		s.Compared = true
	case Opened:
		s.Open = copied(s.Open)
		for _, i := range e.Items {
			s.Open[i.Number] = true
		}
	case Settled:
		s.Open = copied(s.Open)
		s.Open[e.Number] = false
	}
	return s
}

func copied(m map[string]bool) map[string]bool {
	out := make(map[string]bool, len(m))
	maps.Copy(out, m)
	return out
}
