package exchange

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// Decide returns the events that c causes in state s, in order.
// No events and no error means that c asks for what already holds (TKT-02).
// A *domain.RuleError means that a rule refused c, a *domain.InvalidError
// that a field of c is not acceptable in itself; s is not changed.
func Decide(s State, c Command) ([]Event, error) {
	if c, ok := c.(Apply); ok {
		return apply(s, c)
	}
	if s.Status == "" {
		return nil, domain.Refuse("EXC-01", "exchange.unknown")
	}
	events, at, err := decide(s, c)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	switch {
	case at.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "exchange.time_missing")
	case at.Before(s.LastAt): // the tools move at one time, after all that led to it
		return nil, domain.Refuse("AUD-01", "exchange.time_backwards", "at", at, "last", domain.At(s.LastAt))
	}
	return events, nil
}

func decide(s State, c Command) ([]Event, domain.Instant, error) {
	switch c := c.(type) {
	case Apply:
		// it is decided before
	case Approve:
		events, err := approve(s, c)
		return events, c.At, err
	case Refuse:
		events, err := refuse(s, c)
		return events, c.At, err
	case Withdraw:
		events, err := withdraw(s, c)
		return events, c.At, err
	case Surrender:
		events, err := surrender(s, c)
		return events, c.At, err
	case Inspect:
		events, err := inspect(s, c)
		return events, c.At, err
	case Choose:
		events, err := choose(s, c)
		return events, c.At, err
	case Reserve:
		events, err := reserve(s, c)
		return events, c.At, err
	case Complete:
		events, err := complete(s, c)
		return events, c.At, err
	case Settle:
		events, err := settle(s, c)
		return events, c.At, err
	}
	return nil, domain.Instant{}, fmt.Errorf("exchange: unknown command %T", c)
}

// stands refuses what an exchange is not ready for, or past.
func (s State) stands(rule string, at Status) error {
	if s.Status != at {
		return domain.Refuse(rule, "exchange.stands_elsewhere", "standing", string(s.Status), "wanted", string(at))
	}
	return nil
}

func apply(s State, c Apply) ([]Event, error) {
	if s.Status != "" {
		return nil, domain.Refuse("EXC-01", "exchange.exists")
	}
	v, ok := c.Book.InForce(policy.KindTools, c.Site, c.At.Time)
	switch {
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "exchange.time_missing")
	case !ok:
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	case c.By == "":
		return nil, domain.Invalid("/by", "EXC-01", "exchange.signer_missing")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "EXC-01", "exchange.reason_missing")
	case c.Keeper.Kind != tool.Person && c.Keeper.Kind != tool.Team: // who has nothing surrenders nothing
		return nil, domain.Refuse("EXC-01", "exchange.not_issued", "holder", string(c.Keeper.Kind))
	case c.Keeper.Kind == tool.Person && c.Keeper.Who != c.By:
		return nil, domain.Refuse("EXC-01", "exchange.not_yours", "who", c.Keeper.Who)
	}
	wanted := c.Old.Model
	if c.Wanted != nil {
		wanted = *c.Wanted
	}
	if _, known := v.Tools().Kind(wanted.Kind); !known {
		return nil, domain.Invalid("/wanted/kind", "TOL-02", "tool.kind_unknown", "kind", wanted.Kind)
	}
	return []Event{Applied{
		At: c.At, Site: c.Site, By: c.By, Old: c.Old, Keeper: c.Keeper, Reason: c.Reason, Wanted: wanted,
		NeedsApproval: v.Tools().ExchangeApproval == policy.ByManager || wanted != c.Old.Model, // EXC-01, EXC-07
		InsteadOfLoss: c.InsteadOfLoss, Policy: v.Ref(),
	}}, nil
}

func approve(s State, c Approve) ([]Event, error) {
	if s.ApprovedBy == c.By && c.By != "" && s.Status == StatusApproved { // TKT-02
		return nil, nil
	}
	if err := s.stands("EXC-01", StatusApplied); err != nil {
		return nil, err
	}
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "EXC-01", "exchange.signer_missing")
	case c.By == s.Applicant, s.Keeper == tool.Holder{Kind: tool.Person, Who: c.By}: // nobody for himself
		return nil, domain.Refuse("EXC-01", "exchange.approves_own")
	}
	return []Event{Approved(c)}, nil
}

