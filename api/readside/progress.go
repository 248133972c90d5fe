package readside

import (
	"context"
	"time"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// At returns the log number that a moment means, and its time.
func (s *Side) At(ctx context.Context, at api.AsOf) (api.Snapshot, error) {
	return s.ofTickets(ctx, at, func(view) error { return nil })
}

// Wait returns once every read model has seen a revision of a stream.
func (s *Side) Wait(ctx context.Context, stream string, revision int64) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return beyond(s.Manager.WaitRevision(ctx, stream, revision))
}

// pingLimit is how long the health answer waits for the store and PostgreSQL.
const pingLimit = 500 * time.Millisecond

// Health tells how the parts are; a halted projection is named with its state.
func (s *Side) Health(ctx context.Context) api.Health {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	h := api.Health{Status: api.HealthStatusOk, Store: api.HealthStoreOk, Postgres: api.HealthPostgresOk, Projections: []api.ProjectionHealth{}}
	for _, st := range s.Manager.Status() {
		p := api.ProjectionHealth{
			Name: st.Projection, Version: st.Version, Generation: st.Generation, Number: st.Number, Behind: st.Lag, State: api.Live,
		}
		switch {
		case st.State == readmodel.Halted:
			p.State, h.Status = api.Halted, api.HealthStatusDegraded
			p.HaltedBefore = &st.HaltedNumber
		case !s.Manager.CaughtUp():
			p.State = api.CatchingUp
		}
		h.Projections = append(h.Projections, p)
	}
	postgres := make(chan error, 1)
	go func() { postgres <- s.Pool.Ping(ctx) }()
	if s.Ping(ctx) != nil {
		h.Store, h.Status = api.HealthStoreDown, api.HealthStatusDown
	}
	if <-postgres != nil {
		h.Postgres, h.Status = api.HealthPostgresDown, api.HealthStatusDown
	}
	return h
}
