package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const noticedJSON = `{"days":{"2026-01-01":[],"2027-01-01":[],"2027-01-03":[["08:00","18:00"]]},"week":{"fri":[],"mon":[["08:00","18:00"]],"sat":[],"sun":[],"thu":[],"tue":[],"wed":[]},"zone":"UTC"}`

func notice(from domain.Instant) policy.ImportNotice {
	return policy.ImportNotice{
		Site: "desk", EffectiveFrom: from, Author: "zhao", Year: 2027, Source: "国办发明电〔2026〕7号",
		Days: []calendar.NoticeDay{{Date: "2027-01-01", Name: "元旦"}, {Date: "2027-01-03", Work: true, Name: "元旦"}},
	}
}

func noticed(t *testing.T, n int, from domain.Instant) policy.VersionRecorded {
	t.Helper()
	v := recorded(policy.KindCalendar, n, from, noticedJSON, hashOf(t, policy.KindCalendar, noticedJSON))
	v.Reason = "2027: 国办发明电〔2026〕7号"
	return v
}

func TestImportingTheYearlyNotice(t *testing.T) {
	t.Parallel()
	first := recorded(policy.KindCalendar, 1, day(1), calendarJSON, calendarHash)
	const laterJSON = `{"days":{},"week":{"fri":[],"mon":[],"sat":[],"sun":[],"thu":[],"tue":[["09:00","17:00"]],"wed":[]},"zone":"UTC"}`
	const laterNoticed = `{"days":{"2027-01-01":[],"2027-01-03":[["09:00","17:00"]]},"week":{"fri":[],"mon":[],"sat":[],"sun":[],"thu":[],"tue":[["09:00","17:00"]],"wed":[]},"zone":"UTC"}`
	later := recorded(policy.KindCalendar, 2, day(20), laterJSON, hashOf(t, policy.KindCalendar, laterJSON))
	laterWith := noticed(t, 4, day(20))
	laterWith.Content, laterWith.Hash = []byte(laterNoticed), hashOf(t, policy.KindCalendar, laterNoticed)
	draft := ofSet("appliance-service", 1, day(1), policy.GeneralManager)
	draftWith := noticed(t, 2, day(9))
	draftWith.Site, draftWith.Set, draftWith.Approval = "", "appliance-service", policy.GeneralManager
	ofTheSet := notice(day(9))
	ofTheSet.Site, ofTheSet.Set = "", "appliance-service"
	decidertest.Run(t, policy.Decide, policy.Evolve, []decidertest.Case[policy.Command, policy.Event]{
		{Name: "ORG-03 the next version is the present one plus the year's days", Given: []policy.Event{first}, When: notice(day(9)), Then: []policy.Event{noticed(t, 2, day(9))}},
		{Name: "TKT-02 the same notice again, even later, changes nothing", Given: []policy.Event{first, noticed(t, 2, day(9))}, When: notice(day(15))},
		{
			Name: "ORG-03 a version that takes effect later gets the days too", Given: []policy.Event{first, later},
			When: notice(day(9)), Then: []policy.Event{noticed(t, 3, day(9)), laterWith},
		},
		{Name: "TKT-02 and then again nothing changes", Given: []policy.Event{first, later, noticed(t, 3, day(9)), laterWith}, When: notice(day(25))},
		{Name: "POL-09 the notice waits for the GM as every version of the set", Given: []policy.Event{draft}, When: ofTheSet, Then: []policy.Event{draftWith}},
		{Name: "TKT-02 a draft that has the days is not recorded again", Given: []policy.Event{draft, draftWith}, When: ofTheSet},
		{Name: "ORG-03 a notice needs a calendar to add to", When: notice(day(9)), Refused: "ORG-03", Key: "policy.notice_without_calendar"},
		{
			Name: "ORG-03 a notice has a source", Given: []policy.Event{first}, Invalid: "/source",
			When: func() policy.ImportNotice { c := notice(day(9)); c.Source = ""; return c }(),
		},
	})
}

func TestMakeUpWorkdaysMayHaveHoursOfTheirOwn(t *testing.T) { // ORG-03
	t.Parallel()
	days := []calendar.NoticeDay{{Date: "2027-01-01"}, {Date: "2027-01-03", Work: true}}
	own := []calendar.Hours{{"10:00", "12:00"}}
	got := calendar.Content{Zone: "UTC"}.Noticed(days, own)
	require.Equal(t, map[domain.Day][]calendar.Hours{"2027-01-01": {}, "2027-01-03": own}, got.Days)
	before := calendar.Content{Days: map[domain.Day][]calendar.Hours{"2026-01-01": {}}, Week: calendar.Week{Wed: own}}
	require.Equal(t, own, before.Noticed(days, nil).Days["2027-01-03"])
	require.Len(t, before.Days, 1, "what was given stays as it is")
}
