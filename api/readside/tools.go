package readside

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Tool returns a tool's card as of a moment, with who had it at a time.
func (s *Side) Tool(ctx context.Context, at api.AsOf, id uuid.UUID, heldAt *time.Time) (api.ToolCard, api.Snapshot, error) {
	var card api.ToolCard
	found := false
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		row, ok, err := s.toolRow(ctx, v, id)
		if err != nil || !ok {
			return err
		}
		shown := shownTool(row)
		if heldAt != nil {
			span, ok := row.Row.At(*heldAt)
			if !ok {
				return nil
			}
			shown.Holder, shown.Since = holderOf(span.Holder), span.From
		}
		found = true
		card = api.ToolCard{Tool: shown, Custody: []api.CustodySpan{}, Repair: api.ToolRepair{
			Stage: api.ToolRepairStage(row.Row.Repair), Fault: row.Row.Fault, PlannedBy: row.Row.PlannedBy, Repairer: row.Row.Repairer,
			EstimateFen: row.Row.EstimateFen, RepairsFen: row.Row.RepairsFen,
		}, HandOut: api.FormHandOut{
			ApprovedBy: row.Row.ApprovedBy, Approval: optional(row.Row.Approval), SignedBy: row.Row.SignedBy, Purpose: row.Row.Purpose, Responsible: row.Row.Responsible,
		}}
		card.Bookings, card.Chases, card.Scope = promisedOf(row.Row)
		for _, span := range row.Row.Custody {
			card.Custody = append(card.Custody, api.CustodySpan{
				From: span.From, Holder: holderOf(span.Holder), Revision: int64(span.Revision), //nolint:gosec // a revision fits
				Flag: api.CustodySpanFlag(span.Flag), By: span.By, Reason: span.Reason, ApprovedBy: span.ApprovedBy, Approval: span.Approval,
			})
		}
		return nil
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return card, snap, err
}

// toolRow returns a tool as of a view, read through the exchange that keeps it (EXC-06).
func (s *Side) toolRow(ctx context.Context, v view, id uuid.UUID) (readmodel.Versioned[custody.Row], bool, error) {
	row, ok, err := s.tools.Row(ctx, v.q, v.schema, id, v.number)
	if err != nil || !ok || row.Row.Kept == uuid.Nil {
		return row, ok, err
	}
	x, _, err := s.exchanges.Row(ctx, v.q, v.schema, row.Row.Kept, v.number)
	row.Row = row.Row.Through(id, x.Row, row.Revision)
	return row, true, err
}

// ListTools returns a page of tools in order of their numbers: with a holder
// or a time, those whom the holder, or anybody, had then.
func (s *Side) ListTools(ctx context.Context, at api.AsOf, f api.ToolFilter, p api.Page) ([]api.Tool, string, api.Snapshot, error) {
	out := []api.Tool{}
	next := ""
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		start, err := after(p.After, len(numberOrder)+1)
		if err != nil {
			return err
		}
		where, args := toolsWhere(f)
		lq := readmodel.ListQuery{Sites: f.Sites, Where: where, Args: args, After: start, Limit: p.Limit + 1}
		rows, err := s.listed(ctx, v, f, lq)
		if err != nil {
			return err
		}
		if len(rows) > p.Limit {
			rows = rows[:p.Limit]
			next = place(rows[p.Limit-1].Row.Number, rows[p.Limit-1].ID.String())
		}
		for _, row := range rows {
			shown := shownTool(row.Versioned)
			if f.HeldAt != nil {
				shown.Holder, shown.Since = holderOf(row.holder), domain.At(row.since)
			}
			out = append(out, shown)
		}
		return nil
	})
	return out, next, snap, err
}

// listed finds the tools of a filter: all that stand so now by the columns,
// and what was held or stood so then by custody.
func (s *Side) listed(ctx context.Context, v view, f api.ToolFilter, lq readmodel.ListQuery) ([]heldTool, error) {
	wanted := func(row custody.Row) bool { return meets(row, f) }
	if f.Holder != nil || f.HeldAt != nil || v.number > 0 {
		lq.Held = heldOf(f)
		return s.heldTools(ctx, v, lq, wanted)
	}
	rows, err := s.custodyRows(ctx, v, lq, func(_ uuid.UUID, row custody.Row) bool { return wanted(row) })
	out := make([]heldTool, len(rows))
	for i, row := range rows {
		out[i].Versioned = row
	}
	return out, err
}

var numberOrder = []readmodel.Order{{By: "number"}}

// heldOf is what a filter says of custody.
func heldOf(f api.ToolFilter) *readmodel.Held {
	h := &readmodel.Held{}
	switch {
	case f.Holder == nil:
	case f.Holder.Who == "" && f.Holder.Kind != tool.Nobody:
		h.Kind = string(f.Holder.Kind) + ":"
	default:
		h.Holder = custody.HolderText(*f.Holder)
	}
	if f.Number != nil {
		h.Orders = []string{*f.Number}
	}
	if f.HeldAt != nil {
		h.At = *f.HeldAt
	}
	return h
}

