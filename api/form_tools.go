package api

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// handedOut reads the tool of a slip, which must stand as the slip says.
func (f *form) handedOut(standings ...ToolStanding) (ToolCard, error) {
	card, seen, err := f.s.Custody.Tool(f.ctx, f.at, f.id, nil)
	if err == nil {
		err = f.begin(card.Tool.Site, seen)
	}
	if err == nil && !slices.Contains(standings, card.Tool.Standing) {
		err = commands.ErrNotFound
	}
	return card, err
}

// thing adds what a tool is.
func (f *form) thing(t Tool) {
	f.facts("number", t.Number, "name", t.Name, "spec", t.Spec, "brand", t.Brand, "kind", t.Kind, "price", yuan(t.PriceFen),
		"purchased_on", t.PurchasedOn, "life", f.months(int64(t.LifeMonths)))
}

// issueSlip is of a tool that is issued, or offered to who is to sign (TOL-04).
func issueSlip(f *form) error {
	card, err := f.handedOut(ToolStandingOffered, ToolStandingIssued)
	if err != nil {
		return err
	}
	to, since := card.Tool.Holder, f.when(card.Tool.Since)
	if card.Tool.OfferedTo != nil {
		to, since = *card.Tool.OfferedTo, "" // not signed for yet
	}
	approved := ""
	if id := card.HandOut.Approval; id != nil {
		if approved, err = f.approvedAt(*id); err != nil {
			return err
		}
	}
	f.thing(card.Tool)
	f.facts(
		"use", f.value(string(card.Tool.Use)), "home", card.Tool.Home, "inspection_until", or(card.Tool.NextInspectionBy), "recipient", f.holder(to),
		"standing", f.value(string(card.Tool.Standing)), "approved_by", f.person(card.HandOut.ApprovedBy), "approved_at", approved,
		"signed_by", f.person(card.HandOut.SignedBy),
		"since", since,
	)
	return nil
}

// approvedAt is when the last signature of an approval was given (TOL-16).
func (f *form) approvedAt(id uuid.UUID) (string, error) {
	a, _, err := f.s.Custody.Approval(f.ctx, f.at, id)
	if err != nil || len(a.Signed) == 0 {
		return "", err
	}
	return f.when(a.Signed[len(a.Signed)-1].At), nil
}

// borrowRecord is of a tool that is lent (TOL-09).
func borrowRecord(f *form) error {
	card, err := f.handedOut(ToolStandingLent)
	if err != nil {
		return err
	}
	until := ""
	if card.Tool.Until != nil {
		until = f.when(*card.Tool.Until)
	}
	f.thing(card.Tool)
	f.facts(
		"home", card.Tool.Home, "inspection_until", or(card.Tool.NextInspectionBy), "borrower", f.holder(card.Tool.Holder),
		"responsible", f.person(card.HandOut.Responsible), "purpose", card.HandOut.Purpose, "lent_at", f.when(card.Tool.Since), "until", until,
		"returned_at", "", "return_condition", "",
	)
	return nil
}

const cardRows = 500 // read at once

// holderCard is the tool card of a person or team (TOL-04).
func holderCard(f *form) error {
	holder, external, err := f.cardOf()
	if err != nil {
		return err
	}
	f.fact("keeper", f.holder(Holder{Kind: HolderKind(holder.Kind), Who: holder.Who}))
	for _, k := range external {
		f.fact("key", k.System+":"+k.Key)
	}
	f.page.Wide = true
	t := f.table("tools", "number", "name", "spec", "kind", "price", "since", "inspection_until", "signature")
	var sum int64
	count := 0
	q := LedgerQuery{Site: f.site.Code, Holder: holder, Limit: cardRows}
	for {
		page, _, err := f.s.Keeping.LedgerPage(f.ctx, f.at, q)
		if err != nil {
			return err
		}
		for _, r := range page.Rows {
			t.row(r.Number, r.Name, r.Spec, r.Kind, yuan(r.PriceFen), r.Since.In(f.zone).Format("2006-01-02 15:04"), string(r.LastDay), "")
			sum += r.PriceFen
			count++
		}
		if q.After = page.More; q.After == "" {
			break
		}
	}
	f.page.After = []string{f.text("total", map[string]any{"count": count, "sum": yuan(sum)})}
	return nil
}

