package commands_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/apptest"
)

const holidays = `{"zone":"Asia/Shanghai","week":{"mon":[["08:00","18:00"]]},"days":{"2026-10-01":[]}}`

func TestORG03TheAlarmOfDecemberIsThereUntilTheNoticeIsIn(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	ctx := t.Context()
	record := func(key, site, set string) {
		_, err := h.App.Policies.Record(ctx, h.Request(key), commands.RecordPolicy{
			Site: site, Set: set, Kind: policy.KindCalendar, EffectiveFrom: apptest.Start, Reason: "first", Content: json.RawMessage(holidays),
		})
		require.NoError(t, err)
	}
	record("a", "own", "")
	record("b", "", "dealer")
	for _, code := range []string{"own", "follower", "none"} {
		reg, err := h.App.Sites.Register(ctx, h.Request("site "+code), commands.RegisterSite{Code: code, Name: code, Zone: "Asia/Shanghai"})
		require.NoError(t, err)
		if code == "follower" {
			_, err = h.App.Sites.ChooseSet(ctx, h.Request("choose"), reg.ID, commands.ChoosePolicySet{Set: "dealer", EffectiveFrom: apptest.Start, Reason: "x"})
			require.NoError(t, err)
		}
	}
	asked := 0
	alarms := func() []string {
		missing, err := h.App.Policies.MissingYears(ctx, h.Clock.Now(), func(context.Context) ([]string, error) {
			asked++
			return []string{"own", "follower", "none"}, nil
		})
		require.NoError(t, err)
		var out []string
		for _, m := range missing {
			out = append(out, fmt.Sprint(m.Site, " ", m.Year))
		}
		return out
	}
	h.Clock.Advance(time.Date(2026, 11, 29, 16, 0, 0, 0, time.UTC).Sub(h.Clock.Now())) // 30 November there
	require.Empty(t, alarms())
	require.Zero(t, asked, "no site is looked at in November")
	h.Clock.Advance(24 * time.Hour) // 1 December
	require.Equal(t, []string{"own 2027", "follower 2027"}, alarms())

	notice := commands.ImportNotice{
		Site: "own", Year: 2027, Source: "State Council", Days: []calendar.NoticeDay{{Date: "2027-01-01", Name: "New Year"}, {Date: "2027-01-03", Work: true, Name: "New Year"}},
	}
	res, err := h.App.Policies.ImportNotice(ctx, h.Request("notice"), notice)
	require.NoError(t, err)
	require.Equal(t, 1, res.Events)
	require.Equal(t, []string{"follower 2027"}, alarms(), "only who has the days is quiet")
	h.Clock.Advance(time.Hour)
	res, err = h.App.Policies.ImportNotice(ctx, h.Request("notice again"), notice)
	require.NoError(t, err)
	require.False(t, res.Changed, "TKT-02")
	notice.Site, notice.Set = "", "dealer"
	_, err = h.App.Policies.ImportNotice(ctx, h.Request("notice of the set"), notice)
	require.NoError(t, err)
	require.Empty(t, alarms())
	h.Restart(t)
	require.Empty(t, alarms(), "as a new process reads it")
	versions, err := h.App.Policies.Versions(ctx, "own")
	require.NoError(t, err)
	require.Len(t, versions, 2)
	require.Equal(t, "2027: State Council", versions[1].Version.Reason)

	restricted := h.Request("no right")
	restricted.Sites = []string{"own"}
	_, err = h.App.Policies.ImportNotice(ctx, restricted, notice)
	require.ErrorIs(t, err, commands.ErrNotFound)
	notice.Set = "mine"
	_, err = h.App.Policies.ImportNotice(ctx, h.Request("nothing to add to"), notice)
	var refused *domain.RuleError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "policy.notice_without_calendar", refused.Key)
}

func TestAUD02AChoiceOfASetThatIsStruckWasNone(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	ctx := t.Context()
	reg, err := h.App.Sites.Register(ctx, h.Request("site"), commands.RegisterSite{Code: "hq", Name: "hq", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	for i, set := range []string{"mine", "plant"} {
		_, err = h.App.Sites.ChooseSet(ctx, h.Request(set), reg.ID, commands.ChoosePolicySet{
			Set: set, EffectiveFrom: apptest.Start.Add(time.Duration(i) * time.Hour), Reason: "x",
		})
		require.NoError(t, err)
	}
	set := func() string {
		book, err := h.App.Policies.Book(ctx, "hq")
		require.NoError(t, err)
		return book.SetOf("hq", apptest.Start.Add(2*time.Hour))
	}
	require.Equal(t, "plant", set())
	second, err := h.App.People.Register(ctx, h.Request("person"), commands.RegisterPerson{
		Site: "hq", External: domain.ExternalKey{System: "hr", Key: "1"}, Name: "Gao", Roles: []string{"manager"},
	})
	require.NoError(t, err)
	_, err = h.App.Strikes.Strike(ctx, h.Request("strike"), "site", reg.ID, commands.StrikeEvent{Revision: 2, Reason: "wrong set", SecondPerson: second.ID.String()})
	require.NoError(t, err)
	require.Equal(t, "mine", set())
	h.Restart(t)
	require.Equal(t, "mine", set())
	_, err = h.App.Sites.ChooseSet(ctx, h.Request("unknown"), uuid.New(), commands.ChoosePolicySet{Set: "mine", EffectiveFrom: apptest.Start, Reason: "x"})
	require.ErrorIs(t, err, commands.ErrNotFound)
}
