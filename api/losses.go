package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/loss"
)

// ReportToolDamage answers 201 with the loss's id (LOS-01, LOS-12).
func (s *Server) ReportToolDamage(ctx context.Context, in ReportToolDamageRequestObject) (ReportToolDamageResponseObject, error) {
	b := in.Body
	reg, err := s.App.Losses.ReportDamage(ctx, request(ctx, in.Params.IdempotencyKey), commands.ReportDamage{
		Tool: b.Tool, At: b.At, DamagedAt: b.DamagedAt, Place: b.Place, Circumstances: b.Circumstances, BasisFen: or(b.BasisFen),
	})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("losses", reg.ID), reg)
	return ReportToolDamage201JSONResponse{body, ReportToolDamage201ResponseHeaders(h)}, nil
}

func texts(ids *[]uuid.UUID) []string {
	out := []string{}
	for _, id := range or(ids) {
		out = append(out, id.String())
	}
	return out
}

// FindLossCause records the caller's finding.
func (s *Server) FindLossCause(ctx context.Context, in FindLossCauseRequestObject) (FindLossCauseResponseObject, error) {
	b := in.Body
	payers := []loss.Payer{}
	for _, p := range or(b.Payers) {
		payers = append(payers, loss.Payer{Person: p.Person.String(), Weight: p.Weight})
	}
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.Find(ctx, r, in.Id, commands.LossFinding{
			At: b.At, OnDuty: or(b.OnDuty), GoodCause: or(b.GoodCause), Payers: payers, Otherwise: or(b.Otherwise), Witnesses: texts(b.Witnesses), Reason: b.Reason,
		})
	})
	return FindLossCause200JSONResponse{body, FindLossCause200ResponseHeaders(h)}, err
}

// CertifyLoss records the certificate that the caller signs.
func (s *Server) CertifyLoss(ctx context.Context, in CertifyLossRequestObject) (CertifyLossResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.Certify(ctx, r, in.Id, commands.LossCertificate{At: in.Body.At, Certificate: in.Body.Certificate})
	})
	return CertifyLoss200JSONResponse{body, CertifyLoss200ResponseHeaders(h)}, err
}

// AssessLoss works out what is to be paid.
func (s *Server) AssessLoss(ctx context.Context, in AssessLossRequestObject) (AssessLossResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.Assess(ctx, r, in.Id, in.Body.At)
	})
	return AssessLoss200JSONResponse{body, AssessLoss200ResponseHeaders(h)}, err
}

// ReplaceLostTool takes a replacement in.
func (s *Server) ReplaceLostTool(ctx context.Context, in ReplaceLostToolRequestObject) (ReplaceLostToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.Replace(ctx, r, in.Id, commands.LossReplacement{At: in.Body.At, Number: in.Body.Number, Same: in.Body.Same})
	})
	return ReplaceLostTool200JSONResponse{body, ReplaceLostTool200ResponseHeaders(h)}, err
}

// RequisitionLostTool records what a replacement costs.
func (s *Server) RequisitionLostTool(ctx context.Context, in RequisitionLostToolRequestObject) (RequisitionLostToolResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.Requisition(ctx, r, in.Id, commands.LossRequisition{At: in.Body.At, CostFen: in.Body.CostFen})
	})
	return RequisitionLostTool200JSONResponse{body, RequisitionLostTool200ResponseHeaders(h)}, err
}

// ProposeLoss puts an amount up for approval.
func (s *Server) ProposeLoss(ctx context.Context, in ProposeLossRequestObject) (ProposeLossResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.Propose(ctx, r, in.Id, in.Body.At)
	})
	return ProposeLoss200JSONResponse{body, ProposeLoss200ResponseHeaders(h)}, err
}

// WithdrawLossProposal takes a proposal back.
func (s *Server) WithdrawLossProposal(ctx context.Context, in WithdrawLossProposalRequestObject) (WithdrawLossProposalResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.WithdrawProposal(ctx, r, in.Id, in.Body.At)
	})
	return WithdrawLossProposal200JSONResponse{body, WithdrawLossProposal200ResponseHeaders(h)}, err
}

// ApproveLoss approves a proposal of another person.
func (s *Server) ApproveLoss(ctx context.Context, in ApproveLossRequestObject) (ApproveLossResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.Approve(ctx, r, in.Id, commands.ApproveLoss{At: in.Body.At, AmountFen: in.Body.AmountFen, Proposal: in.Body.Proposal})
	})
	return ApproveLoss200JSONResponse{body, ApproveLoss200ResponseHeaders(h)}, err
}

// WaiveLoss gives up what is to be paid.
func (s *Server) WaiveLoss(ctx context.Context, in WaiveLossRequestObject) (WaiveLossResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.Waive(ctx, r, in.Id, commands.WaiveLoss{
			At: in.Body.At, SecondPerson: in.Body.SecondPerson.String(), Reason: in.Body.Reason, Refund: or(in.Body.Refund),
		})
	})
	return WaiveLoss200JSONResponse{body, WaiveLoss200ResponseHeaders(h)}, err
}

// RecordLossPoints records that production suffered.
func (s *Server) RecordLossPoints(ctx context.Context, in RecordLossPointsRequestObject) (RecordLossPointsResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.RecordPoints(ctx, r, in.Id, commands.LossPoints{
			At: in.Body.At, Person: in.Body.Person.String(), Circumstances: in.Body.Circumstances,
		})
	})
	return RecordLossPoints200JSONResponse{body, RecordLossPoints200ResponseHeaders(h)}, err
}

// PreviewLossCorrection lists what taking a loss back would change (AUD-02).
func (s *Server) PreviewLossCorrection(ctx context.Context, in PreviewLossCorrectionRequestObject) (PreviewLossCorrectionResponseObject, error) {
	list, err := s.App.Losses.Consequences(ctx, request(ctx, ""), in.Id)
	if err != nil {
		return nil, err
	}
	out := LossConsequences{Loss: list.Loss, Status: LossStatus(list.Status), Points: list.Points, Digest: list.Digest(), Accounts: []LossAccountConsequence{}}
	for _, a := range list.Accounts {
		out.Accounts = append(out.Accounts, LossAccountConsequence{Person: a.Person, CancelledFen: a.CancelledFen, RefundFen: a.RefundFen})
	}
	return PreviewLossCorrection200JSONResponse(out), nil
}

// CorrectLoss asks for a loss to be taken back.
func (s *Server) CorrectLoss(ctx context.Context, in CorrectLossRequestObject) (CorrectLossResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.RequestCorrection(ctx, r, in.Id, commands.CorrectLoss{At: in.Body.At, Reason: in.Body.Reason, Consequences: in.Body.Consequences})
	})
	return CorrectLoss200JSONResponse{body, CorrectLoss200ResponseHeaders(h)}, err
}

// ConfirmLossCorrection takes a loss back that another person asked for.
func (s *Server) ConfirmLossCorrection(ctx context.Context, in ConfirmLossCorrectionRequestObject) (ConfirmLossCorrectionResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Losses.ConfirmCorrection(ctx, r, in.Id, commands.ConfirmLossCorrection{At: in.Body.At, Consequences: in.Body.Consequences})
	})
	return ConfirmLossCorrection200JSONResponse{body, ConfirmLossCorrection200ResponseHeaders(h)}, err
}
