package process

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Scrap ends the tool of a request that everybody has signed, and tells the
// request what came of it: a tool that was given out meanwhile stays, and the
// last signature is to be given again (STK-08, STK-12).
type Scrap struct{ Scraps *commands.Scraps }

// Name is "scrap".
func (Scrap) Name() string { return "scrap" }

// Inputs are the signatures of requests.
func (Scrap) Inputs() []string { return []string{"scrap.approved.v1"} }

// React acts on the last signature.
func (Scrap) React(e eventschemas.Record) (time.Time, bool) {
	a, ok := e.Event.(scrap.Approved)
	return e.Envelope.RecordedAt.Time, ok && a.Complete
}

// Steps are the tool, which ends, and the request, which hears of it.
func (m Scrap) Steps(ctx context.Context, t Task, last uuid.UUID, limit int) ([]uuid.UUID, error) {
	id, err := idOf("scrap", t.Event.Stream)
	if err != nil {
		return nil, err
	}
	tool, err := m.Scraps.Tool(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("find tool of scrap request %s: %w", id, err)
	}
	return after([]uuid.UUID{tool, id}, last, limit), nil
}

// Send tells the tool to end, or the request how the tool stands.
func (m Scrap) Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error) {
	id, err := idOf("scrap", t.Event.Stream)
	switch {
	case err != nil:
		return commands.Result{}, err
	case step == id:
		return m.Scraps.Settle(ctx, r, id)
	}
	return m.Scraps.End(ctx, r, id, t.Event.Event.(scrap.Approved).Signed.By)
}
