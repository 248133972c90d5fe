package tool

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func issue(s State, c Issue) ([]Event, error) {
	if err := recipient(c.To); err != nil {
		return nil, err
	}
	if s.Standing == StandingOffered && s.Offer == c.To || s.Standing == StandingIssued && s.Holder == c.To { // TKT-02
		return nil, nil
	}
	r, kind, ref, err := s.givable(c.Book, c.At, c.Today)
	switch {
	case err != nil:
		return nil, err
	case kind.StoreKept: // TOL-10
		return nil, domain.Refuse("TOL-10", "tool.only_lent", "kind", s.Kind)
	case r.IssueApproval == policy.ByManager && c.ApprovedBy == "": // TOL-16
		return nil, domain.Refuse("TOL-16", "tool.approval_missing")
	case c.ApprovedBy != "" && c.To == Holder{Person, c.ApprovedBy}:
		return nil, domain.Refuse("TOL-16", "tool.approves_own")
	}
	if err := s.mayHold(r, c); err != nil {
		return nil, err
	}
	if err := s.unbooked(c.At, domain.Instant{}, uuid.Nil, c.At); err != nil { // TOL-09: an issue has no end
		return nil, err
	}
	return []Event{Issued{At: c.At, To: c.To, ApprovedBy: c.ApprovedBy, Approval: c.Approval, Scope: c.Scope, Policy: ref}}, nil
}

// mayHold refuses whom a tool is not meant for: those its first issue does not
// name (TOL-17), and for special tools whoever is no shift leader (TOL-19).
func (s State) mayHold(r policy.Tools, c Issue) error {
	scope := s.Scope
	if len(c.Scope) > 0 {
		scope = c.Scope
	}
	for i, h := range c.Scope {
		if err := named("/scope/"+strconv.Itoa(i), h); err != nil {
			return err
		}
	}
	if err := s.meantFor(r, taker{c.To, c.Posts, c.Team}, scope); err != nil {
		return err
	}
	switch {
	case r.IssueApproval == policy.ByFirstIssue && len(scope) == 0: // TOL-17
		return domain.Refuse("TOL-17", "tool.scope_missing")
	case r.IssueApproval == policy.ByFirstIssue && len(c.Scope) > 0 && c.ApprovedBy == "": // TOL-16: who may hold it is the manager's to say
		return domain.Refuse("TOL-17", "tool.scope_approval_missing")
	}
	return nil
}

// taker is who is about to have a tool for good, and what is known of that
// person at that time.
type taker struct {
	who   Holder
	posts []string
	team  string // id, "" for none
}

// meantFor refuses whoever a tool is not meant for, however it comes to them:
// for special tools who is no shift leader (TOL-19), else who is not of those
// that may hold it (TOL-17).
func (s State) meantFor(r policy.Tools, to taker, scope []Holder) error {
	leads := len(r.SpecialKeepers) == 0 || slices.ContainsFunc(to.posts, func(p string) bool { return slices.Contains(r.SpecialKeepers, p) })
	member := to.who.Kind == Person && to.team != "" && slices.Contains(scope, Holder{Team, to.team})
	switch {
	case s.Use == Special && (to.who.Kind != Person || !leads): // TOL-19
		return domain.Refuse("TOL-19", "tool.keeper_needed", "posts", r.SpecialKeepers)
	case len(scope) > 0 && !slices.Contains(scope, to.who) && !member: // TOL-17
		return domain.Refuse("TOL-17", "tool.out_of_scope", "who", to.who.Who)
	}
	return nil
}

// ownSignature refuses a signature for what somebody else gets: a person signs
// for the own tools, somebody of the team for those of a team (TOL-04, TOL-06).
func ownSignature(to Holder, by, of string) error {
	switch {
	case to.Kind == Person && to.Who != by: // TOL-04
		return domain.Refuse("TOL-04", "tool.not_yours", "who", to.Who)
	case to.Kind == Team && to.Who != of: // TOL-06
		return domain.Refuse("TOL-06", "tool.not_of_team", "who", to.Who)
	}
	return nil
}

func accept(s State, c Accept) ([]Event, error) {
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-04", "tool.signer_missing")
	case s.Standing == StandingIssued && s.Holder == Holder{Person, c.By}: // TKT-02
		return nil, nil
	case s.Standing != StandingOffered:
		return nil, domain.Refuse("TOL-04", "tool.not_offered", "standing", string(s.Standing))
	case s.Approver == c.By: // nobody approves what he signs for, for a team either
		return nil, domain.Refuse("TOL-16", "tool.approves_own")
	case s.Blocked != "":
		return nil, domain.Refuse("TOL-18", "tool.blocked", "reason", string(s.Blocked))
	}
	if err := ownSignature(s.Offer, c.By, c.Of); err != nil {
		return nil, err
	}
	r, _, err := rules(c.Book, s.Site, c.At)
	if err != nil {
		return nil, err
	}
	kind, _ := r.Kind(s.Kind)
	if err := s.inTime(kind, c.Today); err != nil { // custody moves now, not when it was offered
		return nil, err
	}
	if err := s.meantFor(r, taker{s.Offer, c.Posts, c.Team}, s.Scope); err != nil {
		return nil, err
	}
	return []Event{Accepted{At: c.At, Holder: s.Offer, By: c.By}}, nil
}

