// Package readside answers the API's questions from the read models and, for
// histories, from the streams themselves.
//
// Every answer is made inside one read-only snapshot of PostgreSQL and tells
// the log number as of which it holds (AUD-04). The package changes nothing,
// opens no sealed field and decides no right.
package readside

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/directory"
	"github.com/fieldledger/fieldledger/projections/inbox"
	"github.com/fieldledger/fieldledger/projections/kpi"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// patience is how long a read waits for a moment that the read models have not reached.
const patience = 2 * time.Second

// Parts is what a Side reads from.
type Parts struct {
	Pool    *pgxpool.Pool
	Manager *readmodel.Manager
	Streams commands.StreamReader
	Log     commands.Log // what the read models are behind of
	Clock   commands.Clock
	// Ping answers nil while the event store can be reached.
	Ping func(ctx context.Context) error
}

// Side is api.Tickets, api.KPIs, api.Directory, api.Custody, api.Losses, api.ToolRoom, api.Supply, api.Progress and api.Changes. Safe for concurrent use.
type Side struct {
	Parts
	tickets   *readmodel.Reader[ticket.Row]
	events    *readmodel.LogReader[ticket.Happened]
	persons   *readmodel.Reader[directory.Person]
	teams     *readmodel.Reader[directory.Team]
	sites     *readmodel.Reader[directory.Site]
	views     *readmodel.Reader[directory.View]
	tools     *readmodel.Reader[custody.Row]
	exchanges *readmodel.Reader[custody.Exchange]
	approvals *readmodel.Reader[custody.Approval]
	recalls   *readmodel.Reader[custody.Recall]
	annuals   *readmodel.Reader[custody.Annual]
	kits      *readmodel.Reader[custody.Kit]
	cards     *readmodel.Reader[custody.Card]
	kpi       *kpi.Reader
	inbox     *readmodel.LogReader[inbox.Imported]
	loss      lossReaders
	supply    supplyReaders
	recent    recentTouches
	keepers
}

// New returns a Side.
func New(p Parts) (*Side, error) {
	s := &Side{Parts: p}
	var errs [16]error
	s.tickets, errs[0] = readmodel.NewReader(ticket.Table())
	s.events, errs[1] = readmodel.NewLogReader(ticket.Events())
	s.persons, errs[2] = readmodel.NewReader(directory.Persons())
	s.teams, errs[3] = readmodel.NewReader(directory.Teams())
	s.sites, errs[4] = readmodel.NewReader(directory.Sites())
	s.kpi, errs[5] = kpi.NewReader()
	s.tools, errs[6] = readmodel.NewReader(custody.Table())
	s.inbox, errs[7] = readmodel.NewLogReader(inbox.Events())
	s.views, errs[8] = readmodel.NewReader(directory.Views())
	s.exchanges, errs[9] = readmodel.NewReader(custody.Exchanges())
	s.recalls, errs[10] = readmodel.NewReader(custody.Recalls())
	s.annuals, errs[11] = readmodel.NewReader(custody.Annuals())
	s.supply, errs[12] = newSupplyReaders()
	s.kits, errs[13] = readmodel.NewReader(custody.Kits())
	s.cards, errs[14] = readmodel.NewReader(custody.Cards())
	s.approvals, errs[15] = readmodel.NewReader(custody.Approvals())
	var lossErrs [4]error
	s.loss, lossErrs = newLossReaders()
	return s, errors.Join(errors.Join(errs[:]...), errors.Join(lossErrs[:]...), s.open())
}

// view is one snapshot of a projection.
type view struct {
	q      readmodel.Querier
	schema string
	number int64     // 0 for now
	asked  time.Time // by which running clocks are seen as overdue (SLA-13)
}

// read calls f with a snapshot of a projection as of a moment. Before the
// first event there is nothing: f is not called.
func (s *Side) read(ctx context.Context, projection string, version int, at api.AsOf, f func(v view) error) (api.Snapshot, error) {
	number, err := s.number(ctx, at)
	if err != nil {
		return api.Snapshot{}, err
	}
	if number == 0 {
		return api.Snapshot{}, nil
	}
	tx, err := s.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return api.Snapshot{}, fmt.Errorf("begin reading: %w", err)
	}
	defer tx.Rollback(ctx) //nolint:errcheck // nothing was written
	v, snap, err := s.view(ctx, tx, projection, version, number)
	if err != nil {
		return api.Snapshot{}, err
	}
	if at.Time != nil {
		v.asked = *at.Time
	}
	return snap, f(v)
}

// now stands for no number.
const now = -1

// number resolves a moment, waiting a little for one that is not reached yet.
func (s *Side) number(ctx context.Context, at api.AsOf) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch {
	case at.Number != nil:
		return *at.Number, beyond(s.Manager.WaitFor(ctx, *at.Number))
	case at.Time != nil:
		return s.numberAt(ctx, *at.Time)
	}
	return now, nil
}

// skew is how far the store's clock may be behind ours.
const skew = 2 * time.Second

// numberAt is the last number at a time. A time after the newest event is the
// end of the log, once that was reached and the time has certainly passed at
// the store: every later event will be stored after it.
func (s *Side) numberAt(ctx context.Context, at time.Time) (int64, error) {
	n, err := s.Manager.NumberAt(ctx, at)
	var later *readmodel.BeyondError
	if errors.As(err, &later) && s.Manager.CaughtUp() && at.Add(skew).Before(s.Clock.Now()) {
		return later.Head, nil
	}
	return n, beyond(err)
}

func beyond(err error) error {
	if errors.Is(err, readmodel.ErrBeyond) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", api.ErrBeyond, err)
	}
	return err
}

const sqlView = `
-- The generation of a projection that serves, how far it is, and the time of a log number.
SELECT g.schema_name, c.number, c.created_max,
       (SELECT t.created_max FROM fieldledger.log_time t WHERE t.number <= $3 ORDER BY t.number DESC LIMIT 1)
FROM fieldledger.projection_active a
JOIN fieldledger.projection_generation g USING (projection, version, generation)
JOIN fieldledger.projection_checkpoint c USING (projection, version, generation)
WHERE a.projection = $1 AND a.version = $2`

func (s *Side) view(ctx context.Context, tx pgx.Tx, projection string, version int, number int64) (view, api.Snapshot, error) {
	v := view{q: tx, asked: s.Clock.Now()}
	var head int64
	var headTime, numberTime *time.Time
	err := tx.QueryRow(ctx, sqlView, projection, version, number).Scan(&v.schema, &head, &headTime, &numberTime)
	if err != nil {
		return view{}, api.Snapshot{}, fmt.Errorf("find projection %s: %w", projection, err)
	}
	if number == now {
		return v, snapshot(head, headTime), nil
	}
	if numberTime == nil {
		numberTime = headTime
	}
	v.number = number
	if numberTime != nil {
		v.asked = *numberTime
	}
	return v, snapshot(number, numberTime), nil
}

func snapshot(number int64, at *time.Time) api.Snapshot {
	snap := api.Snapshot{Number: number}
	if at != nil {
		t := domain.At(*at)
		snap.Time = &t
	}
	return snap
}

// ofTickets reads the ticket projection.
func (s *Side) ofTickets(ctx context.Context, at api.AsOf, f func(v view) error) (api.Snapshot, error) {
	return s.read(ctx, ticket.Name, ticket.Version, at, f)
}
