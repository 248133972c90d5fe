package approval

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// MostPieces is how often an approval may be used at most.
const MostPieces = 400

// Decide returns the events that c causes in state s, in order. No events and
// no error means that what c asks for holds already (TKT-02). A
// *domain.RuleError of the act's rule means that it is refused, a
// *domain.InvalidError that a field of c is not acceptable in itself.
func Decide(s State, c Command) ([]Event, error) {
	if r, ok := c.(Request); ok {
		return request(s, r)
	}
	if s.Standing == "" {
		return nil, domain.Refuse("POL-10", "approval.unknown")
	}
	switch c := c.(type) {
	case Request: // it is decided before
	case Give:
		return give(s, c)
	case Refuse:
		return refuse(s, c)
	case Withdraw:
		return withdraw(s, c)
	case Claim:
		return claim(s, c)
	}
	return nil, fmt.Errorf("approval: unknown command %T", c)
}

func request(s State, c Request) ([]Event, error) {
	if s.Standing != "" { // TKT-02
		return nil, nil
	}
	v, ok := c.Book.InForce(policy.KindTools, c.Site, c.At.Time)
	switch {
	case !ok:
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	case c.By == "":
		return nil, domain.Refuse(c.Covers.Act.Rule(), "approval.person_missing")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", c.Covers.Act.Rule(), "approval.reason_missing")
	}
	covers, err := c.Covers.checked(v.Tools())
	if err != nil {
		return nil, err
	}
	a := v.Tools().ApprovalOf(string(covers.Act))
	return []Event{Requested{
		At: c.At, Site: c.Site, By: c.By, Covers: covers, Reason: c.Reason, Needs: a.Needs, Hours: a.Hours, Policy: v.Ref(),
	}}, nil
}

// checked returns c with its lists filled, if it says one thing.
func (c Covers) checked(rules policy.Tools) (Covers, error) {
	rule := c.Act.Rule()
	gives := c.Act == Issue || c.Act == HandOver
	_, known := rules.Kind(c.Kind)
	switch {
	case rule == "POL-10":
		return c, domain.Invalid("/act", rule, "approval.act_unknown", "act", string(c.Act))
	case (c.Act == AdjustStock) != (c.Stock != nil) || c.Stock != nil && (len(c.Tools) > 0 || c.Kind != ""):
		return c, domain.Invalid("/stock", rule, "approval.covers_wrong")
	case c.Stock == nil && (len(c.Tools) > 0) == (c.Kind != ""):
		return c, domain.Invalid("/tools", rule, "approval.covers_wrong")
	case c.Kind != "" && !known:
		return c, domain.Invalid("/kind", "TOL-02", "tool.kind_unknown", "kind", c.Kind)
	case gives != (c.To != nil), c.To != nil && c.To.Kind != tool.Person && c.To.Kind != tool.Team:
		return c, domain.Invalid("/to", rule, "approval.recipient_wrong")
	case len(c.Scope) > 0 && c.Act != Issue:
		return c, domain.Invalid("/scope", rule, "approval.covers_wrong")
	case c.Kind == "":
		c.Pieces = max(len(c.Tools), 1)
	}
	if c.Pieces < 1 || c.Pieces > MostPieces {
		return c, domain.Invalid("/pieces", rule, "approval.pieces_wrong", "most", MostPieces)
	}
	for i, id := range c.Tools {
		if slices.Contains(c.Tools[:i], id) {
			return c, domain.Invalid("/tools", rule, "approval.covers_wrong")
		}
	}
	c.Tools, c.Scope = append([]uuid.UUID{}, c.Tools...), append([]tool.Holder{}, c.Scope...)
	return c, nil
}

// own are the persons whose own matter it is: who asked and who gets it.
func (s State) own() []string {
	own := []string{s.Asked.By}
	if to := s.Asked.Covers.To; to != nil && to.Kind == tool.Person {
		own = append(own, to.Who)
	}
	return own
}

func give(s State, c Give) ([]Event, error) {
	rule := s.Asked.Covers.Act.Rule()
	switch {
	case s.Standing == StandingGiven && s.By() == c.By.Person: // TKT-02
		return nil, nil
	case s.Standing != StandingRequested:
		return nil, domain.Refuse(rule, "approval.over", "standing", string(s.Standing))
	case c.Team != "" && s.Asked.Covers.To != nil && *s.Asked.Covers.To == tool.Holder{Kind: tool.Team, Who: c.Team}: // one of those who get it
		return nil, domain.Refuse(rule, "approval.own")
	}
	role, ok, err := Next(rule, s.Asked.Needs, s.Signed, c.By, s.own()...)
	if err != nil || !ok {
		return nil, err
	}
	e := Given{At: c.At, Signed: Signature{Role: role, By: c.By.Person}, Complete: len(s.Signed)+1 == len(s.Asked.Needs)}
	if e.Complete && s.Asked.Hours > 0 {
		until := domain.At(c.At.Add(time.Duration(s.Asked.Hours) * time.Hour))
		e.Until = &until
	}
	return []Event{e}, nil
}

