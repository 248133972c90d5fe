package tickettest

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// The policies of site "desk".
var (
	CalendarID = uuid.MustParse("00000000-0000-0000-0000-0000000000ca")
	SLAID      = uuid.MustParse("00000000-0000-0000-0000-00000000051a")
)

// Version makes a recorded version of a policy of "desk".
func Version(kind policy.Kind, n int, from time.Time, content any) policy.Recorded {
	raw, err := json.Marshal(content)
	if err != nil {
		panic(err) // contents always encode
	}
	id := SLAID
	switch kind {
	case policy.KindCalendar:
		id = CalendarID
	case policy.KindCodes:
		id = uuid.MustParse("00000000-0000-0000-0000-0000000000c0")
	case policy.KindSLA, policy.KindTools, policy.KindCompensation, policy.KindKeeping, policy.KindPurchasing, policy.KindAuthority:
	}
	return policy.Recorded{ID: id, Version: policy.VersionRecorded{
		Kind: kind, Name: string(kind), Site: "desk", Version: n, EffectiveFrom: domain.At(from), Author: "a", Reason: "r", Hash: "h", Content: raw,
	}}
}

// Ref names a version made by Version.
func Ref(kind policy.Kind, n int) domain.PolicyRef {
	return domain.PolicyRef{ID: Version(kind, n, time.Time{}, nil).ID, Version: n, Hash: "h"}
}

// NewBook reads versions; it panics if one does not hold.
func NewBook(versions ...policy.Recorded) *policy.Book {
	b, err := policy.NewBook(versions)
	if err != nil {
		panic(err)
	}
	return b
}

// Start is the Monday on which random tickets begin, in Shanghai.
var Start = time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC)

// Hours are those of "desk", with more days on which it is closed.
func Hours(closed ...domain.Day) calendar.Content {
	day := []calendar.Hours{{"08:00", "12:00"}, {"13:30", "18:00"}}
	c := calendar.Content{
		Zone: "Asia/Shanghai", Week: calendar.Week{Mon: day, Tue: day, Wed: day, Thu: day, Fri: day},
		Days: map[domain.Day][]calendar.Hours{"2026-03-05": {}, "2026-03-07": day},
	}
	for _, d := range closed {
		c.Days[d] = []calendar.Hours{}
	}
	return c
}

// RandomBook has the versions of RandomVersions.
func RandomBook() *policy.Book { return NewBook(RandomVersions()...) }

// RandomVersions have targets of every kind for "desk", and a version a week
// later that running clocks go over to.
func RandomVersions() []policy.Recorded {
	targets := []policy.SLATarget{
		{Level: 1, Name: "first_contact", Clock: "wall", LimitS: 900},
		{Level: 1, Name: "arrival", Clock: "wall", LimitS: 7200, AgreedArrival: policy.Replaces},
		{Level: 1, Name: "resolution", Clock: "wall", LimitS: 14400},
		{Level: 1, Name: "next_update", Clock: "wall", LimitS: 3600},
		{Level: 2, Name: "first_contact", Clock: "working", LimitS: 1800},
		{Level: 2, Name: "remote_resolution", Clock: "working", LimitS: 3600},
		{Level: 2, Name: "arrival", Clock: "working", LimitS: 6 * 3600, Zone: "town"},
		{Level: 2, Name: "arrival", Clock: "working", LimitS: 7 * 3600, Zone: "suburb"},
		{Level: 2, Name: "resolution", Clock: "working", LimitS: 8 * 3600},
		{Level: 2, Name: "next_update", Clock: "working", LimitS: 4 * 3600},
		{Level: 3, Name: "arrival", Clock: "wall", LimitS: 86400, From: policy.FromVisitNeeded, AgreedArrival: policy.Replaces},
		{Level: 3, Name: "resolution", Clock: "working", LimitS: 20 * 3600},
	}
	later := append([]policy.SLATarget{}, targets[:5]...)
	later = append(later, policy.SLATarget{Level: 2, Name: "resolution", Clock: "working", LimitS: 6 * 3600})
	return []policy.Recorded{
		Version(policy.KindCalendar, 1, Start.AddDate(-1, 0, 0), Hours()),
		Version(policy.KindSLA, 1, Start.AddDate(-1, 0, 0), policy.SLA{Calendar: CalendarID, Targets: targets}),
		Version(policy.KindSLA, 2, Start.AddDate(0, 0, 7), policy.SLA{Calendar: CalendarID, Targets: later, AppliesTo: policy.Running}),
	}
}