func refuse(s State, c Refuse) ([]Event, error) {
	if s.Status == StatusRefused { // TKT-02
		return nil, nil
	}
	if err := s.stands("EXC-01", StatusApplied); err != nil {
		return nil, err
	}
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "EXC-01", "exchange.signer_missing")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "EXC-01", "exchange.reason_missing")
	}
	return []Event{Refused(c)}, nil
}

// withdraw ends an exchange up to its completion. Only applicants whose
// application nobody has acted on yet need not say why.
func withdraw(s State, c Withdraw) ([]Event, error) {
	switch {
	case s.Status == StatusWithdrawn: // TKT-02
		return nil, nil
	case s.Over() || s.Status == StatusCompleted: // EXC-06: what is moved stays moved
		return nil, domain.Refuse("EXC-06", "exchange.over", "standing", string(s.Status))
	case c.By == "":
		return nil, domain.Invalid("/by", "EXC-01", "exchange.signer_missing")
	}
	if !c.ForStore && c.By != s.Applicant && s.Keeper != (tool.Holder{Kind: tool.Person, Who: c.By}) {
		return nil, domain.Refuse("EXC-01", "exchange.not_yours", "who", s.Applicant)
	}
	open := s.Status == StatusApplied || s.Status == StatusApproved && s.ApprovedBy == ""
	if (!open || c.ForStore) && strings.TrimSpace(c.Reason) == "" {
		return nil, domain.Refuse("EXC-01", "exchange.withdrawal_needs_reason", "standing", string(s.Status))
	}
	return []Event{Withdrawn{At: c.At, By: c.By, Reason: c.Reason, Tools: s.Kept()}}, nil
}

func surrender(s State, c Surrender) ([]Event, error) {
	if err := s.stands("EXC-01", StatusApproved); err != nil {
		return nil, err
	}
	v, ok := c.Book.InForce(policy.KindTools, s.Site, c.At.Time)
	switch {
	case s.InsteadOfLoss != uuid.Nil: // EXC-06: there is nothing to surrender
		return nil, domain.Refuse("EXC-06", "exchange.is_lost")
	case !ok:
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindTools))
	case !v.Tools().HasStore(c.Store):
		return nil, domain.Invalid("/store", "EXC-01", "tool.store_unknown", "store", c.Store)
	case c.By == "" || c.Giver == "":
		return nil, domain.Invalid("/giver", "EXC-01", "exchange.signer_missing")
	case s.Keeper.Kind == tool.Person && c.Giver != s.Keeper.Who:
		return nil, domain.Refuse("EXC-01", "exchange.not_yours", "who", s.Keeper.Who)
	}
	return []Event{Surrendered{At: c.At, By: c.By, Giver: c.Giver, Store: c.Store}}, nil
}

// inspect says what comes of the old tool; only one without repair value is
// exchanged (EXC-02).
func inspect(s State, c Inspect) ([]Event, error) {
	if err := s.stands("EXC-02", StatusSurrendered); err != nil {
		return nil, err
	}
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "EXC-02", "exchange.signer_missing")
	case c.By == s.Giver || c.By == s.Applicant:
		return nil, domain.Refuse("EXC-02", "exchange.inspects_own")
	case c.HumanFault && strings.TrimSpace(c.Finding) == "":
		return nil, domain.Invalid("/finding", "EXC-04", "exchange.finding_missing")
	}
	e := Inspected{At: c.At, By: c.By, Outcome: c.Outcome, Tool: s.Old.Tool, Keeper: s.Keeper, HumanFault: c.HumanFault}
	end := s.Old.PurchasedOn.MonthsAfter(s.Old.LifeMonths)
	e.LifeReached = s.Old.LifeMonths > 0 && end <= c.Today
	switch c.Outcome {
	case Usable:
		return []Event{e}, nil
	case Repairable:
		if strings.TrimSpace(c.Repairer) == "" {
			return nil, domain.Invalid("/repairer", "EXC-02", "tool.repairer_missing")
		}
		e.Repairer = c.Repairer
		return []Event{e}, nil
	case NoValue:
		return written(s, c, e)
	}
	return nil, domain.Invalid("/outcome", "EXC-02", "exchange.outcome_unknown", "outcome", string(c.Outcome))
}