func refuse(s State, c Refuse) ([]Event, error) {
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-04", "tool.signer_missing")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "TOL-04", "tool.reason_missing")
	case s.Standing != StandingOffered:
		return nil, domain.Refuse("TOL-04", "tool.not_offered", "standing", string(s.Standing))
	}
	if err := ownSignature(s.Offer, c.By, c.Of); err != nil {
		return nil, err
	}
	return []Event{Refused{At: c.At, By: c.By, Reason: c.Reason}}, nil
}

func lend(s State, c Lend) ([]Event, error) {
	if err := recipient(c.To); err != nil {
		return nil, err
	}
	switch {
	case !c.Until.After(c.At.Time):
		return nil, domain.Invalid("/until", "TOL-09", "tool.until_passed")
	case strings.TrimSpace(c.Purpose) == "":
		return nil, domain.Invalid("/purpose", "TOL-09", "tool.purpose_missing")
	case c.Responsible == "":
		return nil, domain.Invalid("/responsible", "TOL-09", "tool.responsible_missing")
	}
	r, _, ref, err := s.givable(c.Book, c.At, c.Today)
	if err != nil {
		return nil, err
	}
	if err := s.pickUp(c); err != nil {
		return nil, err
	}
	if err := s.unbooked(c.At, c.Until, c.Booking, c.At); err != nil { // TOL-09
		return nil, err
	}
	e := Lent{At: c.At, Holder: c.To, Until: c.Until, Purpose: c.Purpose, Responsible: c.Responsible, Policy: ref}
	if c.Booking != uuid.Nil {
		e.Booking = &c.Booking
	}
	if !c.Imported {
		e.Chases = chasesOf(r, c.Until)
	}
	return []Event{e}, nil
}

// giveBack takes a tool into a store. What comes back damaged is blocked
// until it is checked (TOL-18).
func giveBack(s State, c Return) ([]Event, error) {
	r, _, err := rules(c.Book, s.Site, c.At)
	if err != nil {
		return nil, err
	}
	switch {
	case !r.HasStore(c.Store):
		return nil, domain.Invalid("/store", "TOL-21", "tool.store_unknown", "store", c.Store)
	case !c.Condition.known():
		return nil, domain.Invalid("/condition", "TOL-21", "tool.condition_unknown", "condition", string(c.Condition))
	case c.By == "" && s.Holder.Kind != Repairer:
		return nil, domain.Invalid("/by", "TOL-21", "tool.signer_missing")
	case s.Holder == Holder{Store, c.Store} && s.Standing == StandingInStore: // TKT-02
		return nil, nil
	case c.Between && s.Standing == StandingInStore: // from store to store (CHK-01)
	case !s.Holder.Kind.takes() && s.Holder.Kind != Repairer:
		return nil, domain.Refuse("TOL-21", "tool.nobody_has_it", "standing", string(s.Standing))
	}
	if err := s.repaired(c.Repair); err != nil {
		return nil, err
	}
	if c.Repair != nil && c.Repair.Result == BeyondRepair {
		c.Condition = Damaged
	}
	events := []Event{Returned{
		At: c.At, From: s.Holder, Store: c.Store, By: c.By, Condition: c.Condition, Repair: c.Repair,
		Other: s.Holder.Kind == Person && s.Holder.Who != c.By, // TOL-08
	}}
	if c.Condition == Damaged && s.Blocked == "" { // TOL-18
		events = append(events, Blocked{At: c.At, Reason: BlockFault})
	}
	return events, nil
}

