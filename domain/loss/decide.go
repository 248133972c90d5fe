package loss

import (
	"fmt"
	"slices"
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
	if b, ok := c.(Begin); ok {
		return begin(s, b)
	}
	if f, ok := c.(FindAgain); ok {
		return findAgain(s, f)
	}
	if s.Status == "" {
		return nil, domain.Refuse("LOS-01", "loss.unknown")
	}
	e, at, by, err := decide(s, c)
	if err != nil || e == nil {
		return nil, err
	}
	switch {
	case at.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "loss.time_missing")
	case by == "":
		return nil, domain.Invalid("/by", "ORG-01", "loss.person_missing")
	case at.Before(s.LastAt):
		return nil, domain.Refuse("AUD-01", "loss.time_backwards", "at", at, "last", domain.At(s.LastAt))
	}
	return []Event{e}, nil
}

// decide returns the event of a command of a person with its time and who acts.
func decide(s State, c Command) (Event, domain.Instant, string, error) {
	var e Event
	var err error
	switch c := c.(type) {
	case Begin, FindAgain:
		// they are decided before
	case MakeFinding:
		e, err = makeFinding(s, c)
		return e, c.At, c.By, err
	case Certify:
		e, err = certify(s, c)
		return e, c.At, c.By, err
	case Assess:
		e, err = assess(s, c)
		return e, c.At, c.By, err
	case Replace:
		e, err = replace(s, c)
		return e, c.At, c.By, err
	case Requisition:
		e, err = requisition(s, c)
		return e, c.At, c.By, err
	case Propose:
		e, err = propose(s, c)
		return e, c.At, c.By, err
	case WithdrawProposal:
		e, err = withdrawProposal(s, c)
		return e, c.At, c.By, err
	case Approve:
		e, err = approve(s, c)
		return e, c.At, c.By, err
	case Waive:
		e, err = waive(s, c)
		return e, c.At, c.By, err
	case RecordPoints:
		e, err = recordPoints(s, c)
		return e, c.At, c.By, err
	case RequestCorrection:
		e, err = requestCorrection(s, c)
		return e, c.At, c.By, err
	case ConfirmCorrection:
		e, err = confirmCorrection(s, c)
		return e, c.At, c.By, err
	case Give:
		e, err = give(s, c)
		return e, c.At, c.By, err
	}
	return nil, domain.Instant{}, "", fmt.Errorf("loss: unknown command %T", c)
}

// terms are the site's policy of compensation in force; a command that needs
// one that was not loaded is refused and names it (POL-08).
func (s State) terms(book *policy.Book, at domain.Instant) (policy.Compensation, domain.PolicyRef, error) {
	v, ok := book.InForce(policy.KindCompensation, s.Opened.Site, at.Time)
	if !ok {
		return policy.Compensation{}, domain.PolicyRef{}, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindCompensation))
	}
	return v.Compensation(), v.Ref(), nil
}

func begin(s State, c Begin) ([]Event, error) {
	o := c.Opened
	switch {
	case s.Status != "": // TKT-02
		return nil, nil
	case o.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "loss.time_missing")
	case o.ReportedBy == "":
		return nil, domain.Invalid("/by", "LOS-01", "loss.person_missing")
	case o.LostAt.IsZero() || o.LostAt.After(o.At.Time):
		return nil, domain.Invalid("/lost_at", "LOS-01", "loss.lost_at_wrong")
	case strings.TrimSpace(o.Place) == "":
		return nil, domain.Invalid("/place", "LOS-01", "loss.place_missing")
	case o.BasisFen < 0 || o.BasisFen > MostFen:
		return nil, domain.Invalid("/basis_fen", "LOS-12", "loss.amount_out_of_range", "most", int64(MostFen))
	case o.Tool.PriceFen < 0 || o.Tool.PriceFen > MostFen:
		return nil, domain.Refuse("LOS-03", "loss.amount_out_of_range", "most", int64(MostFen))
	case o.Cause == Damage && o.BasisFen > o.Tool.PriceFen: // a repair above the price is none
		return nil, domain.Invalid("/basis_fen", "LOS-12", "loss.basis_above_price")
	}
	return []Event{o}, nil
}

