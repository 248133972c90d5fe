package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// ListTools answers a page of the tools that the caller may see.
func (s *Server) ListTools(ctx context.Context, in ListToolsRequestObject) (ListToolsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	f := ToolFilter{
		Sites: sites, Kind: p.Kind, Category: p.Category, Standing: p.Standing, Number: p.Number, Batch: p.Batch,
	}
	if f.HeldAt, err = heldAt(p.At); err != nil {
		return nil, err
	}
	if f.Holder, err = holderAsked(p.HolderKind, p.Holder); err != nil {
		return nil, err
	}
	f.Booked, f.DueBefore = p.Booked, p.DueBefore
	f.Use, f.Blocked, f.OfferedTo, f.Flagged = p.Use, p.Blocked, p.OfferedTo, p.Flagged
	if p.InspectionBefore != nil {
		if _, err := readDay("inspection_before", *p.InspectionBefore); err != nil {
			return nil, err
		}
		day := domain.Day(*p.InspectionBefore)
		f.InspectionBefore = &day
	}
	rows, after, seen, err := s.Custody.ListTools(ctx, l.at, f, l.page)
	if err != nil {
		return nil, err
	}
	return ListTools200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// heldAt reads the parameter at.
func heldAt(text *string) (*time.Time, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // nothing was asked
	}
	t, err := readTime(*text)
	if err != nil {
		return nil, badParameter("at", "param.as_of")
	}
	return &t, nil
}

// holderAsked reads by whom a list is narrowed.
func holderAsked(kind *HolderKind, who *string) (*tool.Holder, error) {
	switch {
	case kind == nil && who == nil:
		return nil, nil //nolint:nilnil // nothing was asked
	case kind == nil:
		return nil, badParameter("holder", "param.holder_kind")
	}
	return &tool.Holder{Kind: tool.HolderKind(*kind), Who: or(who)}, nil
}

// GetTool answers a tool's card with its revision as ETag.
func (s *Server) GetTool(ctx context.Context, in GetToolRequestObject) (GetToolResponseObject, error) {
	card, seen, err := s.toolCard(ctx, in.Params.AsOf, in.Params.MinPosition, in.Params.At, in.Id)
	if err != nil {
		return nil, err
	}
	return GetTool200JSONResponse{
		Body:    card,
		Headers: GetTool200ResponseHeaders{ETag: etag(card.Tool.Revision), FieldledgerAsOf: &seen.Number},
	}, nil
}

// toolCard is the card of a tool that the caller may see.
func (s *Server) toolCard(ctx context.Context, asOf, minPosition, at *string, id uuid.UUID) (ToolCard, Snapshot, error) {
	m, err := s.moment(ctx, asOf, minPosition)
	if err != nil {
		return ToolCard{}, Snapshot{}, err
	}
	held, err := heldAt(at)
	if err != nil {
		return ToolCard{}, Snapshot{}, err
	}
	card, seen, err := s.Custody.Tool(ctx, m, id, held)
	if err == nil {
		err = s.see(ctx, card.Tool.Site)
	}
	return card, seen, err
}
