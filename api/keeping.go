package api

import (
	"context"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/stocktake"
)

// did answers a command that needs no If-Match.
func (s *Server) did(res commands.Result, err error) (Changed, writeHeaders, error) {
	if err != nil {
		return Changed{}, writeHeaders{}, err
	}
	return Changed{Revision: res.Revision, Changed: res.Changed}, writeHeaders{etag(res.Revision), s.position(res)}, nil
}

// StartStocktake answers 201 with the count's id (CHK-01).
func (s *Server) StartStocktake(ctx context.Context, in StartStocktakeRequestObject) (StartStocktakeResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Stocktakes.Start(ctx, request(ctx, in.Params.IdempotencyKey), commands.StartStocktake{
		Site: b.Site, At: b.At, Scope: stocktake.Scope{Kind: stocktake.ScopeKind(b.Scope.Kind), Who: or(b.Scope.Who)},
	}, s.Keeping)
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("stocktakes", reg.ID), reg)
	return StartStocktake201JSONResponse{body, StartStocktake201ResponseHeaders(h)}, nil
}

// ScanStocktake adds what the caller found.
func (s *Server) ScanStocktake(ctx context.Context, in ScanStocktakeRequestObject) (ScanStocktakeResponseObject, error) {
	scans := make([]commands.ScanTool, len(in.Body.Scans))
	for i, n := range in.Body.Scans {
		scans[i] = commands.ScanTool{At: n.At, Number: n.Number, Condition: stocktake.Condition(n.Condition), Place: or(n.Place)}
	}
	body, h, err := s.did(s.App.Stocktakes.Scan(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, commands.ScanTools{Scans: scans}))
	return ScanStocktake200JSONResponse{body, ScanStocktake200ResponseHeaders(h)}, err
}

// CountStocktake ends the scanning and makes the result.
func (s *Server) CountStocktake(ctx context.Context, in CountStocktakeRequestObject) (CountStocktakeResponseObject, error) {
	body, h, err := s.did(s.App.Stocktakes.Count(ctx, request(ctx, in.Params.IdempotencyKey), in.Id, in.Body.At, s.Keeping))
	return CountStocktake200JSONResponse{body, CountStocktake200ResponseHeaders(h)}, err
}

// RecountStocktake has some numbers counted again.
func (s *Server) RecountStocktake(ctx context.Context, in RecountStocktakeRequestObject) (RecountStocktakeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Stocktakes.Recount(ctx, r, in.Id, commands.RecountTools{At: in.Body.At, Numbers: in.Body.Numbers, Reason: in.Body.Reason})
	})
	return RecountStocktake200JSONResponse{body, RecountStocktake200ResponseHeaders(h)}, err
}

// SignStocktake is the caller's signature under a result.
func (s *Server) SignStocktake(ctx context.Context, in SignStocktakeRequestObject) (SignStocktakeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Stocktakes.Sign(ctx, r, in.Id, commands.SignStocktake{At: in.Body.At, As: stocktake.Signer(in.Body.As), Digest: in.Body.Digest})
	})
	return SignStocktake200JSONResponse{body, SignStocktake200ResponseHeaders(h)}, err
}

// CancelStocktake gives a count up.
func (s *Server) CancelStocktake(ctx context.Context, in CancelStocktakeRequestObject) (CancelStocktakeResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Stocktakes.Cancel(ctx, r, in.Id, commands.ToolReason{At: in.Body.At, Reason: in.Body.Reason})
	})
	return CancelStocktake200JSONResponse{body, CancelStocktake200ResponseHeaders(h)}, err
}

// SetInspectionPlan sets how often the tools of a kind are checked.
func (s *Server) SetInspectionPlan(ctx context.Context, in SetInspectionPlanRequestObject) (SetInspectionPlanResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	body, h, err := s.did(s.App.InspectionPlans.Set(ctx, request(ctx, in.Params.IdempotencyKey), commands.SetInspectionPlan{
		PlanOf: commands.PlanOf{Site: b.Site, Kind: b.Kind}, At: b.At, Purpose: inspectionplan.Purpose(b.Purpose),
		Months: or(b.Months), Sample: or(b.Sample), From: domain.Day(or(b.From)), Reason: b.Reason,
	}))
	return SetInspectionPlan200JSONResponse{body, SetInspectionPlan200ResponseHeaders(h)}, err
}

