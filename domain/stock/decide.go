package stock

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Command asks for something to happen to stock. Month is that of At at the
// site; Book holds the policy versions to decide by and is no part of the
// recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Open begins a part; one that is there already stays as it is.
type Open struct {
	Opened Opened `json:"opened"`
}

// Receive adds pieces to lots.
type Receive struct {
	At           domain.Instant `json:"at"`
	Month        Month          `json:"month"`
	Lots         []Lot          `json:"lots"`
	UnitPriceFen int64          `json:"unit_price_fen"`
	Origin       Origin         `json:"origin"`
	Ref          string         `json:"ref"`
	By           string         `json:"by"` // person id
	Book         *policy.Book   `json:"-"`
}

// Issue takes pieces out, of one lot or of the first ones.
type Issue struct {
	At       domain.Instant `json:"at"`
	Month    Month          `json:"month"`
	Lot      string         `json:"lot"` // "" for worn ones first, then the oldest lots
	Pieces   int64          `json:"pieces"`
	To       tool.Holder    `json:"to"`
	Purpose  string         `json:"purpose"`
	Declined string         `json:"declined"` // why a worn piece is left (EXC-03)
	By       string         `json:"by"`       // person id
	Book     *policy.Book   `json:"-"`
}

// Adjust corrects a lot to what is there; another person has agreed.
type Adjust struct {
	At         domain.Instant `json:"at"`
	Month      Month          `json:"month"`
	Lot        string         `json:"lot"`
	Condition  Condition      `json:"condition"`
	Delta      int64          `json:"delta"`
	Reason     string         `json:"reason"`
	By         string         `json:"by"`          // person id
	ApprovedBy string         `json:"approved_by"` // person id
	Approval   *uuid.UUID     `json:"approval"`    // id of the approval by which that was said
	Book       *policy.Book   `json:"-"`
}

// Continue ends a part whose month is over or that is full.
type Continue struct {
	At    domain.Instant `json:"at"`
	Month Month          `json:"month"`
}

func (Open) command()     {}
func (Receive) command()  {}
func (Issue) command()    {}
func (Adjust) command()   {}
func (Continue) command() {}

const mostPieces = 1_000_000_000 // of a movement, and of a lot

// Decide returns the events that c causes in state s, in order. Errors:
// *domain.RuleError and *domain.InvalidError; ErrTurn and ErrContinued say that
// another part is to decide.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Open:
		if s.Part > 0 {
			return nil, nil
		}
		return []Event{c.Opened}, nil
	case Continue:
		if s.Next != nil || c.Month <= s.Month && !s.Full() { // somebody was quicker
			return nil, nil
		}
		return []Event{Continued{At: c.At, Month: max(c.Month, s.Month), Part: s.Part + 1, Lots: lotsOf(s), Short: s.Short, ShortOf: s.shortOf()}}, nil
	case Receive:
		return s.move(c.Month, func() ([]Event, error) { return receive(s, c) })
	case Issue:
		return s.move(c.Month, func() ([]Event, error) { return issue(s, c) })
	case Adjust:
		return s.move(c.Month, func() ([]Event, error) { return adjust(s, c) })
	}
	return nil, fmt.Errorf("stock: unknown command %T", c)
}

func (s State) shortOf() *int64 {
	if s.ShortOf == 0 {
		return nil
	}
	return &s.ShortOf
}

func lotsOf(s State) []Lot { return append([]Lot{}, s.Lots...) }

// move decides a movement in the one part that may take it.
func (s State) move(month Month, decide func() ([]Event, error)) ([]Event, error) {
	switch {
	case s.Next != nil:
		return nil, ErrContinued
	case month > s.Month || s.Full():
		return nil, ErrTurn
	}
	return decide()
}

