package ticket_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/decidertest"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

func TestCodeLists(t *testing.T) { // TKT-03
	t.Parallel()
	lists := policy.Codes{Kinds: []policy.Code{{Code: "fault"}}, Problems: []policy.Code{{Code: "P1"}}, Solutions: []policy.Code{{Code: "S1"}}}
	coded := newBook(tickettest.Version(policy.KindCodes, 1, at(1, "00:00").Time, lists))
	call := func(kind, problem string) ticket.Register {
		c := command(4, at(2, "09:00"))
		c.Kind, c.Problem, c.Book = kind, problem, coded
		return c
	}
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{Name: "TKT-03 codes in the list are taken, none is needed for the problem", When: call("fault", ""), Then: events(registered(4, at(2, "09:00")))},
		{Name: "TKT-03 a type that is not in the list", When: call("party", ""), Invalid: "/kind", Key: "ticket.code_unknown"},
		{Name: "TKT-03 a problem that is not in the list", When: call("fault", "P2"), Invalid: "/problem"},
		{
			Name: "TKT-03 a solution that is not in the list", Given: events(registered(4, at(2, "09:00"))),
			When: ticket.Resolve{At: at(2, "10:00"), Solution: "S2", Book: coded}, Invalid: "/solution",
		},
		{
			Name: "TKT-03 lists that are not in force yet refuse nothing", When: func() ticket.Register {
				c := call("party", "")
				c.At = domain.At(at(1, "00:00").Add(-1))
				return c
			}(),
			Then: events(func() ticket.Registered {
				r := registered(4, domain.At(at(1, "00:00").Add(-1)))
				r.Kind = "party"
				return r
			}()),
		},
	})
}

func TestWhatTheNewCommandsRefuse(t *testing.T) {
	t.Parallel()
	me := uuid.UUID{1}
	onSite := accepted(ticket.Arrived{At: at(2, "10:00")})
	over := resolved()
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{Name: "TKT-11 nothing is found on a ticket that is over", Given: over, When: ticket.FindVisitNeeded{At: at(2, "12:00"), Book: book}, Refused: "TKT-06"},
		{Name: "TKT-02 a visit that is under way is needed", Given: onSite, When: ticket.FindVisitNeeded{At: at(2, "12:00"), Book: book}},
		{
			Name: "SLA-02 an arrival time is somebody's", Given: accepted(), When: ticket.AgreeArrival{At: at(2, "10:00"), ArrivalBy: at(2, "12:00"), SetBy: "boss"},
			Invalid: "/set_by",
		},
		{
			Name: "SLA-02 an arrival time lies ahead", Given: accepted(), When: ticket.AgreeArrival{At: at(2, "10:00"), ArrivalBy: at(2, "10:00"), SetBy: ticket.SetByBoth},
			Invalid: "/arrival_by",
		},
		{
			Name: "TKT-06 no arrival is agreed with who is there", Given: onSite, When: ticket.AgreeArrival{At: at(2, "10:30"), ArrivalBy: at(2, "12:00"), SetBy: ticket.SetByBoth},
			Refused: "TKT-06", Key: "ticket.on_site",
		},
		{Name: "SLA-11 a zone is named", Given: accepted(), When: ticket.ChangeServiceZone{At: at(2, "10:00"), Reason: "r", Book: book}, Invalid: "/zone"},
		{Name: "SLA-07 a change of zone has a reason", Given: accepted(), When: ticket.ChangeServiceZone{At: at(2, "10:00"), Zone: "town", Book: book}, Invalid: "/reason"},
		{Name: "TKT-06 the zone of finished work stays", Given: over, When: ticket.ChangeServiceZone{At: at(2, "12:00"), Zone: "town", Reason: "r", Book: book}, Refused: "TKT-06"},
		{Name: "TKT-01 a note says something", Given: accepted(), When: ticket.AddNote{At: at(2, "10:00")}, Invalid: "/text"},
		{Name: "TKT-17 a duplicate goes into another", Given: accepted(), When: ticket.Merge{At: at(2, "10:00"), Ticket: me, Into: me, Book: book}, Invalid: "/into"},
		{Name: "TKT-17 a duplicate goes somewhere", Given: accepted(), When: ticket.Merge{At: at(2, "10:00"), Ticket: me, Book: book}, Invalid: "/into"},
		{Name: "TKT-06 finished work is not merged", Given: over, When: ticket.Merge{At: at(2, "12:00"), Ticket: me, Into: uuid.UUID{2}, Book: book}, Refused: "TKT-06"},
		{Name: "TKT-06 a call is taken back for a reason", Given: accepted(), When: ticket.Withdraw{At: at(2, "10:00"), Book: book}, Invalid: "/reason"},
		{Name: "TKT-06 a call is rejected for a reason", Given: accepted(), When: ticket.Reject{At: at(2, "10:00"), Book: book}, Invalid: "/reason"},
		{
			Name: "TKT-13 a pause that is entered afterwards is over", Given: accepted(),
			When: ticket.RecordPause{At: at(2, "10:00"), From: at(2, "09:30"), To: at(2, "10:01"), Reason: ticket.WaitingParts, LateReason: "r", Book: book}, Invalid: "/to",
		},
		{
			Name: "TKT-13 a pause does not start before the call", Given: accepted(),
			When: ticket.RecordPause{At: at(2, "10:00"), From: at(2, "08:30"), To: at(2, "09:30"), Reason: ticket.WaitingParts, LateReason: "r", Book: book}, Invalid: "/from",
		},
		{
			Name: "TKT-13 a pause that is entered afterwards says why", Given: accepted(),
			When: ticket.RecordPause{At: at(2, "10:00"), From: at(2, "09:10"), To: at(2, "09:30"), Reason: ticket.WaitingParts, Book: book}, Invalid: "/late_reason",
		},
		{Name: "SLA-08 a step is one of the ladder", Given: accepted(), When: ticket.EscalateIfDue{At: at(2, "16:00"), Target: ticket.Resolution, Percent: 80, Book: book}, Invalid: "/percent"},
		{Name: "SLA-08 a target is one of ours", Given: accepted(), When: ticket.EscalateIfDue{At: at(2, "16:00"), Target: "lunch", Percent: 75, Book: book}, Invalid: "/target"},
		{Name: "TKT-17 what is merged into is kept", Given: accepted(ticket.Merged{At: at(2, "10:00"), Into: me}), When: ticket.Merge{At: at(2, "11:00"), Into: me, Book: book}},
		{Name: "TKT-06 a rejected ticket does not close", Given: accepted(ticket.Rejected{At: at(2, "10:00"), Reason: "r"}), When: ticket.Close{At: at(2, "11:00"), Book: book}, Refused: "TKT-06"},
		{Name: "SLA-05 nothing is left to judge of a ticket that never was", When: ticket.Rejudge{At: at(2, "10:00"), Cause: ticket.CauseStrike, Book: book}},
	})
}
