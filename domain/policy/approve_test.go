package policy_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

// ofSet is a version that a set's policy has, and what it waits for.
func ofSet(set string, n int, from domain.Instant, approval policy.Approval) policy.VersionRecorded {
	v := recorded(policy.KindCalendar, n, from, calendarJSON, calendarHash)
	v.Site, v.Set, v.Approval = "", set, approval
	return v
}

func inSet(set string) policy.RecordVersion {
	return record(policy.KindCalendar, calendarJSON, func(c *policy.RecordVersion) { c.Site, c.Set = "", set })
}

func approval(n int, person string, roles ...string) policy.ApproveVersion {
	return policy.ApproveVersion{At: day(5), Version: n, Person: person, Roles: roles}
}

func TestApprovalOfASetsVersions(t *testing.T) {
	t.Parallel()
	draft := ofSet("appliance-service", 1, day(1), policy.GeneralManager)
	second := ofSet("appliance-service", 2, day(2), policy.GeneralManager)
	yes := policy.VersionApproved{At: day(5), Version: 1, Hash: calendarHash, Approver: "gao", PublishedAt: day(5)}
	laterYes := yes
	laterYes.Version = 2
	published := yes
	published.PublishedAt = day(20)
	decidertest.Run(t, policy.Decide, policy.Evolve, []decidertest.Case[policy.Command, policy.Event]{
		{Name: "POL-09 a version of appliance-service is recorded as a draft", When: inSet("appliance-service"), Then: []policy.Event{draft}},
		{Name: "POL-07 a version of another set is in force without", When: inSet("dealer"), Then: []policy.Event{ofSet("dealer", 1, day(1), "")}},
		{Name: "POL-07 a set of a site's own follows no source", When: inSet("our-own"), Then: []policy.Event{ofSet("our-own", 1, day(1), "")}},
		{
			Name: "POL-09 a site's own version does not go round the set that the site follows",
			When: record(policy.KindCalendar, calendarJSON, func(c *policy.RecordVersion) { c.Follows = "appliance-service" }),
			Then: []policy.Event{func() policy.VersionRecorded {
				v := recorded(policy.KindCalendar, 1, day(1), calendarJSON, calendarHash)
				v.Approval = policy.GeneralManager
				return v
			}()},
		},
		{
			Name: "POL-09 a name in the draft is no approval", Invalid: "/approver", Key: "policy.approver_by_command",
			When: record(policy.KindCalendar, calendarJSON, func(c *policy.RecordVersion) { c.Site, c.Set, c.Approver = "", "appliance-service", "gao" }),
		},
		{Name: "POL-09 the GM approves", Given: []policy.Event{draft}, When: approval(1, "gao", "gm"), Then: []policy.Event{yes}},
		{
			Name: "POL-09 the GM publishes it for later", Given: []policy.Event{draft},
			When: policy.ApproveVersion{At: day(5), Version: 1, Person: "gao", Roles: []string{"gm"}, PublishedAt: day(20)}, Then: []policy.Event{published},
		},
		{Name: "TKT-02 an approval again changes nothing", Given: []policy.Event{draft, yes}, When: approval(1, "gao", "gm")},
		{Name: "POL-09 a manager is not the GM", Given: []policy.Event{draft}, When: approval(1, "gao", "manager"), Refused: "POL-09", Key: "policy.gm_only"},
		{Name: "POL-09 the GM does not approve their own draft", Given: []policy.Event{draft}, When: approval(1, "zhao", "gm"), Refused: "POL-09", Key: "policy.same_person"},
		{Name: "ORG-01 nobody in particular approves nothing", Given: []policy.Event{draft}, When: approval(1, "", "gm"), Refused: "POL-09", Key: "policy.same_person"},
		{Name: "POL-01 a version that is approved is there", Given: []policy.Event{draft}, When: approval(2, "gao", "gm"), Invalid: "/version"},
		{Name: "POL-09 an older text is not approved after a newer one", Given: []policy.Event{draft, second, laterYes}, When: approval(1, "gao", "gm"), Refused: "POL-09", Key: "policy.later_approved"},
		{Name: "POL-09 the newer text may be approved after the older one", Given: []policy.Event{draft, second, yes}, When: approval(2, "gao", "gm"), Then: []policy.Event{laterYes}},
		{Name: "POL-05 what needs no approval gets none", Given: []policy.Event{ofSet("dealer", 1, day(1), "")}, When: approval(1, "gao", "gm"), Refused: "POL-05", Key: "policy.approval_not_needed"},
	})
}

