package tool_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var (
	chasing = rulesOf(policy.Tools{Stores: stores, Kinds: kinds, Chases: []policy.Chase{
		{AfterHours: 0, Tell: []string{policy.ChaseBorrower}}, {AfterHours: 2, Tell: []string{policy.ChaseManager}},
	}})
	chases = []tool.Chase{{At: at(9), Tell: []string{"borrower"}}, {At: at(11), Tell: []string{"manager"}}}
)

func booking(n byte, to tool.Holder, from, until int) tool.Booking {
	return tool.Booking{ID: uuid.UUID{n}, To: to, From: at(from), Until: at(until), Purpose: "p", Responsible: li}
}

func TestBooking(t *testing.T) {
	t.Parallel()
	given := []tool.Event{registered("wrench", main)}
	first := tool.Booked{At: at(2), Booking: booking(1, ofLi, 8, 10), Policy: ref}
	booked := since(given, first)
	lentEarly := since(given, tool.Lent{At: at(2), Holder: ofWang, Until: at(9), Purpose: "p", Responsible: wang, Policy: ref})
	lend := tool.Lend{At: at(8), Today: today, To: ofLi, Until: at(10), Purpose: "p", Responsible: li, Booking: uuid.UUID{1}, Book: free}
	with := func(change func(*tool.Lend)) tool.Lend { c := lend; change(&c); return c }
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{Name: "TOL-09 a tool is booked ahead", Given: given, When: tool.Reserve{At: at(2), Booking: first.Booking, Book: free}, Then: []tool.Event{first}},
		{Name: "TOL-09 two bookings do not overlap", Given: booked, When: tool.Reserve{At: at(3), Booking: booking(2, ofWang, 9, 11), Book: free}, Refused: "TOL-09", Key: "tool.booked_by"},
		{
			Name: "TOL-09 one may begin when the other ends", Given: booked, When: tool.Reserve{At: at(3), Booking: booking(2, ofWang, 10, 11), Book: free},
			Then: []tool.Event{tool.Booked{At: at(3), Booking: booking(2, ofWang, 10, 11), Policy: ref}},
		},
		{Name: "TOL-09 not while it is lent", Given: lentEarly, When: tool.Reserve{At: at(3), Booking: first.Booking, Book: free}, Refused: "TOL-09", Key: "tool.lent_until"},
		{Name: "TOL-09 not backwards", Given: given, When: tool.Reserve{At: at(3), Booking: booking(2, ofWang, 9, 9), Book: free}, Invalid: "/from"},
		{Name: "TOL-09 not in the past", Given: given, When: tool.Reserve{At: at(3), Booking: booking(2, ofWang, 2, 9), Book: free}, Invalid: "/from"},
		{
			Name: "TOL-14 what somebody has for good is not booked", Given: since(given, tool.Issued{At: at(2), To: ofLi, Policy: ref}),
			When: tool.Reserve{At: at(3), Booking: first.Booking, Book: free}, Refused: "TOL-14",
		},
		{
			Name: "TOL-09 it is picked up against its booking", Given: booked, When: lend,
			Then: []tool.Event{tool.Lent{At: at(8), Holder: ofLi, Until: at(10), Purpose: "p", Responsible: li, Booking: new(uuid.UUID{1}), Policy: ref}},
		},
		{Name: "TOL-09 by whom it was booked for", Given: booked, When: with(func(c *tool.Lend) { c.To = ofWang }), Refused: "TOL-09", Key: "tool.booking_of_other"},
		{Name: "TOL-09 not without one", Given: booked, When: with(func(c *tool.Lend) { c.Booking = uuid.Nil }), Refused: "TOL-09", Key: "tool.booked_by"},
		{Name: "TOL-09 not when it is over", Given: booked, When: with(func(c *tool.Lend) { c.At, c.Until = at(10), at(12) }), Refused: "TOL-09", Key: "tool.booking_unknown"},
		{
			Name: "TOL-09 a booking that is over keeps nobody out", Given: booked, When: with(func(c *tool.Lend) { c.At, c.Until, c.To, c.Booking = at(10), at(12), ofWang, uuid.Nil }),
			Then: []tool.Event{tool.Lent{At: at(10), Holder: ofWang, Until: at(12), Purpose: "p", Responsible: li, Policy: ref}},
		},
		{Name: "TOL-09 nor is it issued", Given: booked, When: tool.Issue{At: at(3), Today: today, To: ofWang, Book: free}, Refused: "TOL-09", Key: "tool.booked_by"},
		{
			Name: "TOL-09 it is given up", Given: booked, When: tool.CancelBooking{At: at(4), Booking: uuid.UUID{1}, By: li, Reason: "r"},
			Then: []tool.Event{tool.BookingCancelled{At: at(4), Booking: uuid.UUID{1}, By: li, Reason: "r"}},
		},
		{
			Name: "TKT-02 once", Given: since(booked, tool.BookingCancelled{At: at(4), Booking: uuid.UUID{1}, By: li, Reason: "r"}),
			When: tool.CancelBooking{At: at(5), Booking: uuid.UUID{1}, By: li, Reason: "r"},
		},
		{Name: "TOL-09 there has to be one", Given: given, When: tool.CancelBooking{At: at(5), Booking: uuid.UUID{1}, By: li, Reason: "r"}, Refused: "TOL-09"},
	})
}

