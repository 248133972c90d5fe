package api

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
)

// LossFilter narrows a list of losses. The zero value of a field does not.
type LossFilter struct {
	Sites  []string // codes; nil means all, empty none
	Status *LossStatus
	Tool   *uuid.UUID
	Person *uuid.UUID // whom it concerns
	Cause  *string
	From   *domain.Day // of the loss, inclusive
	To     *domain.Day // inclusive
}

// SealedLoss is a loss before its personal fields are opened.
type SealedLoss struct {
	Loss
	Persons       []string // whom it concerns
	Circumstances domain.Sealed
	Reason        domain.Sealed // of the finding
	Production    domain.Sealed // circumstances of the points
}

// SealedLine is a line of an account before the wage is opened.
type SealedLine struct {
	DeductionLine
	Wage domain.Sealed
}

// SealedAccount is a person's account, or one month of it.
type SealedAccount struct {
	Site    string
	OpenFen int64
	Debts   []DeductionDebt
	Lines   []SealedLine
	Refunds []DeductionRefund // of a month: what of its deductions went back
}

// SealedCase is a loss with everything that happened to it.
type SealedCase struct {
	Loss   SealedLoss
	Events []LossEvent
}

// Losses answers questions about losses and deductions. Errors are those of Tickets.
type Losses interface {
	Loss(ctx context.Context, at AsOf, id uuid.UUID) (SealedLoss, Snapshot, error)
	// ListLosses returns a page, the latest day first, and where it ended; "" on the last page.
	ListLosses(ctx context.Context, at AsOf, f LossFilter, p Page) ([]SealedLoss, string, Snapshot, error)
	// Account returns a person's account with all its lines, oldest first;
	// commands.ErrNotFound for a person who never owed anything.
	Account(ctx context.Context, at AsOf, person uuid.UUID) (SealedAccount, Snapshot, error)
	// Month returns the lines of one month of an account and the losses they are about.
	Month(ctx context.Context, at AsOf, person uuid.UUID, month string) (SealedAccount, []SealedCase, Snapshot, error)
	// Payroll returns what payroll deducts and refunds in a month at a site; the
	// persons by their keys in a system.
	Payroll(ctx context.Context, at AsOf, site, month, system string) ([]PayrollLine, Snapshot, error)
}

// Actions beside the operations: to see what concerns others, and wages.
const (
	readAllLosses     = "readAllLosses"
	readAllDeductions = "readAllDeductions"
	readWages         = "readWages"
)

// may reports whether the caller may do an action at a site.
func (s *Server) may(ctx context.Context, action, site string) bool {
	x := exchangeOf(ctx)
	_, ok := s.Authorizer.Authorize(x.actor, x.sites, action, site)
	return ok
}

