package demand

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Command asks for something to happen to a plan. Book holds the policy
// versions to decide by and is no part of the recorded command.
//
//sumtype:decl
type Command interface{ command() }

// Plan says what a unit needs.
type Plan struct {
	At    domain.Instant `json:"at"`
	Site  string         `json:"site"`
	Unit  string         `json:"unit"`
	For   string         `json:"for"`
	Store string         `json:"store"`
	Lines []Line         `json:"lines"`
	By    string         `json:"by"` // person id
	// Replacing names the tools that the lines replace (CHK-02).
	Replacing *Replacing   `json:"replacing,omitempty"`
	Book      *policy.Book `json:"-"`
}

// Revise replaces the lines of a plan that is not approved yet.
type Revise struct {
	At    domain.Instant `json:"at"`
	Lines []Line         `json:"lines"`
	By    string         `json:"by"` // person id
	Book  *policy.Book   `json:"-"`
}

// Approve is the actor's word for the plan as it stands.
type Approve struct {
	At domain.Instant  `json:"at"`
	By approval.Signer `json:"by"`
}

// Reject ends a plan that is not approved yet.
type Reject struct {
	At     domain.Instant  `json:"at"`
	By     approval.Signer `json:"by"`
	Reason string          `json:"reason"`
}

// TakeOf takes some of a line for a purchase.
type TakeOf struct {
	At       domain.Instant `json:"at"`
	Line     int            `json:"line"`
	Purchase string         `json:"purchase"`
	Unit     string         `json:"unit"`
	Variant  policy.Variant `json:"variant"`
	Code     string         `json:"code"`
	Count    int64          `json:"count"`
}

// GiveBack leaves what a purchase took.
type GiveBack struct {
	At       domain.Instant `json:"at"`
	Purchase string         `json:"purchase"`
}

func (Plan) command()     {}
func (Revise) command()   {}
func (Approve) command()  {}
func (Reject) command()   {}
func (TakeOf) command()   {}
func (GiveBack) command() {}

const (
	mostLines = 200
	mostCount = 1_000_000
)

// Decide returns the events that c causes in state s, in order. No events and
// no error means that what c asks for holds already (TKT-02). A
// *domain.RuleError means that a rule refused c, a *domain.InvalidError that a
// field of c is not acceptable in itself.
func Decide(s State, c Command) ([]Event, error) {
	if p, ok := c.(Plan); ok {
		return plan(s, p)
	}
	if s.Standing == "" {
		return nil, domain.Refuse("STK-01", "demand.unknown")
	}
	switch c := any(c).(type) { // Plan was decided before
	case Revise:
		return revise(s, c)
	case Approve:
		return approve(s, c)
	case Reject:
		return reject(s, c)
	case TakeOf:
		return take(s, c)
	case GiveBack:
		i := slices.IndexFunc(s.Takes, func(t Take) bool { return t.Purchase == c.Purchase })
		if i < 0 { // TKT-02
			return nil, nil
		}
		return []Event{GivenBack{At: c.At, Line: s.Takes[i].Line, Purchase: c.Purchase, Count: s.Takes[i].Count}}, nil
	}
	return nil, fmt.Errorf("demand: unknown command %T", c)
}

func plan(s State, c Plan) ([]Event, error) {
	switch {
	case s.Standing != "":
		return nil, domain.Refuse("STK-01", "demand.exists")
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "stock.time_missing")
	case c.Unit == "":
		return nil, domain.Invalid("/unit", "STK-01", "demand.unit_unknown")
	case c.By == "":
		return nil, domain.Refuse("STK-01", "approval.person_missing")
	}
	if err := c.Replacing.check(c.Lines); err != nil {
		return nil, err
	}
	needs, ref, err := needed(c.Book, c.Site, c.At, c.Lines)
	if err != nil {
		return nil, err
	}
	return []Event{Planned{
		At: c.At, Site: c.Site, Unit: c.Unit, For: c.For, Store: c.Store, Lines: c.Lines, By: c.By, Needs: needs, Policy: ref,
		Replacing: c.Replacing,
	}}, nil
}

// check holds the lines against the tools that are gone: one for one (CHK-02).
func (r *Replacing) check(lines []Line) error {
	if r == nil {
		return nil
	}
	var count int64
	for _, l := range lines {
		count += l.Count
	}
	switch {
	case len(r.Tools) == 0:
		return domain.Refuse("CHK-02", "demand.nothing_to_replace", "month", r.Month)
	case count != int64(len(r.Tools)):
		return domain.Refuse("CHK-02", "demand.replaces_otherwise", "count", count, "tools", len(r.Tools))
	}
	return nil
}

