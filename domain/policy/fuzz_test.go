package policy_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// POL-01: content is refused for faults, or recorded in one form: recording
// that again changes nothing, and the book reads it.
func FuzzContent(f *testing.F) {
	kinds := []policy.Kind{policy.KindSLA, policy.KindCalendar, policy.KindCodes}
	f.Add(uint8(0), []byte(slaJSON))
	f.Add(uint8(1), []byte(calendarJSON))
	f.Add(uint8(2), []byte(`{"kinds":["fault"],"faults":[]}`))
	f.Add(uint8(2), []byte(`{}`))
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		kind := kinds[int(which)%len(kinds)]
		events, err := policy.Decide(policy.State{}, record(kind, string(content)))
		if err != nil {
			invalid, refused := &domain.InvalidError{}, &domain.RuleError{}
			require.True(t, errors.As(err, &invalid) || errors.As(err, &refused), "%v", err)
			return
		}
		require.Len(t, events, 1)
		first := events[0].(policy.VersionRecorded)
		again, err := policy.Decide(policy.Evolve(policy.State{}, first), record(kind, string(first.Content)))
		require.NoError(t, err)
		require.Empty(t, again)
		_, err = policy.NewBook([]policy.Recorded{{ID: uuid.Max, Version: first}})
		require.NoError(t, err)
	})
}
