package tool

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Decide returns the events that c causes in state s, in order.
// No events and no error means that c asks for what already holds (TKT-02).
// A *domain.RuleError means that a rule refused c, a *domain.InvalidError
// that a field of c is not acceptable in itself; s is not changed.
func Decide(s State, c Command) ([]Event, error) {
	if r, ok := c.(Register); ok {
		return register(s, r)
	}
	if s.Standing == "" {
		return nil, domain.Refuse("TOL-01", "tool.unknown")
	}
	if s.KeptBy != uuid.Nil && moves(c) { // EXC-06
		return nil, s.kept()
	}
	if l, ok := c.(EnterLate); ok {
		return enterLate(s, l)
	}
	events, at, err := decide(s, c)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	switch {
	case at.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	case at.Before(s.LastAt) && !settles(c):
		return nil, domain.Refuse("AUD-01", "tool.time_backwards", "at", at, "last", domain.At(s.LastAt))
	}
	return events, nil
}

func decide(s State, c Command) ([]Event, domain.Instant, error) {
	switch c := c.(type) {
	case Register, EnterLate:
		// they are decided before
	case Issue:
		events, err := issue(s, c)
		return events, c.At, err
	case Accept:
		events, err := accept(s, c)
		return events, c.At, err
	case Refuse:
		events, err := refuse(s, c)
		return events, c.At, err
	case Lend:
		events, err := lend(s, c)
		return events, c.At, err
	case Reserve:
		events, err := reserve(s, c)
		return events, c.At, err
	case CancelBooking:
		events, err := cancelBooking(s, c)
		return events, c.At, err
	case Extend:
		events, err := extend(s, c)
		return events, c.At, err
	case ChaseIfDue:
		events, err := chaseIfDue(s, c)
		return events, domain.At(later(c.At.Time, s.LastAt)), err
	case Return:
		events, err := giveBack(s, c)
		return events, c.At, err
	case HandOver:
		events, err := handOver(s, c)
		return events, c.At, err
	case SendToRepair:
		events, err := sendToRepair(s, c)
		return events, c.At, err
	case ReportMissing:
		events, err := reportMissing(s, c)
		return events, c.At, err
	case Find:
		events, err := find(s, c)
		return events, c.At, err
	case Scrap:
		events, err := scrap(s, c)
		return events, c.At, err
	case ReportFault:
		events, err := reportFault(s, c)
		return events, c.At, err
	case PlanRepair:
		events, err := planRepair(s, c)
		return events, c.At, err
	case ApproveRepair:
		events, err := approveRepair(s, c)
		return events, c.At, err
	case Block:
		events, err := block(s, c)
		return events, c.At, err
	case Clear:
		events, err := clearBlock(s, c)
		return events, c.At, err
	case Inspect:
		events, err := inspect(s, c)
		return events, c.At, err
	case Keep:
		events, err := keep(s, c)
		return events, c.At, err
	case Release:
		events, err := release(s, c)
		return events, c.At, err
	case Settle:
		events, err := settle(s, c)
		return events, c.At, err
	}
	return nil, domain.Instant{}, fmt.Errorf("tool: unknown command %T", c)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// rules are the site's policy of tools in force; a command that needs one
// that was not loaded is refused and names it (POL-08).
func rules(book *policy.Book, site string, at domain.Instant) (policy.Tools, domain.PolicyRef, error) {
	v, ok := book.InForce(policy.KindTools, site, at.Time)
	if !ok {
		return policy.Tools{}, domain.PolicyRef{}, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	}
	return v.Tools(), v.Ref(), nil
}

func register(s State, c Register) ([]Event, error) {
	if s.Standing != "" {
		return nil, domain.Refuse("TOL-01", "tool.exists", "number", s.Number)
	}
	if c.At.IsZero() {
		return nil, domain.Invalid("/at", "AUD-01", "tool.time_missing")
	}
	r, ref, err := rules(c.Book, c.Site, c.At)
	if err != nil {
		return nil, err
	}
	kind, known := r.Kind(c.Kind)
	switch {
	case strings.TrimSpace(c.Number) == "":
		return nil, domain.Invalid("/number", "TOL-01", "tool.number_missing")
	case !known:
		return nil, domain.Invalid("/kind", "TOL-02", "tool.kind_unknown", "kind", c.Kind)
	case c.PriceFen < 0:
		return nil, domain.Invalid("/price_fen", "TOL-01", "tool.price_negative")
	case !c.PurchasedOn.Valid():
		return nil, domain.Invalid("/purchased_on", "TOL-01", "tool.day_malformed")
	case !c.Use.known():
		return nil, domain.Invalid("/use", "TOL-06", "tool.use_unknown", "use", string(c.Use))
	case !r.HasStore(c.Store):
		return nil, domain.Invalid("/store", "TOL-01", "tool.store_unknown", "store", c.Store)
	case kind.StoreKept && c.Holder != nil && c.Holder.Kind.takes(): // TOL-10
		return nil, domain.Refuse("TOL-10", "tool.only_lent", "kind", c.Kind)
	}
	holder := Holder{Store, c.Store}
	if c.Holder != nil {
		holder = *c.Holder
		if err := held(r, holder); err != nil {
			return nil, err
		}
	}
	return []Event{Registered{
		At: c.At, Site: c.Site, Number: c.Number, Kind: c.Kind, Category: kind.Category, Name: c.Name, Spec: c.Spec, Brand: c.Brand,
		Batch: c.Batch, PriceFen: c.PriceFen, PurchasedOn: c.PurchasedOn, LifeMonths: kind.LifeMonths, Use: c.Use, Home: c.Store,
		Holder: holder, Policy: ref,
	}}, nil
}

// held refuses an opening holder that cannot be one.
func held(r policy.Tools, h Holder) error {
	switch {
	case h.Kind.takes():
		return identified("/holder", h)
	case h.Kind == Store && r.HasStore(h.Who), h.Kind == Repairer && h.Who != "":
		return nil
	}
	return domain.Invalid("/holder", "TOL-03", "tool.holder_unknown", "holder", string(h.Kind))
}

// recipient refuses to whom no tool can be given.
func recipient(h Holder) error {
	return named("/to", h)
}

// named refuses what is no person or team.
func named(pointer string, h Holder) error {
	if !h.Kind.takes() {
		return domain.Invalid(pointer+"/kind", "TOL-03", "tool.holder_unknown", "holder", string(h.Kind))
	}
	return identified(pointer, h)
}

func identified(pointer string, h Holder) error {
	if _, err := uuid.Parse(h.Who); err != nil {
		return domain.Invalid(pointer+"/who", "TOL-03", "tool.holder_unknown", "holder", h.Who)
	}
	return nil
}

// inStore refuses what only a tool in store can undergo, and names who has it (TOL-14).
func (s State) inStore() error {
	switch s.Standing {
	case StandingInStore:
		return nil
	case StandingOffered:
		return domain.Refuse("TOL-14", "tool.offered_to", "holder", string(s.Offer.Kind), "who", s.Offer.Who)
	default:
		return domain.Refuse("TOL-14", "tool.held_by", "standing", string(s.Standing), "holder", string(s.Holder.Kind), "who", s.Holder.Who)
	}
}

// usable refuses to give out what is blocked or past its inspection.
func (s State) usable(kind policy.ToolKind, today domain.Day) error {
	if s.Blocked != "" {
		return domain.Refuse("TOL-18", "tool.blocked", "reason", string(s.Blocked))
	}
	if s.Surrendered { // EXC-05
		return domain.Refuse("EXC-05", "tool.surrendered")
	}
	return s.inTime(kind, today)
}

// inTime refuses what is past the last day that an inspection said, and what
// was never passed though its kind is inspected (INS-02).
func (s State) inTime(kind policy.ToolKind, today domain.Day) error {
	if s.NextOn == "" && kind.Inspected() || s.NextOn != "" && today > s.NextOn {
		return domain.Refuse("INS-02", "tool.inspection_due", "last_day", string(s.NextOn))
	}
	return nil
}

// Fit refuses to hand out a tool that was out of use or past its inspection at
// an instant and on that day, wherever it stood: an exchange keeps it, and
// completes later (TOL-18, INS-02). POL-08 if the site's policy of tools is not
// loaded.
func (s State) Fit(book *policy.Book, at domain.Instant, today domain.Day) error {
	r, _, err := rules(book, s.Site, at)
	if err != nil {
		return err
	}
	kind, _ := r.Kind(s.Kind)
	return s.asOf(at).usable(kind, today)
}

// givable returns the rules by which a tool in store may be given out now.
func (s State) givable(book *policy.Book, at domain.Instant, today domain.Day) (policy.Tools, policy.ToolKind, domain.PolicyRef, error) {
	r, ref, err := rules(book, s.Site, at)
	if err != nil {
		return r, policy.ToolKind{}, ref, err
	}
	kind, _ := r.Kind(s.Kind)
	if err := s.inStore(); err != nil {
		return r, kind, ref, err
	}
	return r, kind, ref, s.usable(kind, today)
}
