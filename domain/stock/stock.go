// Package stock decides what may happen to the pieces of a consumable or a
// spare in one store: receive, issue, adjust, transfer; never below nothing
// (STK-05).
//
// It is pure. The streams of one item in one store are parts of one history:
// each opens with the balance that the part before ended with, and a part ends
// with its month or when it is full (ADR 0021). Stock is counted in the order in
// which movements are booked; when each happened is its At. A worn but sound
// piece is taken before a new one (EXC-03); below its minimum an item is
// reported short, once until it is above again (STK-06). The rules are STK-05,
// STK-06 and EXC-03 in docs/rules.md.
package stock

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// FullAt is how many events a part gets before the next one is begun; what may
// still come after that keeps it below a thousand.
const FullAt = 900

var (
	// ErrTurn says that the part's month is over, or that it is full: it is to be continued first.
	ErrTurn = errors.New("stock: the part is to be continued")
	// ErrContinued says that the part was continued: the next one decides.
	ErrContinued = errors.New("stock: the part was continued")
)

// Month is a civil month in the zone of the store's site, "2026-03".
type Month string

// MonthOf returns the month of a civil date.
func MonthOf(d domain.Day) Month { return Month(d[:len("2006-01")]) }

// Condition is what pieces of a lot are like.
type Condition string

// The conditions.
const (
	New  Condition = "new"
	Worn Condition = "worn" // sound, and taken before a new one (EXC-03)
)

// Lot is pieces that came together.
type Lot struct {
	Lot       string    `json:"lot"` // its code
	Condition Condition `json:"condition"`
	Pieces    int64     `json:"pieces"` // that are left, at least 1
}

// Origin is where received pieces come from.
type Origin string

// The origins.
const (
	FromOpening    Origin = "opening"    // what was there when the books began
	FromAcceptance Origin = "acceptance" // Ref is the acceptance (STK-04)
	FromTransfer   Origin = "transfer"   // Ref is the event that sent them
	FromReturn     Origin = "return"     // Ref is free
)

func (o Origin) known() bool {
	return o == FromOpening || o == FromAcceptance || o == FromTransfer || o == FromReturn
}

// Event is what happened to the stock of an item in a store.
//
//sumtype:decl
type Event interface{ event() }

// Opened begins a part. Type stock.opened.v1.
type Opened struct {
	At      domain.Instant `json:"at"`
	Site    string         `json:"site"` // code; its policies are decided by (POL-06)
	Store   string         `json:"store"`
	Item    string         `json:"item"`
	Month   Month          `json:"month"`              // of the site's calendar; what is dated before it is late
	Part    int            `json:"part"`               // from 1
	Lots    []Lot          `json:"lots"`               // the balance of the part before
	Short   bool           `json:"short"`              // it is reported short already
	ShortOf *int64         `json:"short_of,omitempty"` // pieces of the minimum below which it is; absent if it is not short
}

// Received adds pieces to a lot. Type stock.received.v1.
type Received struct {
	At           domain.Instant   `json:"at"`
	Lot          string           `json:"lot"`
	Condition    Condition        `json:"condition"`
	Pieces       int64            `json:"pieces"`
	UnitPriceFen int64            `json:"unit_price_fen"` // 0 if unknown
	Origin       Origin           `json:"origin"`
	Ref          string           `json:"ref"`    // by Origin
	By           string           `json:"by"`     // person id of the keeper
	Late         bool             `json:"late"`   // it belongs into a month that was over
	Policy       domain.PolicyRef `json:"policy"` // of purchasing, in force then
}

// Issued takes pieces out of lots. Type stock.issued.v1.
type Issued struct {
	At       domain.Instant   `json:"at"`
	Taken    []Lot            `json:"taken"` // pieces by lot, in the order in which they were taken
	Pieces   int64            `json:"pieces"`
	To       tool.Holder      `json:"to"`       // person or team; a store for a transfer
	Purpose  string           `json:"purpose"`  // what for; no personal data
	Declined string           `json:"declined"` // why a worn piece was left (EXC-03); "" if none was
	By       string           `json:"by"`       // person id of the keeper
	Late     bool             `json:"late"`     // it belongs into a month that was over
	Policy   domain.PolicyRef `json:"policy"`   // of purchasing, in force then
}

// Adjusted corrects a lot to what is there. Type stock.adjusted.v1.
type Adjusted struct {
	At         domain.Instant `json:"at"`
	Lot        string         `json:"lot"`
	Condition  Condition      `json:"condition"`
	Delta      int64          `json:"delta"`              // pieces, below 0 for fewer
	Reason     string         `json:"reason"`             // no personal data
	By         string         `json:"by"`                 // person id of the keeper
	ApprovedBy string         `json:"approved_by"`        // person id, another one
	Approval   *uuid.UUID     `json:"approval,omitempty"` // id of the approval by which that was said
	Late       bool           `json:"late"`               // it belongs into a month that was over
}