func receive(s State, c Receive) ([]Event, error) {
	p, ref, err := s.rules(c.Book, c.At)
	switch {
	case err != nil:
		return nil, err
	case len(c.Lots) == 0:
		return nil, domain.Invalid("/lot", "STK-05", "stock.lot_missing")
	case c.UnitPriceFen < 0:
		return nil, domain.Invalid("/unit_price_fen", "STK-05", "stock.price_negative")
	case !c.Origin.known():
		return nil, domain.Invalid("/origin", "STK-05", "stock.origin_unknown", "origin", string(c.Origin))
	case c.By == "":
		return nil, domain.Invalid("/by", "STK-05", "stock.signer_missing")
	case (c.Origin == FromOpening || c.Origin == FromReturn) && s.givenUp(c.Book, c.At): // what is under way still arrives
		return nil, domain.Invalid("/store", "STK-05", "tool.store_unknown", "store", s.Store)
	}
	var events []Event
	for _, l := range c.Lots {
		switch {
		case strings.TrimSpace(l.Lot) == "":
			return nil, domain.Invalid("/lot", "STK-05", "stock.lot_missing")
		case l.Condition != New && l.Condition != Worn:
			return nil, domain.Invalid("/condition", "EXC-03", "stock.condition_unknown", "condition", string(l.Condition))
		case l.Pieces < 1 || l.Pieces+s.Balance() > mostPieces:
			return nil, domain.Invalid("/pieces", "STK-05", "stock.pieces_wrong", "most", mostPieces)
		}
		events = append(events, Received{
			At: c.At, Lot: l.Lot, Condition: l.Condition, Pieces: l.Pieces, UnitPriceFen: c.UnitPriceFen, Origin: c.Origin, Ref: c.Ref,
			By: c.By, Late: c.Month < s.Month, Policy: ref,
		})
	}
	return s.settled(p, ref, c.At, events...), nil
}

func issue(s State, c Issue) ([]Event, error) {
	p, ref, err := s.rules(c.Book, c.At)
	switch {
	case err != nil:
		return nil, err
	case c.Pieces < 1 || c.Pieces > mostPieces:
		return nil, domain.Invalid("/pieces", "STK-05", "stock.pieces_wrong", "most", mostPieces)
	case c.To.Who == "" || c.To.Kind != tool.Person && c.To.Kind != tool.Team && c.To.Kind != tool.Store:
		return nil, domain.Invalid("/to", "STK-05", "stock.recipient_unknown")
	case c.To.Kind == tool.Store && c.To.Who == s.Store:
		return nil, domain.Invalid("/to", "STK-05", "stock.same_store")
	case strings.TrimSpace(c.Purpose) == "":
		return nil, domain.Invalid("/purpose", "STK-05", "stock.purpose_missing")
	case c.By == "":
		return nil, domain.Invalid("/by", "STK-05", "stock.signer_missing")
	case c.Pieces > s.of(c.Lot): // STK-05
		return nil, domain.Refuse("STK-05", "stock.too_few", "pieces", c.Pieces, "there", s.of(c.Lot))
	}
	taken := s.take(c.Lot, c.Pieces)
	declines := c.To.Kind != tool.Store && pieces(taken, New) > 0 && pieces(s.Lots, Worn) > pieces(taken, Worn)
	switch {
	case declines && strings.TrimSpace(c.Declined) == "": // EXC-03
		return nil, domain.Refuse("EXC-03", "stock.worn_first")
	case !declines:
		c.Declined = ""
	}
	e := Issued{
		At: c.At, Taken: taken, Pieces: c.Pieces, To: c.To, Purpose: c.Purpose, Declined: c.Declined, By: c.By, Late: c.Month < s.Month, Policy: ref,
	}
	return s.settled(p, ref, c.At, e), nil
}

