package ticket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/sla"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

type testCase = decidertest.Case[ticket.Command, ticket.Event]

func TestRegistering(t *testing.T) {
	t.Parallel()
	with := func(change func(*ticket.Register)) ticket.Register {
		c := command(2, at(2, "09:00"))
		change(&c)
		return c
	}
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{Name: "TKT-01 a call opens a ticket with its targets", When: command(2, at(2, "09:00")), Then: events(monday())},
		{Name: "TKT-01 a ticket is opened once", Given: events(monday()), When: command(2, at(2, "09:00")), Refused: "TKT-01", Key: "ticket.exists"},
		{
			Name: "SLA-12 a wall clock runs through the night", When: command(1, at(2, "17:00")),
			Then: events(registered(1, at(2, "17:00"),
				target(ticket.FirstContact, sla.Wall, 15*time.Minute, at(2, "17:00"), at(2, "17:15")),
				target(ticket.Resolution, sla.Wall, 4*time.Hour, at(2, "17:00"), at(2, "21:00")))),
		},
		{
			Name: "SLA-04 working time leaves out nights, weekends and holidays", When: command(3, at(6, "17:00")),
			Then: events(registered(3, at(6, "17:00"), // Friday 1 h, Monday 10 h, Tuesday the 10th is closed
				target(ticket.Resolution, sla.Working, 20*time.Hour, at(6, "17:00"), at(11, "17:00")))),
		},
		{Name: "SLA-01 a level for which nothing is agreed has no targets", When: command(4, at(2, "09:00")), Then: events(registered(4, at(2, "09:00")))},
		{
			Name: "POL-06 a site without policies has no targets",
			When: with(func(c *ticket.Register) { c.Site = "other" }),
			Then: events(func() ticket.Registered { r := registered(2, at(2, "09:00")); r.Site = "other"; return r }()),
		},
		{
			Name: "POL-02 a policy that is not in force yet gives no targets",
			When: with(func(c *ticket.Register) { c.At = domain.At(time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC)) }),
			Then: events(registered(2, domain.At(time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC)))),
		},
		{
			Name:    "POL-08 a calendar that was not loaded is named and refused",
			When:    with(func(c *ticket.Register) { c.Book = bookWithoutCalendar(t) }),
			Refused: "POL-08", Key: "policy.none_in_force",
		},
		{
			Name: "ORG-03 the civil date of the call is the site's",
			When: command(4, at(3, "23:30")), Then: events(registered(4, at(3, "23:30"))), // the 4th in UTC
		},
		{Name: "TKT-04 a level is 1 to 4", When: command(5, at(2, "09:00")), Invalid: "/level"},
		{Name: "TKT-01 a channel is from the list", When: with(func(c *ticket.Register) { c.Channel = "pigeon" }), Invalid: "/channel"},
		{Name: "TKT-01 the channel other is for imports", When: with(func(c *ticket.Register) { c.Channel = ticket.Other }), Invalid: "/channel"},
		{Name: "TKT-03 a ticket has a type", When: with(func(c *ticket.Register) { c.Kind = "" }), Invalid: "/kind"},
		{Name: "TKT-01 a ticket has a number", When: with(func(c *ticket.Register) { c.Number = "" }), Invalid: "/number"},
		{Name: "ORG-03 a zone is known", When: with(func(c *ticket.Register) { c.Zone = "Mars/Olympus" }), Invalid: "/zone"},
		{Name: "AUD-01 a call has a time", When: with(func(c *ticket.Register) { c.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "TKT-06 a ticket that was never opened", When: ticket.Accept{At: at(2, "09:00")}, Refused: "TKT-06", Key: "ticket.unknown"},
	})
}

func TestTheOpenedDayOfACallLateAtNight(t *testing.T) {
	t.Parallel()
	require.Equal(t, domain.Day("2026-03-03"), registered(4, at(3, "23:30")).OpenedOn)
}

func bookWithoutCalendar(t *testing.T) *policy.Book {
	t.Helper()
	b, err := policy.NewBook([]policy.Recorded{version(slaID, policy.KindSLA, "desk", 1, at(1, "00:00"), agreed)})
	require.NoError(t, err)
	return b
}