// FellShort says that fewer than the minimum are left (STK-06). Type stock.fell_short.v1.
type FellShort struct {
	At      domain.Instant   `json:"at"`
	Site    string           `json:"site"` // code
	Store   string           `json:"store"`
	Item    string           `json:"item"`
	Name    string           `json:"name"`    // of the item
	Balance int64            `json:"balance"` // pieces
	Minimum int64            `json:"minimum"` // pieces
	Order   int64            `json:"order"`   // pieces to ask for
	Unit    string           `json:"unit"`    // team id for which they are asked
	Policy  domain.PolicyRef `json:"policy"`  // of purchasing, in force then
}

// Continued ends a part: what follows is in the next one. Type stock.continued.v1.
type Continued struct {
	At      domain.Instant `json:"at"`
	Month   Month          `json:"month"` // of the next part
	Part    int            `json:"part"`  // the next one
	Lots    []Lot          `json:"lots"`  // the balance that it opens with
	Short   bool           `json:"short"`
	ShortOf *int64         `json:"short_of,omitempty"` // as of Opened
}

func (Opened) event()    {}
func (Received) event()  {}
func (Issued) event()    {}
func (Adjusted) event()  {}
func (FellShort) event() {}
func (Continued) event() {}

// State is a part. The zero value is not open.
type State struct {
	Site, Store, Item string
	Month             Month
	Part              int
	Lots              []Lot // with pieces, in the order of their first receipt
	Short             bool  // it is reported short, and has not been above its minimum since
	ShortOf           int64 // that minimum
	Events            int
	Next              *Continued // how it was continued
}

// Full reports whether the next part is to be begun.
func (s State) Full() bool { return s.Events >= FullAt }

// Balance is how many pieces there are.
func (s State) Balance() int64 {
	var n int64
	for _, l := range s.Lots {
		n += l.Pieces
	}
	return n
}

// Evolve returns s after e. It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	s.Events++
	switch e := e.(type) {
	case Opened:
		return State{Site: e.Site, Store: e.Store, Item: e.Item, Month: e.Month, Part: e.Part, Lots: slices.Clone(e.Lots), Short: e.Short, ShortOf: minimumOf(e.ShortOf), Events: 1}
	case Received:
		s.Lots = Add(s.Lots, Lot{e.Lot, e.Condition, e.Pieces})
	case Issued:
		for _, l := range e.Taken {
			s.Lots = Add(s.Lots, Lot{l.Lot, l.Condition, -l.Pieces})
		}
	case Adjusted:
		s.Lots = Add(s.Lots, Lot{e.Lot, e.Condition, e.Delta})
	case FellShort:
		s.Short, s.ShortOf = true, e.Minimum
		return s
	case Continued:
		s.Next = &e
		return s
	}
	if s.ShortOf > 0 && s.Balance() >= s.ShortOf { // STK-06: it is above again
		s.Short, s.ShortOf = false, 0
	}
	return s
}

func minimumOf(pieces *int64) int64 {
	if pieces == nil {
		return 0
	}
	return *pieces
}

// Add returns lots with one changed by its pieces; the old slice is left as it is.
func Add(lots []Lot, by Lot) []Lot {
	out := slices.Clone(lots)
	i := slices.IndexFunc(out, func(l Lot) bool { return l.Lot == by.Lot && l.Condition == by.Condition })
	if i < 0 {
		return append(out, by)
	}
	if out[i].Pieces += by.Pieces; out[i].Pieces == 0 {
		return slices.Delete(out, i, i+1)
	}
	return out
}

// Deltas are the pieces by lot that an event adds, below 0 for what it takes.
func Deltas(e Event) []Lot {
	switch e := any(e).(type) { // of those that move pieces
	case Received:
		return []Lot{{e.Lot, e.Condition, e.Pieces}}
	case Issued:
		out := make([]Lot, len(e.Taken))
		for i, l := range e.Taken {
			out[i] = Lot{l.Lot, l.Condition, -l.Pieces}
		}
		return out
	case Adjusted:
		return []Lot{{e.Lot, e.Condition, e.Delta}}
	}
	return nil
}

// minimum is what the policy says of the item here.
func (s State) minimum(p policy.Purchasing) (policy.Minimum, bool) { return p.Minimum(s.Store, s.Item) }
