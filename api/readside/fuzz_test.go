package readside

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
)

// Where a page ended is refused as no cursor of ours, or has values that the
// order's column can be compared with.
func FuzzAfter(f *testing.F) {
	orders := []string{"number", "level", "updated_at", "due_at", "called_at"}
	const id = `"6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a"`
	for i, value := range []string{"T-1", "3", "2026-03-02T09:00:00.5Z", "never", "2026-03-02T09:00:00Z"} {
		f.Add(uint8(i), `["`+value+`","2026-03-02T09:00:00Z",`+id+`]`)
	}
	f.Add(uint8(0), ``)
	f.Add(uint8(1), `["1e3","x",""]`)
	f.Add(uint8(2), `[null,null,null]`)
	asked := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		s, err := afterTicket(text, orders[int(which)%len(orders)], asked)
		if err != nil {
			require.ErrorIs(t, err, api.ErrBadCursor)
			return
		}
		if text == "" {
			require.Equal(t, start{asked: asked}, s)
			return
		}
		require.Len(t, s.values, 2)
		require.IsType(t, uuid.UUID{}, s.values[1])
		switch s.values[0].(type) {
		case string, int64, time.Time, pgtype.Timestamptz:
		default:
			t.Fatalf("%T", s.values[0])
		}
	})
}
