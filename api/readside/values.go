package readside

import (
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

func instant(t time.Time) domain.Instant { return domain.At(t) }

// optional is nil for the zero id.
func optional(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// maybe is nil for nil.
func maybe(t *time.Time) *domain.Instant {
	if t == nil {
		return nil
	}
	at := domain.At(*t)
	return &at
}
