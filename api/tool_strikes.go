package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// PreviewToolStrike answers what a strike would come to. It records nothing.
func (s *Server) PreviewToolStrike(ctx context.Context, in PreviewToolStrikeRequestObject) (PreviewToolStrikeResponseObject, error) {
	c, err := s.App.Strikes.PreviewTool(ctx, request(ctx, ""), in.Id, uint64(in.Revision)) //nolint:gosec // the schema has a minimum of 0
	if err != nil {
		return nil, err
	}
	if err := s.see(ctx, c.Site); err != nil {
		return nil, err
	}
	return PreviewToolStrike200JSONResponse(ToolCorrection{
		Struck: toolFacts(c.Struck), Contradicted: toolFacts(c.Contradicted), Before: toolOutcome(c.Before), After: toolOutcome(c.After), Cards: toolEntries(c.Cards),
		Confirmation: strikeConfirmation(c),
	}), nil
}

// StrikeToolEvent strikes a recorded event of a tool, once its consequences
// were listed (AUD-02).
func (s *Server) StrikeToolEvent(ctx context.Context, in StrikeToolEventRequestObject) (StrikeToolEventResponseObject, error) {
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Strikes.StrikeTool(ctx, r, in.Id, commands.StrikeEvent{
			Revision: uint64(in.Body.Revision), //nolint:gosec // the schema has a minimum of 0
			Reason:   in.Body.Reason, SecondPerson: in.Body.SecondPerson.String(),
		}, func(c commands.ToolCorrection) error { return confirmed(or(in.Body.Confirmation), c) })
	})
	return StrikeToolEvent200JSONResponse{body, StrikeToolEvent200ResponseHeaders(h)}, err
}

// confirmed refuses a strike unless its consequences were seen.
func confirmed(given string, c commands.ToolCorrection) error {
	switch {
	case given == "":
		return &problem{kind: kindUnconfirmed, rule: "AUD-02", key: "tool.strike_unconfirmed"}
	case given != strikeConfirmation(c):
		return &problem{kind: kindStale, rule: "AUD-02", key: "tool.strike_changed"}
	}
	return nil
}

func toolEntries(in []commands.ToolEntry) []ToolEntry {
	out := make([]ToolEntry, len(in))
	for i, e := range in {
		out[i] = ToolEntry{Holder: Holder{Kind: HolderKind(e.Holder.Kind), Who: e.Holder.Who}, Closed: e.Closed}
	}
	return out
}

// strikeConfirmation stands for the consequences of a strike.
func strikeConfirmation(c commands.ToolCorrection) string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // it is texts and numbers
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func toolFacts(facts []commands.ToolFact) []ToolFact {
	out := make([]ToolFact, len(facts))
	for i, f := range facts {
		out[i] = ToolFact{Revision: int64(f.Revision), Type: f.Type} //nolint:gosec // a revision fits
	}
	return out
}

func toolOutcome(o commands.ToolCorrected) ToolCorrected {
	return ToolCorrected{
		Standing: string(o.Standing), Blocked: string(o.Blocked), NextInspectionBy: string(o.NextOn), Custody: custodySpans(o.Custody),
	}
}

func custodySpans(held []tool.Held) []CustodySpan {
	out := make([]CustodySpan, len(held))
	for i, h := range held {
		out[i] = CustodySpan{
			From: h.From, Holder: Holder{Kind: HolderKind(h.Holder.Kind), Who: h.Holder.Who}, Revision: int64(h.Revision), //nolint:gosec // a revision fits
		}
	}
	return out
}