func TestAcceptingAndAssigning(t *testing.T) {
	t.Parallel()
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{
			Name: "SLA-05 accepting reaches first contact", Given: events(monday()),
			When: ticket.Accept{At: at(2, "09:10"), Book: book}, Then: events(ticket.Accepted{At: at(2, "09:10")}, contact()),
		},
		{
			Name: "SLA-05 at the due time is in time", Given: events(monday()), When: ticket.Accept{At: at(2, "09:30"), Book: book},
			Then: events(ticket.Accepted{At: at(2, "09:30")},
				judged(ticket.FirstContact, ticket.Met, at(2, "09:00"), at(2, "09:30"), at(2, "09:30"), []uint64{0, 1}, counted(at(2, "09:00"), at(2, "09:30")))),
		},
		{
			Name: "SLA-05 a minute later is a breach", Given: events(monday()), When: ticket.Accept{At: at(2, "09:31"), Book: book},
			Then: events(ticket.Accepted{At: at(2, "09:31")},
				judged(ticket.FirstContact, ticket.Breached, at(2, "09:00"), at(2, "09:31"), at(2, "09:30"), []uint64{0, 1}, counted(at(2, "09:00"), at(2, "09:31")))),
		},
		{Name: "TKT-02 accepting twice changes nothing", Given: accepted(), When: ticket.Accept{At: at(2, "09:20"), Book: book}},
		{
			Name: "SLA-09 without an agreement there is no target, but spans", Given: events(registered(4, at(2, "17:30"))),
			When: ticket.Accept{At: at(3, "08:10"), Book: book},
			Then: events(ticket.Accepted{At: at(3, "08:10")}, ticket.Judged{
				At: at(3, "08:10"), Target: ticket.FirstContact, Cycle: 1, Verdict: ticket.NoTarget, StartAt: at(2, "17:30"),
				ReachedAt: new(at(3, "08:10")), Clock: sla.Working, GrossS: 40 * 60, NetS: 40 * 60,
				Spans:    []ticket.Span{counted(at(2, "17:30"), at(2, "18:00")), counted(at(3, "08:00"), at(3, "08:10"))},
				Calendar: &calendarRef, Inputs: []uint64{0, 1},
			}),
		},
		{
			Name: "SLA-09 without a calendar there are no spans either", Given: events(registered(4, at(2, "17:30"))),
			When: ticket.Accept{At: at(3, "08:10")},
			Then: events(ticket.Accepted{At: at(3, "08:10")}, ticket.Judged{
				At: at(3, "08:10"), Target: ticket.FirstContact, Cycle: 1, Verdict: ticket.NoTarget, StartAt: at(2, "17:30"),
				ReachedAt: new(at(3, "08:10")), Clock: sla.Working, Spans: []ticket.Span{}, Inputs: []uint64{0, 1},
			}),
		},
		{Name: "POL-08 a verdict needs the policies it goes by", Given: events(monday()), When: ticket.Accept{At: at(2, "09:10")}, Refused: "POL-08"},
		{
			Name: "TKT-08 a ticket goes to a team and a technician", Given: accepted(), When: ticket.Assign{At: at(2, "09:20"), Team: teamA, Technician: li},
			Then: events(ticket.Assigned{At: at(2, "09:20"), Team: teamA, Technician: li}),
		},
		{
			Name: "TKT-02 the same technician again changes nothing", Given: accepted(ticket.Assigned{At: at(2, "09:20"), Team: teamA, Technician: li}),
			When: ticket.Assign{At: at(2, "09:30"), Team: teamA, Technician: li},
		},
		{
			Name: "TKT-08 another technician is an event", Given: accepted(ticket.Assigned{At: at(2, "09:20"), Team: teamA, Technician: li}),
			When: ticket.Assign{At: at(2, "09:30"), Team: teamA, Technician: wang},
			Then: events(ticket.Assigned{At: at(2, "09:30"), Team: teamA, Technician: wang}),
		},
		{Name: "TKT-08 somebody is assigned", Given: accepted(), When: ticket.Assign{At: at(2, "09:20")}, Invalid: "/team"},
		{Name: "TKT-06 a resolved ticket is not assigned", Given: resolved(), When: ticket.Assign{At: at(2, "12:00"), Team: teamA}, Refused: "TKT-06", Key: "ticket.not_open"},
		{Name: "AUD-01 nothing happens before the last fact", Given: accepted(), When: ticket.Assign{At: at(2, "09:09"), Team: teamA}, Refused: "AUD-01", Key: "ticket.time_backwards"},
		{Name: "AUD-01 nothing happens before the call", Given: events(monday()), When: ticket.Accept{At: at(2, "08:00"), Book: book}, Refused: "AUD-01"},
		{Name: "AUD-01 what happens has a time", Given: events(monday()), When: ticket.Assign{Team: teamA}, Invalid: "/at"},
	})
}

