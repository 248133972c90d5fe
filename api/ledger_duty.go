package api

import (
	"context"
	"strings"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// SupervisionQuery asks for looks at the ledgers of sites.
type SupervisionQuery struct {
	Sites []string // codes; nil means all, empty none
	Open  bool     // only those with a finding that nobody has settled
}

// SetLedgerDuty says who answers for the tools of a site (CHK-05).
func (s *Server) SetLedgerDuty(ctx context.Context, in SetLedgerDutyRequestObject) (SetLedgerDutyResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	c := commands.SetLedgerDuty{Site: b.Site, At: b.At, Answers: or(b.Answers), Supervisors: or(b.Supervisors), Months: or(b.Months), Reason: b.Reason}
	c.From = domain.Day(or(b.From))
	body, h, err := s.did(s.App.Supervisions.SetDuty(ctx, request(ctx, in.Params.IdempotencyKey), c))
	return SetLedgerDuty200JSONResponse{body, SetLedgerDuty200ResponseHeaders(h)}, err
}

// GetLedgerDuty answers who answers and who supervises, as of a day (CHK-05).
func (s *Server) GetLedgerDuty(ctx context.Context, in GetLedgerDutyRequestObject) (GetLedgerDutyResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	on, err := dayAsked("on", p.On)
	if err != nil {
		return nil, err
	}
	m, err := s.moment(ctx, p.AsOf, p.MinPosition)
	if err != nil {
		return nil, err
	}
	duty, err := s.Keeping.LedgerDuty(ctx, m, p.Site, on)
	if err != nil {
		return nil, err
	}
	return GetLedgerDuty200JSONResponse(duty), nil
}

// SuperviseLedger records a look at a ledger (CHK-05).
func (s *Server) SuperviseLedger(ctx context.Context, in SuperviseLedgerRequestObject) (SuperviseLedgerResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Supervisions.Supervise(ctx, request(ctx, in.Params.IdempotencyKey), commands.SuperviseLedger{
		Site: b.Site, At: b.At, Ledger: tool.Holder{Kind: tool.HolderKind(b.Ledger.Kind), Who: b.Ledger.Who}, Findings: b.Findings,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created("/v1/ledgers/supervisions/"+reg.ID.String(), reg)
	return SuperviseLedger201JSONResponse{body, SuperviseLedger201ResponseHeaders(h)}, nil
}

// SettleLedgerFinding closes a finding.
func (s *Server) SettleLedgerFinding(ctx context.Context, in SettleLedgerFindingRequestObject) (SettleLedgerFindingResponseObject, error) {
	body, h, err := s.did(s.App.Supervisions.Settle(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, commands.SettleLedgerFinding{
		At: in.Body.At, Finding: in.Body.Finding, How: in.Body.How,
	}))
	return SettleLedgerFinding200JSONResponse{body, SettleLedgerFinding200ResponseHeaders(h)}, err
}

// ListLedgerSupervisions answers a page of looks at ledgers.
func (s *Server) ListLedgerSupervisions(ctx context.Context, in ListLedgerSupervisionsRequestObject) (ListLedgerSupervisionsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Keeping.LedgerSupervisions(ctx, l.at, SupervisionQuery{Sites: sites, Open: or(p.Open)}, l.page)
	if err != nil {
		return nil, err
	}
	return ListLedgerSupervisions200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// GetLedgerSupervision answers a look with its findings.
func (s *Server) GetLedgerSupervision(ctx context.Context, in GetLedgerSupervisionRequestObject) (GetLedgerSupervisionResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	c, seen, err := s.Keeping.LedgerSupervision(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, c.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetLedgerSupervision200JSONResponse{Body: c, Headers: GetLedgerSupervision200ResponseHeaders{ETag: etag(c.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListUnsupervisedLedgers answers the ledgers that nobody has looked at for too long (CHK-05).
func (s *Server) ListUnsupervisedLedgers(ctx context.Context, in ListUnsupervisedLedgersRequestObject) (ListUnsupervisedLedgersResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	by, err := dayAsked("by", p.By)
	if err != nil {
		return nil, err
	}
	m, err := s.moment(ctx, p.AsOf, p.MinPosition)
	if err != nil {
		return nil, err
	}
	out, err := s.Keeping.UnsupervisedLedgers(ctx, m, p.Site, by)
	if err != nil {
		return nil, err
	}
	return ListUnsupervisedLedgers200JSONResponse(out), nil
}

// answerLine says on a ledger page who answers and who supervises on its day;
// none where nobody has been named (CHK-05).
func (s *Server) answerLine(ctx context.Context, lang string, q LedgerQuery, seen Snapshot) ([]string, error) {
	if seen.Number == 0 {
		return nil, nil
	}
	duty, err := s.Keeping.LedgerDuty(ctx, AsOf{Number: &seen.Number}, q.Site, q.On)
	if err != nil || duty.Answers == "" {
		return nil, err
	}
	var who []string
	for _, p := range duty.Persons {
		name := p.Id.String()
		if len(p.External) > 0 {
			name = p.External[0].Key
		}
		who = append(who, name)
	}
	return []string{s.Text(lang, "ledger.answers", map[string]any{
		"post": duty.Answers, "persons": strings.Join(who, ", "), "posts": strings.Join(duty.Supervisors, ", "),
	})}, nil
}