// cardOf says whose card it is.
func (f *form) cardOf() (tool.Holder, []ExternalKey, error) {
	p, seen, err := f.s.Directory.Person(f.ctx, f.at, f.id)
	if err == nil {
		return tool.Holder{Kind: tool.Person, Who: f.id.String()}, p.External, f.begin(p.Site, seen)
	}
	if !errors.Is(err, commands.ErrNotFound) {
		return tool.Holder{}, nil, err
	}
	t, seen, err := f.s.Directory.Team(f.ctx, f.at, f.id)
	if err == nil {
		err = f.begin(t.Site, seen)
	}
	return tool.Holder{Kind: tool.Team, Who: f.id.String()}, t.External, err
}

// exchangeApplication is of an exchange of old for new (EXC-01).
func exchangeApplication(f *form) error {
	x, seen, err := f.s.Custody.Exchange(f.ctx, f.at, f.id)
	if err == nil {
		err = f.begin(x.Site, seen)
	}
	if err != nil {
		return err
	}
	old, _, err := f.s.Custody.Tool(f.ctx, f.at, x.Old.Id, nil)
	if err != nil {
		return err
	}
	f.thing(old.Tool)
	f.facts(
		"applicant", f.person(x.Applicant), "keeper", f.holder(x.Keeper), "applied_at", f.when(x.AppliedAt), "reason", x.Reason,
		"wanted", x.Wanted.Kind+" "+x.Wanted.Spec, "standing", f.value(string(x.Status)), "needs_approval", f.yes(x.NeedsApproval),
		"approved_by", f.person(x.ApprovedBy), "surrendered_at", x.Store, "outcome", f.value(string(x.Outcome)),
	)
	if x.Outcome != "" {
		f.facts("life_reached", f.yes(x.LifeReached), "human_fault", f.yes(x.HumanFault), "keeper_pays", f.yes(x.KeeperPays))
	}
	replacement, completed := "", ""
	if x.Replacement != nil {
		replacement = x.Replacement.Number
	}
	if x.CompletedAt != nil {
		completed = f.when(*x.CompletedAt)
	}
	f.facts("scrap_note", x.ScrapNote, "repairer", x.Repairer, "replacement", replacement, "completed_at", completed)
	if x.EndReason != "" {
		f.fact("end_reason", x.EndReason)
	}
	return nil
}

// scrapNote is of a request to scrap (STK-08, STK-12).
func scrapNote(f *form) error {
	r, seen, err := f.s.Supply.ScrapRequest(f.ctx, f.at, f.id)
	if err == nil {
		err = f.begin(r.Site, seen)
	}
	if err != nil {
		return err
	}
	id, err := uuid.Parse(r.Tool)
	if err != nil {
		return commands.ErrNotFound
	}
	card, _, err := f.s.Custody.Tool(f.ctx, f.at, id, nil)
	if err != nil {
		return err
	}
	f.thing(card.Tool)
	f.facts("applicant", f.person(r.By), "applied_at", f.when(r.At), "cause", f.value(r.Cause), "reason", r.Reason, "standing", f.value(r.Standing))
	if d := r.Disposal; d != nil {
		f.facts("disposal", d.How, "proceeds", yuan(d.ProceedsFen), "disposed_at", f.when(d.At), "disposed_by", f.person(d.By))
	}
	t := f.table("signatures", "role", "signed_by", "signature")
	for i, role := range r.Needs {
		by := ""
		if i < len(r.Signed) {
			by = f.person(r.Signed[i].By)
		}
		t.row(f.value(role), by, "")
	}
	return nil
}
