package exportlog_test

import (
	"context"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/vault"
)

// opener opens by the vault and remembers whose data were looked at.
type opener struct {
	h      *apptest.Harness
	err    error
	looks  []uuid.UUID
	opened int
}

func (o *opener) Look(ctx context.Context, subjects []uuid.UUID) error {
	if o.err != nil {
		return o.err
	}
	o.looks = append(o.looks, subjects...)
	looks := make([]vault.Access, len(subjects))
	for i, s := range subjects {
		looks[i] = vault.Access{Actor: "operator", Subject: s, Purpose: "export", Target: "site"}
	}
	return o.h.Vault.AccessAll(ctx, looks)
}

func (o *opener) Open(ctx context.Context, sealed domain.Sealed, field string) (string, error) {
	o.opened++
	return o.h.Vault.Open(ctx, sealed, field)
}

func external(key string) domain.ExternalKey { return domain.ExternalKey{System: "hr", Key: key} }

// strike strikes an event of a ticket, with another person's consent.
func (w worker) strike(id uuid.UUID, revision int64) {
	w.t.Helper()
	lead, err := w.h.App.People.Register(w.t.Context(), w.h.Request("lead"), commands.RegisterPerson{
		Site: "repair-centre", External: external("lead"), Name: "Lead", Roles: []string{},
	})
	require.NoError(w.t, err)
	_, err = w.h.App.Strikes.Strike(w.t.Context(), w.h.Request("strike "+id.String()), "ticket", id,
		commands.StrikeEvent{Revision: uint64(revision), Reason: "a mistake", SecondPerson: lead.ID.String()})
	require.NoError(w.t, err)
}
