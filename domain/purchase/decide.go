package purchase

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Command asks for something to happen to a purchase. Book holds the policy
// versions to decide by and is no part of the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Request asks for a purchase (STK-09).
type Request struct {
	At       domain.Instant `json:"at"`
	Site     string         `json:"site"`
	Unit     string         `json:"unit"`
	Variant  policy.Variant `json:"variant"`
	Code     string         `json:"code"`
	Name     string         `json:"name"`
	Spec     string         `json:"spec"`
	Count    int64          `json:"count"`
	Document string         `json:"document"`
	Reason   string         `json:"reason"`
	Demand   string         `json:"demand"`
	Line     int            `json:"line"`
	Replaces string         `json:"replaces"`
	By       string         `json:"by"` // person id
	Book     *policy.Book   `json:"-"`
}

// Check is the actor's word before the quote.
type Check struct {
	At domain.Instant  `json:"at"`
	By approval.Signer `json:"by"`
}

// GiveQuote records purchasing's offer. NeedFen and Others are what the need comes to.
type GiveQuote struct {
	At           domain.Instant  `json:"at"`
	Supplier     string          `json:"supplier"`
	UnitPriceFen int64           `json:"unit_price_fen"`
	NeedFen      int64           `json:"need_fen"`
	Others       []string        `json:"others"`
	By           approval.Signer `json:"by"`
	Book         *policy.Book    `json:"-"`
}

// Approve is the actor's word for one quote and its amount.
type Approve struct {
	At        domain.Instant  `json:"at"`
	Quote     int             `json:"quote"`
	AmountFen int64           `json:"amount_fen"`
	By        approval.Signer `json:"by"`
}

// Reject ends a purchase that is not approved yet.
type Reject struct {
	At     domain.Instant  `json:"at"`
	By     approval.Signer `json:"by"`
	Reason string          `json:"reason"`
}

