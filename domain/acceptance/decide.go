package acceptance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Command asks for something to happen to a delivery. Book holds the policy
// versions to decide by and is no part of the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Deliver begins an acceptance; the purchase has given the pieces.
type Deliver struct {
	Delivered Delivered    `json:"delivered"`
	Book      *policy.Book `json:"-"`
}

// Check says what the actor found.
type Check struct {
	At       domain.Instant  `json:"at"`
	By       approval.Signer `json:"by"`
	Passed   bool            `json:"passed"`
	Document string          `json:"document"`
	Findings []Finding       `json:"findings"`
}

// Try says what samples showed.
type Try struct {
	At      domain.Instant  `json:"at"`
	By      approval.Signer `json:"by"`
	Sheet   string          `json:"sheet"`
	Samples int64           `json:"samples"`
	Passed  bool            `json:"passed"`
}

// Accept takes pieces over. Pieces name the ids of the tools that they become.
type Accept struct {
	At     domain.Instant  `json:"at"`
	On     domain.Day      `json:"on"`
	Count  int64           `json:"count"`
	Store  string          `json:"store"`
	Lot    string          `json:"lot"`
	Brand  string          `json:"brand"`
	Use    tool.Use        `json:"use"`
	Pieces []Piece         `json:"pieces"`
	By     approval.Signer `json:"by"`
	Book   *policy.Book    `json:"-"`
}

// Reject gives pieces back to purchasing.
type Reject struct {
	At     domain.Instant  `json:"at"`
	Count  int64           `json:"count"`
	Reason string          `json:"reason"`
	By     approval.Signer `json:"by"`
}

func (Deliver) command() {}
func (Check) command()   {}
func (Try) command()     {}
func (Accept) command()  {}
func (Reject) command()  {}

// MostPieces is how many tools one command can accept.
const MostPieces = 500

// Decide returns the events that c causes in state s, in order. A
// *domain.RuleError means that a rule refused c, a *domain.InvalidError that a
// field of c is not acceptable in itself.
func Decide(s State, c Command) ([]Event, error) {
	if d, ok := c.(Deliver); ok {
		return deliver(s, d)
	}
	if s.Delivery.Site == "" {
		return nil, domain.Refuse("STK-04", "acceptance.unknown")
	}
	switch c := any(c).(type) { // Deliver was decided before
	case Check:
		return check(s, c)
	case Try:
		return try(s, c)
	case Accept:
		return accept(s, c)
	case Reject:
		return reject(s, c)
	}
	return nil, fmt.Errorf("acceptance: unknown command %T", c)
}

func deliver(s State, c Deliver) ([]Event, error) {
	e := c.Delivered
	if s.Delivery.Site != "" {
		return nil, domain.Refuse("STK-04", "acceptance.exists")
	}
	p, ref, err := c.Book.PurchasingAt(e.Site, e.At)
	if err != nil {
		return nil, err
	}
	if e.Class == "" {
		e.Class = General
	}
	route, found := policy.RouteOf(p.Acceptance, e.Variant, false, e.UnitPriceFen)
	switch {
	case e.Class != General && e.Class != Important:
		return nil, domain.Invalid("/class", "STK-07", "acceptance.class_unknown", "class", string(e.Class))
	case strings.TrimSpace(e.Note) == "":
		return nil, domain.Invalid("/note", "STK-04", "acceptance.note_missing")
	case e.By == "":
		return nil, domain.Refuse("STK-04", "approval.person_missing")
	case !found:
		return nil, domain.Refuse("POL-08", "purchasing.route_missing", "what", "acceptance", "variant", string(e.Variant))
	}
	e.Needs, e.Trial, e.Policy = route.Approvals, route.Trial && e.Class == Important, ref
	return []Event{e}, nil
}

func check(s State, c Check) ([]Event, error) {
	if s.Open() == 0 {
		return nil, domain.Refuse("STK-04", "acceptance.over")
	}
	by := c.By
	by.Roles = append(slices.Clip(by.Roles), policy.AnyUser)
	role, open, err := approval.Next("STK-04", s.Delivery.Needs, s.signed(), by, s.Delivery.Buyers...)
	switch {
	case err != nil:
		return nil, err
	case !open:
		return nil, domain.Refuse("STK-04", "acceptance.checked")
	case c.Passed && slices.ContainsFunc(c.Findings, func(f Finding) bool { return !f.OK }):
		return nil, domain.Invalid("/passed", "STK-04", "acceptance.finding_bad")
	case strings.TrimSpace(c.Document) == "": // STK-04: the report, the order or the drawing
		return nil, domain.Invalid("/document", "STK-04", "acceptance.document_missing")
	}
	if s.Delivery.Variant.Tooling() && c.Passed && role != policy.AnyUser { // STK-04: size, appearance and fit
		for _, what := range []string{"size", "appearance", "fit"} {
			if !slices.ContainsFunc(c.Findings, func(f Finding) bool { return f.What == what }) {
				return nil, domain.Invalid("/findings", "STK-04", "acceptance.finding_missing", "what", what)
			}
		}
	}
	findings := c.Findings
	if findings == nil {
		findings = []Finding{}
	}
	return []Event{Checked{
		At: c.At, Signed: approval.Signature{Role: role, By: c.By.Person}, Passed: c.Passed, Document: c.Document, Findings: findings,
	}}, nil
}