// running refuses what only a loss can undergo of which nothing is decided yet.
func (s State) running(rule string) error {
	if !s.Status.running() {
		return domain.Refuse(rule, "loss.decided", "status", string(s.Status))
	}
	return nil
}

// own refuses a person who decides about what they would pay themselves (LOS-07).
func (s State) own(person string) error {
	if s.debtor(person) {
		return domain.Refuse("LOS-07", "loss.own_case")
	}
	return nil
}

func makeFinding(s State, c MakeFinding) (Event, error) {
	if err := s.running("LOS-05"); err != nil {
		return nil, err
	}
	r, ref, err := s.terms(c.Book, c.At)
	if err != nil {
		return nil, err
	}
	if s.Replaced != nil || s.Bought != nil { // the finding that asked for it stands
		return nil, domain.Refuse("LOS-06", "loss.replaced_already")
	}
	if c.OnDuty && s.Opened.Cause != Missing { // what is not lost cannot be certified, and nothing of it could be settled
		return nil, domain.Refuse("LOS-02", "loss.damage_on_duty")
	}
	if c.OnDuty && r.Excuse == policy.ExcuseGoodCause { // S5 knows no certificate
		return nil, domain.Refuse("LOS-02", "loss.no_certificate")
	}
	if c.Reason.IsZero() {
		return nil, domain.Invalid("/reason", "LOS-05", "loss.reason_missing")
	}
	payers, err := s.payers(r, c)
	if err != nil {
		return nil, err
	}
	if s.debtor(c.By) || slices.ContainsFunc(payers, func(p Payer) bool { return p.Person == c.By }) { // nobody judges the own case
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	}
	e := FindingMade{
		At: c.At, By: c.By, OnDuty: c.OnDuty, GoodCause: c.GoodCause, Payers: payers, Otherwise: c.Otherwise,
		Witnesses: append([]string{}, c.Witnesses...), Reason: c.Reason, Policy: ref,
	}
	if r.Replacement != nil && s.Opened.Cause == Missing && !c.GoodCause && !c.OnDuty { // LOS-06
		e.Replace = daysAfter(c.Today, r.Replacement.Days)
	}
	return e, nil
}

// payers are who pays by the site's rule, or as the finding says otherwise (LOS-05, LOS-12).
func (s State) payers(r policy.Compensation, c MakeFinding) ([]Payer, error) {
	rule := r.Payers.Of(s.Opened.Tool.Use)
	holder := s.holder()
	out := slices.Clone(c.Payers)
	slices.SortFunc(out, func(a, b Payer) int { return strings.Compare(a.Person, b.Person) })
	if len(out) == 0 && rule == policy.PayerHolder && holder != "" {
		out = []Payer{{Person: holder, Weight: 1}}
	}
	if len(out) == 0 || len(out) > mostPayers {
		return nil, domain.Invalid("/payers", "LOS-05", "loss.payers_missing", "rule", rule)
	}
	for i, p := range out {
		_, err := uuid.Parse(p.Person)
		switch {
		case err != nil:
			return nil, domain.Invalid("/payers", "LOS-05", "loss.payer_unknown")
		case p.Weight < 1 || p.Weight > mostWeight:
			return nil, domain.Invalid("/payers", "LOS-05", "loss.weight_out_of_range", "most", int64(mostWeight))
		case i > 0 && out[i-1].Person == p.Person:
			return nil, domain.Invalid("/payers", "LOS-05", "loss.payer_twice")
		}
	}
	if c.Otherwise {
		return out, nil
	}
	uneven := slices.ContainsFunc(out, func(p Payer) bool { return p.Weight != out[0].Weight })
	switch {
	case rule == policy.PayerHolder && holder != "" && (len(out) != 1 || out[0].Person != holder):
		return nil, domain.Refuse("LOS-05", "loss.holder_pays", "person", holder)
	case rule != policy.PayerShift && len(out) != 1:
		return nil, domain.Refuse("LOS-05", "loss.one_pays", "rule", rule)
	case uneven:
		return nil, domain.Refuse("LOS-05", "loss.equal_parts")
	}
	return out, nil
}

