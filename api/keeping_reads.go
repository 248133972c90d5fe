package api

import (
	"context"

	"github.com/fieldledger/fieldledger/domain"
)

// ListStocktakes answers a page of counts.
func (s *Server) ListStocktakes(ctx context.Context, in ListStocktakesRequestObject) (ListStocktakesResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Keeping.ListStocktakes(ctx, l.at, sites, p.Open, l.page)
	if err != nil {
		return nil, err
	}
	return ListStocktakes200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// GetStocktake answers a count with its revision as ETag.
func (s *Server) GetStocktake(ctx context.Context, in GetStocktakeRequestObject) (GetStocktakeResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	c, seen, err := s.Keeping.Stocktake(ctx, m, in.Id)
	if err == nil {
		err = s.see(ctx, c.Site)
	}
	if err != nil {
		return nil, err
	}
	return GetStocktake200JSONResponse{Body: c, Headers: GetStocktake200ResponseHeaders{ETag: etag(c.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// ListStocktakeDifferences answers a page of what differs (CHK-01).
func (s *Server) ListStocktakeDifferences(ctx context.Context, in ListStocktakeDifferencesRequestObject) (ListStocktakeDifferencesResponseObject, error) {
	p := in.Params
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	c, _, err := s.Keeping.Stocktake(ctx, l.at, in.Id)
	if err == nil {
		err = s.see(ctx, c.Site)
	}
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Keeping.StocktakeDifferences(ctx, l.at, in.Id, l.page)
	if err != nil {
		return nil, err
	}
	return ListStocktakeDifferences200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// ListInspectionPlans answers a page of the plans of kinds.
func (s *Server) ListInspectionPlans(ctx context.Context, in ListInspectionPlansRequestObject) (ListInspectionPlansResponseObject, error) {
	p := in.Params
	sites, err := s.scope(ctx, p.Site)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Keeping.InspectionPlans(ctx, l.at, sites, l.page)
	if err != nil {
		return nil, err
	}
	return ListInspectionPlans200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// ListDueChecks answers a page of the tools that are due (INS-01).
func (s *Server) ListDueChecks(ctx context.Context, in ListDueChecksRequestObject) (ListDueChecksResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	q := DueQuery{Site: p.Site, Purpose: p.Purpose, Kind: p.Kind, InUse: or(p.InUse)}
	if q.By, err = dayAsked("by", p.By); err != nil {
		return nil, err
	}
	if q.Kind == nil && q.Purpose != KeepingDuePurposeInspection && q.Purpose != KeepingDuePurposeMoveOut {
		return nil, badParameter("kind", "param.kind_needed")
	}
	rows, after, seen, err := s.Keeping.DueChecks(ctx, l.at, q, l.page)
	if err != nil {
		return nil, err
	}
	return ListDueChecks200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// dayAsked reads an optional parameter that is a civil day.
func dayAsked(name string, text *string) (*domain.Day, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // nothing was asked
	}
	if _, err := readDay(name, *text); err != nil {
		return nil, err
	}
	return new(domain.Day(*text)), nil
}

// ListLapsedUse answers which tools were in use past their last day (INS-02).
func (s *Server) ListLapsedUse(ctx context.Context, in ListLapsedUseRequestObject) (ListLapsedUseResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	q := LapseQuery{Site: p.Site, From: domain.Day(p.From), To: domain.Day(p.To), Category: p.Category}
	if err := checkPeriod(q.From, q.To); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Keeping.LapsedUse(ctx, l.at, q, l.page)
	if err != nil {
		return nil, err
	}
	return ListLapsedUse200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// ListClimate answers a page of readings of a tool room (INS-03).
func (s *Server) ListClimate(ctx context.Context, in ListClimateRequestObject) (ListClimateResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Keeping.Climate(ctx, l.at, ClimateQuery{
		Site: p.Site, Store: p.Store, Deviations: or(p.Deviations), Since: p.Since, Until: p.Until,
	}, l.page)
	if err != nil {
		return nil, err
	}
	return ListClimate200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// GetToolStatistics answers the losses and wear of a month (CHK-02).
func (s *Server) GetToolStatistics(ctx context.Context, in GetToolStatisticsRequestObject) (GetToolStatisticsResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	if !domain.IsMonth(p.Month) {
		return nil, badParameter("month", "param.month")
	}
	m, err := s.moment(ctx, p.AsOf, p.MinPosition)
	if err != nil {
		return nil, err
	}
	rows, facts, seen, err := s.Keeping.ToolStatistics(ctx, m, p.Site, p.Month)
	if err != nil {
		return nil, err
	}
	return GetToolStatistics200JSONResponse{
		AsOf: seen, Site: p.Site, Month: p.Month, Rows: filled(rows), Causes: causesOf(facts), Facts: filled(facts),
	}, nil
}
