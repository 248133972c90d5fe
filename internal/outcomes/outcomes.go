// Package outcomes keeps, in PostgreSQL, the outcomes of commands that left no
// event: refusals and no-ops, so that a repeat answers as before (TKT-02).
//
// It never keeps what an event tells, and forgets after 30 days.
package outcomes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fieldledger/fieldledger/commands"
)

// Keep is how long an outcome is kept.
const Keep = 30 * 24 * time.Hour

// Store is commands.Outcomes over fieldledger.command_outcome. Safe for concurrent use.
type Store struct {
	pool  *pgxpool.Pool
	clock commands.Clock
}

// New returns a Store over a migrated database.
func New(pool *pgxpool.Pool, clock commands.Clock) *Store { return &Store{pool, clock} }

// Find returns the outcome of a command; false if there is none.
func (s *Store) Find(ctx context.Context, command uuid.UUID) (commands.Outcome, bool, error) {
	return find(ctx, s.pool, command)
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func find(ctx context.Context, q querier, command uuid.UUID) (commands.Outcome, bool, error) {
	var raw []byte
	err := q.QueryRow(ctx, `SELECT answer FROM fieldledger.command_outcome WHERE command_id = $1`, command).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return commands.Outcome{}, false, nil
	}
	if err != nil {
		return commands.Outcome{}, false, fmt.Errorf("find outcome of %s: %w", command, err)
	}
	var o commands.Outcome
	if err := json.Unmarshal(raw, &o); err != nil {
		return commands.Outcome{}, false, fmt.Errorf("read outcome of %s: %w", command, err)
	}
	return o, true, nil
}

const save = `
-- The first outcome of a command stays; a later one is not kept.
INSERT INTO fieldledger.command_outcome (command_id, body_sha256, status, answer, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (command_id) DO NOTHING`

// Save keeps o unless the command has an outcome already, and returns the one kept.
func (s *Store) Save(ctx context.Context, o commands.Outcome) (commands.Outcome, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return commands.Outcome{}, fmt.Errorf("encode outcome of %s: %w", o.Command, err)
	}
	if _, err := s.pool.Exec(ctx, save, o.Command, o.Digest, status(o), raw, s.clock.Now()); err != nil {
		return commands.Outcome{}, fmt.Errorf("save outcome of %s: %w", o.Command, err)
	}
	kept, ok, err := find(ctx, s.pool, o.Command)
	if err != nil {
		return commands.Outcome{}, err
	}
	if !ok {
		return commands.Outcome{}, fmt.Errorf("outcome of %s vanished", o.Command)
	}
	return kept, nil
}

// status is what the API answers to such an outcome; it is kept for people who look.
func status(o commands.Outcome) int {
	switch {
	case o.Refusal == nil:
		return 200
	case o.Refusal.Pointer != "":
		return 422
	}
	return 409
}

// Sweep forgets outcomes older than Keep and returns how many.
func (s *Store) Sweep(ctx context.Context) (int64, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM fieldledger.command_outcome WHERE created_at < $1`, s.clock.Now().Add(-Keep))
	if err != nil {
		return 0, fmt.Errorf("sweep outcomes: %w", err)
	}
	return tag.RowsAffected(), nil
}
