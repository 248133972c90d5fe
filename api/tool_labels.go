package api

import (
	"bytes"
	"context"

	"github.com/fieldledger/fieldledger/api/labels"
)

// labelPolicy lets a sheet show its own pictures and styles, and nothing else.
const labelPolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"

// GetToolLabels answers a print-ready sheet of labels for a page of tools (TOL-01).
func (s *Server) GetToolLabels(ctx context.Context, in GetToolLabelsRequestObject) (GetToolLabelsResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	f := ToolFilter{Sites: sites, Kind: p.Kind, Number: p.Number, Batch: p.Batch}
	if f.Holder, err = holderAsked(p.HolderKind, p.Holder); err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Custody.ListTools(ctx, l.at, f, l.page)
	if err != nil {
		return nil, err
	}
	lang := "zh"
	if p.Lang != nil {
		lang = string(*p.Lang)
	}
	texts := labels.Texts{
		Lang: lang, Title: s.Text(lang, "label.title", nil), Spec: s.Text(lang, "label.spec", nil), Home: s.Text(lang, "label.home", nil),
	}
	next := s.next(ctx, l, after, seen)
	if next != nil {
		texts.More = s.Text(lang, "label.more", map[string]any{"cursor": *next})
	}
	all := make([]labels.Label, len(rows))
	for i, t := range rows {
		all[i] = labels.Label{Tool: t.Id, Number: t.Number, Name: t.Name, Spec: t.Spec, Home: t.Home}
	}
	sheet, err := labels.Sheet(all, texts)
	if err != nil {
		return nil, err
	}
	policy := labelPolicy
	return GetToolLabels200TexthtmlResponse{
		Body: bytes.NewReader(sheet), ContentLength: int64(len(sheet)),
		Headers: GetToolLabels200ResponseHeaders{ContentSecurityPolicy: &policy, FieldledgerAsOf: &seen.Number, FieldledgerNext: next},
	}, nil
}

// GetToolByCode answers the card of the tool whose label was scanned (TOL-01).
func (s *Server) GetToolByCode(ctx context.Context, in GetToolByCodeRequestObject) (GetToolByCodeResponseObject, error) {
	id, err := labels.Tool(in.Code)
	if err != nil {
		return nil, badParameter("code", "param.label_code")
	}
	card, seen, err := s.toolCard(ctx, in.Params.AsOf, in.Params.MinPosition, in.Params.At, id)
	if err != nil {
		return nil, err
	}
	return GetToolByCode200JSONResponse{
		Body:    card,
		Headers: GetToolByCode200ResponseHeaders{ETag: etag(card.Tool.Revision), FieldledgerAsOf: &seen.Number},
	}, nil
}
