package api

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
)

// loss reads a loss of a form.
func (f *form) loss() (SealedLoss, error) {
	sealed, seen, err := f.s.Losses.Loss(f.ctx, f.at, f.id)
	if err == nil {
		err = f.begin(sealed.Site, seen)
	}
	return sealed, err
}

// lossReport is for those whom a loss concerns and those who may see all (LOS-01).
func lossReport(f *form) error {
	sealed, err := f.loss()
	if err != nil {
		return err
	}
	if !f.s.may(f.ctx, readAllLosses, sealed.Site) && !slices.Contains(sealed.Persons, f.open.x.actor.Person) {
		return commands.ErrNotFound
	}
	l := f.open.loss(sealed)
	f.lostThing(l)
	f.facts(
		"cause", f.value(string(l.Cause)), "keeper", f.holder(Holder{Kind: HolderKind(l.Holder.Kind), Who: l.Holder.Who}),
		"responsible", f.person(l.Responsible), "reported_by", f.person(l.ReportedBy), "reported_at", f.when(l.ReportedAt),
		"lost_at", f.when(l.LostAt), "place", l.Place, "circumstances", f.personal(l.Circumstances), "standing", f.value(string(l.Status)),
	)
	f.finding(l.Finding)
	if c := l.Certificate; c != nil {
		f.facts("certificate", c.Certificate, "certified_by", f.person(c.By), "certified_at", f.when(c.At))
	}
	f.assessment(l.Assessment)
	f.replacement(l)
	if p := l.Points; p != nil {
		f.facts("points", strconv.FormatInt(p.Points, 10), "points_of", f.person(p.Person), "production", f.personal(p.Circumstances))
	}
	f.end(l.End)
	return nil
}

func (f *form) lostThing(l Loss) {
	f.facts("loss_number", l.Number, "number", l.Tool.Number, "kind", l.Tool.Kind, "use", f.value(l.Tool.Use), "price", yuan(l.Tool.PriceFen),
		"purchased_on", l.Tool.PurchasedOn, "life", f.months(int64(l.Tool.LifeMonths)))
	if l.BasisFen > 0 {
		f.fact("basis", yuan(l.BasisFen))
	}
}

func (f *form) finding(found *LossFinding) {
	if found == nil {
		return
	}
	witnesses := make([]string, len(found.Witnesses))
	for i, w := range found.Witnesses {
		witnesses[i] = f.person(w)
	}
	f.facts("found_by", f.person(found.By), "found_at", f.when(found.At), "on_duty", f.yes(found.OnDuty), "good_cause", f.yes(found.GoodCause),
		"reason", f.personal(found.Reason), "witnesses", strings.Join(witnesses, "; "))
	t := f.table("payers", "person", "weight")
	for _, p := range found.Payers {
		t.row(f.person(p.Person), strconv.FormatInt(p.Weight, 10))
	}
}

func (f *form) assessment(a *LossAssessment) {
	if a == nil {
		return
	}
	f.facts("method", f.value(string(a.Method)), "used", f.months(a.UsedMonths), "left", yuan(a.LeftFen), "floor", yuan(a.FloorFen), "amount", yuan(a.AmountFen),
		"policy", f.text("policy", map[string]any{"id": a.Policy.Id.String(), "version": a.Policy.Version}))
}

// replacement is what comes to the compensation, or stands for it (LOS-06).
func (f *form) replacement(l Loss) {
	if r := l.Replacement; r != nil {
		f.facts("brought", r.Number, "lowers", f.yes(r.Lowers))
	}
	if r := l.Requisition; r != nil {
		f.facts("requisition", yuan(r.CostFen), "lowers", f.yes(r.Lowers))
	}
}

// part is what a person pays of the whole by the finding, "1/3" (LOS-05).
func part(found *LossFinding, payer uuid.UUID) string {
	if found == nil {
		return ""
	}
	own, all := int64(0), int64(0)
	for _, p := range found.Payers {
		all += p.Weight
		if p.Person == payer.String() {
			own = p.Weight
		}
	}
	return fmt.Sprintf("%d/%d", own, all)
}

func (f *form) end(e *LossEnd) {
	if e == nil {
		return
	}
	f.facts("ended", f.value(string(e.How)), "ended_at", f.when(e.At), "ended_by", f.person(e.By), "second", f.person(e.Second), "end_reason", e.Reason)
}

// compensationNotice tells one person what an approved loss costs that person
// alone: for that person, and for those who may see all losses (LOS-07, LOS-08).
func compensationNotice(f *form) error {
	sealed, err := f.loss()
	if err != nil {
		return err
	}
	payer, err := f.debtor()
	if err != nil {
		return err
	}
	l := sealed.Loss
	if l.Approval == nil || !f.own(payer) && !f.s.may(f.ctx, readAllLosses, l.Site) {
		return commands.ErrNotFound
	}
	i := slices.IndexFunc(l.Approval.Shares, func(s LossShare) bool { return s.Person == payer.String() })
	if i < 0 {
		return commands.ErrNotFound
	}
	f.fact("debtor", f.person(payer.String()))
	f.lostThing(l)
	f.facts("lost_at", f.when(l.LostAt), "standing", f.value(string(l.Status)))
	f.assessment(l.Assessment)
	f.replacement(l)
	f.facts("approved_amount", yuan(l.Approval.AmountFen), "part", part(l.Finding, payer), "share", yuan(l.Approval.Shares[i].AmountFen))
	if l.Proposal != nil {
		f.fact("proposed_by", f.person(l.Proposal.By))
	}
	f.facts("approved_by", f.person(l.Approval.By), "approved_at", f.when(l.Approval.At))
	f.end(l.End)
	return f.instalments(payer)
}

// debtor is whose notice it is.
func (f *form) debtor() (uuid.UUID, error) {
	if f.payer != nil {
		return *f.payer, nil
	}
	id, err := uuid.Parse(f.open.x.actor.Person)
	if err != nil {
		return id, badParameter("person", "param.missing")
	}
	return id, nil
}

// instalments are what was deducted for the loss, month by month, for those
// who may see the account. No wage is on the notice (AUD-08).
func (f *form) instalments(payer uuid.UUID) error {
	a, _, err := f.s.Losses.Account(f.ctx, f.at, payer)
	if err == nil {
		_, err = f.s.account(f.ctx, payer, a)
	}
	if errors.Is(err, commands.ErrNotFound) {
		return nil // nothing is entered yet, or it is not to be seen
	}
	if err != nil {
		return fmt.Errorf("account of %s: %w", payer, err)
	}
	for _, d := range a.Debts {
		if d.Loss == f.id {
			f.facts("from_month", d.From, "deducted", yuan(d.DeductedFen), "cancelled", yuan(d.CancelledFen), "refunded", yuan(d.RefundedFen), "open", yuan(d.OpenFen))
		}
	}
	t := f.table("instalments", "month", "entry", "taken", "log_number") // the event that says so (AUD-05)
	for _, line := range a.Lines {
		for _, e := range line.Entries {
			if e.Loss == f.id {
				t.row(line.Month, f.value(string(line.Kind)), yuan(e.AmountFen), strconv.FormatInt(line.Event.Number, 10))
			}
		}
		if line.CapPpm > 0 {
			f.page.After = []string{f.text("cap", map[string]any{"percent": percent(line.CapPpm), "minimum": yuan(line.MinimumFen)})}
		}
	}
	return nil
}

// percent writes millionths as per cent, "20" or "12.5".
func percent(ppm int64) string {
	text := fmt.Sprintf("%d.%04d", ppm/10000, ppm%10000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