func TestPausing(t *testing.T) {
	t.Parallel()
	both := []ticket.TargetName{ticket.FirstContact, ticket.Resolution}
	paused := func(day int, clock string, r ticket.PauseReason) ticket.Paused {
		return ticket.Paused{At: at(day, clock), Reason: r, Clocks: []ticket.TargetName{ticket.Resolution}}
	}
	due := func(day int, clock string) ticket.Target {
		return target(ticket.Resolution, sla.Working, 8*time.Hour, at(2, "09:00"), at(day, clock))
	}
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{
			Name: "TKT-13 a pause stops resolution if it names no clock", Given: accepted(),
			When: ticket.Pause{At: at(2, "10:00"), Reason: ticket.WaitingParts}, Then: events(paused(2, "10:00", ticket.WaitingParts)),
		},
		{Name: "TKT-13 a pause has a reason", Given: accepted(), When: ticket.Pause{At: at(2, "10:00")}, Invalid: "/reason", Key: "ticket.pause_reason_missing"},
		{Name: "TKT-13 a pause has a reason from the list", Given: accepted(), When: ticket.Pause{At: at(2, "10:00"), Reason: "lunch"}, Invalid: "/reason", Key: "ticket.pause_reason_unknown"},
		{
			Name: "TKT-13 a pause names clocks that there are", Given: accepted(),
			When: ticket.Pause{At: at(2, "10:00"), Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{"lunch"}}, Invalid: "/clocks/0",
		},
		{
			Name: "SLA-06 waiting for the customer does not stop first contact", Given: events(monday()),
			When: ticket.Pause{At: at(2, "09:05"), Reason: ticket.WaitingCustomer, Clocks: both}, Refused: "SLA-06",
		},
		{
			Name: "SLA-06 force majeure may stop first contact", Given: events(monday()),
			When: ticket.Pause{At: at(2, "09:05"), Reason: ticket.ForceMajeure, Clocks: both},
			Then: events(ticket.Paused{At: at(2, "09:05"), Reason: ticket.ForceMajeure, Clocks: both}),
		},
		{
			Name: "TKT-02 pausing for the same reason changes nothing", Given: accepted(paused(2, "10:00", ticket.WaitingParts)),
			When: ticket.Pause{At: at(2, "10:30"), Reason: ticket.WaitingParts},
		},
		{
			Name: "TKT-13 pausing for another reason is another fact", Given: accepted(paused(2, "10:00", ticket.WaitingParts)),
			When: ticket.Pause{At: at(2, "10:30"), Reason: ticket.WaitingCustomer}, Then: events(paused(2, "10:30", ticket.WaitingCustomer)),
		},
		{
			Name: "TKT-13 the same reason for one clock more is another fact", Given: events(monday(), paused(2, "09:05", ticket.ForceMajeure)),
			When: ticket.Pause{At: at(2, "09:06"), Reason: ticket.ForceMajeure, Clocks: both},
			Then: events(ticket.Paused{At: at(2, "09:06"), Reason: ticket.ForceMajeure, Clocks: both}),
		},
		{
			Name: "TKT-02 a clock that was reached needs no stopping", Given: accepted(paused(2, "09:20", ticket.ForceMajeure)),
			When: ticket.Pause{At: at(2, "09:30"), Reason: ticket.ForceMajeure, Clocks: both},
		},
		{Name: "TKT-06 a resolved ticket is not paused", Given: resolved(), When: ticket.Pause{At: at(2, "12:00"), Reason: ticket.WaitingParts}, Refused: "TKT-06"},
		{
			Name: "SLA-07 resuming moves the due time by the pause", Given: accepted(paused(2, "10:00", ticket.WaitingParts)),
			When: ticket.Resume{At: at(2, "11:00"), Book: book}, Then: events(ticket.Resumed{At: at(2, "11:00"), Targets: []ticket.Target{due(2, "18:00")}}),
		},
		{
			Name: "SLA-06 overlapping pauses count once", Given: accepted(paused(2, "10:00", ticket.WaitingParts), paused(2, "10:30", ticket.WaitingCustomer)),
			When: ticket.Resume{At: at(2, "11:00"), Book: book}, Then: events(ticket.Resumed{At: at(2, "11:00"), Targets: []ticket.Target{due(2, "18:00")}}),
		},
		{
			Name: "SLA-06 a pause outside working time costs nothing", Given: accepted(paused(2, "20:00", ticket.WaitingParts)),
			When: ticket.Resume{At: at(3, "07:00"), Book: book}, Then: events(ticket.Resumed{At: at(3, "07:00"), Targets: []ticket.Target{due(2, "17:00")}}),
		},
		{Name: "TKT-02 resuming what runs changes nothing", Given: accepted(), When: ticket.Resume{At: at(2, "10:00"), Book: book}},
		{Name: "TKT-06 a resolved ticket is not resumed", Given: resolved(), When: ticket.Resume{At: at(2, "12:00"), Book: book}, Refused: "TKT-06"},
		{
			Name:  "SLA-06 resolving ends an open pause and judges by the union",
			Given: accepted(paused(2, "10:00", ticket.WaitingParts), paused(2, "10:30", ticket.WaitingCustomer)),
			When:  ticket.Resolve{At: at(3, "09:00"), Book: book},
			Then: events(ticket.Resolved{At: at(3, "09:00")},
				judged(ticket.Resolution, ticket.Met, at(2, "09:00"), at(3, "09:00"), at(3, "16:00"), []uint64{0, 3, 5},
					counted(at(2, "09:00"), at(2, "10:00")), stood(at(2, "10:00"), at(2, "18:00")), stood(at(3, "08:00"), at(3, "09:00")))),
		},
	})
}

