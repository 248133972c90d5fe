package vault

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

const makeInstallation = `
-- The first start names the installation; every later one finds it named.
INSERT INTO fieldledger.installation ("only", id, mac_key, created_at)
VALUES (true, $1, $2, now()) ON CONFLICT DO NOTHING`

const readInstallation = `
-- The one row.
SELECT id, mac_key FROM fieldledger.installation`

// Installation returns the id of this installation and its MAC key, making
// both on first use. Every process on the same database gets the same ones.
func Installation(ctx context.Context, pool *pgxpool.Pool) (id uuid.UUID, macKey []byte, err error) {
	macKey = make([]byte, keySize)
	_, _ = rand.Read(macKey) // never fails
	if _, err := pool.Exec(ctx, makeInstallation, uuid.New(), macKey); err != nil {
		return uuid.Nil, nil, fmt.Errorf("make installation: %w", err)
	}
	if err := pool.QueryRow(ctx, readInstallation).Scan(&id, &macKey); err != nil {
		return uuid.Nil, nil, fmt.Errorf("read installation: %w", err)
	}
	return id, macKey, nil
}