// written adds the scrap note, and whether the keeper pays.
func written(s State, c Inspect, e Inspected) ([]Event, error) {
	if strings.TrimSpace(c.ScrapNote) == "" {
		return nil, domain.Invalid("/scrap_note", "EXC-02", "exchange.scrap_note_missing")
	}
	e.ScrapNote, e.NoteBy = c.ScrapNote, s.Giver
	if !c.HumanFault || e.LifeReached { // EXC-04: worn out, it is free
		return []Event{e}, nil
	}
	return []Event{e, FaultFound{
		At: c.At, Tool: s.Old.Tool, Number: s.Old.Number, Kind: s.Old.Model.Kind, Keeper: s.Keeper, PriceFen: s.Old.PriceFen,
		PurchasedOn: s.Old.PurchasedOn, LifeMonths: s.Old.LifeMonths, On: c.Today, By: c.By, Finding: c.Finding, Policy: s.Policy,
	}}, nil
}

func choose(s State, c Choose) ([]Event, error) {
	ready := StatusInspected
	if s.InsteadOfLoss != uuid.Nil {
		ready = StatusApproved
	}
	if err := s.stands("EXC-06", ready); err != nil { // no issue without a surrendered tool
		return nil, err
	}
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "EXC-01", "exchange.signer_missing")
	case s.InsteadOfLoss != uuid.Nil && !c.LossSettled: // or a settled loss
		return nil, domain.Refuse("EXC-06", "exchange.loss_not_settled", "loss", s.InsteadOfLoss.String())
	case c.New.Tool == s.Old.Tool:
		return nil, domain.Invalid("/replacement", "EXC-01", "exchange.same_tool")
	case c.New.Model != s.Wanted: // EXC-07
		return nil, domain.Refuse("EXC-07", "exchange.other_model", "kind", s.Wanted.Kind, "spec", s.Wanted.Spec)
	case !c.New.Used && c.WornSpare != nil && strings.TrimSpace(c.Declined) == "": // EXC-03
		return nil, domain.Refuse("EXC-03", "exchange.worn_first", "tool", c.WornSpare.String())
	}
	e := ReplacementChosen{At: c.At, By: c.By, New: c.New, Keeper: s.Keeper}
	if s.InsteadOfLoss == uuid.Nil {
		e.Old = new(s.Old.Tool)
	}
	if !c.New.Used && c.WornSpare != nil {
		e.Worn, e.Declined = c.WornSpare, c.Declined
	}
	return []Event{e}, nil
}

// reserve is asked once for each choice; withdrawn meanwhile, nothing is left to do.
func reserve(s State, c Reserve) ([]Event, error) {
	switch {
	case s.Status != StatusReserving: // TKT-02
		return nil, nil
	case len(c.Missing) > 0:
		return []Event{ReservationFailed{At: c.At, Missing: c.Missing, Tools: s.Kept()}}, nil
	}
	return []Event{Reserved{At: c.At}}, nil
}

// complete is the one decision that moves both tools (EXC-06).
func complete(s State, c Complete) ([]Event, error) {
	if s.Status == StatusCompleted || s.Status == StatusSettled { // TKT-02
		return nil, nil
	}
	if err := s.stands("EXC-06", StatusReserved); err != nil {
		return nil, err
	}
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-04", "exchange.signer_missing")
	case s.Keeper.Kind == tool.Person && c.By != s.Keeper.Who: // the own signature
		return nil, domain.Refuse("TOL-04", "exchange.not_yours", "who", s.Keeper.Who)
	}
	e := Completed{At: c.At, By: c.By}
	if s.InsteadOfLoss == uuid.Nil {
		e.Moves = append(e.Moves, Move{Tool: s.Old.Tool, To: tool.Holder{Kind: tool.Store, Who: s.Store}})
	}
	e.Moves = append(e.Moves, Move{Tool: s.New.Tool, To: s.Keeper})
	return []Event{e}, nil
}

func settle(s State, c Settle) ([]Event, error) {
	switch {
	case s.Status == StatusSettled: // TKT-02
		return nil, nil
	case s.Status != StatusCompleted || len(c.Missing) > 0:
		return nil, domain.Refuse("EXC-06", "exchange.not_settled", "standing", string(s.Status))
	}
	return []Event{Settled{At: c.At}}, nil
}