func TestAskingForWhatIsLent(t *testing.T) {
	t.Parallel()
	given := []tool.Event{registered("wrench", main)}
	lend := tool.Lend{At: at(2), Today: today, To: ofLi, Until: at(9), Purpose: "p", Responsible: wang, Book: chasing}
	imported := lend
	imported.Imported = true
	out := tool.Lent{At: at(2), Holder: ofLi, Until: at(9), Purpose: "p", Responsible: wang, Chases: chases, Policy: ref}
	none := out
	none.Chases = nil
	lent := since(given, out)
	ask := tool.ChaseIfDue{At: at(10), Due: at(9)}
	first := tool.Chased{At: at(10), Due: at(9), Tell: []string{"borrower"}, Holder: ofLi, Responsible: wang, Store: "main"}
	extended := tool.Extended{At: at(8), Until: at(12), By: boss, Reason: "r", Policy: ref, Chases: []tool.Chase{{At: at(12), Tell: []string{"borrower"}}, {At: at(14), Tell: []string{"manager"}}}}
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{Name: "TOL-09 a loan says when it is asked for, and who is told", Given: given, When: lend, Then: []tool.Event{out}},
		{Name: "TOL-09 nobody is asked for what was imported", Given: given, When: imported, Then: []tool.Event{none}},
		{Name: "TOL-09 what is not back is asked for", Given: lent, When: ask, Then: []tool.Event{first}},
		{Name: "TOL-09 not before", Given: lent, When: tool.ChaseIfDue{At: at(8), Due: at(9)}},
		{Name: "TOL-09 once a step", Given: since(lent, first), When: ask},
		{Name: "TOL-09 the next step in its time", Given: since(lent, first), When: tool.ChaseIfDue{At: at(10), Due: at(9), Step: 1}},
		{
			Name: "TOL-09 and then", Given: since(lent, first), When: tool.ChaseIfDue{At: at(12), Due: at(9), Step: 1},
			Then: []tool.Event{tool.Chased{At: at(12), Due: at(9), Step: 1, Tell: []string{"manager"}, Holder: ofLi, Responsible: wang, Store: "main"}},
		},
		{Name: "TOL-09 what came back is not asked for", Given: since(lent, tool.Returned{At: at(9), From: ofLi, Store: "main", By: li, Condition: tool.Good}), When: ask},
		{Name: "TOL-09 nor what was extended", Given: since(lent, extended), When: ask},
		{Name: "TOL-09 a loan is extended", Given: lent, When: tool.Extend{At: at(8), Until: at(12), By: boss, Reason: "r", Book: chasing}, Then: []tool.Event{extended}},
		{Name: "TKT-02 once", Given: since(lent, extended), When: tool.Extend{At: at(9), Until: at(12), By: boss, Reason: "r", Book: chasing}},
		{Name: "TOL-09 not to before", Given: lent, When: tool.Extend{At: at(8), Until: at(8), By: boss, Reason: "r", Book: chasing}, Invalid: "/until"},
		{Name: "TOL-09 only what is lent", Given: given, When: tool.Extend{At: at(8), Until: at(12), By: boss, Reason: "r", Book: chasing}, Refused: "TOL-09"},
		{
			Name: "TOL-09 not over a booking", Given: since(lent, tool.Booked{At: at(3), Booking: booking(1, ofWang, 10, 11), Policy: ref}),
			When: tool.Extend{At: at(8), Until: at(12), By: boss, Reason: "r", Book: chasing}, Refused: "TOL-09", Key: "tool.booked_by",
		},
	})
}