func TestEnding(t *testing.T) {
	t.Parallel()
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{
			Name: "SLA-05 resolving in time is met", Given: accepted(), When: ticket.Resolve{At: at(2, "11:00"), Solution: "swap", Book: book},
			Then: resolved()[3:],
		},
		{
			Name: "SLA-05 resolving late is a breach", Given: accepted(), When: ticket.Resolve{At: at(3, "09:00"), Book: book},
			Then: events(ticket.Resolved{At: at(3, "09:00")},
				judged(ticket.Resolution, ticket.Breached, at(2, "09:00"), at(3, "09:00"), at(2, "17:00"), []uint64{0, 3},
					counted(at(2, "09:00"), at(2, "18:00")), counted(at(3, "08:00"), at(3, "09:00")))),
		},
		{
			Name: "SLA-01 resolving without an answer before is also the first contact", Given: events(monday()),
			When: ticket.Resolve{At: at(2, "09:20"), Book: book},
			Then: events(ticket.Resolved{At: at(2, "09:20")},
				judged(ticket.FirstContact, ticket.Met, at(2, "09:00"), at(2, "09:20"), at(2, "09:30"), []uint64{0, 1}, counted(at(2, "09:00"), at(2, "09:20"))),
				judged(ticket.Resolution, ticket.Met, at(2, "09:00"), at(2, "09:20"), at(2, "17:00"), []uint64{0, 1}, counted(at(2, "09:00"), at(2, "09:20")))),
		},
		{
			Name: "SLA-01 arriving without an answer before is also the first contact", Given: events(monday()),
			When: ticket.Arrive{At: at(2, "09:20"), Book: book},
			Then: events(ticket.Arrived{At: at(2, "09:20")},
				judged(ticket.FirstContact, ticket.Met, at(2, "09:00"), at(2, "09:20"), at(2, "09:30"), []uint64{0, 1}, counted(at(2, "09:00"), at(2, "09:20")))),
		},
		{Name: "TKT-06 a technician arrives", Given: accepted(), When: ticket.Arrive{At: at(2, "10:00"), Book: book}, Then: events(ticket.Arrived{At: at(2, "10:00")})},
		{Name: "TKT-02 arriving twice changes nothing", Given: accepted(ticket.Arrived{At: at(2, "10:00")}), When: ticket.Arrive{At: at(2, "10:05"), Book: book}},
		{
			Name:  "TKT-13 arriving ends a pause",
			Given: accepted(ticket.Paused{At: at(2, "10:00"), Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{ticket.Resolution}}),
			When:  ticket.Arrive{At: at(2, "10:30"), Book: book},
			Then: events(ticket.Resumed{At: at(2, "10:30"), Targets: []ticket.Target{
				target(ticket.Resolution, sla.Working, 8*time.Hour, at(2, "09:00"), at(2, "17:30")),
			}}, ticket.Arrived{At: at(2, "10:30")}),
		},
		{Name: "TKT-02 resolving again with the same solution changes nothing", Given: resolved(), When: ticket.Resolve{At: at(2, "12:00"), Solution: "swap", Book: book}},
		{Name: "TKT-06 resolving again with another solution", Given: resolved(), When: ticket.Resolve{At: at(2, "12:00"), Solution: "patch", Book: book}, Refused: "TKT-06"},
		{Name: "VIS-01 the customer signs", Given: resolved(), When: ticket.SignOff{At: at(2, "12:00"), Book: book}, Then: events(ticket.SignedOff{At: at(2, "12:00")})},
		{Name: "TKT-06 nobody signs unfinished work", Given: accepted(), When: ticket.SignOff{At: at(2, "12:00"), Book: book}, Refused: "TKT-06", Key: "ticket.not_resolved"},
		{Name: "TKT-02 signing twice changes nothing", Given: resolved(ticket.SignedOff{At: at(2, "12:00")}), When: ticket.SignOff{At: at(2, "13:00"), Book: book}},
		{Name: "TKT-06 a signed ticket closes", Given: resolved(ticket.SignedOff{At: at(2, "12:00")}), When: ticket.Close{At: at(2, "13:00"), Book: book}, Then: events(ticket.Closed{At: at(2, "13:00")})},
		{Name: "TKT-06 a resolved ticket closes", Given: resolved(), When: ticket.Close{At: at(2, "13:00"), Book: book}, Then: events(ticket.Closed{At: at(2, "13:00")})},
		{Name: "TKT-06 unfinished work does not close", Given: accepted(), When: ticket.Close{At: at(2, "13:00"), Book: book}, Refused: "TKT-06", Key: "ticket.not_resolved"},
		{Name: "TKT-02 closing twice changes nothing", Given: resolved(ticket.Closed{At: at(2, "13:00")}), When: ticket.Close{At: at(2, "14:00"), Book: book}},
		{Name: "TKT-06 a closed ticket is not signed", Given: resolved(ticket.Closed{At: at(2, "13:00")}), When: ticket.SignOff{At: at(2, "14:00"), Book: book}, Refused: "TKT-06", Key: "ticket.closed"},
	})
}

