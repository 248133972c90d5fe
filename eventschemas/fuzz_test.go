package eventschemas_test

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// Whatever bytes a store hands out, reading them never panics, and what is
// readable and legal keeps its form, which its schema accepts.
func FuzzDecode(f *testing.F) {
	for name, event := range fixtures {
		_, data, _, err := eventschemas.Encode(event)
		require.NoError(f, err)
		f.Add(typeOf(name), data)
	}
	f.Fuzz(func(t *testing.T, typ string, data []byte) {
		event, err := eventschemas.Decode(typ, data)
		if err != nil {
			return
		}
		typ, once, _, err := eventschemas.Encode(event)
		if err != nil {
			return
		}
		require.NoError(t, eventschemas.Validate(typ, once))
		event, err = eventschemas.Decode(typ, once)
		require.NoError(t, err)
		_, twice, _, err := eventschemas.Encode(event)
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
	})
}

// AUD-01: an envelope that is read and complete is written and read back as it was.
func FuzzEnvelope(f *testing.F) {
	whole, err := envelope().Encode()
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(`{"v":2,"site":"SH"}`))
	f.Fuzz(func(t *testing.T, meta []byte) {
		e, err := eventschemas.DecodeEnvelope(meta)
		if err != nil {
			return
		}
		require.Equal(t, eventschemas.EnvelopeVersion, e.V)
		once, err := e.Encode()
		if err != nil {
			return
		}
		again, err := eventschemas.DecodeEnvelope(once)
		require.NoError(t, err)
		twice, err := again.Encode()
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
	})
}

// AUD-06: no byte moves from one field of an event into the next without
// another hash.
func FuzzChainHash(f *testing.F) {
	f.Add("fl.ticket-1", "ticket.closed.v1", []byte(`{"a":1}`), []byte(`{"v":1}`), uint8(3))
	f.Fuzz(func(t *testing.T, stream, typ string, data, meta []byte, cut uint8) {
		e := eventschemas.Recorded{Stream: stream, Type: typ, Data: data, Meta: meta}
		hash := eventschemas.ChainHash(e)
		require.Len(t, hash, 64)
		n := min(int(cut), len(meta))
		if n == 0 {
			return
		}
		moved := e
		moved.Data = append(append([]byte{}, data...), meta[:n]...)
		moved.Meta = meta[n:]
		require.NotEqual(t, hash, eventschemas.ChainHash(moved))
		longer := e
		longer.Data = binary.BigEndian.AppendUint64(append([]byte{}, data...), uint64(len(meta)))
		require.NotEqual(t, hash, eventschemas.ChainHash(longer))
	})
}

// A schema accepts or refuses any text, and says why.
func FuzzValidate(f *testing.F) {
	for name, event := range fixtures {
		_, data, _, err := eventschemas.Encode(event)
		require.NoError(f, err)
		f.Add(typeOf(name), data)
	}
	f.Fuzz(func(t *testing.T, typ string, data []byte) {
		if eventschemas.Validate(typ, data) == nil {
			require.True(t, json.Valid(data))
		}
	})
}
