package ticket_test

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/sla"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

var (
	calendarID = uuid.MustParse("00000000-0000-0000-0000-0000000000ca")
	slaID      = uuid.MustParse("00000000-0000-0000-0000-00000000051a")
	teamA      = uuid.MustParse("00000000-0000-0000-0000-00000000000a")
	teamB      = uuid.MustParse("00000000-0000-0000-0000-00000000000b")
	li         = uuid.MustParse("00000000-0000-0000-0000-000000000011")
	wang       = uuid.MustParse("00000000-0000-0000-0000-000000000022")
)

// local is the zone of the site "desk": it keeps no summer time.
var local = time.FixedZone("-03:00", -3*60*60)

// at is an instant of March 2026 at the desk; the 2nd is a Monday.
func at(day int, clock string) domain.Instant {
	t, err := time.ParseInLocation("15:04", clock, local)
	if err != nil {
		panic(err)
	}
	return domain.At(time.Date(2026, 3, day, t.Hour(), t.Minute(), 0, 0, local))
}

var (
	ten = []calendar.Hours{{"08:00", "18:00"}}
	// desk works from 8 to 18, Monday to Friday, but for the 10th.
	desk = calendar.Content{
		Zone: "-03:00",
		Week: calendar.Week{Mon: ten, Tue: ten, Wed: ten, Thu: ten, Fri: ten},
		Days: map[domain.Day][]calendar.Hours{"2026-03-10": {}},
	}
	agreed = policy.SLA{Calendar: calendarID, Targets: []policy.SLATarget{
		{Level: 1, Name: "first_contact", Clock: "wall", LimitS: 15 * 60},
		{Level: 1, Name: "resolution", Clock: "wall", LimitS: 4 * 3600},
		{Level: 2, Name: "first_contact", Clock: "working", LimitS: 30 * 60},
		{Level: 2, Name: "resolution", Clock: "working", LimitS: 8 * 3600},
		{Level: 3, Name: "resolution", Clock: "working", LimitS: 20 * 3600},
	}}
	book        = newBook()
	calendarRef = refOf(calendarID)
	slaRef      = refOf(slaID)
)

// newBook holds the calendar and targets of "desk" from 2026 on.
func newBook(more ...policy.Recorded) *policy.Book {
	from := domain.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	all := append([]policy.Recorded{
		version(calendarID, policy.KindCalendar, "desk", 1, from, desk),
		version(slaID, policy.KindSLA, "desk", 1, from, agreed),
	}, more...)
	b, err := policy.NewBook(all)
	if err != nil {
		panic(err)
	}
	return b
}

func version(id uuid.UUID, kind policy.Kind, site string, n int, from domain.Instant, content any) policy.Recorded {
	raw, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	return policy.Recorded{ID: id, Version: policy.VersionRecorded{
		Kind: kind, Name: string(kind), Site: site, Version: n, EffectiveFrom: from, Author: "a", Reason: "r", Hash: "h", Content: raw,
	}}
}

func refOf(id uuid.UUID) domain.PolicyRef { return domain.PolicyRef{ID: id, Version: 1, Hash: "h"} }

func target(name ticket.TargetName, clock sla.Clock, limit time.Duration, start, due domain.Instant) ticket.Target {
	return ticket.Target{
		Name: name, Clock: clock, LimitS: int64(limit / time.Second), StartAt: start, DueAt: due,
		Policy: slaRef, Calendar: calendarRef,
	}
}

func command(level ticket.Level, when domain.Instant) ticket.Register {
	return ticket.Register{
		At: when, Site: "desk", Zone: "-03:00", Number: "T-1", Channel: ticket.Phone, Kind: "fault", Level: level, Book: book,
	}
}

func registered(level ticket.Level, when domain.Instant, targets ...ticket.Target) ticket.Registered {
	return ticket.Registered{
		At: when, Site: "desk", OpenedOn: domain.DayOf(when.Time, local), Number: "T-1", Channel: ticket.Phone,
		Kind: "fault", Level: level, Targets: append([]ticket.Target{}, targets...),
	}
}

// monday is a level 2 ticket called in on Monday at 9: first contact is due
// at 9:30, resolution at 17.
func monday() ticket.Registered {
	return registered(2, at(2, "09:00"),
		target(ticket.FirstContact, sla.Working, 30*time.Minute, at(2, "09:00"), at(2, "09:30")),
		target(ticket.Resolution, sla.Working, 8*time.Hour, at(2, "09:00"), at(2, "17:00")))
}

// counted and paused make spans of one day.
func counted(from, to domain.Instant) ticket.Span {
	return ticket.Span{From: from, To: to, Kind: ticket.Counted}
}

func stood(from, to domain.Instant) ticket.Span {
	return ticket.Span{From: from, To: to, Kind: ticket.PausedCount}
}

// judged is a verdict by the level 2 targets; sums follow from the spans.
func judged(name ticket.TargetName, v ticket.Verdict, start, end, due domain.Instant, inputs []uint64, spans ...ticket.Span) ticket.Judged {
	j := ticket.Judged{
		At: end, Target: name, Cycle: 1, Verdict: v, StartAt: start, DueAt: &due, Clock: sla.Working, LimitS: 8 * 3600,
		Spans: append([]ticket.Span{}, spans...), Policy: &slaRef, Calendar: &calendarRef, Inputs: inputs,
	}
	if name == ticket.FirstContact {
		j.LimitS = 30 * 60
	}
	for _, s := range spans {
		j.ReachedAt = &end
		d := int64(s.To.Sub(s.From.Time) / time.Second)
		j.GrossS += d
		if s.Kind == ticket.PausedCount {
			j.PausedS += d
		} else {
			j.NetS += d
		}
	}
	return j
}

// contact is the verdict of a first contact at 9:10 of monday.
func contact() ticket.Judged {
	return judged(ticket.FirstContact, ticket.Met, at(2, "09:00"), at(2, "09:10"), at(2, "09:30"), []uint64{0, 1},
		counted(at(2, "09:00"), at(2, "09:10")))
}

// accepted is monday accepted at 9:10: revisions 0 to 2.
func accepted(more ...ticket.Event) []ticket.Event {
	return append([]ticket.Event{monday(), ticket.Accepted{At: at(2, "09:10")}, contact()}, more...)
}

// resolved is monday resolved at 11: revisions 0 to 4.
func resolved(more ...ticket.Event) []ticket.Event {
	return append(accepted(
		ticket.Resolved{At: at(2, "11:00"), Solution: "swap"},
		judged(ticket.Resolution, ticket.Met, at(2, "09:00"), at(2, "11:00"), at(2, "17:00"), []uint64{0, 3},
			counted(at(2, "09:00"), at(2, "11:00"))),
	), more...)
}

func events(e ...ticket.Event) []ticket.Event { return e }
