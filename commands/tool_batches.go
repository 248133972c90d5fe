package commands

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// ToolOutcome is what became of one tool of several. Each is decided by itself.
type ToolOutcome struct {
	Tool    uuid.UUID
	Number  string // "" if there is no such tool
	Result  Result
	Refusal *OutcomeReason // nil if it was done, or held already
}

// LastOf is the result after which everything that was written can be read:
// of the tools, or first where nothing became of any of them. It is the zero
// Result if nothing was written.
func LastOf(first Result, rows []ToolOutcome) Result {
	last := first
	for _, o := range rows {
		if o.Refusal == nil && (o.Result.Changed || !last.Changed) {
			last = o.Result
		}
	}
	return last
}

// OpenTool is a tool that somebody has.
type OpenTool struct {
	Tool   uuid.UUID
	Number string
	Holder tool.Holder
	Until  *time.Time // when it is due back
}

// each runs a command on several tools, one after another. A rule's refusal is
// an outcome; any other error ends it, and the same request goes on.
func (t *Tools) each(ctx context.Context, r Request, ids []uuid.UUID, run func(r Request, id uuid.UUID) (Result, error)) ([]ToolOutcome, error) {
	out := make([]ToolOutcome, 0, len(ids))
	key := r.Key
	for _, id := range ids {
		st, err := Current(ctx, t.x, toolDecider(), StreamOf("tool", id))
		if err != nil {
			return nil, err
		}
		r.Key, r.Expected = key+"/"+id.String(), nil
		o := ToolOutcome{Tool: id, Number: st.Number}
		o.Result, err = run(r, id)
		if o.Refusal, err = refusalOf(err); err != nil {
			return nil, err
		}
		if !r.sees(st.Site) {
			o.Number = ""
		}
		out = append(out, o)
	}
	return out, nil
}

// refusalOf returns an error that is an answer as what is kept of it; any
// other error is one.
func refusalOf(err error) (*OutcomeReason, error) {
	var rule *domain.RuleError
	var invalid *domain.InvalidError
	switch {
	case errors.As(err, &rule):
		return &OutcomeReason{Rule: rule.Rule, Key: rule.Key, Args: rule.Args}, nil
	case errors.As(err, &invalid):
		return &OutcomeReason{Pointer: invalid.Pointer, Rule: invalid.Rule, Key: invalid.Key, Args: invalid.Args}, nil
	case errors.Is(err, ErrNotFound):
		return &OutcomeReason{Rule: "TOL-01", Key: "tool.unknown"}, nil
	}
	return nil, err
}

// LendSeveral lends several tools to one borrower.
type LendSeveral struct {
	LendTool
	Tools []uuid.UUID
}

// LendSeveral lends several tools; each is decided by itself (TOL-09).
func (t *Tools) LendSeveral(ctx context.Context, r Request, in LendSeveral) ([]ToolOutcome, error) {
	return t.each(ctx, r, in.Tools, func(r Request, id uuid.UUID) (Result, error) { return t.Lend(ctx, r, id, in.LendTool) })
}

// ReturnSeveral brings several tools back.
type ReturnSeveral struct {
	At    *time.Time
	Store string
	By    string // person id of who brings them
	Tools []ReturnedTool
}

// ReturnedTool is one of them and how it comes back.
type ReturnedTool struct {
	Tool      uuid.UUID
	Condition tool.Condition
}

// ReturnSeveral takes several tools into a store, each decided by itself, and
// tells what is still open of those who had them (TOL-09).
func (t *Tools) ReturnSeveral(ctx context.Context, r Request, in ReturnSeveral) ([]ToolOutcome, []OpenTool, error) {
	ids := make([]uuid.UUID, len(in.Tools))
	var had []tool.Holder
	for i, item := range in.Tools {
		ids[i] = item.Tool
		st, err := Current(ctx, t.x, toolDecider(), StreamOf("tool", item.Tool))
		if err != nil {
			return nil, nil, err
		}
		had = append(had, st.Holder, st.From)
	}
	n := 0
	out, err := t.each(ctx, r, ids, func(r Request, id uuid.UUID) (Result, error) {
		item := in.Tools[n]
		n++
		return t.Return(ctx, r, id, ReturnTool{At: in.At, Store: in.Store, By: in.By, Condition: item.Condition})
	})
	if err != nil {
		return nil, nil, err
	}
	open := []OpenTool{}
	for i, h := range had {
		if slices.Contains(had[:i], h) {
			continue
		}
		more, err := t.cards.open(ctx, r, h)
		if err != nil {
			return nil, nil, err
		}
		open = append(open, more...)
	}
	return out, open, nil
}