// holder is the person who had the tool or answers for the loan; "" where that is none.
func (s State) holder() string {
	if s.Opened.Holder.Kind == "person" {
		return s.Opened.Holder.Who
	}
	return s.Opened.Responsible
}

// daysAfter returns the civil day n days after d.
func daysAfter(d domain.Day, n int) domain.Day {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return domain.Day(t.AddDate(0, 0, n).Format(time.DateOnly))
}

func certify(s State, c Certify) (Event, error) {
	switch {
	case s.Status == Excused: // TKT-02
		return nil, nil
	case strings.TrimSpace(c.Certificate) == "":
		return nil, domain.Invalid("/certificate", "LOS-02", "loss.certificate_missing")
	}
	if err := s.running("LOS-02"); err != nil {
		return nil, err
	}
	switch {
	case s.Opened.Cause != Missing || s.Finding == nil || !s.Finding.OnDuty:
		return nil, domain.Refuse("LOS-02", "loss.not_on_duty")
	case s.debtor(c.By):
		return nil, domain.Refuse("LOS-02", "loss.own_case")
	}
	return Certified(c), nil
}

func assess(s State, c Assess) (Event, error) {
	if err := s.running("LOS-04"); err != nil {
		return nil, err
	}
	r, ref, err := s.terms(c.Book, c.At)
	if err != nil {
		return nil, err
	}
	if err := s.own(c.By); err != nil {
		return nil, err
	}
	a, err := valued(r, s.Opened.Tool, s.Opened.LostOn)
	basis := s.Opened.BasisFen
	switch {
	case basis > 0 && (err != nil || basis < a.AmountFen): // a damage is paid with its repair, and with no more than a loss (LOS-12)
		a = Assessed{Method: GivenAmount, PriceFen: s.Opened.Tool.PriceFen, AmountFen: basis}
	case err != nil:
		return nil, err
	}
	a.At, a.By, a.Policy = c.At, c.By, ref
	return a, nil
}

// replaceable refuses a replacement that is not asked for, or a second way of it (LOS-06).
func (s State) replaceable() error {
	if err := s.running("LOS-06"); err != nil {
		return err
	}
	switch {
	case s.Finding == nil || s.Finding.Replace == "":
		return domain.Refuse("LOS-06", "loss.no_replacement")
	case s.Replaced != nil || s.Bought != nil:
		return domain.Refuse("LOS-06", "loss.replaced_already")
	}
	return nil
}

func replace(s State, c Replace) (Event, error) {
	if err := s.replaceable(); err != nil {
		return nil, err
	}
	r, _, err := s.terms(c.Book, c.At)
	switch {
	case err != nil:
		return nil, err
	case strings.TrimSpace(c.Number) == "":
		return nil, domain.Invalid("/number", "LOS-06", "loss.number_missing")
	case !c.Same:
		return nil, domain.Refuse("LOS-06", "loss.not_the_same")
	case c.Today > s.Finding.Replace: // calendar days
		return nil, domain.Refuse("LOS-06", "loss.too_late", "last_day", string(s.Finding.Replace))
	case s.debtor(c.By):
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	}
	return Replaced{At: c.At, By: c.By, Number: c.Number, Lowers: r.Replacement != nil && r.Replacement.Lowers}, nil
}

func requisition(s State, c Requisition) (Event, error) {
	if err := s.replaceable(); err != nil {
		return nil, err
	}
	r, _, err := s.terms(c.Book, c.At)
	switch {
	case err != nil:
		return nil, err
	case c.CostFen < 1 || c.CostFen > MostFen:
		return nil, domain.Invalid("/cost_fen", "LOS-06", "loss.amount_out_of_range", "most", int64(MostFen))
	case s.debtor(c.By):
		return nil, domain.Refuse("LOS-07", "loss.own_case")
	}
	return Requisitioned{At: c.At, By: c.By, CostFen: c.CostFen, Lowers: r.Replacement != nil && r.Replacement.Lowers}, nil
}
