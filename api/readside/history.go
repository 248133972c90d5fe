package readside

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// happened is the history of one ticket: what the event log says, as of a
// moment, and the events of the stream by revision.
type happened struct {
	rows   []readmodel.LogRow[ticket.Happened]
	struck map[int64]int64 // revision -> log number of its strike
	stored []eventschemas.Recorded
}

func (s *Side) happened(ctx context.Context, at api.AsOf, id uuid.UUID) (happened, api.Snapshot, error) {
	h := happened{struck: map[int64]int64{}}
	snap, err := s.ofTickets(ctx, at, func(v view) error {
		var err error
		h.rows, err = s.events.List(ctx, v.q, v.schema, readmodel.LogQuery{ID: id, AsOf: v.number})
		return err
	})
	if err != nil {
		return h, snap, err
	}
	if len(h.rows) == 0 {
		return h, snap, commands.ErrNotFound
	}
	for _, r := range h.rows {
		if r.Row.Struck >= 0 {
			h.struck[r.Row.Struck] = r.Number
		}
	}
	h.stored, err = s.Streams.ReadStream(ctx, h.rows[0].Stream, 0)
	if err != nil {
		return h, snap, fmt.Errorf("history of ticket %s: %w", id, err)
	}
	if last := h.rows[len(h.rows)-1].Revision; last >= int64(len(h.stored)) {
		return h, snap, fmt.Errorf("history of ticket %s: the stream ends before revision %d", id, last)
	}
	return h, snap, nil
}

// History returns the events of a ticket in their order, struck ones too.
func (s *Side) History(ctx context.Context, at api.AsOf, id uuid.UUID, p api.Page) ([]api.SealedEvent, string, api.Snapshot, error) {
	h, snap, err := s.happened(ctx, at, id)
	if err != nil {
		return nil, "", snap, err
	}
	from, err := offset(p.After)
	if err != nil {
		return nil, "", snap, err
	}
	rows, next := cut(h.rows, from, p.Limit)
	out := make([]api.SealedEvent, 0, len(rows))
	for _, r := range rows {
		e, err := historyEvent(r, h.stored[r.Revision])
		if err != nil {
			return nil, "", snap, err
		}
		if n, ok := h.struck[r.Revision]; ok {
			e.StruckBy = &n
		}
		out = append(out, e)
	}
	return out, next, snap, nil
}

func historyEvent(r readmodel.LogRow[ticket.Happened], stored eventschemas.Recorded) (api.SealedEvent, error) {
	env, err := eventschemas.DecodeEnvelope(stored.Meta)
	if err != nil {
		return api.SealedEvent{}, fmt.Errorf("envelope of %s@%d: %w", stored.Stream, stored.Revision, err)
	}
	e := api.SealedEvent{Sealed: stored.Data}
	e.Number, e.Revision, e.EventId, e.Type = r.Number, r.Revision, r.EventID, r.Type
	e.OccurredAt, e.RecordedAt, e.OnBehalfOf = env.OccurredAt, env.RecordedAt, env.OnBehalfOf
	e.Actor.Person, e.Actor.Policy, e.Actor.Roles = env.Actor.Person, env.Actor.Policy, env.Actor.Roles
	if env.Source != nil {
		e.Source = &api.EventSource{System: env.Source.System, Row: env.Source.Row}
	}
	return e, nil
}

// Explain returns what each verdict of a ticket rests on, as of a moment:
// events and spans, and whether the spans add up (AUD-05).
func (s *Side) Explain(ctx context.Context, at api.AsOf, id uuid.UUID) ([]api.VerdictExplanation, api.Snapshot, error) {
	h, snap, err := s.happened(ctx, at, id)
	if err != nil {
		return nil, snap, err
	}
	out := []api.VerdictExplanation{}
	for _, r := range h.rows {
		if _, struck := h.struck[r.Revision]; struck {
			continue
		}
		ev, err := eventschemas.Decode(r.Type, h.stored[r.Revision].Data)
		if err != nil {
			return nil, snap, fmt.Errorf("decode %s@%d: %w", r.Stream, r.Revision, err)
		}
		if j, ok := ev.(domainticket.Judged); ok {
			out = append(out, h.explain(r, j))
		}
	}
	return out, snap, nil
}

func (h happened) explain(r readmodel.LogRow[ticket.Happened], j domainticket.Judged) api.VerdictExplanation {
	v := api.VerdictExplanation{
		Event: eventRef(r), Target: api.TargetName(j.Target), Cycle: j.Cycle, Verdict: api.VerdictExplanationVerdict(j.Verdict),
		Clock: string(j.Clock), StartAt: j.StartAt, ReachedAt: j.ReachedAt, DueAt: j.DueAt, LimitS: j.LimitS,
		GrossS: j.GrossS, PausedS: j.PausedS, NetS: j.NetS, Policy: api.RefOf(j.Policy), Calendar: api.RefOf(j.Calendar),
		Inputs: []api.EventRef{}, Spans: api.SpansOf(j),
	}
	for _, revision := range j.Inputs {
		for _, row := range h.rows {
			if row.Revision == int64(revision) { //nolint:gosec // a revision fits
				v.Inputs = append(v.Inputs, eventRef(row))
			}
		}
	}
	v.AddsUp = addsUp(j)
	return v
}

// addsUp reports whether the spans of a judgement are disjoint, in order, and
// add up to its three sums; whole seconds are rounded up, as the judgement's are.
func addsUp(j domainticket.Judged) bool {
	var counted, paused int64 // milliseconds
	for i, sp := range j.Spans {
		if i > 0 && sp.From.Before(j.Spans[i-1].To.Time) {
			return false
		}
		ms := sp.To.Sub(sp.From.Time).Milliseconds()
		if sp.Kind == domainticket.Counted {
			counted += ms
		} else {
			paused += ms
		}
	}
	return ceil(counted) == j.NetS && ceil(counted+paused) == j.GrossS && j.GrossS == j.NetS+j.PausedS
}

func ceil(ms int64) int64 { return (ms + 999) / 1000 }

func eventRef(r readmodel.LogRow[ticket.Happened]) api.EventRef {
	return api.EventRef{
		EventId: r.EventID, Number: r.Number, Revision: r.Revision, Type: r.Type, OccurredAt: domain.At(r.OccurredAt),
	}
}

// spansOf returns the spans of a stored event, none if it is no judgement or
// cannot be found any more.
func (s *Side) spansOf(ctx context.Context, ticketID, eventID uuid.UUID) ([]api.Span, error) {
	stored, err := s.Streams.ReadStream(ctx, commands.StreamOf("ticket", ticketID), 0)
	if errors.Is(err, commands.ErrStreamNotFound) {
		return []api.Span{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ticket %s: %w", ticketID, err)
	}
	for _, e := range stored {
		if e.ID != eventID {
			continue
		}
		ev, err := eventschemas.Decode(e.Type, e.Data)
		if err != nil {
			return nil, fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
		}
		if j, ok := ev.(domainticket.Judged); ok {
			return api.SpansOf(j), nil
		}
	}
	return []api.Span{}, nil
}
