package readside

import (
	"context"
	"encoding/json"
	"fmt"
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
		row, ok, err := s.tools.Row(ctx, v.q, v.schema, id, v.number)
		if err != nil || !ok {
			return err
		}
		if row.Row.Kept != uuid.Nil {
			x, _, err := s.exchanges.Row(ctx, v.q, v.schema, row.Row.Kept, v.number)
			if err != nil {
				return err
			}
			row.Row = row.Row.Through(id, x.Row, row.Revision) // EXC-06
		}
		if heldAt != nil {
			if _, found = row.Row.At(*heldAt); !found {
				return nil
			}
		}
		found = true
		card = api.ToolCard{Tool: shownTool(row, heldAt), Custody: []api.CustodySpan{}, Repair: api.ToolRepair{
			Stage: api.ToolRepairStage(row.Row.Repair), Fault: row.Row.Fault, PlannedBy: row.Row.PlannedBy, Repairer: row.Row.Repairer,
			EstimateFen: row.Row.EstimateFen, RepairsFen: row.Row.RepairsFen,
		}, HandOut: api.FormHandOut{
			ApprovedBy: row.Row.ApprovedBy, Approval: optional(row.Row.Approval), SignedBy: row.Row.SignedBy, Purpose: row.Row.Purpose, Responsible: row.Row.Responsible,
		}}
		card.Bookings, card.Chases, card.Scope = promisedOf(row.Row)
		for _, span := range row.Row.Custody {
			card.Custody = append(card.Custody, api.CustodySpan{
				From: span.From, Holder: holderOf(span.Holder), Revision: int64(span.Revision), //nolint:gosec // a revision fits
			})
		}
		return nil
	})
	if err == nil && !found {
		err = commands.ErrNotFound
	}
	return card, snap, err
}

// ListTools returns a page of tools in order of their numbers. With a time,
// those whom the holder had then: any who ever had them are looked through.
func (s *Side) ListTools(ctx context.Context, at api.AsOf, f api.ToolFilter, p api.Page) ([]api.Tool, string, api.Snapshot, error) {
	out := []api.Tool{}
	next := ""
	snap, err := s.read(ctx, custody.Name, custody.Version, at, func(v view) error {
		if f.Sites != nil && len(f.Sites) == 0 {
			return nil
		}
		moved, err := s.moved(ctx, v)
		if err != nil {
			return err
		}
		where, args, err := toolsWhere(f, moved.tools())
		if err != nil {
			return err
		}
		start, err := after(p.After, len(numberOrder)+1)
		if err != nil {
			return err
		}
		for len(out) <= p.Limit {
			rows, err := s.tools.List(ctx, v.q, v.schema, readmodel.ListQuery{
				Sites: f.Sites, Where: where, Args: args, Order: numberOrder, After: start, Limit: p.Limit + 1, AsOf: v.number,
				Narrow: f.Holder != nil && f.Holder.Who != "" && f.Holder.Kind != tool.Store && len(moved) == 0,
			})
			if err != nil {
				return err
			}
			for _, row := range rows {
				if row = moved.through(row); !heldBy(row.Row, f) || !standsSo(row.Row, f) {
					continue
				}
				if len(out) == p.Limit {
					last := out[p.Limit-1]
					next = place(last.Number, last.Id.String())
					return nil
				}
				out = append(out, shownTool(row, f.HeldAt))
			}
			if len(rows) <= p.Limit {
				return nil
			}
			end := rows[len(rows)-1]
			start = []any{end.Row.Number, end.ID}
		}
		return nil
	})
	return out, next, snap, err
}

var numberOrder = []readmodel.Order{{By: "number"}}

// toolsWhere is the SQL condition of a filter over the columns. The columns of
// tools that are read through an exchange do not say where they are yet: these
// are looked at whatever they say.
func toolsWhere(f api.ToolFilter, through []uuid.UUID) (string, []any, error) {
	where, whose := "true", "true"
	var args []any
	add := func(condition string, v any) {
		args = append(args, v)
		where += " AND " + fmt.Sprintf(condition, len(args))
	}
	move := func(condition string, v any) {
		args = append(args, v)
		whose += " AND " + fmt.Sprintf(condition, len(args))
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
		move("standing = $%d", string(*f.Standing))
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
	switch {
	case f.Holder == nil:
	case f.Holder.Who == "" && f.Holder.Kind != tool.Nobody && f.HeldAt == nil:
		move("holder LIKE $%d || ':%%'", string(f.Holder.Kind))
	case f.HeldAt == nil:
		move("holder = $%d", custody.HolderText(*f.Holder))
	}
	if f.Holder != nil && f.Holder.Who != "" { // its index serves both senses of time
		text, err := json.Marshal([]string{custody.HolderText(*f.Holder)})
		if err != nil {
			return "", nil, fmt.Errorf("encode holder: %w", err)
		}
		move("holders @> $%d::text::jsonb", string(text))
	}
	if f.Holder != nil && f.Holder.Who != "" && f.HeldAt != nil {
		args = append(args, instantText(*f.HeldAt), custody.HolderText(*f.Holder))
		whose += fmt.Sprintf(" AND %s = $%d", heldThen("from", len(args)-1), len(args))
	}
	if len(through) > 0 {
		args = append(args, through)
		whose = fmt.Sprintf("((%s) OR id = ANY ($%d))", whose, len(args))
	}
	return where + " AND " + whose, args, nil
}

// heldThen is the SQL expression for who had a tool at the time of an argument,
// so that rows of others need not be fetched; from names when a stretch begins.
func heldThen(from string, arg int) string {
	return fmt.Sprintf(`jsonb_path_query_array(custody, '$[*] ? (@.%s <= $t).holder', jsonb_build_object('t', $%d::text)) ->> -1`, from, arg)
}

// instantText is a time as rows have it within json: these texts sort as the times do.
func instantText(at time.Time) string {
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}

// standsSo reports whether a row stands and is held as asked now: the columns
// of one that is read through an exchange did not say.
func standsSo(row custody.Row, f api.ToolFilter) bool {
	if f.Standing != nil && row.Standing != string(*f.Standing) {
		return false
	}
	return f.Holder == nil || f.HeldAt != nil || heldAs(row.Holder, *f.Holder)
}

func heldAs(text string, h tool.Holder) bool {
	who := custody.HolderOf(text)
	return who.Kind == h.Kind && (h.Who == "" || who.Who == h.Who)
}

// heldBy reports whether a row's custodian at the asked time is the asked one.
func heldBy(row custody.Row, f api.ToolFilter) bool {
	if f.HeldAt == nil {
		return true
	}
	span, ok := row.At(*f.HeldAt)
	if !ok || f.Holder == nil {
		return ok
	}
	return heldAs(span.Holder, *f.Holder)
}

func shownTool(r readmodel.Versioned[custody.Row], heldAt *time.Time) api.Tool {
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
	if heldAt != nil {
		if span, ok := row.At(*heldAt); ok {
			t.Holder, t.Since = holderOf(span.Holder), span.From
		}
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
