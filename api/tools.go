package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// RegisterTool answers 201 with the tool's id (TOL-01).
func (s *Server) RegisterTool(ctx context.Context, in RegisterToolRequestObject) (RegisterToolResponseObject, error) {
	b := in.Body
	if err := s.see(ctx, b.Site); err != nil {
		return nil, err
	}
	reg, err := s.App.Tools.Register(ctx, request(ctx, in.Params.IdempotencyKey), commands.RegisterTool{
		Site: b.Site, At: b.At, Number: b.Number, Kind: b.Kind, Name: b.Name, Spec: or(b.Spec), Brand: or(b.Brand), Batch: or(b.Batch),
		PriceFen: b.PriceFen, PurchasedOn: domain.Day(b.PurchasedOn), Use: tool.Use(b.Use), Store: b.Store, Holder: openingHolder(b.Holder),
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("tools", reg.ID), reg)
	return RegisterTool201JSONResponse{body, RegisterTool201ResponseHeaders(h)}, nil
}

func openingHolder(h *Holder) *tool.Holder {
	if h == nil {
		return nil
	}
	return &tool.Holder{Kind: tool.HolderKind(h.Kind), Who: h.Who}
}

func recipient(r Recipient) tool.Holder {
	return tool.Holder{Kind: tool.HolderKind(r.Kind), Who: r.Who.String()}
}

func recipients(rs []Recipient) []tool.Holder {
	var out []tool.Holder
	for _, r := range rs {
		out = append(out, recipient(r))
	}
	return out
}

// person is the id of a person as commands take it; "" for none.
func person(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// IssueTool offers a tool.
func (s *Server) IssueTool(ctx context.Context, in IssueToolRequestObject) (IssueToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Issue(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.IssueTool{At: in.Body.At, To: recipient(in.Body.To), Approval: or(in.Body.Approval), Scope: recipients(or(in.Body.Scope))})
	})
	return IssueTool200JSONResponse{body, IssueTool200ResponseHeaders(h)}, err
}

// AcceptTool signs for a tool that is offered.
func (s *Server) AcceptTool(ctx context.Context, in AcceptToolRequestObject) (AcceptToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Accept(ctx, lateBy(r, in.Body.LateReason), in.Id, in.Body.At)
	})
	return AcceptTool200JSONResponse{body, AcceptTool200ResponseHeaders(h)}, err
}

// RefuseTool does not take a tool that is offered.
func (s *Server) RefuseTool(ctx context.Context, in RefuseToolRequestObject) (RefuseToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Refuse(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.ToolReason{At: in.Body.At, Reason: in.Body.Reason})
	})
	return RefuseTool200JSONResponse{body, RefuseTool200ResponseHeaders(h)}, err
}

// LendTool gives a tool out for a time.
func (s *Server) LendTool(ctx context.Context, in LendToolRequestObject) (LendToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Lend(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.LendTool{
			At: in.Body.At, To: recipient(in.Body.To), Until: in.Body.Until, Purpose: in.Body.Purpose, Responsible: in.Body.Responsible.String(),
			Booking: or(in.Body.Booking),
		})
	})
	return LendTool200JSONResponse{body, LendTool200ResponseHeaders(h)}, err
}

// ReturnTool takes a tool back into a store.
func (s *Server) ReturnTool(ctx context.Context, in ReturnToolRequestObject) (ReturnToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Return(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.ReturnTool{
			At: in.Body.At, Store: in.Body.Store, By: person(in.Body.By), Condition: tool.Condition(in.Body.Condition), Repair: repairDone(in.Body.Repair),
		})
	})
	return ReturnTool200JSONResponse{body, ReturnTool200ResponseHeaders(h)}, err
}

// HandOverTool moves a tool to another person or team.
func (s *Server) HandOverTool(ctx context.Context, in HandOverToolRequestObject) (HandOverToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.HandOver(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.HandOverTool{
			At: in.Body.At, To: recipient(in.Body.To), Reason: or(in.Body.Reason), Approval: or(in.Body.Approval),
		})
	})
	return HandOverTool200JSONResponse{body, HandOverTool200ResponseHeaders(h)}, err
}

// BlockTool takes a tool out of use.
func (s *Server) BlockTool(ctx context.Context, in BlockToolRequestObject) (BlockToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Block(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.BlockTool{At: in.Body.At, Reason: tool.BlockReason(in.Body.Reason), Note: or(in.Body.Note)})
	})
	return BlockTool200JSONResponse{body, BlockTool200ResponseHeaders(h)}, err
}

// ClearTool puts a blocked tool to use again.
func (s *Server) ClearTool(ctx context.Context, in ClearToolRequestObject) (ClearToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Clear(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.ClearTool{At: in.Body.At, Note: or(in.Body.Note)})
	})
	return ClearTool200JSONResponse{body, ClearTool200ResponseHeaders(h)}, err
}

// InspectTool records an inspection.
func (s *Server) InspectTool(ctx context.Context, in InspectToolRequestObject) (InspectToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Inspect(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.InspectTool{
			At: in.Body.At, On: domain.Day(in.Body.On), Passed: in.Body.Passed, Next: domain.Day(or(in.Body.Next)), Label: or(in.Body.Label),
		})
	})
	return InspectTool200JSONResponse{body, InspectTool200ResponseHeaders(h)}, err
}

// RepairTool hands a tool to a repairer.
func (s *Server) RepairTool(ctx context.Context, in RepairToolRequestObject) (RepairToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.SendToRepair(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.RepairTool{At: in.Body.At, Repairer: in.Body.Repairer})
	})
	return RepairTool200JSONResponse{body, RepairTool200ResponseHeaders(h)}, err
}

// ReportToolMissing reports a tool missing.
func (s *Server) ReportToolMissing(ctx context.Context, in ReportToolMissingRequestObject) (ReportToolMissingResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.ReportMissing(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.MissingTool{
			At: in.Body.At, LostAt: in.Body.LostAt, Place: in.Body.Place, Circumstances: or(in.Body.Circumstances),
			OnDuty: person(in.Body.OnDuty),
		})
	})
	return ReportToolMissing200JSONResponse{body, ReportToolMissing200ResponseHeaders(h)}, err
}

// FindTool puts a missing tool into a store.
func (s *Server) FindTool(ctx context.Context, in FindToolRequestObject) (FindToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Find(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.FoundTool{At: in.Body.At, Store: in.Body.Store})
	})
	return FindTool200JSONResponse{body, FindTool200ResponseHeaders(h)}, err
}

// ScrapTool ends a tool.
func (s *Server) ScrapTool(ctx context.Context, in ScrapToolRequestObject) (ScrapToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Tools.Scrap(ctx, lateBy(r, in.Body.LateReason), in.Id, commands.ScrapTool{At: in.Body.At, Reason: in.Body.Reason, Approval: or(in.Body.Approval)})
	})
	return ScrapTool200JSONResponse{body, ScrapTool200ResponseHeaders(h)}, err
}

func repairDone(d *ToolRepairDone) *tool.RepairDone {
	if d == nil {
		return nil
	}
	return &tool.RepairDone{Result: tool.RepairResult(d.Result), CostFen: d.CostFen}
}

// lateBy returns r as one that enters a fact after what followed it.
func lateBy(r commands.Request, reason *string) commands.Request {
	r.LateReason = or(reason)
	return r
}