// Withdraw ends a purchase that is not ordered yet; by who asked for it.
type Withdraw struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`
	Reason string         `json:"reason"`
}

// Order says that it was ordered as quoted and approved.
type Order struct {
	At        domain.Instant `json:"at"`
	Reference string         `json:"reference"`
	By        string         `json:"by"`
}

// Deliver takes pieces of the order for an acceptance.
type Deliver struct {
	At         domain.Instant `json:"at"`
	Acceptance string         `json:"acceptance"`
	Count      int64          `json:"count"`
}

// TakeBack takes back what an acceptance rejected.
type TakeBack struct {
	At         domain.Instant `json:"at"`
	Acceptance string         `json:"acceptance"`
	Event      string         `json:"event"`
	Count      int64          `json:"count"`
}

func (Request) command()   {}
func (Check) command()     {}
func (GiveQuote) command() {}
func (Approve) command()   {}
func (Reject) command()    {}
func (Withdraw) command()  {}
func (Order) command()     {}
func (Deliver) command()   {}
func (TakeBack) command()  {}

const (
	mostCount = 1_000_000
	mostFen   = 100_000_000_000
)

// Decide returns the events that c causes in state s, in order. No events and
// no error means that what c asks for holds already (TKT-02). A
// *domain.RuleError means that a rule refused c, a *domain.InvalidError that a
// field of c is not acceptable in itself.
func Decide(s State, c Command) ([]Event, error) {
	if r, ok := c.(Request); ok {
		return request(s, r)
	}
	if s.Standing == "" {
		return nil, domain.Refuse("STK-09", "purchase.unknown")
	}
	switch c := any(c).(type) { // Request was decided before
	case Check:
		return check(s, c)
	case GiveQuote:
		return quote(s, c)
	case Approve:
		return approve(s, c)
	case Reject:
		return reject(s, c)
	case Withdraw:
		return withdraw(s, c)
	case Order:
		return order(s, c)
	case Deliver:
		return deliver(s, c)
	case TakeBack:
		return takeBack(s, c)
	}
	return nil, fmt.Errorf("purchase: unknown command %T", c)
}

func request(s State, c Request) ([]Event, error) {
	if s.Standing != "" {
		return nil, domain.Refuse("STK-09", "purchase.exists")
	}
	p, ref, err := c.Book.PurchasingAt(c.Site, c.At)
	if err != nil {
		return nil, err
	}
	tools, _ := c.Book.InForce(policy.KindTools, c.Site, c.At.Time)
	_, item := p.Item(c.Code)
	_, kind := tools.Tools().Kind(c.Code)
	newKind := !c.Variant.Stocked() && !kind // STK-03
	route, found := policy.RouteOf(p.Purchase, c.Variant, newKind, 0)
	switch {
	case !c.Variant.Known():
		return nil, domain.Invalid("/variant", "STK-11", "policy.variant_unknown", "variant", string(c.Variant))
	case strings.TrimSpace(c.Code) == "", c.Variant.Stocked() && !item, newKind && c.Variant == policy.StandardTooling: // STK-10: by kind
		return nil, domain.Invalid("/code", "STK-09", "demand.code_unknown", "code", c.Code)
	case c.Count < 1 || c.Count > mostCount:
		return nil, domain.Invalid("/count", "STK-09", "demand.count_wrong", "most", mostCount)
	case c.Unit == "":
		return nil, domain.Invalid("/unit", "STK-09", "demand.unit_unknown")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-09", "demand.reason_missing")
	case c.By == "":
		return nil, domain.Refuse("STK-09", "approval.person_missing")
	case !found:
		return nil, domain.Refuse("POL-08", "purchasing.route_missing", "what", "purchase", "variant", string(c.Variant))
	case route.Document && strings.TrimSpace(c.Document) == "": // STK-09
		return nil, domain.Invalid("/document", "STK-09", "purchase.document_missing")
	}
	checks := route.Checks
	if checks == nil {
		checks = []string{}
	}
	return []Event{Requested{
		At: c.At, Site: c.Site, Unit: c.Unit, Variant: c.Variant, Code: c.Code, Name: c.Name, Spec: c.Spec, Count: c.Count, NewKind: newKind,
		Document: c.Document, Reason: c.Reason, Demand: c.Demand, Line: c.Line, Replaces: c.Replaces, By: c.By, Checks: checks, Policy: ref,
	}}, nil
}

func check(s State, c Check) ([]Event, error) {
	if s.Standing != StandingRequested {
		return nil, domain.Refuse("STK-02", "purchase.not_open", "standing", string(s.Standing))
	}
	role, open, err := approval.Next("STK-02", s.Asked.Checks, s.Checks, c.By, s.Asked.By)
	switch {
	case err != nil:
		return nil, err
	case !open:
		return nil, domain.Refuse("STK-02", "purchase.checked")
	}
	return []Event{Checked{At: c.At, Signed: approval.Signature{Role: role, By: c.By.Person}}}, nil
}

// quote gives a price, or another one: approvals of the one before are void.
func quote(s State, c GiveQuote) ([]Event, error) {
	switch {
	case s.Standing != StandingRequested && s.Standing != StandingQuoted && s.Standing != StandingApproved:
		return nil, domain.Refuse("STK-02", "purchase.not_open", "standing", string(s.Standing))
	case len(s.Checks) < len(s.Asked.Checks): // STK-02: the department head checks first
		return nil, domain.Refuse("STK-02", "purchase.check_missing", "role", s.Asked.Checks[len(s.Checks)])
	case strings.TrimSpace(c.Supplier) == "":
		return nil, domain.Invalid("/supplier", "STK-09", "purchase.supplier_missing")
	case c.UnitPriceFen < 1 || c.UnitPriceFen > mostFen/s.Asked.Count:
		return nil, domain.Invalid("/unit_price_fen", "STK-09", "purchase.price_wrong")
	case c.By.Person == "":
		return nil, domain.Refuse("STK-09", "approval.person_missing")
	case c.NeedFen < c.UnitPriceFen:
		return nil, fmt.Errorf("purchase: a need of %d fen is less than the price %d", c.NeedFen, c.UnitPriceFen)
	case s.Quote.Quote > 0 && s.Quote.UnitPriceFen == c.UnitPriceFen && s.Quote.Supplier == c.Supplier && s.Quote.NeedFen == c.NeedFen: // TKT-02
		return nil, nil
	}
	p, ref, err := c.Book.PurchasingAt(s.Asked.Site, c.At)
	if err != nil {
		return nil, err
	}
	alone, found := policy.RouteOf(p.Purchase, s.Asked.Variant, s.Asked.NewKind, c.UnitPriceFen)
	whole, _ := policy.RouteOf(p.Purchase, s.Asked.Variant, s.Asked.NewKind, c.NeedFen) // STK-02: what the need comes to
	if !found {
		return nil, domain.Refuse("POL-08", "purchasing.route_missing", "what", "purchase", "variant", string(s.Asked.Variant))
	}
	others := c.Others
	if others == nil {
		others = []string{}
	}
	return []Event{Quoted{
		At: c.At, Quote: s.Quote.Quote + 1, Supplier: c.Supplier, UnitPriceFen: c.UnitPriceFen, AmountFen: c.UnitPriceFen * s.Asked.Count,
		NeedFen: c.NeedFen, Others: others, Split: !slices.Equal(alone.Approvals, whole.Approvals), By: c.By.Person, Needs: whole.Approvals, Policy: ref,
	}}, nil
}

func approve(s State, c Approve) ([]Event, error) {
	switch {
	case s.Standing != StandingQuoted && s.Standing != StandingApproved: // STK-09: the quote comes first
		return nil, domain.Refuse("STK-09", "purchase.not_quoted", "standing", string(s.Standing))
	case c.Quote != s.Quote.Quote || c.AmountFen != s.Quote.AmountFen: // bound to what was seen
		return nil, domain.Refuse("STK-02", "purchase.other_quote", "quote", s.Quote.Quote, "amount_fen", s.Quote.AmountFen)
	}
	own := append([]string{s.Asked.By}, s.Quoters...)
	role, open, err := approval.Next("STK-02", s.Quote.Needs, s.Signed, c.By, own...)
	switch {
	case err != nil:
		return nil, err
	case !open:
		return nil, domain.Refuse("STK-02", "purchase.approved")
	}
	return []Event{Approved{
		At: c.At, Quote: c.Quote, AmountFen: c.AmountFen, Signed: approval.Signature{Role: role, By: c.By.Person},
		Complete: len(s.Signed)+1 == len(s.Quote.Needs),
	}}, nil
}

func (s State) open() bool { return s.Standing == StandingRequested || s.Standing == StandingQuoted }

func reject(s State, c Reject) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-02", "demand.reason_missing")
	case s.Standing == StandingRejected: // TKT-02
		return nil, nil
	case !s.open():
		return nil, domain.Refuse("STK-02", "purchase.not_open", "standing", string(s.Standing))
	case c.By.Person == "":
		return nil, domain.Refuse("STK-02", "approval.person_missing")
	}
	if err := approval.Concerned("STK-02", slices.Concat(s.Asked.Checks, s.Quote.Needs), c.By); err != nil {
		return nil, err
	}
	return []Event{Rejected{At: c.At, By: c.By.Person, Reason: c.Reason}}, nil
}

func withdraw(s State, c Withdraw) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-09", "demand.reason_missing")
	case c.By != s.Asked.By:
		return nil, domain.Refuse("STK-09", "purchase.not_yours")
	case s.Standing == StandingWithdrawn: // TKT-02
		return nil, nil
	case !s.open() && s.Standing != StandingApproved:
		return nil, domain.Refuse("STK-09", "purchase.not_open", "standing", string(s.Standing))
	}
	return []Event{Withdrawn(c)}, nil
}

func order(s State, c Order) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.Reference) == "":
		return nil, domain.Invalid("/reference", "STK-09", "purchase.reference_missing")
	case c.By == "":
		return nil, domain.Refuse("STK-09", "approval.person_missing")
	case s.Standing == StandingOrdered: // TKT-02
		return nil, nil
	case s.Standing != StandingApproved: // STK-02
		return nil, domain.Refuse("STK-02", "purchase.not_approved", "standing", string(s.Standing))
	}
	return []Event{Ordered{At: c.At, Quote: s.Quote.Quote, Reference: c.Reference, By: c.By}}, nil
}

func deliver(s State, c Deliver) ([]Event, error) {
	switch {
	case s.Standing != StandingOrdered:
		return nil, domain.Refuse("STK-04", "purchase.not_ordered", "standing", string(s.Standing))
	case slices.ContainsFunc(s.Deliveries, func(d Delivery) bool { return d.Acceptance == c.Acceptance }): // TKT-02
		return nil, nil
	case c.Count < 1:
		return nil, domain.Invalid("/count", "STK-04", "demand.count_wrong", "most", mostCount)
	case c.Count > s.Outstanding():
		return nil, domain.Refuse("STK-04", "purchase.too_many", "outstanding", s.Outstanding())
	}
	return []Event{Delivered(c)}, nil
}

func takeBack(s State, c TakeBack) ([]Event, error) {
	i := slices.IndexFunc(s.Deliveries, func(d Delivery) bool { return d.Acceptance == c.Acceptance })
	switch {
	case i < 0:
		return nil, domain.Refuse("STK-04", "purchase.delivery_unknown")
	case slices.Contains(s.Deliveries[i].Back, c.Event): // TKT-02
		return nil, nil
	case c.Count < 1 || c.Count > s.Deliveries[i].Count:
		return nil, domain.Refuse("STK-04", "purchase.too_many", "outstanding", s.Deliveries[i].Count)
	}
	return []Event{TakenBack(c)}, nil
}
