package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/fieldledger/fieldledger/domain"
)

// Purchasing is the content of KindPurchasing: what is kept in stock and how
// much of it, and whose signatures demand, purchase, acceptance and scrap need
// at a site. It is about money: a version needs a second person (POL-05).
type Purchasing struct {
	Items    []StockItem `json:"items"`
	Minimums []Minimum   `json:"minimums"`
	// Demand says who approves a plan: Approvals by variant of its lines (STK-01, STK-10).
	Demand []Route `json:"demand"`
	// Purchase says who approves a purchase, by unit price (STK-02, STK-03, STK-11).
	Purchase []Route `json:"purchase"`
	// Acceptance says who signs for what was delivered (STK-04).
	Acceptance []Route `json:"acceptance"`
	// Scrap says who approves the end of a tool, by its original price (STK-08, STK-12).
	Scrap []Route `json:"scrap"`
	// SplitWindowDays is how far back other requests of a unit for one kind
	// count as the same need (STK-02); 0 for not at all.
	SplitWindowDays int `json:"split_window_days"`
}

// StockItem is a consumable or a spare part.
type StockItem struct {
	Code   string `json:"code"`
	Name   string `json:"name"` // for people, in English
	NameZH string `json:"name_zh,omitempty"`
	Unit   string `json:"unit,omitempty"` // in which pieces are counted, "pair"
}

// Minimum is how many pieces of an item a store keeps at least (STK-06).
type Minimum struct {
	Store  string `json:"store"`
	Item   string `json:"item"`
	Pieces int64  `json:"pieces"`
	Order  int64  `json:"order"` // pieces of the demand line that appears below it
	Unit   string `json:"unit"`  // team id for which it is planned
}

// Route is whose signatures are needed, in order, from a price on.
type Route struct {
	Variant  Variant `json:"variant,omitempty"` // "" for every one without a route of its own
	NewKind  bool    `json:"new_kind"`          // only for kinds that the site does not have yet (STK-03)
	FromFen  int64   `json:"from_fen"`          // included
	Document bool    `json:"document"`          // a written request is needed (STK-09)
	Trial    bool    `json:"trial"`             // of the important, samples are tried (STK-04)
	// Checks are the roles that sign before the quote, Approvals those after it.
	Checks    []string `json:"checks"`
	Approvals []string `json:"approvals"`
	Causes    []string `json:"causes"` // why a tool may be scrapped; none: whyever (STK-12)
}

// Variant is what sort of thing is asked for, bought and accepted.
type Variant string

// The variants.
const (
	Equipment       Variant = "equipment"
	ToolVariant     Variant = "tool"
	StandardTooling Variant = "standard_tooling"
	SpecialTooling  Variant = "special_tooling"
	Container       Variant = "container"
	Consumable      Variant = "consumable" // into stock, by pieces
	Spare           Variant = "spare"      // into stock, by pieces
)

// Variants lists the variants.
func Variants() []Variant {
	return []Variant{Equipment, ToolVariant, StandardTooling, SpecialTooling, Container, Consumable, Spare}
}

// Known reports whether v is a variant.
func (v Variant) Known() bool { return slices.Contains(Variants(), v) }

// Stocked reports whether v is kept by pieces, not as tools with numbers.
func (v Variant) Stocked() bool { return v == Consumable || v == Spare }

// Tooling reports whether v is tooling (S13).
func (v Variant) Tooling() bool { return v == StandardTooling || v == SpecialTooling }

// AnyUser is a role of Acceptance that anybody of the staff has: the user's own check.
const AnyUser = "user"

const (
	mostSignatures = 12
	longestWindow  = 366
	mostPieces     = 1_000_000_000
)

// Item returns the item with a code, if there is one.
func (p Purchasing) Item(code string) (StockItem, bool) {
	i := slices.IndexFunc(p.Items, func(k StockItem) bool { return k.Code == code })
	if i < 0 {
		return StockItem{}, false
	}
	return p.Items[i], true
}

// Minimum returns what a store keeps at least of an item, if anything is said.
func (p Purchasing) Minimum(store, item string) (Minimum, bool) {
	i := slices.IndexFunc(p.Minimums, func(m Minimum) bool { return m.Store == store && m.Item == item })
	if i < 0 {
		return Minimum{}, false
	}
	return p.Minimums[i], true
}

