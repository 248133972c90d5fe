package messages_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/messages"
)

func TestTextFillsInTheValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang, key string
		args      map[string]any
		want      string
	}{
		{"en", "calendar.date_malformed", map[string]any{"date": "SH"}, `SH is not a date of the form 2026-12-31.`},
		{"zh", "calendar.date_malformed", map[string]any{"date": "SH"}, `SH 不是 2026-12-31 这样的日期。`},
		{"fr", "calendar.date_malformed", map[string]any{"date": "SH"}, `SH is not a date of the form 2026-12-31.`},
		{"en", "calendar.date_malformed", nil, `{date} is not a date of the form 2026-12-31.`},
		{"en", "calendar.date_malformed", map[string]any{"date": "{date}"}, `{date} is not a date of the form 2026-12-31.`},
		{"en", "ticket.not_open", map[string]any{"status": ticket.StatusSignedOff}, "The ticket is not open any more; it is signed off."},
		{"zh", "ticket.not_open", map[string]any{"status": "paused"}, "工单已不在处理中，当前状态为 已挂起。"},
		{"zh", "ticket.not_open", map[string]any{"status": "odd"}, "工单已不在处理中，当前状态为 odd。"},
		{"en", "no.such_key", nil, "no.such_key"},
		{"en", "policy.limit_out_of_range", map[string]any{"most": float64(31622400)}, "A target is 1 to 31622400 seconds."},
		{
			"en", "ticket.reopen_too_late",
			map[string]any{"ended": domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)), "days": 30},
			"The ticket ended at 2026-03-02 01:00:00 UTC; it can be reopened within 30 days.",
		},
	} {
		require.Equal(t, c.want, messages.Text(c.lang, c.key, c.args))
	}
}

// An answer that was kept is told again: its values have gone through JSON.
func TestTextSaysTheSameOfValuesThatWereStored(t *testing.T) {
	t.Parallel()
	args := map[string]any{"level": 5, "status": ticket.StatusPaused, "most": 31622400, "version": int64(3), "next": uint64(4)}
	b, err := json.Marshal(args)
	require.NoError(t, err)
	var stored map[string]any
	require.NoError(t, json.Unmarshal(b, &stored))
	for _, key := range []string{"ticket.level_unknown", "ticket.not_open", "policy.limit_out_of_range", "policy.version_not_next"} {
		require.Equal(t, messages.Text("en", key, args), messages.Text("en", key, stored))
	}
}

func TestMatchChoosesTheReadersLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                               "en",
		"zh-CN,zh;q=0.9,en;q=0.8":        "zh",
		"zh-TW":                          "zh",
		"en-GB, zh;q=0.5":                "en",
		"de":                             "en",
		"de, zh;q=0.3":                   "zh",
		"*":                              "en",
		"complete rubbish ;;; q=x, \x00": "en",
	} {
		require.Equal(t, want, messages.Match(header), header)
	}
}