func handOver(s State, c HandOver) ([]Event, error) {
	if err := recipient(c.To); err != nil {
		return nil, err
	}
	if s.Holder == c.To { // TKT-02
		return nil, nil
	}
	r, ref, err := rules(c.Book, s.Site, c.At)
	if err != nil {
		return nil, err
	}
	forbidden := r.Passing == policy.Forbidden && s.Holder.Kind == Person && c.To.Kind == Person
	switch {
	case s.Standing != StandingIssued && s.Standing != StandingLent:
		return nil, domain.Refuse("TOL-07", "tool.nobody_has_it", "standing", string(s.Standing))
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-07", "tool.signer_missing")
	case s.Blocked != "": // no change of hands until it is checked
		return nil, domain.Refuse("TOL-18", "tool.blocked", "reason", string(s.Blocked))
	case forbidden && (c.ApprovedBy == "" || strings.TrimSpace(c.Reason) == ""): // TOL-08
		return nil, domain.Refuse("TOL-08", "tool.passing_forbidden")
	case forbidden && (c.ApprovedBy == s.Holder.Who || c.ApprovedBy == c.To.Who):
		return nil, domain.Refuse("TOL-08", "tool.approves_own")
	}
	if err := ownSignature(c.To, c.By, c.Of); err != nil {
		return nil, err
	}
	kind, _ := r.Kind(s.Kind)
	if err := s.inTime(kind, c.Today); err != nil { // it is called back, and goes to nobody else
		return nil, err
	}
	if s.Standing == StandingIssued { // a loan is the store's still
		if err := s.meantFor(r, taker{c.To, c.Posts, c.Team}, s.Scope); err != nil {
			return nil, err
		}
	}
	return []Event{HandedOver{
		At: c.At, From: s.Holder, Holder: c.To, By: c.By, Reason: c.Reason, ApprovedBy: c.ApprovedBy, Approval: c.Approval, Exception: forbidden, Policy: ref,
	}}, nil
}

func sendToRepair(s State, c SendToRepair) ([]Event, error) {
	to := Holder{Repairer, c.Repairer}
	switch {
	case strings.TrimSpace(c.Repairer) == "":
		return nil, domain.Invalid("/repairer", "TOL-11", "tool.repairer_missing")
	case s.Holder == to: // TKT-02
		return nil, nil
	}
	if c.From != nil && s.Standing == StandingIssued && s.Holder == *c.From { // EXC-02
		return []Event{SentToRepair{At: c.At, Holder: to}}, nil
	}
	if err := s.inStore(); err != nil {
		return nil, err
	}
	if err := s.sendable(c.Repairer); err != nil {
		return nil, err
	}
	return []Event{SentToRepair{At: c.At, Holder: to}}, nil
}

func reportMissing(s State, c ReportMissing) ([]Event, error) {
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "LOS-01", "tool.signer_missing")
	case c.LostAt.IsZero() || c.LostAt.After(c.At.Time):
		return nil, domain.Invalid("/lost_at", "LOS-01", "tool.lost_at_wrong")
	case strings.TrimSpace(c.Place) == "":
		return nil, domain.Invalid("/place", "LOS-01", "tool.place_missing")
	case s.Standing == StandingMissing: // TKT-02
		return nil, nil
	case s.Standing == StandingScrapped:
		return nil, domain.Refuse("LOS-01", "tool.scrapped")
	}
	return []Event{ReportedMissing{
		At: c.At, LostAt: c.LostAt, Place: c.Place, Circumstances: c.Circumstances, By: c.By, OnDuty: c.OnDuty, From: s.Holder,
		Other: s.Holder.Kind == Person && s.Holder.Who != c.By, // TOL-08
	}}, nil
}

func find(s State, c Find) ([]Event, error) {
	r, _, err := rules(c.Book, s.Site, c.At)
	switch {
	case err != nil:
		return nil, err
	case !r.HasStore(c.Store):
		return nil, domain.Invalid("/store", "LOS-09", "tool.store_unknown", "store", c.Store)
	case c.Condition != "" && !c.Condition.known():
		return nil, domain.Invalid("/condition", "LOS-09", "tool.condition_unknown", "condition", string(c.Condition))
	case s.Standing == StandingInStore && s.Holder.Who == c.Store: // TKT-02
		return nil, nil
	case s.Standing != StandingMissing:
		return nil, domain.Refuse("LOS-09", "tool.not_missing", "standing", string(s.Standing))
	}
	events := []Event{Found{At: c.At, Store: c.Store}}
	if c.Condition == Damaged && s.Blocked == "" { // TOL-18
		events = append(events, Blocked{At: c.At, Reason: BlockFault})
	}
	return events, nil
}

func scrap(s State, c Scrap) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "STK-12", "tool.reason_missing")
	case c.Keeper == "":
		return nil, domain.Invalid("/keeper", "STK-12", "tool.signer_missing")
	case s.Standing == StandingScrapped: // TKT-02
		return nil, nil
	case c.ApprovedBy == "":
		return nil, domain.Refuse("STK-12", "tool.approval_missing")
	case c.ApprovedBy == c.Keeper:
		return nil, domain.Refuse("STK-12", "tool.approves_own")
	}
	if err := s.inStore(); err != nil {
		return nil, err
	}
	return []Event{Scrapped{
		At: c.At, Reason: c.Reason, Keeper: c.Keeper, ApprovedBy: c.ApprovedBy, Approval: c.Approval, Request: c.Request,
	}}, nil
}