func refuse(s State, c Refuse) ([]Event, error) {
	rule := s.Asked.Covers.Act.Rule()
	switch {
	case s.Standing == StandingRefused: // TKT-02
		return nil, nil
	case s.Standing != StandingRequested:
		return nil, domain.Refuse(rule, "approval.over", "standing", string(s.Standing))
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", rule, "approval.reason_missing")
	}
	if err := Concerned(rule, s.Asked.Needs, c.By); err != nil {
		return nil, err
	}
	return []Event{Refused{At: c.At, By: c.By.Person, Reason: c.Reason}}, nil
}

func withdraw(s State, c Withdraw) ([]Event, error) {
	rule := s.Asked.Covers.Act.Rule()
	signed := slices.ContainsFunc(s.Signed, func(sig Signature) bool { return sig.By == c.By })
	switch {
	case s.Standing == StandingWithdrawn: // TKT-02
		return nil, nil
	case s.Standing == StandingRefused, s.Standing == StandingUsed && s.without(c.Void, Use{}).Full(nil):
		return nil, domain.Refuse(rule, "approval.over", "standing", string(s.Standing))
	case c.By == "" || c.By != s.Asked.By && !signed:
		return nil, domain.Refuse(rule, "approval.not_yours")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", rule, "approval.reason_missing")
	}
	return []Event{Withdrawn{At: c.At, By: c.By, Reason: c.Reason}}, nil
}

// claim lets one command through: the approval's own stream decides it, so
// that two commands at once do not both get it.
func claim(s State, c Claim) ([]Event, error) {
	rule := c.Act.Rule()
	if slices.Contains(s.Uses, c.Use) { // TKT-02
		return nil, nil
	}
	left := s.without(c.Void, c.Use)
	switch {
	case s.Standing == StandingRequested:
		return nil, domain.Refuse(rule, "approval.not_given")
	case s.Standing == StandingRefused:
		return nil, domain.Refuse(rule, "approval.was_refused")
	case s.Standing == StandingWithdrawn:
		return nil, domain.Refuse(rule, "approval.was_withdrawn")
	case !s.fits(c):
		return nil, domain.Refuse(rule, "approval.of_another_thing")
	case slices.ContainsFunc(s.Signed, func(sig Signature) bool { return slices.Contains(c.Parties, sig.By) }): // nobody for oneself
		return nil, domain.Refuse(rule, "approval.own")
	case !s.Until.IsZero() && (c.Use.At.After(s.Until.Time) || c.At.After(s.Until.Time)):
		return nil, domain.Refuse(rule, "approval.expired", "until", s.Until)
	case c.At.Before(s.GivenAt.Time) && !c.Late: // it comes before the act
		return nil, domain.Refuse(rule, "approval.given_after", "given", s.GivenAt)
	case left.Full(c.Use.Tool):
		return nil, domain.Refuse(rule, "approval.used_up")
	}
	return []Event{Used{At: c.At, Use: c.Use, Void: append([]uuid.UUID{}, c.Void...)}}, nil
}

// usedFor reports whether one of the tools it names was given out on it already.
func (s State) usedFor(id *uuid.UUID) bool {
	return id != nil && slices.Contains(s.Asked.Covers.Tools, *id) &&
		slices.ContainsFunc(s.Uses, func(u Use) bool { return u.Tool != nil && *u.Tool == *id })
}

// fits reports whether c does what the approval covers.
func (s State) fits(c Claim) bool {
	covers := s.Asked.Covers
	to := tool.Holder{}
	if covers.To != nil {
		to = *covers.To
	}
	switch {
	case c.Act != covers.Act, c.Site != s.Asked.Site, c.To != to:
		return false
	case len(c.Scope) > 0 && !slices.Equal(c.Scope, covers.Scope): // TOL-17
		return false
	case covers.Stock != nil:
		return c.Stock != nil && *c.Stock == *covers.Stock
	case c.Use.Tool == nil:
		return false
	case covers.Kind != "":
		return c.Kind == covers.Kind
	}
	return slices.Contains(covers.Tools, *c.Use.Tool)
}
