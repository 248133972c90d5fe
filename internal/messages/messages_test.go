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
		{"zh", "tool.held_by", map[string]any{"standing": "issued", "holder": "person", "who": "2001"}, "工具已领用，现由人员 2001 保管。"},
		{"en", "tool.held_by", map[string]any{"standing": "scrapped", "holder": "nobody", "who": ""}, "The tool is scrapped; it is with: nobody."},
		{"zh", "card.open", map[string]any{"tools": []string{"W-1", "W-2"}}, "下列工具尚未交清：W-1、W-2。"},
		{"en", "card.beyond_table", map[string]any{"kind": "hoist", "count": 0, "has": []any{}}, "The table of entitlements gives 0 of the kind hoist; issued already: none. More needs approval."},
		{"en", "approval.role_missing", map[string]any{"role": []any{"gm", "odd"}}, "The next signature is that of: general manager, odd."},
		{"zh", "tool.inspection_due", map[string]any{"last_day": ""}, "工具须先检验方可发放；检验有效期至：尚无检验。"},
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
	args := map[string]any{
		"level": 5, "status": ticket.StatusPaused, "most": 31622400, "version": int64(3), "next": uint64(4), "tools": []string{"W-1", "W-2"}, "has": []string{}, "kind": "wrench", "count": 2,
		"who": "2001", "until": domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)),
	}
	b, err := json.Marshal(args)
	require.NoError(t, err)
	var stored map[string]any
	require.NoError(t, json.Unmarshal(b, &stored))
	for _, key := range []string{"ticket.level_unknown", "ticket.not_open", "policy.limit_out_of_range", "policy.version_not_next", "card.open", "card.beyond_table", "tool.lent_until"} {
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
