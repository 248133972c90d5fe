package domain_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
)

// What is read as an instant is the one form that would be written.
func FuzzInstant(f *testing.F) {
	for _, s := range []string{
		`"2026-03-02T09:00:00.000Z"`, `"2024-02-29T23:59:59.999Z"`, `"2026-02-30T09:00:00.000Z"`, `"0000-01-01T00:00:00.000Z"`,
		`"2026-03-02T09:00:00,000Z"`, `"2026-03-02T09:00:00+00:00"`, `null`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var i domain.Instant
		if i.UnmarshalJSON(b) != nil {
			return
		}
		again, err := i.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
	})
}

// A sealed field that is read is written and read back as it was.
func FuzzSealed(f *testing.F) {
	seed, err := json.Marshal(domain.Sealed{Subject: uuid.Max, Key: "k1", Ciphertext: []byte("sealed")})
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte(`{"subject":"urn:uuid:6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a","ciphertext":"AB=="}`))
	f.Add([]byte(`{"ciphertext":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again domain.Sealed
		if json.Unmarshal(b, &s) != nil {
			return
		}
		written, err := json.Marshal(s)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(written, &again))
		require.Equal(t, s.IsZero(), again.IsZero())
		require.Equal(t, string(s.Ciphertext), string(again.Ciphertext))
		require.Equal(t, s.Subject, again.Subject)
	})
}
