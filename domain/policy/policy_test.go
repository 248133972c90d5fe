package policy_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const (
	calendarJSON = `{"days":{"2026-01-01":[]},"week":{"fri":[],"mon":[["08:00","18:00"]],"sat":[],"sun":[],"thu":[],"tue":[],"wed":[]},"zone":"UTC"}`
	calendarHash = "3368ed7c0e0c91110744e980e434c4c7713b5c4e4ae68d90ad9c3072b418f54d" // sha256sum of the line above
	slaJSON      = `{"calendar":"00000000-0000-0000-0000-0000000000ca","targets":[{"clock":"wall","level":1,"limit_s":900,"name":"first_contact"}]}`
)

func day(n int) domain.Instant { return domain.At(time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)) }

func record(kind policy.Kind, content string, changes ...func(*policy.RecordVersion)) policy.RecordVersion {
	c := policy.RecordVersion{
		Kind: kind, Name: string(kind), Site: "desk", EffectiveFrom: day(1), Author: "zhao", Reason: "first", Content: json.RawMessage(content),
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func recorded(kind policy.Kind, n int, from domain.Instant, content, hash string) policy.VersionRecorded {
	return policy.VersionRecorded{
		Kind: kind, Name: string(kind), Site: "desk", Version: n, EffectiveFrom: from, Author: "zhao", Reason: "first",
		Hash: hash, Content: json.RawMessage(content),
	}
}

func TestRecordingVersions(t *testing.T) {
	t.Parallel()
	first := recorded(policy.KindCalendar, 1, day(1), calendarJSON, calendarHash)
	decidertest.Run(t, policy.Decide, policy.Evolve, []decidertest.Case[policy.Command, policy.Event]{
		{
			Name: "POL-01 a first version has number 1, canonical content and its hash",
			When: record(policy.KindCalendar, ` {"zone":"UTC", "week":{"mon":[["08:00","18:00"]]}, "days":{"2026-01-01":null}}`),
			Then: []policy.Event{first},
		},
		{Name: "TKT-02 the same content again changes nothing", Given: []policy.Event{first}, When: record(policy.KindCalendar, calendarJSON)},
		{
			Name: "POL-01 the same content from another day is a version", Given: []policy.Event{first},
			When: record(policy.KindCalendar, calendarJSON, func(c *policy.RecordVersion) { c.EffectiveFrom = day(9) }),
			Then: []policy.Event{recorded(policy.KindCalendar, 2, day(9), calendarJSON, calendarHash)},
		},
		{
			Name: "POL-01 a version that is not the next", Given: []policy.Event{first},
			When:    record(policy.KindCalendar, calendarJSON, func(c *policy.RecordVersion) { c.EffectiveFrom, c.Version = day(9), 3 }),
			Refused: "POL-01", Key: "policy.version_not_next",
		},
		{
			Name: "POL-01 a policy keeps its kind", Given: []policy.Event{first},
			When: record(policy.KindSLA, slaJSON), Refused: "POL-01", Key: "policy.subject_fixed",
		},
		{
			Name: "POL-05 nobody approves their own",
			When: record(policy.KindSLA, slaJSON, func(c *policy.RecordVersion) { c.Approver = "zhao" }), Refused: "POL-05",
		},
		{Name: "POL-01 a version has an author", When: record(policy.KindSLA, slaJSON, func(c *policy.RecordVersion) { c.Author = "" }), Invalid: "/author"},
		{Name: "POL-01 a version has a reason", When: record(policy.KindSLA, slaJSON, func(c *policy.RecordVersion) { c.Reason = "" }), Invalid: "/reason"},
		{Name: "POL-01 a version has a name", When: record(policy.KindSLA, slaJSON, func(c *policy.RecordVersion) { c.Name = "" }), Invalid: "/name"},
		{
			Name: "POL-01 a version has a start of effect",
			When: record(policy.KindSLA, slaJSON, func(c *policy.RecordVersion) { c.EffectiveFrom = domain.Instant{} }), Invalid: "/effective_from",
		},
		{Name: "POL-01 a kind is known", When: record("fees", `{}`), Invalid: "/kind"},
		{Name: "POL-01 content is a closed object", When: record(policy.KindSLA, `{"calender":"x"}`), Invalid: "/content/calender"},
		{Name: "POL-01 content is one object", When: record(policy.KindSLA, slaJSON+`{}`), Invalid: "/content"},
		{Name: "POL-01 content is not missing", When: record(policy.KindSLA, ``), Invalid: "/content"},
		{Name: "ORG-03 a fault in a calendar has its pointer", When: record(policy.KindCalendar, `{"zone":"UTC","week":{"mon":[["8","18:00"]]}}`), Invalid: "/content/week/mon/0/0"},
		{
			Name: "POL-06 a policy is a site's or a set's", When: record(policy.KindSLA, slaJSON, func(c *policy.RecordVersion) { c.Set = "dealer" }),
			Invalid: "/set", Key: "policy.owner_twice",
		},
		{
			Name: "POL-06 a set has a legal name", When: record(policy.KindSLA, slaJSON, func(c *policy.RecordVersion) { c.Site, c.Set = "", "-x" }),
			Invalid: "/set", Key: "policy.set_malformed",
		},
	})
}

func TestFaultsOfTargets(t *testing.T) { // SLA-01, SLA-12, TKT-04
	t.Parallel()
	_, err := policy.Decide(policy.State{}, record(policy.KindSLA, `{"calendar":"00000000-0000-0000-0000-0000000000ca","targets":[
		{"level":0,"name":"first_contact","clock":"wall","limit_s":1},
		{"level":1,"name":"lunch","clock":"sand","limit_s":0},
		{"level":2,"name":"resolution","clock":"wall","limit_s":31622401},
		{"level":2,"name":"resolution","clock":"wall","limit_s":1}]}`))
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)
	var got []string
	for _, e := range joined.Unwrap() {
		fault, ok := errors.AsType[*domain.InvalidError](e)
		require.True(t, ok)
		got = append(got, fault.Pointer+" "+fault.Rule)
	}
	require.Equal(t, []string{
		"/content/targets/0/level TKT-04", "/content/targets/1/name SLA-01", "/content/targets/1/clock SLA-12",
		"/content/targets/1/limit_s SLA-01", "/content/targets/2/limit_s SLA-01", "/content/targets/3 SLA-01",
	}, got)
}

func TestWhichVersionIsInForce(t *testing.T) {
	t.Parallel()
	id, general := uuid.MustParse("00000000-0000-0000-0000-000000000001"), uuid.MustParse("00000000-0000-0000-0000-000000000002")
	add := func(id uuid.UUID, site string, n int, from domain.Instant) policy.Recorded {
		v := recorded(policy.KindSLA, n, from, slaJSON, "h")
		v.Site = site
		return policy.Recorded{ID: id, Version: v}
	}
	book, err := policy.NewBook([]policy.Recorded{
		add(id, "desk", 1, day(10)), add(general, "", 1, day(1)),
		add(id, "desk", 2, day(20)), add(id, "desk", 3, day(15)), add(id, "desk", 4, day(15)),
	})
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		site string
		at   domain.Instant
		want int // 0 for none
		id   uuid.UUID
	}{
		{"POL-01 from its first moment", "desk", day(10), 1, id},
		{"POL-01 until the next takes over", "desk", domain.At(day(15).Add(-time.Millisecond)), 1, id},
		{"POL-04 of two with one start of effect the one recorded later", "desk", day(15), 4, id},
		{"POL-04 a version recorded late does not outlive a later start of effect", "desk", day(20), 2, id},
		{"POL-06 before its own first version a site follows the general ones", "desk", day(9), 1, general},
		{"POL-06 a site without its own follows the general ones", "other", day(20), 1, general},
		{"POL-02 before everything nothing is in force", "other", domain.At(day(1).Add(-time.Millisecond)), 0, uuid.Nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, ok := book.InForce(policy.KindSLA, c.site, c.at.Time)
			require.Equal(t, c.want > 0, ok)
			require.Equal(t, c.want, v.Recorded.Version)
			require.Equal(t, c.id, v.ID)
			if ok {
				again, found := book.ByRef(v.Ref())
				require.True(t, found)
				require.Equal(t, v, again)
				require.Len(t, v.SLA().Targets, 1)
			}
		})
	}
	_, ok := book.ByRef(domain.PolicyRef{ID: id, Version: 1, Hash: "other"})
	require.False(t, ok, "POL-02 a reference names the content too")
	v, ok := book.InForceOf(general, day(30).Time)
	require.True(t, ok)
	require.Equal(t, general, v.ID)
	_, ok = book.InForce(policy.KindCalendar, "desk", day(30).Time)
	require.False(t, ok, "kinds are kept apart")
}