func TestReopening(t *testing.T) {
	t.Parallel()
	again := ticket.Reopened{At: at(4, "08:00"), Cycle: 2, Reason: "same fault", Targets: []ticket.Target{
		target(ticket.Resolution, sla.Working, 8*time.Hour, at(4, "08:00"), at(4, "16:00")),
	}}
	last := domain.At(at(2, "11:00").Add(30 * 24 * time.Hour))
	second := judged(ticket.Resolution, ticket.Met, at(4, "08:00"), at(4, "10:00"), at(4, "16:00"), []uint64{5, 6}, counted(at(4, "08:00"), at(4, "10:00")))
	second.Cycle = 2
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{
			Name: "TKT-16 reopening starts a new cycle with its own clock", Given: resolved(),
			When: ticket.Reopen{At: at(4, "08:00"), Reason: "same fault", Book: book}, Then: events(again),
		},
		{
			Name: "TKT-16 the new cycle has its own verdict, first contact is not judged again", Given: resolved(again),
			When: ticket.Resolve{At: at(4, "10:00"), Book: book}, Then: events(ticket.Resolved{At: at(4, "10:00")}, second),
		},
		{
			Name: "TKT-16 thirty days later is not too late", Given: resolved(), When: ticket.Reopen{At: last, Reason: "again"},
			Then: events(ticket.Reopened{At: last, Cycle: 2, Reason: "again", Targets: []ticket.Target{}}),
		},
		{
			Name: "TKT-16 after thirty days it is too late", Given: resolved(),
			When: ticket.Reopen{At: domain.At(last.Add(time.Millisecond)), Reason: "again", Book: book}, Refused: "TKT-16", Key: "ticket.reopen_too_late",
		},
		{Name: "TKT-16 reopening has a reason", Given: resolved(), When: ticket.Reopen{At: at(4, "08:00"), Book: book}, Invalid: "/reason"},
		{Name: "TKT-02 reopening an open ticket changes nothing", Given: resolved(again), When: ticket.Reopen{At: at(4, "09:00"), Reason: "same fault", Book: book}},
	})
}

