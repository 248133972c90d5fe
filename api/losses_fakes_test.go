package api_test

import (
	"context"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
)

// lossAnswers is what the read side says of losses.
type lossAnswers struct {
	cards   []api.SealedLoss
	account *api.SealedAccount
	cases   []api.SealedCase
	payroll []api.PayrollLine
	filter  api.LossFilter
}

func (r *reads) Loss(_ context.Context, at api.AsOf, id uuid.UUID) (api.SealedLoss, api.Snapshot, error) {
	for _, c := range r.losses.cards {
		if c.Id == id {
			return c, r.ask(at), r.err
		}
	}
	return api.SealedLoss{}, r.ask(at), commands.ErrNotFound
}

func (r *reads) ListLosses(_ context.Context, at api.AsOf, f api.LossFilter, p api.Page) ([]api.SealedLoss, string, api.Snapshot, error) {
	r.losses.filter = f
	rows, next := cut(r.losses.cards, p)
	return rows, next, r.ask(at), r.err
}

func (r *reads) Account(_ context.Context, at api.AsOf, _ uuid.UUID) (api.SealedAccount, api.Snapshot, error) {
	if r.losses.account == nil {
		return api.SealedAccount{}, r.ask(at), commands.ErrNotFound
	}
	return *r.losses.account, r.ask(at), r.err
}

func (r *reads) Month(ctx context.Context, at api.AsOf, person uuid.UUID, _ string) (api.SealedAccount, []api.SealedCase, api.Snapshot, error) {
	a, snap, err := r.Account(ctx, at, person)
	return a, r.losses.cases, snap, err
}

func (r *reads) Payroll(_ context.Context, at api.AsOf, _, _, _ string) ([]api.PayrollLine, api.Snapshot, error) {
	return r.losses.payroll, r.ask(at), r.err
}
