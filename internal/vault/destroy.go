package vault

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const recordDestroyed = `
-- Stays for ever, so that no new key is made.
INSERT INTO vault.destroyed_subject (subject, destroyed_at, reason)
VALUES (@subject, @now, @reason) ON CONFLICT DO NOTHING`

const deleteKey = `
-- Erases every value that was sealed for the subject.
DELETE FROM vault.subject_key WHERE subject = @subject`

const deleteTokens = `
-- Nothing finds the subject by name any more.
DELETE FROM vault.search_token WHERE subject = @subject`

// Destroy erases a subject for good: its key and search tokens go, and no new
// key is ever made for it, whether or not it had one (AUD-07). Doing it again changes
// nothing. What it was for goes into reason; no personal data there. Copies
// of the database that were made before keep the key.
func (v *Vault) Destroy(ctx context.Context, subject uuid.UUID, reason string) error {
	err := pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockSubjects)); err != nil {
			return err
		}
		args := pgx.NamedArgs{"subject": subject, "now": v.clock.Now(), "reason": reason}
		for _, sql := range []string{recordDestroyed, deleteKey, deleteTokens} {
			if _, err := tx.Exec(ctx, sql, args); err != nil {
				return err
			}
		}
		return nil
	})
	v.keys.purge() // AUD-07; even after an error: the commit may have been made
	if err != nil {
		return fmt.Errorf("destroy key of %s: %w", subject, err)
	}
	return nil
}
