package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/annual"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// ReportToolFault says that a tool is damaged (TOL-11).
func (s *Server) ReportToolFault(ctx context.Context, in ReportToolFaultRequestObject) (ReportToolFaultResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.ReportFault(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.ReportToolFault{At: in.Body.At, Note: in.Body.Note})
	})
	return ReportToolFault200JSONResponse{body, ReportToolFault200ResponseHeaders(h)}, err
}

// PlanToolRepair says who is to repair a tool (TOL-11).
func (s *Server) PlanToolRepair(ctx context.Context, in PlanToolRepairRequestObject) (PlanToolRepairResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.PlanRepair(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.PlanToolRepair{
			At: in.Body.At, Repairer: in.Body.Repairer, EstimateFen: in.Body.EstimateFen,
		})
	})
	return PlanToolRepair200JSONResponse{body, PlanToolRepair200ResponseHeaders(h)}, err
}

// ApproveToolRepair agrees to the plan of a repair (TOL-11).
func (s *Server) ApproveToolRepair(ctx context.Context, in ApproveToolRepairRequestObject) (ApproveToolRepairResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.ApproveRepair(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.ApproveToolRepair{At: in.Body.At, EstimateFen: in.Body.EstimateFen})
	})
	return ApproveToolRepair200JSONResponse{body, ApproveToolRepair200ResponseHeaders(h)}, err
}

// ReportRecall answers 201 with the recall's id (TOL-12).
func (s *Server) ReportRecall(ctx context.Context, in ReportRecallRequestObject) (ReportRecallResponseObject, error) {
	if err := s.see(ctx, in.Body.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Recalls.Report(ctx, request(ctx, in.Params.IdempotencyKey), commands.ReportRecall{
		Site: in.Body.Site, Tool: person(in.Body.Tool), Kind: or(in.Body.Kind), Batch: or(in.Body.Batch), Report: in.Body.Report,
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("recalls", reg.ID), reg)
	return ReportRecall201JSONResponse{body, ReportRecall201ResponseHeaders(h)}, nil
}

// CloseRecall says what the cause was (TOL-12).
func (s *Server) CloseRecall(ctx context.Context, in CloseRecallRequestObject) (CloseRecallResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Recalls.Close(ctx, r, in.Id, in.Body.Finding)
	})
	return CloseRecall200JSONResponse{body, CloseRecall200ResponseHeaders(h)}, err
}

// GetRecall answers a recall with how each of its tools stands (TOL-12).
func (s *Server) GetRecall(ctx context.Context, in GetRecallRequestObject) (GetRecallResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	r, seen, err := s.Custody.Recall(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, r.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetRecall200JSONResponse{Body: r, Headers: GetRecall200ResponseHeaders{ETag: etag(r.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListRecalls answers a page of the recalls that the caller may see (TOL-12).
func (s *Server) ListRecalls(ctx context.Context, in ListRecallsRequestObject) (ListRecallsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Custody.ListRecalls(ctx, l.at, RecallFilter{Sites: sites, Status: p.Status, Kind: p.Kind, Batch: p.Batch}, l.page)
	if err != nil {
		return nil, err
	}
	return ListRecalls200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// ListAnnualIssue enters a list of an annual issue (TOL-13).
func (s *Server) ListAnnualIssue(ctx context.Context, in ListAnnualIssueRequestObject) (ListAnnualIssueResponseObject, error) {
	if err := s.see(ctx, in.Site); err != nil {
		return nil, err
	}
	rows := make([]annual.Row, len(in.Body.Rows))
	for i, r := range in.Body.Rows {
		rows[i] = annual.Row{To: tool.Holder{Kind: tool.HolderKind(r.To.Kind), Who: r.To.Who.String()}, Kind: or(r.Kind), Count: 1, Tool: person(r.Tool)}
		if r.Count != nil {
			rows[i].Count = *r.Count
		}
	}
	res, err := s.App.Annual.List(ctx, request(ctx, in.Params.IdempotencyKey), commands.ListAnnualIssue{
		Site: in.Site, Year: in.Year, List: in.Body.List, Rows: rows,
	})
	if err != nil {
		return nil, err
	}
	return ListAnnualIssue200JSONResponse{
		Changed{Revision: res.Revision, Changed: res.Changed}, ListAnnualIssue200ResponseHeaders{etag(res.Revision), s.position(res)},
	}, nil
}

// ApproveAnnualIssue sets a list of an annual issue going (TOL-13).
func (s *Server) ApproveAnnualIssue(ctx context.Context, in ApproveAnnualIssueRequestObject) (ApproveAnnualIssueResponseObject, error) {
	if err := s.see(ctx, in.Site); err != nil {
		return nil, err
	}
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Annual.Approve(ctx, r, in.Site, in.Year, in.Body.List)
	})
	return ApproveAnnualIssue200JSONResponse{body, ApproveAnnualIssue200ResponseHeaders(h)}, err
}

// GetAnnualIssue answers the lists of a site and year with what became of each tool (TOL-13).
func (s *Server) GetAnnualIssue(ctx context.Context, in GetAnnualIssueRequestObject) (GetAnnualIssueResponseObject, error) {
	if err := s.see(ctx, in.Site); err != nil {
		return nil, err
	}
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	a, seen, err := s.Custody.AnnualIssue(ctx, m, in.Site, in.Year)
	if err != nil {
		return nil, err
	}
	return GetAnnualIssue200JSONResponse{Body: a, Headers: GetAnnualIssue200ResponseHeaders{ETag: etag(a.Revision), FieldledgerAsOf: &seen.Number}}, nil
}
