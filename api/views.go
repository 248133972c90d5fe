package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
)

// SaveView saves a filter and an order of the list of tickets under a name of
// the caller's (TKT-15).
func (s *Server) SaveView(ctx context.Context, in SaveViewRequestObject) (SaveViewResponseObject, error) {
	person, err := callerPerson(ctx)
	if err != nil {
		return nil, err
	}
	content, err := s.viewContent(ctx, in.Body.SharedWith, in.Body.Filter, in.Body.Sort)
	if err != nil {
		return nil, err
	}
	reg, err := s.App.Views.Save(ctx, request(ctx, in.Params.IdempotencyKey), person, commands.SaveView{Name: in.Body.Name, ViewContent: content})
	if err != nil {
		return nil, err
	}
	body, h := s.created(at("views", reg.ID), reg)
	return SaveView201JSONResponse{body, SaveView201ResponseHeaders(h)}, nil
}

// ChangeView replaces what one of the caller's views shows, and to whom.
func (s *Server) ChangeView(ctx context.Context, in ChangeViewRequestObject) (ChangeViewResponseObject, error) {
	person, err := callerPerson(ctx)
	if err != nil {
		return nil, err
	}
	content, err := s.viewContent(ctx, in.Body.SharedWith, in.Body.Filter, in.Body.Sort)
	if err != nil {
		return nil, err
	}
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Views.Change(ctx, r, in.Id, person, content)
	})
	if err != nil {
		return nil, err
	}
	return ChangeView200JSONResponse{body, ChangeView200ResponseHeaders(h)}, nil
}

// DeleteView deletes one of the caller's views.
func (s *Server) DeleteView(ctx context.Context, in DeleteViewRequestObject) (DeleteViewResponseObject, error) {
	person, err := callerPerson(ctx)
	if err != nil {
		return nil, err
	}
	body, h, err := s.change(ctx, in.Params.IdempotencyKey, in.Params.IfMatch, func(r commands.Request) (commands.Result, error) {
		return s.App.Views.Delete(ctx, r, in.Id, person)
	})
	if err != nil {
		return nil, err
	}
	return DeleteView200JSONResponse{body, DeleteView200ResponseHeaders(h)}, nil
}

// ListViews answers a page of the caller's views and of those that are shared
// with sites that the caller may see.
func (s *Server) ListViews(ctx context.Context, in ListViewsRequestObject) (ListViewsResponseObject, error) {
	p := in.Params
	person, err := callerPerson(ctx)
	if err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rows, after, seen, err := s.Directory.Views(ctx, l.at, person, exchangeOf(ctx).sites, l.page)
	if err != nil {
		return nil, err
	}
	return ListViews200JSONResponse{AsOf: seen, Items: filled(rows), Next: s.next(ctx, l, after, seen)}, nil
}

// GetView answers a saved view with its revision as ETag.
func (s *Server) GetView(ctx context.Context, in GetViewRequestObject) (GetViewResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	v, seen, err := s.view(ctx, in.Id, m)
	if err != nil {
		return nil, err
	}
	return GetView200JSONResponse{Body: v, Headers: GetView200ResponseHeaders{ETag: etag(v.Revision), FieldledgerAsOf: &seen.Number}}, nil
}

// view returns a view that the caller may see: their own, or one that is
// shared with a site of theirs (TKT-15).
func (s *Server) view(ctx context.Context, id uuid.UUID, m AsOf) (SavedView, Snapshot, error) {
	person, err := callerPerson(ctx)
	if err != nil {
		return SavedView{}, Snapshot{}, err
	}
	v, seen, err := s.Directory.View(ctx, m, id)
	switch {
	case err != nil || v.Owner == person:
		return v, seen, err
	case v.SharedWith == nil:
		return SavedView{}, seen, commands.ErrNotFound
	}
	return v, seen, s.see(ctx, *v.SharedWith)
}

// viewContent reads what a view is to show; each fault has its place in the body.
func (s *Server) viewContent(ctx context.Context, sharedWith *SiteCode, filter ViewFilter, sort *TicketOrder) (commands.ViewContent, error) {
	faults := s.filterFaults(ctx, filter)
	for i, f := range faults {
		faults[i].pointer, faults[i].parameter = pointerTo([]string{"filter", f.parameter}), ""
	}
	c := commands.ViewContent{SharedWith: or(sharedWith), Filter: filter, Order: string(or(sort))}
	if len(faults) > 0 {
		return c, &problem{kind: kindInvalid, rule: "TKT-15", key: "view.filter_invalid", pointer: faults[0].pointer, faults: faults}
	}
	return c, nil
}

