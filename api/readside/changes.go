package readside

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

const (
	keptNumbers = 8192   // of the end of the log, for all who listen
	mostRows    = 20_000 // read for one who was away longer
)

// touch says that an event touched a ticket.
type touch struct {
	number int64
	site   string
	id     uuid.UUID
}

// recentTouches keeps the touches of the last numbers, so that many listeners
// cost one query for each commit.
type recentTouches struct {
	mu        sync.Mutex
	low, high int64 // what is kept: all touches with low < number <= high
	touches   []touch
}

// Changed returns a channel that is closed after the next commit of a page.
func (s *Side) Changed() <-chan struct{} { return s.Manager.Changed() }

// Since returns the tickets at sites (nil: all) that events after a log number
// touched, and up to which number. More than most, or too far back: TooMany.
func (s *Side) Since(ctx context.Context, sites []string, after int64, most int) (api.TicketChanges, error) {
	head := s.ticketsAt()
	out := api.TicketChanges{Number: head}
	if after == head || sites != nil && len(sites) == 0 {
		return out, nil
	}
	if after > head { // of another log, or of tables that are being made anew
		out.TooMany = true
		return out, nil
	}
	touches, err := s.touches(ctx, sites, after, head)
	if err != nil {
		return api.TicketChanges{}, err
	}
	if len(touches) > mostRows {
		return api.TicketChanges{Number: head, TooMany: true}, nil
	}
	seen := map[uuid.UUID]bool{}
	for _, t := range touches {
		if seen[t.id] || sites != nil && !slices.Contains(sites, t.site) {
			continue
		}
		if len(out.Tickets) == most {
			return api.TicketChanges{Number: head, TooMany: true}, nil
		}
		seen[t.id] = true
		out.Tickets = append(out.Tickets, t.id)
	}
	return out, nil
}

// ticketsAt is the log number that the tickets' projection has committed.
func (s *Side) ticketsAt() int64 {
	for _, st := range s.Manager.Status() {
		if st.Projection == ticket.Name {
			return st.Number
		}
	}
	return 0
}

// touches returns those with after < number <= head in log order, maybe of
// other sites too; more than mostRows if there are too many to tell.
func (s *Side) touches(ctx context.Context, sites []string, after, head int64) ([]touch, error) {
	kept, ok, err := s.kept(ctx, after, head)
	if ok || err != nil {
		return kept, err
	}
	return s.readTouches(ctx, sites, after, head)
}

// kept returns touches from memory, after reading the newest ones into it;
// false if it does not reach back to after.
func (s *Side) kept(ctx context.Context, after, head int64) ([]touch, bool, error) {
	r := &s.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	if head > r.high {
		from := max(r.high, head-keptNumbers)
		more, err := s.readTouches(ctx, nil, from, head)
		if err != nil {
			return nil, false, err
		}
		if from > r.high || r.high == 0 {
			r.low, r.touches = from, nil
		}
		r.touches, r.high = append(r.touches, more...), head
		r.forget()
	}
	if after < r.low {
		return nil, false, nil
	}
	return slices.Clone(r.touches[r.place(after+1):r.place(head+1)]), true, nil
}

// place is where the touches from a number on begin.
func (r *recentTouches) place(number int64) int {
	i, _ := slices.BinarySearchFunc(r.touches, number, func(t touch, n int64) int { return cmp.Compare(t.number, n) })
	return i
}

// forget drops what is further back than keptNumbers, in strides.
func (r *recentTouches) forget() {
	if len(r.touches) <= 2*keptNumbers {
		return
	}
	r.low = r.high - keptNumbers
	r.touches = slices.Clone(r.touches[r.place(r.low+1):])
}

// readTouches reads the log of tickets' events, one row more than mostRows.
func (s *Side) readTouches(ctx context.Context, sites []string, after, head int64) ([]touch, error) {
	var out []touch
	err := pgx.BeginTxFunc(ctx, s.Pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		v, _, err := s.view(ctx, tx, ticket.Name, ticket.Version, head)
		if err != nil {
			return err
		}
		rows, err := s.events.List(ctx, v.q, v.schema, readmodel.LogQuery{Sites: sites, After: after, AsOf: head, Limit: mostRows + 1})
		for _, row := range rows {
			out = append(out, touch{row.Number, row.Site, row.ID})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read changes after %d: %w", after, err)
	}
	return out, nil
}