func adjust(s State, c Adjust) ([]Event, error) {
	p, ref, err := s.rules(c.Book, c.At)
	switch {
	case err != nil:
		return nil, err
	case strings.TrimSpace(c.Lot) == "":
		return nil, domain.Invalid("/lot", "STK-05", "stock.lot_missing")
	case c.Condition != New && c.Condition != Worn:
		return nil, domain.Invalid("/condition", "EXC-03", "stock.condition_unknown", "condition", string(c.Condition))
	case c.Delta == 0 || c.Delta > mostPieces || c.Delta < -mostPieces:
		return nil, domain.Invalid("/delta", "STK-05", "stock.pieces_wrong", "most", mostPieces)
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-05", "stock.reason_missing")
	case c.By == "":
		return nil, domain.Invalid("/by", "STK-05", "stock.signer_missing")
	case c.ApprovedBy == "":
		return nil, domain.Refuse("STK-05", "approval.missing")
	case c.ApprovedBy == c.By:
		return nil, domain.Refuse("STK-05", "approval.own")
	case c.Delta+s.lot(c.Lot, c.Condition) < 0: // STK-05
		return nil, domain.Refuse("STK-05", "stock.too_few", "pieces", -c.Delta, "there", s.lot(c.Lot, c.Condition))
	}
	e := Adjusted{
		At: c.At, Lot: c.Lot, Condition: c.Condition, Delta: c.Delta, Reason: c.Reason, By: c.By, ApprovedBy: c.ApprovedBy, Approval: c.Approval, Late: c.Month < s.Month,
	}
	return s.settled(p, ref, c.At, e), nil
}

// rules are the purchasing policy in force; the item must be in it.
func (s State) rules(book *policy.Book, at domain.Instant) (policy.Purchasing, domain.PolicyRef, error) {
	if at.IsZero() {
		return policy.Purchasing{}, domain.PolicyRef{}, domain.Invalid("/at", "AUD-01", "stock.time_missing")
	}
	return book.PurchasingAt(s.Site, at)
}

// givenUp reports whether the site has the store no more: it is emptied, not filled.
func (s State) givenUp(book *policy.Book, at domain.Instant) bool {
	v, ok := book.InForce(policy.KindTools, s.Site, at.Time)
	return ok && !v.Tools().HasStore(s.Store)
}

// settled is movements with what follows from the balance after them (STK-06).
func (s State) settled(p policy.Purchasing, ref domain.PolicyRef, at domain.Instant, moves ...Event) []Event {
	after := s
	for _, e := range moves {
		after = Evolve(after, e)
	}
	m, ok := s.minimum(p)
	n := after.Balance()
	if !ok || n >= m.Pieces || s.Balance() < m.Pieces && s.Short {
		return moves
	}
	item, _ := p.Item(s.Item)
	return append(moves, FellShort{
		At: at, Site: s.Site, Store: s.Store, Item: s.Item, Name: item.Name,
		Balance: n, Minimum: m.Pieces, Order: m.Order, Unit: m.Unit, Policy: ref,
	})
}

// pieces is how many of lots are in a condition.
func pieces(lots []Lot, c Condition) int64 {
	var n int64
	for _, l := range lots {
		if l.Condition == c {
			n += l.Pieces
		}
	}
	return n
}

// of is how many pieces a lot has, whatever they are like; "" for all lots.
func (s State) of(lot string) int64 {
	var n int64
	for _, l := range s.Lots {
		if lot == "" || l.Lot == lot {
			n += l.Pieces
		}
	}
	return n
}

func (s State) lot(lot string, c Condition) int64 {
	for _, l := range s.Lots {
		if l.Lot == lot && l.Condition == c {
			return l.Pieces
		}
	}
	return 0
}

// take says from which lots pieces come: worn ones first, then in the order of receipt (EXC-03).
func (s State) take(lot string, pieces int64) []Lot {
	taken := []Lot{}
	for _, c := range []Condition{Worn, New} {
		for _, l := range s.Lots {
			if n := min(l.Pieces, pieces); l.Condition == c && (lot == "" || l.Lot == lot) && n > 0 {
				taken = append(taken, Lot{l.Lot, c, n})
				pieces -= n
			}
		}
	}
	return taken
}
