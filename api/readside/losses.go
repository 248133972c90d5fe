package readside

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/projections/directory"
	"github.com/fieldledger/fieldledger/projections/losses"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// lossReaders read the tables of losses and deductions.
type lossReaders struct {
	losses   *readmodel.Reader[losses.Row]
	events   *readmodel.LogReader[losses.Happened]
	accounts *readmodel.Reader[losses.Account]
	lines    *readmodel.LogReader[losses.Line]
}

func newLossReaders() (lossReaders, [4]error) {
	var r lossReaders
	var errs [4]error
	r.losses, errs[0] = readmodel.NewReader(losses.Losses())
	r.events, errs[1] = readmodel.NewLogReader(losses.Events())
	r.accounts, errs[2] = readmodel.NewReader(losses.Accounts())
	r.lines, errs[3] = readmodel.NewLogReader(losses.Lines())
	return r, errs
}

// Loss returns the card of a loss as of a moment.
func (s *Side) Loss(ctx context.Context, at api.AsOf, id uuid.UUID) (api.SealedLoss, api.Snapshot, error) {
	var out api.SealedLoss
	found := false
	snap, err := s.read(ctx, losses.Name, losses.Version, at, func(v view) error {
		row, ok, err := s.loss.losses.Row(ctx, v.q, v.schema, id, v.number)
		if found = ok; err == nil && ok {
			out = shownLoss(row)
		}
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

var lostOnOrder = []readmodel.Order{{By: "lost_on::text", Desc: true}}

// ListLosses returns a page of losses, the latest day first.
func (s *Side) ListLosses(ctx context.Context, at api.AsOf, f api.LossFilter, p api.Page) ([]api.SealedLoss, string, api.Snapshot, error) {
	out := []api.SealedLoss{}
	next := ""
	snap, err := s.read(ctx, losses.Name, losses.Version, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		where, args, err := lossesWhere(f)
		if err != nil {
			return err
		}
		start, err := after(p.After, len(lostOnOrder)+1)
		if err != nil {
			return err
		}
		rows, err := s.loss.losses.List(ctx, v.q, v.schema, readmodel.ListQuery{
			Sites: f.Sites, Where: where, Args: args, Order: lostOnOrder, After: start, Limit: p.Limit + 1, AsOf: v.number,
		})
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			last := rows[p.Limit-1]
			next = place(string(last.Row.LostOn), last.ID.String())
		}
		for _, row := range rows {
			out = append(out, shownLoss(row))
		}
		return nil
	})
	return out, next, snap, err
}

func lossesWhere(f api.LossFilter) (string, []any, error) {
	where := "true"
	var args []any
	add := func(condition string, v any) {
		args = append(args, v)
		where += " AND " + fmt.Sprintf(condition, len(args))
	}
	if f.Status != nil {
		add("status = $%d", string(*f.Status))
	}
	if f.Tool != nil {
		add("tool = $%d", *f.Tool)
	}
	if f.Cause != nil {
		add("opened->>'cause' = $%d", *f.Cause)
	}
	if f.From != nil {
		add("lost_on >= $%d::text::date", string(*f.From))
	}
	if f.To != nil {
		add("lost_on <= $%d::text::date", string(*f.To))
	}
	if f.Person != nil {
		text, err := json.Marshal([]string{f.Person.String()})
		if err != nil {
			return "", nil, fmt.Errorf("encode person: %w", err)
		}
		add("persons @> $%d::text::jsonb", string(text))
	}
	return where, args, nil
}

// Account returns a person's account with all its lines.
func (s *Side) Account(ctx context.Context, at api.AsOf, person uuid.UUID) (api.SealedAccount, api.Snapshot, error) {
	var out api.SealedAccount
	found := false
	snap, err := s.read(ctx, losses.Name, losses.Version, at, func(v view) (err error) {
		out, found, err = s.accountOf(ctx, v, person, "")
		return err
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, snap, err
}

// accountOf reads the account of the latest year, and the lines of all years or one month.
func (s *Side) accountOf(ctx context.Context, v view, person uuid.UUID, month string) (api.SealedAccount, bool, error) {
	rows, err := s.loss.accounts.List(ctx, v.q, v.schema, readmodel.ListQuery{
		Where: "person = $1", Args: []any{person}, Order: []readmodel.Order{{By: "year", Desc: true}}, Limit: 1, AsOf: v.number,
	})
	if err != nil || len(rows) == 0 {
		return api.SealedAccount{}, false, err
	}
	row := rows[0]
	out := api.SealedAccount{Site: row.Site, OpenFen: row.Row.OpenFen, Debts: []api.DeductionDebt{}, Lines: []api.SealedLine{}}
	for _, d := range row.Row.Debts {
		out.Debts = append(out.Debts, api.DeductionDebt{
			Loss: d.Loss, Number: d.Number, From: string(d.From), AmountFen: d.AmountFen, DeductedFen: d.DeductedFen, CancelledFen: d.CancelledFen,
			RefundedFen: d.RefundedFen, OpenFen: d.OpenFen(), Ended: d.Ended,
		})
	}
	lines, err := s.loss.lines.List(ctx, v.q, v.schema, readmodel.LogQuery{
		Where: "person = $1 AND ($2::text = '' OR month = $2)", Args: []any{person, month}, AsOf: v.number,
	})
	for _, l := range lines {
		out.Lines = append(out.Lines, shownLine(l))
	}
	return out, true, err
}

// Month returns the lines of a month of an account, and the losses they are about.
func (s *Side) Month(ctx context.Context, at api.AsOf, person uuid.UUID, month string) (api.SealedAccount, []api.SealedCase, api.Snapshot, error) {
	var out api.SealedAccount
	cases := []api.SealedCase{}
	found := false
	snap, err := s.read(ctx, losses.Name, losses.Version, at, func(v view) (err error) {
		if out, found, err = s.accountOf(ctx, v, person, month); err != nil || !found {
			return err
		}
		if out.Refunds, err = s.refundsOf(ctx, v, person, month); err != nil {
			return err
		}
		for _, id := range concerned(out.Lines) {
			c, err := s.caseOf(ctx, v, id)
			if err != nil {
				return err
			}
			cases = append(cases, c...)
		}
		return nil
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return out, cases, snap, err
}

// concerned are the losses that lines are about, in order.
func concerned(lines []api.SealedLine) []uuid.UUID {
	var out []uuid.UUID
	for _, l := range lines {
		for _, e := range l.Entries {
			if !slices.Contains(out, e.Loss) {
				out = append(out, e.Loss)
			}
		}
	}
	return out
}

// caseOf returns a loss with everything that happened to it; none if it is gone.
func (s *Side) caseOf(ctx context.Context, v view, id uuid.UUID) ([]api.SealedCase, error) {
	row, ok, err := s.loss.losses.Row(ctx, v.q, v.schema, id, v.number)
	if err != nil || !ok {
		return nil, err
	}
	events, err := s.loss.events.List(ctx, v.q, v.schema, readmodel.LogQuery{ID: id, AsOf: v.number})
	c := api.SealedCase{Loss: shownLoss(row), Events: []api.LossEvent{}}
	for _, e := range events {
		c.Events = append(c.Events, lossEvent(e, e.Row.Actor))
	}
	return []api.SealedCase{c}, err
}

// Payroll returns what payroll deducts and refunds in a month.
func (s *Side) Payroll(ctx context.Context, at api.AsOf, site, month, system string) ([]api.PayrollLine, api.Snapshot, error) {
	out := []api.PayrollLine{}
	snap, err := s.read(ctx, losses.Name, losses.Version, at, func(v view) error {
		lines, err := s.loss.lines.List(ctx, v.q, v.schema, readmodel.LogQuery{
			Sites: []string{site}, Where: "month = $1 AND kind IN ('posted', 'corrected', 'cancelled')", Args: []any{month}, AsOf: v.number,
		})
		for _, l := range lines {
			out = append(out, payrollLines(l)...)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		return out, snap, err
	}
	keys, err := s.personKeys(ctx, at, site, system)
	for i := range out {
		out[i].PersonKey = keys[out[i].Person]
	}
	slices.SortStableFunc(out, func(a, b api.PayrollLine) int { return strings.Compare(a.PersonKey, b.PersonKey) })
	return out, snap, err
}

func payrollLines(l readmodel.LogRow[losses.Line]) []api.PayrollLine {
	var out []api.PayrollLine
	kind := map[losses.Kind]api.PayrollLineKind{
		losses.Posted: "deduction", losses.Corrected: "correction", losses.Cancelled: "refund",
	}[l.Row.Kind]
	for _, e := range l.Row.Entries {
		if e.AmountFen == 0 {
			continue
		}
		out = append(out, api.PayrollLine{
			Person: l.Row.Person, Month: l.Row.Month, Kind: kind, AmountFen: e.AmountFen, LossNumber: e.Number, PostedAt: domain.At(l.RecordedAt), EventId: l.EventID,
		})
	}
	return out
}

// personKeys are the keys of a site's persons in a system.
func (s *Side) personKeys(ctx context.Context, at api.AsOf, site, system string) (map[uuid.UUID]string, error) {
	out := map[uuid.UUID]string{}
	_, err := s.read(ctx, directory.Name, directory.Version, at, func(v view) error {
		return s.persons.Each(ctx, v.q, v.schema, readmodel.ListQuery{Sites: []string{site}, AsOf: v.number}, func(r readmodel.Versioned[directory.Person]) error {
			for _, k := range r.Row.External {
				if k.System == system {
					out[r.ID] = k.Key
				}
			}
			return nil
		})
	})
	return out, err
}

func lossEvent[T any](r readmodel.LogRow[T], actor string) api.LossEvent {
	return api.LossEvent{
		Number: r.Number, EventId: r.EventID, Stream: r.Stream, Revision: r.Revision, Type: r.Type,
		OccurredAt: domain.At(r.OccurredAt), RecordedAt: domain.At(r.RecordedAt), Actor: actor,
	}
}

func shownLine(r readmodel.LogRow[losses.Line]) api.SealedLine {
	l := r.Row
	out := api.DeductionLine{
		Event: lossEvent(r, l.Actor), Kind: api.DeductionLineKind(l.Kind), Month: l.Month, Entries: []api.DeductionEntry{}, CancelledFen: l.CancelledFen,
		RefundFen: l.RefundFen, TakenFen: l.TakenFen, OpenFen: l.OpenFen, CapPpm: l.CapPPM, MinimumFen: l.MinimumFen,
	}
	for _, e := range l.Entries {
		out.Entries = append(out.Entries, shownEntry(e))
	}
	if l.Policy.Version > 0 {
		out.Policy = policyRef(l.Policy)
	}
	return api.SealedLine{DeductionLine: out, Wage: l.Wage}
}

func shownEntry(e deduction.Entry) api.DeductionEntry {
	return api.DeductionEntry{Loss: e.Loss, Number: e.Number, AmountFen: e.AmountFen}
}

func policyRef(r domain.PolicyRef) *api.PolicyRef {
	return &api.PolicyRef{Id: r.ID, Version: r.Version, Hash: r.Hash}
}

func shownShares(shares []loss.Share) []api.LossShare {
	out := []api.LossShare{}
	for _, s := range shares {
		out = append(out, api.LossShare{Person: s.Person, AmountFen: s.AmountFen})
	}
	return out
}

func shownLoss(r readmodel.Versioned[losses.Row]) api.SealedLoss {
	row, o := r.Row, r.Row.Opened
	out := api.SealedLoss{
		Persons: row.Persons, Circumstances: o.Circumstances,
		Loss: api.Loss{
			Id: r.ID, Site: r.Site, Revision: r.Revision, Number: row.Number, Cause: api.LossCause(o.Cause), Status: api.LossStatus(row.Status),
			Settled: row.Status.Settled(), Holder: api.LossHolder{Kind: o.Holder.Kind, Who: o.Holder.Who}, Responsible: o.Responsible,
			ReportedBy: o.ReportedBy, ReportedAt: o.At, LostAt: o.LostAt, LostOn: string(o.LostOn), Place: o.Place, BasisFen: o.BasisFen,
			Tool: api.LossTool{
				Id: o.Tool.ID, Number: o.Tool.Number, Kind: o.Tool.Kind, Use: o.Tool.Use, PriceFen: o.Tool.PriceFen,
				PurchasedOn: string(o.Tool.PurchasedOn), LifeMonths: o.Tool.LifeMonths,
			},
		},
	}
	if o.Report != uuid.Nil {
		out.Report = &o.Report
	}
	if fen, ok := row.AmountFen(); ok {
		out.AmountFen = &fen
	}
	return judged(decided(out, row), row)
}

// judged adds what was found out about a loss.
func judged(out api.SealedLoss, row losses.Row) api.SealedLoss {
	if f := row.Finding; f != nil {
		out.Reason = f.Reason
		out.Finding = &api.LossFinding{
			At: f.At, By: f.By, OnDuty: f.OnDuty, GoodCause: f.GoodCause, Payers: []api.LossPart{}, Otherwise: f.Otherwise, Witnesses: append([]string{}, f.Witnesses...),
		}
		for _, p := range f.Payers {
			out.Finding.Payers = append(out.Finding.Payers, api.LossPart{Person: p.Person, Weight: p.Weight})
		}
		if f.Replace != "" {
			out.Finding.ReplaceBy = new(string(f.Replace))
		}
	}
	if c := row.Certified; c != nil {
		out.Certificate = &api.LossCertificate{At: c.At, By: c.By, Certificate: c.Certificate}
	}
	if a := row.Assessed; a != nil {
		out.Assessment = &api.LossAssessment{
			At: a.At, By: a.By, Method: api.LossAssessmentMethod(a.Method), PriceFen: a.PriceFen, UsedMonths: a.UsedMonths, LifeMonths: a.LifeMonths,
			LeftFen: a.LeftFen, FloorFen: a.FloorFen, AmountFen: a.AmountFen, Policy: *policyRef(a.Policy),
		}
	}
	if p := row.Given; p != nil {
		out.Production = p.Circumstances
		out.Points = &api.LossPoints{At: p.At, By: p.By, Person: p.Person, Points: p.Points}
	}
	return out
}

// decided adds what was decided about a loss.
func decided(out api.SealedLoss, row losses.Row) api.SealedLoss {
	if r := row.Replaced; r != nil {
		out.Replacement = &api.LossReplacement{At: r.At, By: r.By, Number: r.Number, Lowers: r.Lowers}
	}
	if b := row.Bought; b != nil {
		out.Requisition = &api.LossRequisition{At: b.At, By: b.By, CostFen: b.CostFen, Lowers: b.Lowers}
	}
	if p := row.Proposal; p != nil {
		out.Proposal = &api.LossProposal{
			At: p.At, By: p.By, AmountFen: p.AmountFen, Shares: shownShares(p.Shares), NeedsHr: p.NeedsHR, Revision: row.ProposedAt, Policy: *policyRef(p.Policy),
		}
	}
	if a := row.Approved; a != nil {
		out.Approval = &api.LossApproval{At: a.At, By: a.By, AmountFen: a.AmountFen, Shares: shownShares(a.Shares)}
		if a.Policy != nil {
			out.Approval.Policy = policyRef(*a.Policy)
		}
	}
	if c := row.Correction; c != nil {
		out.Correction = &api.LossCorrection{At: c.At, By: c.By, Reason: c.Reason, Consequences: c.Consequences}
	}
	if e := row.Ended; e != nil {
		out.End = &api.LossEnd{At: e.At, How: api.LossEndHow(e.How), By: e.By, Second: e.Second, Reason: e.Reason, Refund: e.Refund, Points: e.Points}
	}
	return out
}
