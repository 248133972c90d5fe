package domain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
)

func TestARefusalNamesItsRuleThroughWrapping(t *testing.T) { // AUD-01
	t.Parallel()
	err := fmt.Errorf("close ticket: %w", domain.Refuse("TKT-06", "ticket.not_resolved", "status", "paused"))
	refusal, ok := errors.AsType[*domain.RuleError](err)
	require.True(t, ok)
	require.Equal(t, domain.RuleError{Rule: "TKT-06", Key: "ticket.not_resolved", Args: map[string]any{"status": "paused"}}, *refusal)
	require.EqualError(t, refusal, "refused by TKT-06: ticket.not_resolved")
	require.EqualError(t, domain.Invalid("/level", "TKT-04", "ticket.level_unknown"), "invalid /level: ticket.level_unknown")
	alone := []any{"name"}
	require.Panics(t, func() { _ = domain.Refuse("TKT-06", "k", alone...) })
}

func TestAnInstantHasOneFormOnTheWire(t *testing.T) { // SLA-04
	t.Parallel()
	at := domain.At(time.Date(2026, 3, 2, 9, 0, 0, 123_999_999, time.FixedZone("", -3*3600)))
	raw, err := json.Marshal(at)
	require.NoError(t, err)
	require.Equal(t, `"2026-03-02T12:00:00.123Z"`, string(raw))
	var back domain.Instant
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, at, back)
	for _, wrong := range []string{
		`"2026-03-02T12:00:00Z"`, `"2026-03-02T12:00:00.123+00:00"`, `"2026-02-30T12:00:00.123Z"`, `"2026-03-02 12:00:00.1234"`, `1772452800123`, `null`, `""`,
	} {
		require.Error(t, back.UnmarshalJSON([]byte(wrong)), wrong)
	}
}

func TestACivilDateIsThatOfTheZone(t *testing.T) { // ORG-03
	t.Parallel()
	at := time.Date(2026, 3, 2, 2, 59, 0, 0, time.UTC)
	require.Equal(t, domain.Day("2026-03-01"), domain.DayOf(at, time.FixedZone("", -3*3600)))
	require.Equal(t, domain.Day("2026-03-02"), domain.DayOf(at, time.UTC))
}

func TestSealedKnowsWhetherThereIsAValue(t *testing.T) { // AUD-07
	t.Parallel()
	require.True(t, domain.Sealed{Key: "k"}.IsZero())
	require.False(t, domain.Sealed{Ciphertext: []byte{1}}.IsZero())
}
