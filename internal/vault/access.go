package vault

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Access is one look at a subject's personal data (AUD-08).
type Access struct {
	Actor   string    // person id, or the subject of a token
	Subject uuid.UUID // whose data
	Purpose string    // "ticket card", "export"
	Target  string    // stream or list that was shown
}

// Access records one look at personal data. Record first, then show.
func (v *Vault) Access(ctx context.Context, actor string, subject uuid.UUID, purpose, target string) error {
	return v.AccessAll(ctx, []Access{{actor, subject, purpose, target}})
}

const recordAccess = `
-- One row for each look, in the order given.
INSERT INTO vault.access_log (at, actor, subject, purpose, target)
SELECT @now, a.actor, a.subject, a.purpose, a.target
FROM unnest(@actors::text[], @subjects::uuid[], @purposes::text[], @targets::text[])
    WITH ORDINALITY AS a (actor, subject, purpose, target, n)
ORDER BY a.n`

// AccessAll records many looks, as a list of people is, in one statement.
func (v *Vault) AccessAll(ctx context.Context, looks []Access) error {
	if len(looks) == 0 {
		return nil
	}
	n := len(looks)
	actors, purposes, targets := make([]string, n), make([]string, n), make([]string, n)
	subjects := make([]uuid.UUID, n)
	for i, a := range looks {
		actors[i], subjects[i], purposes[i], targets[i] = a.Actor, a.Subject, a.Purpose, a.Target
	}
	_, err := v.pool.Exec(ctx, recordAccess, pgx.NamedArgs{
		"now": v.clock.Now(), "actors": actors, "subjects": subjects, "purposes": purposes, "targets": targets,
	})
	if err != nil {
		return fmt.Errorf("record access to personal data: %w", err)
	}
	return nil
}