func TestWhoMayHold(t *testing.T) {
	t.Parallel()
	scoped := rulesOf(policy.Tools{Stores: stores, Kinds: kinds, IssueApproval: policy.ByFirstIssue, SpecialKeepers: []string{"shift_leader"}})
	given := []tool.Event{registered("wrench", main)}
	special := registered("wrench", main)
	special.Use = tool.Special
	issue := tool.Issue{At: at(2), Today: today, To: ofLi, Team: crew, Book: scoped}
	with := func(change func(*tool.Issue)) tool.Issue { c := issue; change(&c); return c }
	scope := []tool.Holder{ofCrew}
	back := since(given, tool.Issued{At: at(2), To: ofLi, ApprovedBy: boss, Scope: scope, Policy: ref}, tool.Refused{At: at(2), By: li, Reason: "r"})
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{Name: "TOL-17 a first issue says who may hold it", Given: given, When: issue, Refused: "TOL-17", Key: "tool.scope_missing"},
		{Name: "TOL-17 which a manager approves", Given: given, When: with(func(c *tool.Issue) { c.Scope = scope }), Refused: "TOL-17", Key: "tool.scope_approval_missing"},
		{
			Name: "TOL-17 then it is given out", Given: given, When: with(func(c *tool.Issue) { c.Scope, c.ApprovedBy = scope, boss }),
			Then: []tool.Event{tool.Issued{At: at(2), To: ofLi, ApprovedBy: boss, Scope: scope, Policy: ref}},
		},
		{Name: "TOL-17 later ones within need nothing", Given: back, When: with(func(c *tool.Issue) { c.To, c.Team = ofCrew, "" }), Then: []tool.Event{tool.Issued{At: at(2), To: ofCrew, Policy: ref}}},
		{Name: "TOL-17 who is not meant does not get it", Given: back, When: with(func(c *tool.Issue) { c.To, c.Team = ofWang, "" }), Refused: "TOL-17", Key: "tool.out_of_scope"},
		{Name: "TOL-17 a scope names persons and teams", Given: given, When: with(func(c *tool.Issue) { c.Scope = []tool.Holder{main} }), Invalid: "/scope/0/kind"},
		{Name: "TOL-19 a special tool is kept by a shift leader", Given: []tool.Event{special}, When: issue, Refused: "TOL-19"},
		{Name: "TOL-19 and by no team", Given: []tool.Event{special}, When: with(func(c *tool.Issue) { c.To, c.Book = ofCrew, free }), Refused: "TOL-19"},
		{
			Name: "TOL-19 whoever has that post", Given: []tool.Event{special},
			When: with(func(c *tool.Issue) {
				c.Posts, c.Scope, c.ApprovedBy = []string{"shift_leader"}, []tool.Holder{ofLi}, boss
			}),
			Then: []tool.Event{tool.Issued{At: at(2), To: ofLi, ApprovedBy: boss, Scope: []tool.Holder{ofLi}, Policy: ref}},
		},
		{
			Name: "TOL-10 what the store keeps is nobody's from the start", When: register(func(c *tool.Register) { c.Kind, c.Holder = "press", &ofLi }),
			Refused: "TOL-10",
		},
	})
}

func TestTOL10WhatTheStoreKeepsIsOnlyEverLent(t *testing.T) {
	t.Parallel()
	s := tool.Evolve(tool.State{}, registered("press", main))
	for n, c := range []tool.Command{
		tool.Issue{At: at(2), Today: today, To: ofLi, Book: free},
		tool.Lend{At: at(2), Today: today, To: ofLi, Until: at(9), Purpose: "p", Responsible: li, Book: free},
		tool.HandOver{At: at(3), Today: today, To: ofWang, By: wang, Book: free},
		tool.Extend{At: at(4), Until: domain.At(at(9).Add(time.Hour)), By: boss, Reason: "r", Book: free},
	} {
		events, err := tool.Decide(s, c)
		require.Equal(t, n == 0, err != nil, "%T: %v", c, err)
		for _, e := range events {
			s = tool.Evolve(s, e)
			require.Equal(t, tool.StandingLent, s.Standing, "%T", c)
			require.False(t, s.Until.IsZero())
		}
	}
}