func TestApprovalOfMoney(t *testing.T) {
	t.Parallel()
	draft := recorded(policy.KindCalendar, 1, day(1), calendarJSON, calendarHash)
	draft.Approval = policy.SecondPerson
	yes := policy.VersionApproved{At: day(5), Version: 1, Hash: calendarHash, Approver: "gao", PublishedAt: day(5)}
	decidertest.Run(t, policy.DecideWithMoney(policy.KindCalendar), policy.Evolve, []decidertest.Case[policy.Command, policy.Event]{
		{Name: "POL-05 a version of money waits for a second person", When: record(policy.KindCalendar, calendarJSON), Then: []policy.Event{draft}},
		{Name: "POL-05 any second person will do", Given: []policy.Event{draft}, When: approval(1, "gao", "manager"), Then: []policy.Event{yes}},
		{Name: "POL-05 the author is not the second person", Given: []policy.Event{draft}, When: approval(1, "zhao", "gm"), Refused: "POL-05", Key: "policy.same_person"},
		{Name: "POL-09 the GM's sets ask for the GM", When: inSet("appliance-service"), Then: []policy.Event{ofSet("appliance-service", 1, day(1), policy.GeneralManager)}},
		{Name: "POL-05 other kinds do not wait", When: record(policy.KindSLA, slaJSON), Then: []policy.Event{recorded(policy.KindSLA, 1, day(1), slaJSON, hashOf(t, policy.KindSLA, slaJSON))}},
	})
}

func hashOf(t *testing.T, kind policy.Kind, content string) string {
	t.Helper()
	_, hash, err := policy.Canonical(kind, []byte(content))
	require.NoError(t, err)
	return hash
}

func TestADraftIsInNoBookAndAnApprovedVersionFromTheLastOfItsDates(t *testing.T) { // POL-09
	t.Parallel()
	id := uuid.New()
	draft := policy.Recorded{ID: id, Version: ofSet("appliance-service", 1, day(10), policy.GeneralManager)}
	follows := policy.Follows{Site: "desk", Set: "appliance-service", From: day(1)}
	inForceFrom := func(a *policy.VersionApproved) int {
		draft.Approval = a
		book, err := policy.NewBook([]policy.Recorded{draft}, follows)
		require.NoError(t, err)
		for n := range 30 {
			if v, ok := book.InForce(policy.KindCalendar, "desk", day(n+1).Time); ok {
				require.Equal(t, 1, v.Recorded.Version)
				return n + 1
			}
		}
		return 0
	}
	require.Equal(t, 0, inForceFrom(nil))
	require.Equal(t, 10, inForceFrom(&policy.VersionApproved{At: day(3), Version: 1, PublishedAt: day(4)}))
	require.Equal(t, 12, inForceFrom(&policy.VersionApproved{At: day(12), Version: 1, PublishedAt: day(4)}))
	require.Equal(t, 20, inForceFrom(&policy.VersionApproved{At: day(12), Version: 1, PublishedAt: day(20)}))
	draft.Approval = nil
	book, err := policy.NewBook([]policy.Recorded{draft}, follows)
	require.NoError(t, err)
	_, ok := book.ByRef(domain.PolicyRef{ID: id, Version: 1, Hash: calendarHash})
	require.False(t, ok)
}