func TestNoBookHoldsNothing(t *testing.T) { // POL-08
	t.Parallel()
	var none *policy.Book
	_, ok := none.InForce(policy.KindSLA, "desk", day(1).Time)
	require.False(t, ok)
	_, ok = none.InForceOf(uuid.Nil, day(1).Time)
	require.False(t, ok)
	_, ok = none.ByRef(domain.PolicyRef{})
	require.False(t, ok)
}

func TestABookReadsEachCalendarOnce(t *testing.T) { // ORG-03
	t.Parallel()
	book, err := policy.NewBook([]policy.Recorded{{ID: uuid.Nil, Version: recorded(policy.KindCalendar, 1, day(1), calendarJSON, "h")}})
	require.NoError(t, err)
	a, _ := book.InForce(policy.KindCalendar, "desk", day(2).Time)
	b, _ := book.InForce(policy.KindCalendar, "desk", day(3).Time)
	require.Same(t, a.Calendar(), b.Calendar())
	require.Equal(t, 10*time.Hour, a.Calendar().Working(day(5).Time, day(6).Time))
}

func TestABookRefusesContentThatDoesNotHold(t *testing.T) { // POL-01
	t.Parallel()
	_, err := policy.NewBook([]policy.Recorded{{Version: recorded(policy.KindCalendar, 7, day(1), `{"zone":"Mars"}`, "h")}})
	require.ErrorContains(t, err, "version 7")
}
