package tool_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestTOL04WhatIsNoSignatureIsRefused(t *testing.T) { // TOL-04, TOL-07, TOL-16
	t.Parallel()
	stored := []tool.Event{registered("wrench", main)}
	offered := since(stored, tool.Issued{At: at(2), To: ofLi, Policy: ref})
	toCrew := since(stored, tool.Issued{At: at(2), To: ofCrew, ApprovedBy: boss, Policy: ref})
	issued := since(offered, tool.Accepted{At: at(3), Holder: ofLi, By: li})
	blocked := since(offered, tool.Blocked{At: at(3), Reason: tool.BlockFault})
	accept := func(by string) tool.Accept { return tool.Accept{At: at(4), Today: today, By: by, Book: free} }
	of := func(by, team string) tool.Accept { c := accept(by); c.Of = team; return c }
	lend := tool.Lend{At: at(4), Today: today, To: main, Until: at(9), Purpose: "p", Responsible: li, Book: free}
	unruled := tool.Lend{At: at(4), Today: today, To: ofLi, Until: at(9), Purpose: "p", Responsible: li}
	hand := func(change func(*tool.HandOver)) tool.HandOver {
		c := tool.HandOver{At: at(4), Today: today, To: ofWang, By: wang, Book: free}
		change(&c)
		return c
	}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "TOL-04 an acceptance is somebody's", Given: offered, When: accept(""), Invalid: "/by"},
		{Name: "TOL-16 nobody approves what he signs for, for a team either", Given: toCrew, When: accept(boss), Refused: "TOL-16", Key: "tool.approves_own"},
		{Name: "TOL-06 another of the team signs", Given: toCrew, When: of(li, crew), Then: []tool.Event{tool.Accepted{At: at(4), Holder: ofCrew, By: li}}},
		{Name: "TOL-06 nobody of another team does", Given: toCrew, When: of(li, "night"), Refused: "TOL-06", Key: "tool.not_of_team"},
		{Name: "TOL-06 nor of none", Given: toCrew, When: accept(li), Refused: "TOL-06", Key: "tool.not_of_team"},
		{Name: "TOL-06 nor says that it is not taken", Given: toCrew, When: tool.Refuse{At: at(4), By: li, Reason: "r"}, Refused: "TOL-06", Key: "tool.not_of_team"},
		{
			Name: "TOL-06 the team's own says so", Given: toCrew, When: tool.Refuse{At: at(4), By: li, Of: crew, Reason: "r"},
			Then: []tool.Event{tool.Refused{At: at(4), By: li, Reason: "r"}},
		},
		{Name: "TOL-06 nor takes over for a team", Given: issued, When: hand(func(c *tool.HandOver) { c.To = ofCrew }), Refused: "TOL-06", Key: "tool.not_of_team"},
		{Name: "TOL-18 what is blocked meanwhile is not taken", Given: blocked, When: accept(li), Refused: "TOL-18"},
		{Name: "TOL-04 a refusal is somebody's", Given: offered, When: tool.Refuse{At: at(4), Reason: "r"}, Invalid: "/by"},
		{Name: "TOL-04 of what is offered", Given: issued, When: tool.Refuse{At: at(4), By: li, Reason: "r"}, Refused: "TOL-04", Key: "tool.not_offered"},
		{Name: "TOL-04 to whom it is offered", Given: offered, When: tool.Refuse{At: at(4), By: wang, Reason: "r"}, Refused: "TOL-04", Key: "tool.not_yours"},
		{Name: "TOL-03 a loan is to a person or team", Given: stored, When: lend, Invalid: "/to/kind"},
		{Name: "POL-08 by the site's policy", Given: stored, When: unruled, Refused: "POL-08"},
		{Name: "TOL-03 nothing is handed over to a store", Given: issued, When: hand(func(c *tool.HandOver) { c.To = main }), Invalid: "/to/kind"},
		{Name: "TOL-07 somebody takes it over", Given: issued, When: hand(func(c *tool.HandOver) { c.By = "" }), Invalid: "/by"},
		{Name: "POL-08 a hand-over goes by the policy", Given: issued, When: hand(func(c *tool.HandOver) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "TOL-07 of what somebody has", Given: stored, When: hand(func(*tool.HandOver) {}), Refused: "TOL-07", Key: "tool.nobody_has_it"},
		{Name: "TOL-18 not of what is blocked", Given: since(issued, tool.Blocked{At: at(4), Reason: tool.BlockFault}), When: hand(func(*tool.HandOver) {}), Refused: "TOL-18"},
		{Name: "TKT-02 to who has it already", Given: issued, When: hand(func(c *tool.HandOver) { c.To, c.By = ofLi, li })},
		{Name: "TOL-08 an exception has its reason", Given: issued, When: hand(func(c *tool.HandOver) { c.ApprovedBy, c.Book = boss, strict }), Refused: "TOL-08", Key: "tool.passing_forbidden"},
		{Name: "TOL-08 and is not approved by who has it", Given: issued, When: hand(func(c *tool.HandOver) { c.Reason, c.ApprovedBy, c.Book = "flood", li, strict }), Refused: "TOL-08", Key: "tool.approves_own"},
		{
			Name: "TOL-08 what a team has passes on", Given: since(toCrew, tool.Accepted{At: at(3), Holder: ofCrew, By: li}), When: hand(func(c *tool.HandOver) { c.Book = strict }),
			Then: []tool.Event{tool.HandedOver{At: at(4), From: ofCrew, Holder: ofWang, By: wang, Policy: ref}},
		},
	})
}

