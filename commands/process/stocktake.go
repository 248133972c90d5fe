package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Stocktake opens the corrections of a count that two have signed: each tool
// decides for itself, and what became of each is on one list (CHK-01). A tool
// on which something happened since the result is left alone.
type Stocktake struct {
	Stocktakes *commands.Stocktakes
	Tools      *commands.Tools
}

// Name is "stocktake".
func (Stocktake) Name() string { return "stocktake" }

// Inputs are the counts that were closed.
func (Stocktake) Inputs() []string { return []string{"stocktake.closed.v1"} }

// React acts on every closed count at once.
func (Stocktake) React(e eventschemas.Record) (time.Time, bool) {
	_, ok := e.Event.(stocktake.Closed)
	return e.Envelope.RecordedAt.Time, ok
}

// count is the one that a task is about. Nothing happens to it once it is closed.
func (m Stocktake) count(ctx context.Context, t Task) (stocktake.State, error) {
	id, err := uuid.Parse(strings.TrimPrefix(t.Event.Stream, "fl.stocktake-"))
	if err != nil {
		return stocktake.State{}, fmt.Errorf("id of %s: %w", t.Event.Stream, err)
	}
	return m.Stocktakes.Find(ctx, commands.Request{}, id)
}

// Steps are the tools to correct, by id.
func (m Stocktake) Steps(ctx context.Context, t Task, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	s, err := m.count(ctx, t)
	if err != nil {
		return nil, err
	}
	var out []uuid.UUID
	for _, d := range s.Differences {
		if d.Kind.Corrects() && bytes.Compare(d.Tool[:], after[:]) > 0 {
			out = append(out, d.Tool)
		}
	}
	slices.SortFunc(out, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return out[:min(limit, len(out))], nil
}

// Send corrects one tool.
func (m Stocktake) Send(ctx context.Context, r commands.Request, t Task, step uuid.UUID) (commands.Result, error) {
	s, err := m.count(ctx, t)
	if err != nil {
		return commands.Result{}, err
	}
	i := slices.IndexFunc(s.Differences, func(d stocktake.Difference) bool { return d.Tool == step })
	if i < 0 {
		return commands.Result{}, commands.ErrNotFound
	}
	d := s.Differences[i]
	r.Expected = &d.Revision
	res, err := m.correct(ctx, r, t, s, d)
	if _, stale := errors.AsType[*commands.StaleError](err); stale {
		return res, domain.Refuse("CHK-01", "stock.tool_changed")
	}
	return res, err
}

func (m Stocktake) correct(ctx context.Context, r commands.Request, t Task, s stocktake.State, d stocktake.Difference) (commands.Result, error) {
	closed := t.Event.Event.(stocktake.Closed)
	switch d.Kind {
	case stocktake.Missing:
		return m.Tools.ReportMissing(ctx, r, d.Tool, commands.MissingTool{LostAt: s.Result.At.Time, Place: s.Place()})
	case stocktake.Damaged:
		return m.Tools.Block(ctx, r, d.Tool, commands.BlockTool{Reason: tool.BlockFault, Note: "stocktake " + closed.Digest[:8]})
	case stocktake.Unexpected:
		condition := tool.Good
		if d.Broken {
			condition = tool.Damaged
		}
		if d.Holder.Kind == tool.Nobody { // it was missing, and is here
			return m.Tools.Find(ctx, r, d.Tool, commands.FoundTool{Store: s.Store(d), Condition: condition})
		}
		return m.Tools.Return(ctx, r, d.Tool, commands.ReturnTool{
			Store: s.Store(d), By: d.Scanner, Condition: condition, Between: d.Holder.Kind == tool.Store,
		})
	case stocktake.Moved, stocktake.Unknown: // no step
	}
	return commands.Result{}, commands.ErrNotFound
}