func TestChangingTheLevel(t *testing.T) {
	t.Parallel()
	stop := ticket.Paused{At: at(2, "10:00"), Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{ticket.Resolution}}
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{
			Name: "SLA-07 the new due time counts from the call", Given: accepted(),
			When: ticket.ChangeLevel{At: at(2, "10:00"), Level: 1, Reason: "all stand", Book: book},
			Then: events(ticket.LevelChanged{At: at(2, "10:00"), From: 2, To: 1, Reason: "all stand", Targets: []ticket.Target{
				target(ticket.Resolution, sla.Wall, 4*time.Hour, at(2, "09:00"), at(2, "13:00")),
			}}),
		},
		{
			Name:  "SLA-07 less the union of pauses, an open one until now",
			Given: accepted(stop), When: ticket.ChangeLevel{At: at(2, "11:00"), Level: 1, Reason: "all stand", Book: book},
			Then: events(ticket.LevelChanged{At: at(2, "11:00"), From: 2, To: 1, Reason: "all stand", Targets: []ticket.Target{
				target(ticket.Resolution, sla.Wall, 4*time.Hour, at(2, "09:00"), at(2, "14:00")),
			}}),
		},
		{
			Name: "SLA-07 both clocks while both run, a level without target takes it away", Given: events(monday()),
			When: ticket.ChangeLevel{At: at(2, "09:05"), Level: 3, Reason: "one of many", Book: book},
			Then: events(ticket.LevelChanged{At: at(2, "09:05"), From: 2, To: 3, Reason: "one of many", Targets: []ticket.Target{
				target(ticket.Resolution, sla.Working, 20*time.Hour, at(2, "09:00"), at(4, "09:00")),
			}}),
		},
		{
			Name:  "SLA-07 a level with a target gives one to a clock that had none, from the call",
			Given: events(registered(4, at(2, "09:00"))), When: ticket.ChangeLevel{At: at(2, "10:00"), Level: 2, Reason: "worse", Book: book},
			Then: events(ticket.LevelChanged{At: at(2, "10:00"), From: 4, To: 2, Reason: "worse", Targets: []ticket.Target{
				target(ticket.FirstContact, sla.Working, 30*time.Minute, at(2, "09:00"), at(2, "09:30")),
				target(ticket.Resolution, sla.Working, 8*time.Hour, at(2, "09:00"), at(2, "17:00")),
			}}),
		},
		{Name: "TKT-04 changing the level has a reason", Given: accepted(), When: ticket.ChangeLevel{At: at(2, "10:00"), Level: 1, Book: book}, Invalid: "/reason"},
		{Name: "TKT-04 there is no level 0", Given: accepted(), When: ticket.ChangeLevel{At: at(2, "10:00"), Reason: "r", Book: book}, Invalid: "/level"},
		{Name: "TKT-02 the same level changes nothing", Given: accepted(), When: ticket.ChangeLevel{At: at(2, "10:00"), Level: 2, Reason: "r", Book: book}},
		{Name: "TKT-06 the level of finished work stays", Given: resolved(), When: ticket.ChangeLevel{At: at(2, "12:00"), Level: 1, Reason: "r", Book: book}, Refused: "TKT-06"},
	})
}