func TestTOL09WhatIsNoBookingOrLoanIsRefused(t *testing.T) { // TOL-09
	t.Parallel()
	stored := []tool.Event{registered("wrench", main)}
	full := stored
	for n := range 50 {
		b := booking(byte(n+1), ofLi, 100+n, 101+n)
		full = since(full, tool.Booked{At: at(2), Booking: b, Policy: ref})
	}
	reserve := func(change func(*tool.Reserve)) tool.Reserve {
		c := tool.Reserve{At: at(3), Booking: booking(99, ofWang, 8, 10), Book: free}
		change(&c)
		return c
	}
	lent := since(stored, tool.Lent{At: at(2), Holder: ofLi, Until: at(9), Purpose: "p", Responsible: li, Policy: ref})
	extend := func(change func(*tool.Extend)) tool.Extend {
		c := tool.Extend{At: at(8), Until: at(12), By: boss, Reason: "r", Book: free}
		change(&c)
		return c
	}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "TOL-03 a booking is for a person or team", Given: stored, When: reserve(func(c *tool.Reserve) { c.Booking.To = main }), Invalid: "/to/kind"},
		{Name: "TOL-09 with a purpose", Given: stored, When: reserve(func(c *tool.Reserve) { c.Booking.Purpose = " " }), Invalid: "/purpose"},
		{Name: "TOL-09 and somebody who answers for it", Given: stored, When: reserve(func(c *tool.Reserve) { c.Booking.Responsible = "" }), Invalid: "/responsible"},
		{Name: "POL-08 by the site's policy", Given: stored, When: reserve(func(c *tool.Reserve) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "TOL-09 not too many ahead", Given: full, When: reserve(func(*tool.Reserve) {}), Refused: "TOL-09", Key: "tool.too_many_bookings"},
		{Name: "TOL-14 nothing that is lost", Given: since(stored, tool.ReportedMissing{At: at(2), LostAt: at(1), Place: "p", By: li, From: main}), When: reserve(func(*tool.Reserve) {}), Refused: "TOL-14"},
		{Name: "TOL-09 a booking is given up for a reason", Given: full, When: tool.CancelBooking{At: at(4), Booking: uuid.UUID{1}, By: li}, Invalid: "/reason"},
		{
			Name: "TOL-09 what was never booked is not picked up", Given: stored, Refused: "TOL-09", Key: "tool.booking_unknown",
			When: tool.Lend{At: at(8), Today: today, To: ofLi, Until: at(10), Purpose: "p", Responsible: li, Booking: uuid.UUID{1}, Book: free},
		},
		{Name: "POL-08 a loan runs longer by the policy", Given: lent, When: extend(func(c *tool.Extend) { c.Book = nil }), Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "TOL-09 somebody allows it", Given: lent, When: extend(func(c *tool.Extend) { c.By = "" }), Invalid: "/by"},
		{Name: "TOL-09 for a reason", Given: lent, When: extend(func(c *tool.Extend) { c.Reason = " " }), Invalid: "/reason"},
		{Name: "TOL-09 not to an end that it passed", Given: lent, When: extend(func(c *tool.Extend) { c.At, c.Until = at(14), at(12) }), Invalid: "/until"},
		{Name: "TOL-09 nor to an earlier one", Given: lent, When: extend(func(c *tool.Extend) { c.At, c.Until = at(3), at(8) }), Invalid: "/until"},
	})
}