const listOfTickets = "GET /v1/tickets"

// unsaved are the parameters of the list of tickets that are of one request, not of a view.
var unsaved = []string{"as_of", "min_position", "limit", "cursor", "sort", "saved"}

// filterFaults lists what the list of tickets would refuse of a view's filter:
// when it is saved, and each time it is used, since the list may have changed.
func (s *Server) filterFaults(ctx context.Context, filter map[string]string) []fault {
	var faults []fault
	for _, name := range slices.Sorted(maps.Keys(filter)) {
		if slices.Contains(unsaved, name) {
			faults = append(faults, fault{parameter: name, keyword: keywordUnknown, key: "view.parameter_not_saved"})
			continue
		}
		faults = append(faults, problemFaults(s.spec.operations[listOfTickets].checkOne(name, filter[name]))...)
	}
	if len(faults) > 0 {
		return faults[:min(len(faults), maxFaults)]
	}
	p, err := s.listParams(valuesOf(filter))
	if err == nil && p.Site != nil && s.see(ctx, *p.Site) != nil {
		return []fault{{parameter: "site", keyword: "rule", key: "site.unknown"}}
	}
	if err == nil {
		_, err = s.ticketFilter(ctx, p, nil)
	}
	return problemFaults(err)
}

// checkOne checks a query parameter as a request with it would be.
func (op *operation) checkOne(name, value string) error {
	return op.check(url.Values{name: {value}}, nil, nil)
}

// problemFaults returns the faults of a refused request, at least one for an error.
func problemFaults(err error) []fault {
	if err == nil {
		return nil
	}
	p := problemFor(err)
	if len(p.faults) == 0 {
		return []fault{{keyword: "schema", key: p.key, args: p.args}}
	}
	return p.faults
}

func valuesOf(filter map[string]string) url.Values {
	out := url.Values{}
	for name, value := range filter {
		out.Set(name, value)
	}
	return out
}

// listParams reads the parameters of the list of tickets, which were checked.
func (s *Server) listParams(query url.Values) (ListTicketsParams, error) {
	fields := map[string]any{}
	for _, p := range s.spec.operations[listOfTickets].Params {
		switch {
		case !query.Has(p.Name):
		case p.Type == "integer" || p.Type == "boolean":
			fields[p.Name] = json.RawMessage(query.Get(p.Name))
		default:
			fields[p.Name] = query.Get(p.Name)
		}
	}
	var out ListTicketsParams
	b, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	return out, err
}

// withSaved adds the filter and the order of the saved view that is asked for
// to the query of a list of tickets. Cursors name a list by its query, so one
// that was given under another content of the view is none of this list.
func (s *Server) withSaved(ctx context.Context, p ListTicketsParams) (ListTicketsParams, error) {
	if p.Saved == nil {
		return p, nil
	}
	now, err := s.moment(ctx, nil, p.MinPosition)
	if err != nil {
		return p, err
	}
	v, _, err := s.view(ctx, *p.Saved, now)
	if err != nil {
		return p, err
	}
	x := exchangeOf(ctx)
	query := maps.Clone(x.query)
	for _, name := range slices.Sorted(maps.Keys(v.Filter)) {
		if given := query[name]; given != nil && given[0] != v.Filter[name] {
			return p, badParameter(name, "param.saved_otherwise")
		}
		query.Set(name, v.Filter[name])
	}
	faults := s.filterFaults(ctx, v.Filter)
	if v.Sort != nil && !query.Has("sort") {
		query.Set("sort", *v.Sort)
		faults = append(faults, problemFaults(s.spec.operations[listOfTickets].checkOne("sort", *v.Sort))...)
	}
	if len(faults) > 0 {
		name := faults[0].parameter
		return p, &problem{kind: kindRefused, rule: "TKT-15", key: "view.stale", args: map[string]any{"name": name}, faults: faults}
	}
	x.query = query
	return s.listParams(query)
}