// RouteOf returns the route of a list for a variant at a price: of those that
// fit, one for the variant itself before one for all, one for new kinds before
// one that is not, then the one from the highest price on.
func RouteOf(routes []Route, v Variant, newKind bool, fen int64) (Route, bool) {
	best, found := Route{}, false
	for _, r := range routes {
		fits := (r.Variant == "" || r.Variant == v) && (!r.NewKind || newKind) && r.FromFen <= fen
		if fits && (!found || r.before(best)) {
			best, found = r, true
		}
	}
	return best, found
}

func (r Route) before(o Route) bool {
	switch {
	case (r.Variant != "") != (o.Variant != ""):
		return r.Variant != ""
	case r.NewKind != o.NewKind:
		return r.NewKind
	}
	return r.FromFen > o.FromFen
}

// MarshalJSON writes missing lists as [].
func (p Purchasing) MarshalJSON() ([]byte, error) {
	type plain Purchasing
	if p.Items == nil {
		p.Items = []StockItem{}
	}
	if p.Minimums == nil {
		p.Minimums = []Minimum{}
	}
	for _, list := range []*[]Route{&p.Demand, &p.Purchase, &p.Acceptance, &p.Scrap} {
		routes := make([]Route, len(*list))
		for i, r := range *list {
			for _, l := range []*[]string{&r.Checks, &r.Approvals, &r.Causes} {
				if *l == nil {
					*l = []string{}
				}
			}
			routes[i] = r
		}
		*list = routes
	}
	return json.Marshal(plain(p))
}

func readPurchasing(raw json.RawMessage) (content, error) {
	var p Purchasing
	if err := decode(raw, &p); err != nil {
		return content{}, err
	}
	return content{purchasing: p, typed: p}, p.check()
}

// check returns one *domain.InvalidError for each fault, joined.
func (p Purchasing) check() error {
	c := &checker{}
	codes := make([]Code, len(p.Items))
	for i, item := range p.Items {
		codes[i] = Code{Code: item.Code}
	}
	c.faults = append(c.faults, repeated("items", "STK-05", codes)...)
	for i, m := range p.Minimums {
		at := "/minimums/" + strconv.Itoa(i)
		if _, ok := p.Item(m.Item); !ok {
			c.fault(at+"/item", "STK-06", "policy.item_unknown", "item", m.Item)
		}
		if m.Pieces < 1 || m.Pieces > mostPieces || m.Order < 1 || m.Order > mostPieces {
			c.fault(at+"/pieces", "STK-06", "policy.pieces_out_of_range", "most", mostPieces)
		}
		if m.Unit == "" {
			c.fault(at+"/unit", "STK-06", "policy.unit_missing")
		}
	}
	for _, list := range []struct {
		name, rule string
		routes     []Route
	}{{"demand", "STK-01", p.Demand}, {"purchase", "STK-11", p.Purchase}, {"acceptance", "STK-04", p.Acceptance}, {"scrap", "STK-12", p.Scrap}} {
		for i, r := range list.routes {
			r.check(c, "/"+list.name+"/"+strconv.Itoa(i), list.rule)
		}
	}
	if p.SplitWindowDays < 0 || p.SplitWindowDays > longestWindow {
		c.fault("/split_window_days", "STK-02", "policy.days_out_of_range", "most", longestWindow)
	}
	return errors.Join(c.faults...)
}

func (r Route) check(c *checker, at, rule string) {
	if r.Variant != "" && !r.Variant.Known() {
		c.fault(at+"/variant", rule, "policy.variant_unknown", "variant", string(r.Variant))
	}
	if r.FromFen < 0 {
		c.fault(at+"/from_fen", rule, "policy.amount_negative")
	}
	if len(r.Approvals) == 0 || len(r.Approvals)+len(r.Checks) > mostSignatures {
		c.fault(at+"/approvals", rule, "policy.approvals_out_of_range", "most", mostSignatures)
	}
	if slices.Contains(r.Approvals, "") || slices.Contains(r.Checks, "") {
		c.fault(at+"/approvals", rule, "policy.role_missing")
	}
}

// PurchasingAt returns the purchasing policy in force at a site; a command that
// needs one that was not loaded is refused and names it (POL-08).
func (b *Book) PurchasingAt(site string, at domain.Instant) (Purchasing, domain.PolicyRef, error) {
	v, ok := b.InForce(KindPurchasing, site, at.Time)
	if !ok {
		return Purchasing{}, domain.PolicyRef{}, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(KindPurchasing))
	}
	return v.purchasing, v.Ref(), nil
}