func try(s State, c Try) ([]Event, error) {
	switch {
	case !s.Delivery.Trial:
		return nil, domain.Refuse("STK-04", "acceptance.no_trial")
	case s.Open() == 0:
		return nil, domain.Refuse("STK-04", "acceptance.over")
	case strings.TrimSpace(c.Sheet) == "":
		return nil, domain.Invalid("/sheet", "STK-04", "acceptance.sheet_missing")
	case c.Samples < 1:
		return nil, domain.Invalid("/samples", "STK-04", "acceptance.samples_missing")
	}
	if err := s.mayDecide(c.By); err != nil {
		return nil, err
	}
	return []Event{Tried{At: c.At, Sheet: c.Sheet, Samples: c.Samples, Passed: c.Passed, By: c.By.Person}}, nil
}

// mayDecide refuses who bought it, and who has none of the roles that check it.
func (s State) mayDecide(by approval.Signer) error {
	roles := slices.DeleteFunc(slices.Clone(s.Delivery.Needs), func(r string) bool { return r == policy.AnyUser })
	switch {
	case by.Person == "":
		return domain.Refuse("STK-04", "approval.person_missing")
	case slices.Contains(s.Delivery.Buyers, by.Person):
		return domain.Refuse("STK-04", "approval.own")
	case len(roles) > 0 && !slices.ContainsFunc(roles, by.Has):
		return domain.Refuse("STK-04", "approval.role_missing", "role", roles)
	}
	return nil
}

func accept(s State, c Accept) ([]Event, error) {
	d := s.Delivery
	if err := s.mayDecide(c.By); err != nil {
		return nil, err
	}
	if err := s.passed(); err != nil {
		return nil, err
	}
	_, ref, err := c.Book.PurchasingAt(d.Site, c.At)
	if err != nil {
		return nil, err
	}
	tools, ok := c.Book.InForce(policy.KindTools, d.Site, c.At.Time)
	if !ok {
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	}
	_, known := tools.Tools().Kind(d.Code)
	switch {
	case c.Count < 1 || c.Count > s.Open():
		return nil, domain.Refuse("STK-04", "acceptance.too_many", "open", s.Open())
	case !tools.Tools().HasStore(c.Store):
		return nil, domain.Invalid("/store", "STK-04", "tool.store_unknown", "store", c.Store)
	case d.Variant.Stocked() && strings.TrimSpace(c.Lot) == "":
		return nil, domain.Invalid("/lot", "STK-05", "stock.lot_missing")
	case d.Variant.Stocked() && len(c.Pieces) > 0:
		return nil, domain.Invalid("/numbers", "STK-07", "acceptance.numbers_wrong", "count", 0)
	case !d.Variant.Stocked() && !known: // a new kind is entered in the policy of tools first (STK-03)
		return nil, domain.Refuse("TOL-02", "tool.kind_unknown", "kind", d.Code)
	case !d.Variant.Stocked() && (int64(len(c.Pieces)) != c.Count || len(c.Pieces) > MostPieces): // STK-07: each has its number
		return nil, domain.Invalid("/numbers", "STK-07", "acceptance.numbers_wrong", "count", min(c.Count, MostPieces))
	}
	if err := s.numbers(c.Pieces); err != nil {
		return nil, err
	}
	pieces := c.Pieces
	if pieces == nil {
		pieces = []Piece{}
	}
	return []Event{Accepted{
		At: c.At, Count: c.Count, Store: c.Store, Lot: c.Lot, Brand: c.Brand, Use: c.Use, Pieces: pieces, On: c.On, By: c.By.Person, Policy: ref,
	}}, nil
}

// numbers refuses a number that is missing or there twice (STK-07).
func (s State) numbers(pieces []Piece) error {
	seen := slices.Clone(s.Numbers)
	for i, p := range pieces {
		if strings.TrimSpace(p.Number) == "" || slices.Contains(seen, p.Number) {
			return domain.Invalid("/numbers/"+strconv.Itoa(i), "STK-07", "acceptance.number_taken", "number", p.Number)
		}
		seen = append(seen, p.Number)
	}
	return nil
}

func reject(s State, c Reject) ([]Event, error) {
	if err := s.mayDecide(c.By); err != nil {
		return nil, err
	}
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-04", "demand.reason_missing")
	case c.Count < 1 || c.Count > s.Open():
		return nil, domain.Refuse("STK-04", "acceptance.too_many", "open", s.Open())
	}
	return []Event{Rejected{At: c.At, Count: c.Count, Reason: c.Reason, By: c.By.Person}}, nil
}