func TestLOS01WhatIsNoReportIsRefused(t *testing.T) { // LOS-01, LOS-09, STK-12
	t.Parallel()
	stored := []tool.Event{registered("wrench", main)}
	missing := since(stored, tool.ReportedMissing{At: at(2), LostAt: at(1), Place: "sump", By: li, From: main})
	scrapped := since(stored, tool.Scrapped{At: at(2), Reason: "worn", Keeper: li, ApprovedBy: boss})
	report := func(change func(*tool.ReportMissing)) tool.ReportMissing {
		c := tool.ReportMissing{At: at(4), LostAt: at(3), Place: "sump", By: li}
		change(&c)
		return c
	}
	end := func(change func(*tool.Scrap)) tool.Scrap {
		c := tool.Scrap{At: at(4), Reason: "worn", Keeper: li, ApprovedBy: boss}
		change(&c)
		return c
	}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "LOS-01 somebody reports it", Given: stored, When: report(func(c *tool.ReportMissing) { c.By = "" }), Invalid: "/by"},
		{Name: "LOS-01 says when", Given: stored, When: report(func(c *tool.ReportMissing) { c.LostAt = domain.Instant{} }), Invalid: "/lost_at"},
		{Name: "LOS-01 and where", Given: stored, When: report(func(c *tool.ReportMissing) { c.Place = " " }), Invalid: "/place"},
		{Name: "TKT-02 what is missing is missed once", Given: missing, When: report(func(*tool.ReportMissing) {})},
		{Name: "LOS-01 what is scrapped is not missed", Given: scrapped, When: report(func(*tool.ReportMissing) {}), Refused: "LOS-01", Key: "tool.scrapped"},
		{Name: "LOS-09 it is found in a store of the site", Given: missing, When: tool.Find{At: at(4), Store: "moon", Book: free}, Invalid: "/store"},
		{Name: "POL-08 which its policy names", Given: missing, When: tool.Find{At: at(4), Store: "main"}, Refused: "POL-08"},
		{Name: "TKT-02 what is there was found already", Given: stored, When: tool.Find{At: at(4), Store: "main", Book: free}},
		{Name: "STK-12 a scrap note has its reason", Given: stored, When: end(func(c *tool.Scrap) { c.Reason = " " }), Invalid: "/reason"},
		{Name: "STK-12 and who fills it in", Given: stored, When: end(func(c *tool.Scrap) { c.Keeper = "" }), Invalid: "/keeper"},
		{Name: "STK-12 and who approves it", Given: stored, When: end(func(c *tool.Scrap) { c.ApprovedBy = "" }), Refused: "STK-12", Key: "tool.approval_missing"},
		{Name: "TKT-02 a tool ends once", Given: scrapped, When: end(func(*tool.Scrap) {})},
		{Name: "TOL-14 in store", Given: missing, When: end(func(*tool.Scrap) {}), Refused: "TOL-14", Key: "tool.held_by"},
		{Name: "TOL-03 an opening entry with a repairer names which", When: register(func(c *tool.Register) { c.Holder = &tool.Holder{Kind: tool.Repairer} }), Invalid: "/holder"},
		{Name: "TOL-03 and with a store of the site", When: register(func(c *tool.Register) { c.Holder = &tool.Holder{Kind: tool.Store, Who: "moon"} }), Invalid: "/holder"},
		{
			Name: "TOL-03 with a repairer it is in repair", When: register(func(c *tool.Register) { c.Holder = &r1 }),
			Then: []tool.Event{registered("wrench", r1)},
		},
	})
}