// EndInspectionPlan ends a plan.
func (s *Server) EndInspectionPlan(ctx context.Context, in EndInspectionPlanRequestObject) (EndInspectionPlanResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	body, h, err := s.did(s.App.InspectionPlans.End(ctx, request(ctx, in.Params.IdempotencyKey), commands.EndInspectionPlan{
		PlanOf: commands.PlanOf{Site: b.Site, Kind: b.Kind}, At: b.At, Purpose: inspectionplan.Purpose(b.Purpose), Reason: b.Reason,
	}))
	return EndInspectionPlan200JSONResponse{body, EndInspectionPlan200ResponseHeaders(h)}, err
}

// CheckTools records what a check found.
func (s *Server) CheckTools(ctx context.Context, in CheckToolsRequestObject) (CheckToolsResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	findings := make([]inspectionplan.Finding, len(b.Tools))
	for i, f := range b.Tools {
		findings[i] = inspectionplan.Finding{Tool: f.Tool, Number: f.Number, Good: f.Good, Found: or(f.Found), Settled: or(f.Settled)}
	}
	body, h, err := s.did(s.App.InspectionPlans.Check(ctx, request(ctx, in.Params.IdempotencyKey), commands.CheckTools{
		PlanOf: commands.PlanOf{Site: b.Site, Kind: b.Kind}, At: b.At, On: domain.Day(or(b.On)), Purpose: inspectionplan.Purpose(b.Purpose),
		By: person(b.By), Tools: findings,
	}))
	return CheckTools200JSONResponse{body, CheckTools200ResponseHeaders(h)}, err
}

// CallToolsBack calls tools back that are in use past their last day (INS-02).
func (s *Server) CallToolsBack(ctx context.Context, in CallToolsBackRequestObject) (CallToolsBackResponseObject, error) {
	if err := s.see(ctx, in.Body.Site); err != nil {
		return nil, err
	}
	body, h, err := s.did(s.App.InspectionPlans.CallBack(ctx, request(ctx, in.Params.IdempotencyKey),
		commands.PlanOf{Site: in.Body.Site, Kind: in.Body.Kind}, s.Keeping))
	return CallToolsBack200JSONResponse{body, CallToolsBack200ResponseHeaders(h)}, err
}

// PlaceTools puts tools into a coded place (INS-04).
func (s *Server) PlaceTools(ctx context.Context, in PlaceToolsRequestObject) (PlaceToolsResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	lying := make([]inspectionplan.Lying, len(b.Tools))
	for i, l := range b.Tools {
		lying[i] = inspectionplan.Lying{Tool: l.Tool, Number: l.Number}
	}
	body, h, err := s.did(s.App.InspectionPlans.Place(ctx, request(ctx, in.Params.IdempotencyKey), commands.PlaceTools{
		PlanOf: commands.PlanOf{Site: b.Site, Kind: b.Kind}, At: b.At, Place: b.Place, Keeper: person(b.Keeper), Tools: lying,
	}))
	return PlaceTools200JSONResponse{body, PlaceTools200ResponseHeaders(h)}, err
}

// RecordClimate records a reading of a tool room (INS-03).
func (s *Server) RecordClimate(ctx context.Context, in RecordClimateRequestObject) (RecordClimateResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	body, h, err := s.did(s.App.Climates.Record(ctx, request(ctx, in.Params.IdempotencyKey), commands.RecordClimate{
		Site: b.Site, Store: b.Store, At: b.At, TenthsC: b.TenthsC, HumidityPercent: b.HumidityPercent, Sensor: or(b.Sensor), Note: or(b.Note),
	}))
	return RecordClimate200JSONResponse{body, RecordClimate200ResponseHeaders(h)}, err
}
