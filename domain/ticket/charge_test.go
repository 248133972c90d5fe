package ticket_test

import (
	"testing"

	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func classed(c ticket.Class, more ...ticket.Event) []ticket.Event {
	r := monday()
	r.Class = c
	return append([]ticket.Event{r}, more...)
}

func TestServiceClasses(t *testing.T) { // TKT-05
	t.Parallel()
	change := func(c ticket.Class) ticket.ChangeClass {
		return ticket.ChangeClass{At: at(2, "10:00"), Class: c, Reason: "r"}
	}
	charge := ticket.ChargeRecorded{At: at(2, "10:00"), AmountFen: 100, Work: ticket.WorkOnSite, Reason: "r"}
	call := command(2, at(2, "09:00"))
	call.Class = "C"
	unknown := call
	unknown.Class = "E"
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{Name: "TKT-05 a call is registered with its class", When: call, Then: classed("C")},
		{Name: "TKT-05 there are four classes", When: unknown, Invalid: "/class"},
		{
			Name: "TKT-05 the class changes with a reason", Given: classed("A"), When: change("C"),
			Then: events(ticket.ClassChanged{At: at(2, "10:00"), From: "A", To: "C", Reason: "r"}),
		},
		{Name: "TKT-05 not without one", Given: classed("A"), When: ticket.ChangeClass{At: at(2, "10:00"), Class: "C"}, Invalid: "/reason"},
		{Name: "TKT-05 nor to what there is not", Given: classed("A"), When: change("X"), Invalid: "/class"},
		{Name: "TKT-02 the same class changes nothing", Given: classed("A"), When: change("A")},
		{Name: "TKT-05 what was charged is not free afterwards", Given: classed("A", ticket.Arrived{At: at(2, "09:30")}, charge), When: change("C"), Refused: "TKT-05", Key: "ticket.charged"},
		{
			Name: "TKT-05 but may be by contract", Given: classed("A", ticket.Arrived{At: at(2, "09:30")}, charge), When: change("B"),
			Then: events(ticket.ClassChanged{At: at(2, "10:00"), From: "A", To: "B", Reason: "r"}),
		},
		{Name: "TKT-06 a call that was taken back keeps its class", Given: classed("A", ticket.CallWithdrawn{At: at(2, "09:30")}), When: change("C"), Refused: "TKT-06"},
	})
}

func TestCharges(t *testing.T) { // TKT-05, TKT-22
	t.Parallel()
	charge := func(changes ...func(*ticket.RecordCharge)) ticket.RecordCharge {
		c := ticket.RecordCharge{At: at(2, "12:00"), AmountFen: 12000, Work: ticket.WorkOnSite, Voucher: "V-1", Reason: "one hour"}
		for _, change := range changes {
			change(&c)
		}
		return c
	}
	recorded := ticket.ChargeRecorded{At: at(2, "12:00"), AmountFen: 12000, Work: ticket.WorkOnSite, Voucher: "V-1", Reason: "one hour"}
	there := ticket.Arrived{At: at(2, "10:00")}
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{Name: "TKT-05 paid work is charged", Given: classed("A", there), When: charge(), Then: events(recorded)},
		{Name: "TKT-05 work by contract too", Given: classed("B", there), When: charge(), Then: events(recorded)},
		{Name: "TKT-05 work within warranty is not", Given: classed("C", there), When: charge(), Refused: "TKT-05", Key: "ticket.class_free"},
		{Name: "TKT-05 nor is internal work", Given: classed("D", there), When: charge(), Refused: "TKT-05", Key: "ticket.class_free"},
		{Name: "TKT-05 nor work of no class", Given: events(monday(), there), When: charge(), Refused: "TKT-05", Key: "ticket.class_missing"},
		{
			Name: "TKT-22 telephone support is never charged", Given: classed("A", there),
			When: charge(func(c *ticket.RecordCharge) { c.Work = ticket.WorkTelephone }), Refused: "TKT-22", Key: "ticket.telephone_free",
		},
		{Name: "TKT-22 by whatever name, if nobody went there", Given: classed("A"), When: charge(), Refused: "TKT-22", Key: "ticket.telephone_free"},
		{Name: "TKT-22 a visit that was found needed is one", Given: classed("A", ticket.VisitNeeded{At: at(2, "09:30")}), When: charge(), Then: events(recorded)},
		{
			Name: "TKT-22 one of an earlier cycle is one", Given: classed("A", there, ticket.Resolved{At: at(2, "10:30")}, ticket.Reopened{At: at(2, "11:00"), Cycle: 2}),
			When: charge(), Then: events(recorded),
		},
		{Name: "TKT-05 a closed ticket may still be charged", Given: classed("A", there, ticket.Closed{At: at(2, "13:00")}), When: charge(), Then: events(recorded)},
		{Name: "TKT-06 a call that was taken back is not charged", Given: classed("A", there, ticket.CallWithdrawn{At: at(2, "11:00")}), When: charge(), Refused: "TKT-06"},
		{Name: "TKT-02 the same charge again changes nothing", Given: classed("A", there, recorded), When: charge()},
		{Name: "TKT-05 a charge is more than nothing", Given: classed("A", there), When: charge(func(c *ticket.RecordCharge) { c.AmountFen = 0 }), Invalid: "/amount_fen"},
		{Name: "TKT-22 a charge is for a kind of work", Given: classed("A", there), When: charge(func(c *ticket.RecordCharge) { c.Work = "lunch" }), Invalid: "/work"},
		{Name: "TKT-05 a charge has a reason", Given: classed("A", there), When: charge(func(c *ticket.RecordCharge) { c.Reason = "" }), Invalid: "/reason"},
		{Name: "AUD-01 nothing is charged before the call", Given: classed("A", there), When: charge(func(c *ticket.RecordCharge) { c.At = at(2, "08:00") }), Refused: "AUD-01"},
	})
}