func TestALaterPolicyDoesNotTouchARunningClock(t *testing.T) { // POL-03
	t.Parallel()
	stricter := policy.SLA{Calendar: calendarID, Targets: []policy.SLATarget{{Level: 1, Name: "resolution", Clock: "wall", LimitS: 60}}}
	later := newBook(version(slaID, policy.KindSLA, "desk", 2, at(2, "09:30"), stricter))
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{
			Name: "POL-03 a change of level goes by the version at the clock's start", Given: accepted(),
			When: ticket.ChangeLevel{At: at(2, "10:00"), Level: 1, Reason: "r", Book: later},
			Then: events(ticket.LevelChanged{At: at(2, "10:00"), From: 2, To: 1, Reason: "r", Targets: []ticket.Target{
				target(ticket.Resolution, sla.Wall, 4*time.Hour, at(2, "09:00"), at(2, "13:00")),
			}}),
		},
		{
			Name: "POL-03 a version recorded late does not touch a clock that has its target", Given: accepted(),
			When: ticket.ChangeLevel{At: at(2, "10:00"), Level: 1, Reason: "r", Book: newBook(version(slaID, policy.KindSLA, "desk", 2, at(1, "00:00"), stricter))},
			Then: events(ticket.LevelChanged{At: at(2, "10:00"), From: 2, To: 1, Reason: "r", Targets: []ticket.Target{
				target(ticket.Resolution, sla.Wall, 4*time.Hour, at(2, "09:00"), at(2, "13:00")),
			}}),
		},
		{
			Name:  "POL-02 a new cycle goes by the version in force when it starts",
			Given: resolved(ticket.Reopened{At: at(2, "12:00"), Cycle: 2, Reason: "r", Targets: []ticket.Target{}}),
			When:  ticket.Resolve{At: at(2, "13:00"), Book: later},
			Then: events(ticket.Resolved{At: at(2, "13:00")}, ticket.Judged{
				At: at(2, "13:00"), Target: ticket.Resolution, Cycle: 2, Verdict: ticket.NoTarget, StartAt: at(2, "12:00"),
				ReachedAt: new(at(2, "13:00")), Clock: sla.Working, GrossS: 3600, NetS: 3600,
				Spans: []ticket.Span{counted(at(2, "12:00"), at(2, "13:00"))}, Calendar: &calendarRef, Inputs: []uint64{5, 6},
			}),
		},
	})
}

func TestStatesMayBeShared(t *testing.T) { // one state, kept and folded on in two ways
	t.Parallel()
	var events []ticket.Event
	for n := range 9 {
		hour := time.Duration(n) * time.Hour
		events = append(events,
			ticket.Paused{At: domain.At(at(2, "10:00").Add(hour)), Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{ticket.Resolution}},
			ticket.Resumed{At: domain.At(at(2, "10:30").Add(hour)), Targets: []ticket.Target{}})
	}
	s := fold(accepted())
	for _, e := range events {
		one := ticket.EvolveAt(s, 100, e)
		revisions, pauses := append([]uint64{}, one.Clock(ticket.Resolution).Revisions...), append([]sla.Interval{}, one.Clock(ticket.Resolution).Pauses...)
		ticket.EvolveAt(s, 200, ticket.Resolved{At: at(9, "09:00")})
		require.Equal(t, revisions, one.Clock(ticket.Resolution).Revisions)
		require.Equal(t, pauses, append([]sla.Interval{}, one.Clock(ticket.Resolution).Pauses...))
		s = ticket.Evolve(s, e)
	}
}
