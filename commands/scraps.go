package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/tool"
)

func scrapDecider() Decider[scrap.State, scrap.Command, scrap.Event] {
	return Decider[scrap.State, scrap.Command, scrap.Event]{
		Name: "scrap", Version: "scrap/1", Decide: scrap.Decide,
		Evolve: func(s scrap.State, _ uint64, e scrap.Event) scrap.State { return scrap.Evolve(s, e) },
	}
}

// Scraps are the use cases of requests to scrap a tool (STK-08, STK-12). Who
// signs is the actor. A process manager ends the tool once all have signed.
type Scraps struct {
	supply
	tools *Tools
}

// RequestScrap asks for the end of a tool.
type RequestScrap struct {
	Site   string      `json:"site"` // code
	At     *time.Time  `json:"at"`
	Tool   uuid.UUID   `json:"tool"`
	Cause  scrap.Cause `json:"cause"`
	Reason string      `json:"reason"`
}

// Request asks for the end of a tool of the site.
func (s *Scraps) Request(ctx context.Context, r Request, in RequestScrap) (Registered, error) {
	return begin(ctx, &s.supply, r, scrapDecider(), uuid.Nil, "scrap.request", in.Site, in.At, in,
		func(ctx context.Context, call Call, _ uuid.UUID, book *policy.Book) (scrap.Command, error) {
			t, err := Current(ctx, s.x, toolDecider(), StreamOf("tool", in.Tool))
			switch {
			case err != nil:
				return nil, err
			case t.Standing == "" || t.Site != in.Site:
				return nil, domain.Invalid("/tool", "STK-08", "tool.unknown")
			case t.Standing == tool.StandingScrapped:
				return nil, domain.Refuse("STK-08", "tool.scrapped")
			case t.Standing == tool.StandingInRepair || t.Repair.Stage != "" && t.Repair.Stage != tool.FaultOpen: // TOL-11: it is to come back
				return nil, domain.Refuse("STK-08", "scrap.in_repair", "stage", string(t.Repair.Stage))
			}
			return scrap.Request{
				At: call.OccurredAt, Site: in.Site, Tool: in.Tool.String(), Number: t.Number, PriceFen: t.PriceFen, Cause: in.Cause,
				Reason: in.Reason, By: r.Actor.Person, Book: book,
			}, nil
		})
}

// Tool is the tool of a request; ErrNotFound if there is no request.
func (s *Scraps) Tool(ctx context.Context, id uuid.UUID) (uuid.UUID, error) {
	st, err := Current(ctx, s.x, scrapDecider(), StreamOf("scrap", id))
	switch {
	case err != nil:
		return uuid.Nil, err
	case st.Standing == "":
		return uuid.Nil, ErrNotFound
	}
	return uuid.Parse(st.Asked.Tool)
}

// toolOf is the tool of a request as it is now.
func (s *Scraps) toolOf(ctx context.Context, id uuid.UUID) (tool.State, error) {
	of, err := s.Tool(ctx, id)
	if err != nil {
		return tool.State{}, err
	}
	return Current(ctx, s.x, toolDecider(), StreamOf("tool", of))
}

// Approve is the actor's signature; the last one is for a tool in store.
func (s *Scraps) Approve(ctx context.Context, r Request, id uuid.UUID, at *time.Time) (Result, error) {
	return on(ctx, &s.supply, r, scrapDecider(), "scrap.approve", id, at, timed{at},
		func(ctx context.Context, call Call, _ *policy.Book) (scrap.Command, error) {
			t, err := s.toolOf(ctx, id)
			return scrap.Approve{At: call.OccurredAt, By: signer(r), Standing: t.Standing}, err
		})
}

// Reject ends a request: the tool stays.
func (s *Scraps) Reject(ctx context.Context, r Request, id uuid.UUID, in Reasoned) (Result, error) {
	return on(ctx, &s.supply, r, scrapDecider(), "scrap.reject", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (scrap.Command, error) {
			return scrap.Reject{At: call.OccurredAt, By: signer(r), Reason: in.Reason}, nil
		})
}

// Settle tells a request how its tool stands after it was told to end.
func (s *Scraps) Settle(ctx context.Context, r Request, id uuid.UUID) (Result, error) {
	return on(ctx, &s.supply, r, scrapDecider(), "scrap.settle", id, nil, struct{}{},
		func(ctx context.Context, call Call, _ *policy.Book) (scrap.Command, error) {
			t, err := s.toolOf(ctx, id)
			return scrap.Settle{At: call.OccurredAt, Standing: t.Standing, Ended: t.ScrappedBy == id}, err
		})
}

// DisposeScrap says what became of a scrapped tool.
type DisposeScrap struct {
	At          *time.Time `json:"at"`
	How         string     `json:"how"`
	ProceedsFen int64      `json:"proceeds_fen"`
}

// Dispose says what became of a scrapped tool.
func (s *Scraps) Dispose(ctx context.Context, r Request, id uuid.UUID, in DisposeScrap) (Result, error) {
	return on(ctx, &s.supply, r, scrapDecider(), "scrap.dispose", id, in.At, in,
		func(_ context.Context, call Call, _ *policy.Book) (scrap.Command, error) {
			return scrap.Dispose{At: call.OccurredAt, How: in.How, ProceedsFen: in.ProceedsFen, By: r.Actor.Person}, nil
		})
}

// End ends the tool of a request that everybody has signed, approvedBy last.
func (s *Scraps) End(ctx context.Context, r Request, id uuid.UUID, approvedBy string) (Result, error) {
	st, err := Current(ctx, s.x, scrapDecider(), StreamOf("scrap", id))
	if err != nil {
		return Result{}, err
	}
	of, err := s.Tool(ctx, id)
	if err != nil {
		return Result{}, err
	}
	return s.tools.end(ctx, r, of, id, st.Asked.Reason, st.Asked.By, approvedBy)
}