// needed checks lines and returns whose approvals they need: those of each
// line's route, once each, in the order in which the lines name them (STK-01, STK-10).
func needed(book *policy.Book, site string, at domain.Instant, lines []Line) ([]string, domain.PolicyRef, error) {
	p, ref, err := book.PurchasingAt(site, at)
	if err != nil {
		return nil, ref, err
	}
	if len(lines) == 0 || len(lines) > mostLines {
		return nil, ref, domain.Invalid("/lines", "STK-01", "demand.lines_wrong", "most", mostLines)
	}
	tools, _ := book.InForce(policy.KindTools, site, at.Time)
	needs := []string{}
	for i, l := range lines {
		if err := l.check(p, tools.Tools(), "/lines/"+strconv.Itoa(i)); err != nil {
			return nil, ref, err
		}
		_, known := tools.Tools().Kind(l.Code)
		r, ok := policy.RouteOf(p.Demand, l.Variant, !l.Variant.Stocked() && !known, 0) // STK-03: a new kind by its own route
		if !ok {
			return nil, ref, domain.Refuse("POL-08", "purchasing.route_missing", "what", "demand", "variant", string(l.Variant))
		}
		for _, role := range r.Approvals {
			if !slices.Contains(needs, role) {
				needs = append(needs, role)
			}
		}
	}
	return needs, ref, nil
}

func (l Line) check(p policy.Purchasing, tools policy.Tools, at string) error {
	_, item := p.Item(l.Code)
	_, kind := tools.Kind(l.Code)
	switch {
	case !l.Variant.Known():
		return domain.Invalid(at+"/variant", "STK-01", "policy.variant_unknown", "variant", string(l.Variant))
	case strings.TrimSpace(l.Code) == "", l.Variant.Stocked() && !item, l.Variant == policy.StandardTooling && !kind: // STK-10: by kind
		return domain.Invalid(at+"/code", "STK-01", "demand.code_unknown", "code", l.Code)
	case l.Count < 1 || l.Count > mostCount:
		return domain.Invalid(at+"/count", "STK-01", "demand.count_wrong", "most", mostCount)
	case strings.TrimSpace(l.Reason) == "":
		return domain.Invalid(at+"/reason", "STK-01", "demand.reason_missing")
	}
	return nil
}

func revise(s State, c Revise) ([]Event, error) {
	switch {
	case s.Standing != StandingPlanned:
		return nil, domain.Refuse("STK-01", "demand.not_open", "standing", string(s.Standing))
	case c.By == "":
		return nil, domain.Refuse("STK-01", "approval.person_missing")
	case slices.Equal(s.Lines, c.Lines): // TKT-02
		return nil, nil
	}
	needs, ref, err := needed(c.Book, s.Site, c.At, c.Lines)
	if err != nil {
		return nil, err
	}
	return []Event{Revised{At: c.At, Lines: c.Lines, By: c.By, Needs: needs, Policy: ref}}, nil
}

func approve(s State, c Approve) ([]Event, error) {
	if s.Standing != StandingPlanned {
		return nil, domain.Refuse("STK-01", "demand.not_open", "standing", string(s.Standing))
	}
	role, _, err := approval.Next("STK-01", s.Needs, s.Signed, c.By, s.Planners...)
	if err != nil {
		return nil, err
	}
	return []Event{Approved{
		At: c.At, Signed: approval.Signature{Role: role, By: c.By.Person}, Complete: len(s.Signed)+1 == len(s.Needs),
	}}, nil
}

func reject(s State, c Reject) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-01", "demand.reason_missing")
	case s.Standing == StandingRejected: // TKT-02
		return nil, nil
	case s.Standing != StandingPlanned:
		return nil, domain.Refuse("STK-01", "demand.not_open", "standing", string(s.Standing))
	}
	if err := approval.Concerned("STK-01", s.Needs, c.By, s.Planners...); err != nil {
		return nil, err
	}
	return []Event{Rejected{At: c.At, By: c.By.Person, Reason: c.Reason}}, nil
}

func take(s State, c TakeOf) ([]Event, error) {
	switch {
	case s.Standing != StandingApproved:
		return nil, domain.Refuse("STK-01", "demand.not_approved", "standing", string(s.Standing))
	case slices.ContainsFunc(s.Takes, func(t Take) bool { return t.Purchase == c.Purchase }): // TKT-02
		return nil, nil
	case c.Line < 0 || c.Line >= len(s.Lines):
		return nil, domain.Invalid("/line", "STK-01", "demand.line_unknown")
	}
	l := s.Lines[c.Line]
	switch {
	case l.Code != c.Code || l.Variant != c.Variant || s.Unit != c.Unit:
		return nil, domain.Refuse("STK-01", "demand.other_thing", "code", l.Code)
	case c.Count > s.Left(c.Line):
		return nil, domain.Refuse("STK-01", "demand.too_many", "left", s.Left(c.Line))
	}
	return []Event{Taken{At: c.At, Line: c.Line, Purchase: c.Purchase, Count: c.Count}}, nil
}
