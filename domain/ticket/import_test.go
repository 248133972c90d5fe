package ticket_test

import (
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/sla"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var key = domain.ExternalKey{System: "old-desk", Key: "INC1"}

// row is a row of level 2 about a call on Monday at 9.
func row(when domain.Instant, status ticket.Status, changes ...func(*ticket.ImportRow)) ticket.ImportRow {
	c := ticket.ImportRow{
		At: when, Site: "desk", Zone: "-03:00", OpenedAt: at(2, "09:00"), External: key, Kind: "fault", Level: 2, Status: status, Book: book,
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func because(r ticket.PauseReason) func(*ticket.ImportRow) {
	return func(c *ticket.ImportRow) { c.Pause = r }
}

// imported is monday as the import registers it.
func imported() ticket.Registered {
	r := monday()
	r.Number, r.External, r.Channel = "INC1", &key, ticket.Other
	return r
}

func importReopened(when, due domain.Instant, cycle int) ticket.Reopened {
	return ticket.Reopened{At: when, Cycle: cycle, Reason: "import", Targets: []ticket.Target{
		target(ticket.Resolution, sla.Working, 8*time.Hour, when, due),
	}}
}

func TestImportingARow(t *testing.T) {
	t.Parallel()
	waiting := ticket.Paused{At: at(2, "10:00"), Reason: ticket.WaitingCustomer, Clocks: []ticket.TargetName{ticket.Resolution}}
	resumed := func(clock, due string) ticket.Resumed {
		return ticket.Resumed{At: at(2, clock), Targets: []ticket.Target{
			target(ticket.Resolution, sla.Working, 8*time.Hour, at(2, "09:00"), at(2, due)),
		}}
	}
	withdrawn := judged(ticket.Resolution, ticket.Withdrawn, at(2, "09:00"), at(2, "12:00"), at(2, "17:00"), []uint64{0, 3})
	missed := judged(ticket.Resolution, ticket.Breached, at(2, "09:00"), at(2, "17:00"), at(2, "17:00"), []uint64{0, 3})
	claim := ticket.SourceClaim{ResolvedAt: new(at(2, "11:00")), SLAMet: new(true)}
	claimed := ticket.SourceVerdictRecorded{At: at(2, "11:00"), ResolvedAt: claim.ResolvedAt, SLAMet: claim.SLAMet}
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{Name: "TKT-01 the first row registers at the time of the call", When: row(at(2, "09:05"), ticket.StatusRegistered), Then: events(imported())},
		{
			Name: "TKT-01 a call said to be after its row was at the row's time",
			When: row(at(2, "09:00"), ticket.StatusRegistered, func(c *ticket.ImportRow) { c.OpenedAt = at(2, "09:05") }),
			Then: events(imported()),
		},
		{
			Name: "TKT-01 a row without a time of the call stands for it",
			When: row(at(2, "09:00"), ticket.StatusRegistered, func(c *ticket.ImportRow) { c.OpenedAt = domain.Instant{} }),
			Then: events(imported()),
		},
		{Name: "TKT-02 a row that says the same again adds nothing", Given: events(imported()), When: row(at(2, "09:06"), ticket.StatusRegistered)},
		{
			Name: "TKT-06 a first row may already be at work",
			When: row(at(2, "09:10"), ticket.StatusAssigned, func(c *ticket.ImportRow) { c.Team = teamA }),
			Then: events(imported(), ticket.Assigned{At: at(2, "09:10"), Team: teamA}, ticket.Accepted{At: at(2, "09:10")},
				func() ticket.Judged { j := contact(); j.Inputs = []uint64{0, 2}; return j }()),
		},
		{
			Name: "TKT-04 a row with another level changes it", Given: accepted(), When: row(at(2, "10:00"), ticket.StatusAccepted, func(c *ticket.ImportRow) { c.Level = 1 }),
			Then: events(ticket.LevelChanged{At: at(2, "10:00"), From: 2, To: 1, Reason: "import", Targets: []ticket.Target{
				target(ticket.Resolution, sla.Wall, 4*time.Hour, at(2, "09:00"), at(2, "13:00")),
			}}),
		},
		{Name: "TKT-04 a row without a level leaves it", Given: accepted(), When: row(at(2, "10:00"), ticket.StatusAccepted, func(c *ticket.ImportRow) { c.Level = 0 })},
		{
			Name: "TKT-08 a row without a team takes it away", Given: accepted(ticket.Assigned{At: at(2, "09:20"), Team: teamA}),
			When: row(at(2, "10:00"), ticket.StatusAccepted), Then: events(ticket.Assigned{At: at(2, "10:00")}),
		},
		{Name: "TKT-13 a waiting row pauses", Given: accepted(), When: row(at(2, "10:00"), ticket.StatusPaused, because(ticket.WaitingCustomer)), Then: events(waiting)},
		{Name: "TKT-02 a waiting row again adds nothing", Given: accepted(waiting), When: row(at(2, "10:30"), ticket.StatusPaused, because(ticket.WaitingCustomer))},
		{
			Name: "TKT-13 waiting for something else is another pause", Given: accepted(waiting), When: row(at(2, "10:30"), ticket.StatusPaused, because(ticket.WaitingParts)),
			Then: events(ticket.Paused{At: at(2, "10:30"), Reason: ticket.WaitingParts, Clocks: waiting.Clocks}),
		},
		{Name: "SLA-07 a row at work again resumes", Given: accepted(waiting), When: row(at(2, "11:00"), ticket.StatusAccepted), Then: events(resumed("11:00", "18:00"))},
		{Name: "SLA-07 a row back at the start resumes too", Given: accepted(waiting), When: row(at(2, "11:00"), ticket.StatusRegistered), Then: events(resumed("11:00", "18:00"))},
		{
			Name: "SLA-05 a resolved row judges", Given: accepted(), When: row(at(2, "11:00"), ticket.StatusResolved),
			Then: events(ticket.Resolved{At: at(2, "11:00")}, resolved()[4]),
		},
		{Name: "TKT-02 a resolved row again adds nothing", Given: resolved(), When: row(at(2, "12:00"), ticket.StatusResolved)},
		{Name: "TKT-06 a closed row after a resolved one signs off", Given: resolved(), When: row(at(2, "12:00"), ticket.StatusSignedOff), Then: events(ticket.SignedOff{At: at(2, "12:00")})},
		{Name: "TKT-02 a resolved row after a closed one adds nothing", Given: resolved(ticket.SignedOff{At: at(2, "12:00")}), When: row(at(2, "13:00"), ticket.StatusResolved)},
		{
			Name: "TKT-16 a row at work after the end reopens", Given: resolved(), When: row(at(2, "12:00"), ticket.StatusAccepted),
			Then: events(importReopened(at(2, "12:00"), at(3, "10:00"), 2)),
		},
		{
			Name: "TKT-16 a row back at the start after the end reopens", Given: resolved(ticket.Closed{At: at(2, "11:30")}), When: row(at(2, "12:00"), ticket.StatusRegistered),
			Then: events(importReopened(at(2, "12:00"), at(3, "10:00"), 2)),
		},
		{
			Name: "TKT-16 a waiting row after the end reopens and pauses", Given: resolved(), When: row(at(2, "12:00"), ticket.StatusPaused, because(ticket.WaitingCustomer)),
			Then: events(importReopened(at(2, "12:00"), at(3, "10:00"), 2),
				ticket.Paused{At: at(2, "12:00"), Reason: ticket.WaitingCustomer, Clocks: waiting.Clocks}),
		},
		{
			Name: "TKT-16 an import reopens after any time", Given: resolved(), When: row(domain.At(at(2, "12:00").Add(91*24*time.Hour)), ticket.StatusAccepted),
			Then: events(importReopened(domain.At(at(2, "12:00").Add(91*24*time.Hour)), domain.At(at(3, "10:00").Add(91*24*time.Hour)), 2)),
		},
		{
			Name: "SLA-05 an end without a resolution before the due time withdraws the target", Given: accepted(), When: row(at(2, "12:00"), ticket.StatusSignedOff),
			Then: events(ticket.SignedOff{At: at(2, "12:00")}, withdrawn),
		},
		{
			Name: "SLA-13 an end without a resolution after the due time was a breach at the due time", Given: accepted(), When: row(at(4, "12:00"), ticket.StatusClosed),
			Then: events(ticket.Closed{At: at(4, "12:00")}, missed),
		},
		{
			Name: "SLA-13 an end without a resolution at the due time is a breach", Given: accepted(), When: row(at(2, "17:00"), ticket.StatusClosed),
			Then: events(ticket.Closed{At: at(2, "17:00")}, missed),
		},
		{
			Name: "TKT-06 a resolved row after an end without resolution takes the ticket up again", Given: accepted(ticket.Closed{At: at(2, "12:00")}, withdrawn),
			When: row(at(3, "08:00"), ticket.StatusResolved),
			Then: events(importReopened(at(3, "08:00"), at(3, "16:00"), 2), ticket.Resolved{At: at(3, "08:00")},
				func() ticket.Judged {
					j := judged(ticket.Resolution, ticket.Met, at(3, "08:00"), at(3, "08:00"), at(3, "16:00"), []uint64{5, 6})
					j.Cycle, j.ReachedAt = 2, new(at(3, "08:00"))
					return j
				}()),
		},
		{
			Name: "SLA-10 what the source says of itself is kept beside our verdict", Given: accepted(),
			When: row(at(2, "11:00"), ticket.StatusResolved, func(c *ticket.ImportRow) { c.Claim = &claim }),
			Then: events(ticket.Resolved{At: at(2, "11:00")}, resolved()[4], claimed),
		},
		{Name: "TKT-02 the same claim again adds nothing", Given: resolved(claimed), When: row(at(2, "11:00"), ticket.StatusResolved, func(c *ticket.ImportRow) { c.Claim = &claim })},
		{
			Name: "TKT-06 a row from before the last fact is taken as the next", Given: accepted(), When: row(at(2, "08:30"), ticket.StatusPaused, because(ticket.WaitingParts)),
			Then: events(ticket.Paused{At: at(2, "08:30"), Reason: ticket.WaitingParts, Clocks: waiting.Clocks}),
		},
		{
			Name: "TKT-06 an arrived row", Given: accepted(), When: row(at(2, "10:00"), ticket.StatusOnSite),
			Then: events(ticket.Arrived{At: at(2, "10:00")}),
		},
		{Name: "TKT-06 a status is one of ours", Given: accepted(), When: row(at(2, "10:00"), "-100"), Invalid: "/status"},
		{Name: "TKT-13 a waiting row has a reason", Given: accepted(), When: row(at(2, "10:00"), ticket.StatusPaused), Invalid: "/pause"},
		{Name: "TKT-04 a first row has a level", When: row(at(2, "09:05"), ticket.StatusRegistered, func(c *ticket.ImportRow) { c.Level = 0 }), Invalid: "/level"},
	})
}
