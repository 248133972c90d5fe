package vault_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/vault"
)

// A file of bucket keys that is read is written again byte for byte.
func FuzzRing(f *testing.F) {
	whole := vault.NewRingBytes(f)
	f.Add(whole)
	f.Add(whole[:len(whole)-41])
	f.Add(append(slices.Clip(whole), whole[len(whole)-41:]...)) // a bucket with an older key and a newer one
	odd := bytes.Clone(whole)
	odd[16+8]++ // ids of keys are even as they are stored
	f.Add(odd)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		again, err := vault.RewriteRing(stored)
		if err == nil {
			require.True(t, bytes.Equal(stored, again))
		}
	})
}

// What is not a whole master key is refused, and no error repeats it.
func FuzzParseKey(f *testing.F) {
	f.Add("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n")
	f.Add("0011")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := vault.ParseKey(text)
		if err != nil {
			require.Zero(t, key)
			require.Equal(t, "a master key has 64 hex digits", err.Error())
			return
		}
		require.Equal(t, "master key (hidden)", key.String())
		again, err := vault.ParseKey(" " + text + "\n")
		require.NoError(t, err)
		require.Equal(t, key, again)
	})
}

// AUD-07: a stored keyset opens as it was wrapped, for its own subject, or not at all.
func FuzzWrapped(f *testing.F) {
	ring := vault.NewRingBytes(f)
	subject := uuid.MustParse("6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a")
	by, stored := vault.WrapNew(f, ring, subject)
	f.Add(by, subject[:], stored)
	f.Add(by, subject[:], stored[:len(stored)/2])
	f.Add(by+1, subject[:], stored)
	f.Add(int64(0), []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, id int64, owner, keyset []byte) {
		var of uuid.UUID
		copy(of[:], owner)
		if vault.Unwrap(ring, of, id, keyset) == nil {
			require.Equal(t, subject, of)
			require.Equal(t, by, id)
		}
	})
}