// GetLoss answers the card of a loss, to those whom it concerns and those who may see all.
func (s *Server) GetLoss(ctx context.Context, in GetLossRequestObject) (GetLossResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	sealed, seen, err := s.Losses.Loss(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, sealed.Site)
	}
	if err != nil {
		return nil, err
	}
	if !s.may(ctx, readAllLosses, sealed.Site) && !slices.Contains(sealed.Persons, exchangeOf(ctx).actor.Person) {
		return nil, commands.ErrNotFound
	}
	o := s.opening(ctx)
	out := o.loss(sealed)
	if err := o.done(); err != nil {
		return nil, err
	}
	return GetLoss200JSONResponse{Body: out, Headers: GetLoss200ResponseHeaders{ETag: etag(out.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListLosses answers a page of the losses that the caller may see.
func (s *Server) ListLosses(ctx context.Context, in ListLossesRequestObject) (ListLossesResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	f := LossFilter{Sites: sites, Status: p.Status, Tool: p.Tool, Person: p.Person, Cause: (*string)(p.Cause)}
	if f.From, err = dayAsked("lost_from", p.LostFrom); err != nil {
		return nil, err
	}
	if f.To, err = dayAsked("lost_to", p.LostTo); err != nil {
		return nil, err
	}
	if own := exchangeOf(ctx).actor.Person; !s.may(ctx, readAllLosses, "") {
		id, err := uuid.Parse(own)
		if err != nil || f.Person != nil && *f.Person != id {
			return nil, commands.ErrNotFound
		}
		f.Person = &id
	}
	rows, after, seen, err := s.Losses.ListLosses(ctx, l.at, f, l.page)
	if err != nil {
		return nil, err
	}
	o := s.opening(ctx)
	items := []Loss{}
	for _, r := range rows {
		items = append(items, o.loss(r))
	}
	return ListLosses200JSONResponse{AsOf: seen, Items: items, Next: s.next(ctx, l, after, seen)}, o.done()
}

func (o *opening) loss(sealed SealedLoss) Loss {
	out := sealed.Loss
	out.Circumstances = o.open(out.Site, sealed.Circumstances, commands.FieldText)
	if out.Finding != nil {
		out.Finding.Reason = o.open(out.Site, sealed.Reason, commands.FieldText)
	}
	if out.Points != nil {
		out.Points.Circumstances = o.open(out.Site, sealed.Production, commands.FieldText)
	}
	return out
}

// line opens the wage of a line for who may see it, and works the cap out from
// it: 20 % of a wage tells the wage (AUD-08).
func (o *opening) line(site string, own bool, sealed SealedLine) DeductionLine {
	out := sealed.DeductionLine
	if sealed.Wage.IsZero() {
		return out
	}
	if !own && !o.s.may(o.ctx, readWages, site) {
		out.Wage = Personal{Masked: true}
		return out
	}
	out.Wage = o.opened(sealed.Wage, commands.FieldWage)
	if out.Wage.Value == nil {
		return out
	}
	if wage, err := strconv.ParseInt(*out.Wage.Value, 10, 64); err == nil {
		most := deduction.CapFen(wage, out.CapPpm, out.MinimumFen)
		out.CapFen = &most
	}
	return out
}

func (o *opening) lines(site string, own bool, sealed []SealedLine) []DeductionLine {
	out := []DeductionLine{}
	for _, l := range sealed {
		out = append(out, o.line(site, own, l))
	}
	return out
}

// account guards a person's account: the own one, or for those who may see all.
func (s *Server) account(ctx context.Context, person uuid.UUID, a SealedAccount) (own bool, err error) {
	if err := s.see(ctx, a.Site); err != nil {
		return false, err
	}
	own = exchangeOf(ctx).actor.Person == person.String()
	if !own && !s.may(ctx, readAllDeductions, a.Site) {
		return false, commands.ErrNotFound
	}
	return own, nil
}

// GetDeductions answers a person's account.
func (s *Server) GetDeductions(ctx context.Context, in GetDeductionsRequestObject) (GetDeductionsResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	a, seen, err := s.Losses.Account(ctx, m, in.Id)
	if err != nil {
		return nil, err
	}
	own, err := s.account(ctx, in.Id, a)
	if err != nil {
		return nil, err
	}
	o := s.opening(ctx)
	out := DeductionAccount{AsOf: seen, Person: in.Id, OpenFen: a.OpenFen, Debts: filled(a.Debts), Lines: o.lines(a.Site, own, a.Lines)}
	return GetDeductions200JSONResponse(out), o.done()
}

// ExplainDeductions answers why so much was deducted in a month (AUD-05).
func (s *Server) ExplainDeductions(ctx context.Context, in ExplainDeductionsRequestObject) (ExplainDeductionsResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	a, cases, seen, err := s.Losses.Month(ctx, m, in.Id, in.Params.Month)
	if err != nil {
		return nil, err
	}
	own, err := s.account(ctx, in.Id, a)
	if err != nil {
		return nil, err
	}
	o := s.opening(ctx)
	out := DeductionExplanation{
		AsOf: seen, Person: in.Id, Month: in.Params.Month, Lines: o.lines(a.Site, own, a.Lines), Refunds: filled(a.Refunds), Losses: []ExplainedLoss{},
	}
	for _, l := range out.Lines {
		out.RefundedFen += l.RefundFen
		if l.Kind == "posted" || l.Kind == "corrected" {
			for _, e := range l.Entries {
				out.DeductedFen += e.AmountFen
			}
		}
	}
	for _, c := range cases {
		out.Losses = append(out.Losses, ExplainedLoss{Loss: o.loss(c.Loss), Events: filled(c.Events)})
	}
	return ExplainDeductions200JSONResponse(out), o.done()
}

// PostWages takes in the wages of months.
func (s *Server) PostWages(ctx context.Context, in PostWagesRequestObject) (PostWagesResponseObject, error) {
	if err := s.see(ctx, in.Body.Site); err != nil {
		return nil, err
	}
	w := commands.PostWages{Site: in.Body.Site, System: in.Body.System}
	for _, row := range in.Body.Wages {
		w.Wages = append(w.Wages, commands.Wage{Key: row.PersonKey, Month: deduction.Month(row.Month), WageFen: row.WageFen})
	}
	outcomes, err := s.App.Deductions.Post(ctx, request(ctx, in.Params.IdempotencyKey), w)
	if err != nil {
		return nil, err
	}
	out := PayrollResults{Rows: []PayrollResult{}}
	for _, o := range outcomes {
		row := PayrollResult{PersonKey: o.Key, Month: string(o.Month), Result: PayrollResultResult(o.Result), Rule: o.Rule, TakenFen: o.TakenFen, OpenFen: o.OpenFen}
		if o.Person != uuid.Nil {
			row.Person = &o.Person
		}
		out.Rows = append(out.Rows, row)
	}
	var h PostWages200ResponseHeaders
	if last := commands.LastWritten(outcomes); last.Stream != "" {
		h.FieldledgerPosition = s.position(last)
	}
	return PostWages200JSONResponse{out, h}, nil
}

// GetPayrollDeductions answers what payroll deducts and refunds in a month.
func (s *Server) GetPayrollDeductions(ctx context.Context, in GetPayrollDeductionsRequestObject) (GetPayrollDeductionsResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	m, err := s.moment(ctx, p.AsOf, p.MinPosition)
	if err != nil {
		return nil, err
	}
	lines, seen, err := s.Losses.Payroll(ctx, m, p.Site, p.Month, p.System)
	return GetPayrollDeductions200JSONResponse{AsOf: seen, Items: filled(lines)}, err
}