func TestASiteGoesByItsOwnThenItsSetsThenTheGeneralVersion(t *testing.T) { // POL-06
	t.Parallel()
	version := func(site, set string, from domain.Instant) policy.Recorded {
		v := recorded(policy.KindCalendar, 1, from, calendarJSON, site+set)
		v.Site, v.Set = site, set
		return policy.Recorded{ID: uuid.New(), Version: v}
	}
	book, err := policy.NewBook(
		[]policy.Recorded{version("", "", day(1)), version("", "mine", day(1)), version("", "dealer", day(8)), version("desk", "", day(20))},
		policy.Follows{Site: "desk", Set: "dealer", From: day(6)}, policy.Follows{Site: "desk", Set: "mine", From: day(3)},
		policy.Follows{Site: "desk", From: day(25)},
	)
	require.NoError(t, err)
	at := func(site string, n int) string {
		v, ok := book.InForce(policy.KindCalendar, site, day(n).Time)
		require.True(t, ok)
		return v.Recorded.Hash
	}
	require.Equal(t, []string{"", "mine", "mine", "", "dealer", "desk", "desk"},
		[]string{at("desk", 2), at("desk", 3), at("desk", 5), at("desk", 6), at("desk", 8), at("desk", 20), at("desk", 26)})
	require.Empty(t, at("other", 9), "who follows no set goes by the general one")
	require.Equal(t, []string{"", "mine", "dealer", ""},
		[]string{book.SetOf("desk", day(2).Time), book.SetOf("desk", day(3).Time), book.SetOf("desk", day(24).Time), book.SetOf("desk", day(25).Time)})
	var none *policy.Book
	require.Empty(t, none.SetOf("desk", day(2).Time))
}

func TestTargetsThatNameNoCalendarGoByTheOneOfTheSite(t *testing.T) { // SLA-04, POL-06
	t.Parallel()
	own, set := uuid.New(), uuid.New()
	calendar := recorded(policy.KindCalendar, 1, day(1), calendarJSON, "own")
	sla := recorded(policy.KindSLA, 1, day(1), `{"targets":[]}`, "set")
	sla.Site, sla.Set = "", "dealer"
	book, err := policy.NewBook([]policy.Recorded{{ID: set, Version: sla}, {ID: own, Version: calendar}},
		policy.Follows{Site: "desk", Set: "dealer", From: day(1)}, policy.Follows{Site: "bare", Set: "dealer", From: day(1)})
	require.NoError(t, err)
	v, ok := book.InForce(policy.KindSLA, "desk", day(2).Time)
	require.True(t, ok)
	c, ok := book.CalendarOf(v, "desk", day(2).Time)
	require.True(t, ok)
	require.Equal(t, own, c.ID)
	_, ok = book.CalendarOf(v, "bare", day(2).Time)
	require.False(t, ok)
}

func TestSetsAreThoseOfTheRules(t *testing.T) { // POL-07
	t.Parallel()
	var names []string
	for _, s := range policy.Sets() {
		names = append(names, s.Name)
		require.True(t, policy.LegalSet(s.Name))
		require.NotEmpty(t, s.Sources)
	}
	require.Equal(t, []string{"software-vendor", "appliance-service", "mine", "workshop", "plant", "power-station", "dealer"}, names)
	for _, bad := range []string{"", "-a", "A", "矿", "a b", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddx"} {
		require.False(t, policy.LegalSet(bad), bad)
	}
}

func TestMissingYearGoesByTheCalendarThatClocksStartBy(t *testing.T) { // ORG-03
	t.Parallel()
	november, december := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	other := uuid.New()
	plain := recorded(policy.KindCalendar, 1, day(1), calendarJSON, "own")
	full := recorded(policy.KindCalendar, 1, day(1), `{"zone":"UTC","week":{"mon":[["08:00","18:00"]]},"days":{"2027-01-01":[]}}`, "other")
	full.Site = ""
	missing := func(at time.Time, more ...policy.Recorded) int {
		book, err := policy.NewBook(append([]policy.Recorded{{ID: uuid.New(), Version: plain}}, more...))
		require.NoError(t, err)
		year, _ := book.MissingYear("desk", at)
		return year
	}
	require.Equal(t, 0, missing(november))
	require.Equal(t, 2027, missing(december))
	sla := recorded(policy.KindSLA, 1, day(1), `{"calendar":"`+other.String()+`","targets":[]}`, "s")
	require.Equal(t, 0, missing(december, policy.Recorded{ID: other, Version: full}, policy.Recorded{ID: uuid.New(), Version: sla}))
	var none *policy.Book
	_, ok := none.MissingYear("desk", december)
	require.False(t, ok)
}
