package outcomes_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
)

// TKT-02: an outcome that is read answers a repeat as it was kept.
func FuzzOutcome(f *testing.F) {
	f.Add([]byte(`{"command":"6a1f0a4e-1c1b-4a53-9f0e-0d4f7c1e2b3a","digest":"ab","result":{"Stream":"fl.ticket-1","Revision":3},"refusal":{"rule":"TKT-06","key":"ticket.not_open","args":{"status":"closed","n":9007199254740993}}}`))
	f.Add([]byte(`{"refusal":{"args":null}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var o, again commands.Outcome
		if json.Unmarshal(raw, &o) != nil {
			return
		}
		kept, err := json.Marshal(o)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(kept, &again))
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(kept), string(twice))
	})
}