// toolsWhere is the SQL condition of a filter over the columns; who holds a
// tool is asked of custody.
func toolsWhere(f api.ToolFilter) (string, []any) {
	where := "true"
	var args []any
	add := func(condition string, v any) {
		args = append(args, v)
		where += " AND " + fmt.Sprintf(condition, len(args))
	}
	for _, by := range []struct {
		column string
		value  *string
	}{{"kind", f.Kind}, {"category", f.Category}, {"number", f.Number}, {"batch", f.Batch}} {
		if by.value != nil {
			add(by.column+" = $%d", *by.value)
		}
	}
	if f.Standing != nil {
		add("standing = $%d", string(*f.Standing))
	}
	if f.InspectionBefore != nil {
		add("next_on < $%d::text::date", string(*f.InspectionBefore))
	}
	if f.DueBefore != nil {
		add("until < $%d AND standing = 'lent'", *f.DueBefore)
	}
	if f.Booked != nil {
		add("(booked_from IS NOT NULL) = $%d", *f.Booked)
	}
	if f.Use != nil {
		add("use = $%d", string(*f.Use))
	}
	if f.Blocked != nil {
		add("(blocked <> '') = $%d", *f.Blocked)
	}
	if f.OfferedTo != nil {
		add("offer = ANY($%d)", offersTo(*f.OfferedTo))
	}
	if f.Flagged != nil {
		add("flagged = $%d", *f.Flagged)
	}
	return where, args
}

// meets says the same as toolsWhere of a row.
func meets(row custody.Row, f api.ToolFilter) bool {
	for _, by := range []struct {
		has  string
		want *string
	}{{row.Kind, f.Kind}, {row.Category, f.Category}, {row.Number, f.Number}, {row.Batch, f.Batch}} {
		if by.want != nil && by.has != *by.want {
			return false
		}
	}
	return (f.Standing == nil || row.Standing == string(*f.Standing)) &&
		(f.InspectionBefore == nil || row.NextOn != nil && *row.NextOn < *f.InspectionBefore) &&
		(f.DueBefore == nil || row.Until != nil && row.Until.Before(*f.DueBefore) && row.Standing == string(tool.StandingLent)) &&
		(f.Booked == nil || *f.Booked == (row.BookedFrom != nil)) &&
		(f.Use == nil || row.Use == string(*f.Use)) &&
		(f.Blocked == nil || *f.Blocked == (row.Blocked != "")) &&
		(f.OfferedTo == nil || slices.Contains(offersTo(*f.OfferedTo), row.Offer)) &&
		(f.Flagged == nil || *f.Flagged == row.Flagged)
}

// offersTo are the offers to a person or team, as columns have them.
func offersTo(id uuid.UUID) []string {
	return []string{
		custody.HolderText(tool.Holder{Kind: tool.Person, Who: id.String()}), custody.HolderText(tool.Holder{Kind: tool.Team, Who: id.String()}),
	}
}

func shownTool(r readmodel.Versioned[custody.Row]) api.Tool {
	row := r.Row
	t := api.Tool{
		Id: r.ID, Site: r.Site, Revision: r.Revision, Number: row.Number, Kind: row.Kind, Category: row.Category, Name: row.Name, Spec: row.Spec,
		Brand: row.Brand, Batch: row.Batch, PriceFen: row.PriceFen, PurchasedOn: string(row.PurchasedOn), LifeMonths: row.LifeMonths,
		Use: api.ToolUse(row.Use), Home: row.Home, Standing: api.ToolStanding(row.Standing), Holder: holderOf(row.Holder), Since: domain.At(row.Since),
		Blocked: api.ToolBlocked(row.Blocked), Until: maybe(row.Until), KeptBy: optional(row.Kept), Surrendered: row.Surrendered,
		Purpose: row.Purpose, Responsible: row.Responsible,
	}
	if row.Offer != "" {
		h := holderOf(row.Offer)
		t.OfferedTo = &h
	}
	if row.NextOn != nil {
		t.NextInspectionBy = new(string(*row.NextOn))
	}
	return t
}

// promisedOf is what is agreed on a tool.
func promisedOf(r custody.Row) ([]api.ToolBooking, []api.ToolChase, []api.Holder) {
	bookings, chases, scope := make([]api.ToolBooking, len(r.Bookings)), make([]api.ToolChase, len(r.Chases)), make([]api.Holder, len(r.Scope))
	for i, b := range r.Bookings {
		bookings[i] = api.ToolBooking{
			Id: b.ID, To: api.Holder{Kind: api.HolderKind(b.To.Kind), Who: b.To.Who}, From: b.From, Until: b.Until, Purpose: b.Purpose, Responsible: b.Responsible,
		}
	}
	for i, c := range r.Chases {
		chases[i] = api.ToolChase{At: c.At, Taken: i < r.Chased}
		for _, tell := range c.Tell {
			chases[i].Tell = append(chases[i].Tell, api.ToolChaseTell(tell))
		}
	}
	for i, h := range r.Scope {
		scope[i] = holderOf(h)
	}
	return bookings, chases, scope
}

func holderOf(text string) api.Holder {
	h := custody.HolderOf(text)
	return api.Holder{Kind: api.HolderKind(h.Kind), Who: h.Who}
}
