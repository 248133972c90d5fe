package commands

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// ofExchange names the exchange for which a tool is kept, released or settled.
type ofExchange struct {
	Exchange uuid.UUID `json:"exchange"`
}

// onTool runs a command of an exchange's process on one of its tools.
func (x *Exchanges) onTool(ctx context.Context, r Request, operation string, id, of uuid.UUID, at time.Time,
	build func(ctx context.Context, now moment, book *policy.Book, s exchange.State) (tool.Command, error),
) (Result, error) {
	call, err := x.call(r, operation, id.String(), &at, ofExchange{of})
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, x.x, toolDecider(), StreamOf("tool", id), existing(r, call, func(ctx context.Context, s Stream) (tool.Command, error) {
		now, book, err := x.moment(ctx, s.Site, call.OccurredAt)
		if err != nil {
			return nil, err
		}
		f, err := load(ctx, x.Store, exchangeDecider(), StreamOf("exchange", of)) // as it is, not as another process left it
		if err != nil {
			return nil, err
		}
		return build(ctx, now, book, f.state)
	}))
}

// KeepTool reserves a tool for an exchange that has chosen it, at the time of
// the choice. It is refused when anything contradicts, or the exchange is
// withdrawn meanwhile (EXC-06).
func (x *Exchanges) KeepTool(ctx context.Context, r Request, id, of uuid.UUID, at time.Time) (Result, error) {
	return x.onTool(ctx, r, "tool.keep", id, of, at, func(ctx context.Context, now moment, book *policy.Book, s exchange.State) (tool.Command, error) {
		if s.Status != exchange.StatusReserving || !slices.Contains(s.Kept(), id) {
			return nil, domain.Refuse("EXC-06", "exchange.stands_elsewhere", "standing", string(s.Status), "wanted", string(exchange.StatusReserving))
		}
		part := tool.PartNew
		if id == s.Old.Tool {
			part = tool.PartOld
		}
		who, err := x.recipientOf(ctx, s.Keeper, now.At.Time)
		return tool.Keep{
			At: now.At, Today: now.Today, Exchange: of, Part: part, Holder: s.Keeper, Posts: who.Posts, Team: who.Team, Book: book,
		}, err
	})
}

// ReleaseTool ends what an exchange kept, at the time at which it ended.
func (x *Exchanges) ReleaseTool(ctx context.Context, r Request, id, of uuid.UUID, at time.Time) (Result, error) {
	return x.onTool(ctx, r, "tool.release", id, of, at, func(_ context.Context, now moment, _ *policy.Book, _ exchange.State) (tool.Command, error) {
		return tool.Release{At: now.At, Exchange: of}, nil
	})
}

// SettleTool enters the move of a completed exchange into a tool's own stream,
// at the time of the completion.
func (x *Exchanges) SettleTool(ctx context.Context, r Request, id, of uuid.UUID, at time.Time) (Result, error) {
	return x.onTool(ctx, r, "tool.settle", id, of, at, func(_ context.Context, now moment, _ *policy.Book, s exchange.State) (tool.Command, error) {
		i := slices.IndexFunc(s.Moves, func(m exchange.Move) bool { return m.Tool == id })
		if i < 0 {
			return nil, domain.Refuse("EXC-06", "tool.not_kept")
		}
		return tool.Settle{At: now.At, Exchange: of, Holder: s.Moves[i].To}, nil
	})
}

// RepairTool hands a surrendered tool that can be repaired to the repairer, now (EXC-02).
func (x *Exchanges) RepairTool(ctx context.Context, r Request, of uuid.UUID, found exchange.Inspected) (Result, error) {
	return x.onTool(ctx, r, "tool.send_to_repair", found.Tool, of, x.Clock.Now(), func(_ context.Context, now moment, _ *policy.Book, _ exchange.State) (tool.Command, error) {
		return tool.SendToRepair{At: now.At, Repairer: found.Repairer, From: &found.Keeper}, nil
	})
}

// Reserve says that both tools are kept, or that one could not be, at the time
// of the choice; nothing if the exchange does not wait for it any more (EXC-06).
func (x *Exchanges) Reserve(ctx context.Context, r Request, id uuid.UUID, at time.Time) (Result, error) {
	return x.on(ctx, r, "exchange.reserve", id, &at, timed{&at}, func(ctx context.Context, now moment, _ *policy.Book) (exchange.Command, error) {
		s, err := Current(ctx, x.x, exchangeDecider(), StreamOf("exchange", id))
		if err != nil {
			return nil, err
		}
		missing, err := x.which(ctx, s.Kept(), func(t tool.State) bool { return t.KeptBy != id })
		return exchange.Reserve{At: now.At, Missing: missing}, err
	})
}

// Settle says that both tools' own streams have the move.
func (x *Exchanges) Settle(ctx context.Context, r Request, id uuid.UUID, at time.Time) (Result, error) {
	return x.on(ctx, r, "exchange.settle", id, &at, timed{&at}, func(ctx context.Context, now moment, _ *policy.Book) (exchange.Command, error) {
		s, err := Current(ctx, x.x, exchangeDecider(), StreamOf("exchange", id))
		if err != nil {
			return nil, err
		}
		moved := make([]uuid.UUID, len(s.Moves))
		for i, m := range s.Moves {
			moved[i] = m.Tool
		}
		missing, err := x.which(ctx, moved, func(t tool.State) bool { return t.KeptBy == id })
		return exchange.Settle{At: now.At, Missing: missing}, err
	})
}

// which returns the tools whose streams, read afresh, say so.
func (x *Exchanges) which(ctx context.Context, tools []uuid.UUID, says func(tool.State) bool) ([]uuid.UUID, error) {
	var out []uuid.UUID
	for _, id := range tools {
		f, err := load(ctx, x.Store, toolDecider(), StreamOf("tool", id))
		if err != nil {
			return nil, err
		}
		if says(f.state) {
			out = append(out, id)
		}
	}
	return out, nil
}
