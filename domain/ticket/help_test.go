package ticket_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestHelpAndEmergencies(t *testing.T) {
	t.Parallel()
	note := domain.Sealed{Ciphertext: []byte{1}}
	given := func(level ticket.Level) []ticket.Event { return []ticket.Event{registered(level, at(2, "09:00"))} }
	help := ticket.RequestHelp{At: at(2, "10:00"), By: "li", To: ticket.TechnicalDepartment, CustomerTold: true, Note: note}
	untold, nobody := help, help
	untold.CustomerTold, nobody.To = false, "cook"
	plan := ticket.PlanEmergency{At: at(2, "10:00"), By: "li", Plan: note, Book: book}
	none := plan
	none.Plan = domain.Sealed{}
	ended := append(given(1), ticket.Closed{At: at(2, "10:00")})
	decidertest.Run(t, decide, ticket.Evolve, []testCase{
		{
			Name: "TKT-12 who cannot answer tells the customer and reports it", Given: given(2), When: help,
			Then: []ticket.Event{ticket.HelpRequested{At: at(2, "10:00"), By: "li", To: ticket.TechnicalDepartment, Note: note}},
		},
		{Name: "TKT-12 the customer knows first", Given: given(2), When: untold, Invalid: "/customer_told"},
		{Name: "TKT-12 one of two is asked", Given: given(2), When: nobody, Invalid: "/to"},
		{Name: "TKT-06 not after the end", Given: ended, When: help, Refused: "TKT-06"},
		{
			Name: "TKT-12 an emergency has a plan", Given: given(1), When: plan,
			Then: []ticket.Event{ticket.EmergencyPlanned{At: at(2, "10:00"), By: "li", Plan: note}},
		},
		{Name: "TKT-12 other levels are none", Given: given(2), When: plan, Refused: "TKT-12", Key: "ticket.no_emergency"},
		{Name: "TKT-12 a plan is written", Given: given(1), When: none, Invalid: "/plan"},
		{Name: "TKT-06 no plan after the end", Given: ended, When: plan, Refused: "TKT-06"},
	})
}

func TestAnEmergencyCallsTheLeadershipGroupAtOnceAndOnce(t *testing.T) { // TKT-12, SLA-08
	t.Parallel()
	s := commanded(t, command(1, at(2, "20:00"))) // after hours
	escalate := ticket.EscalateIfDue{At: at(2, "20:00"), Target: ticket.Resolution, Percent: 0, Book: book}
	events, err := ticket.Decide(s, escalate)
	require.NoError(t, err)
	require.Len(t, events, 1)
	called := events[0].(ticket.Escalated)
	require.Equal(t, policy.LeadershipGroup, called.To)
	require.Equal(t, at(2, "20:00"), called.PastAt)
	again, err := ticket.Decide(ticket.Evolve(s, called), escalate)
	require.NoError(t, err)
	require.Empty(t, again)
	_, err = ticket.Decide(commanded(t, command(2, at(2, "20:00"))), escalate)
	require.ErrorContains(t, err, "ticket.step_unknown", "a call of level 2 is no emergency")
}

func TestTKT16TheSameFaultAgainIsARepeatRepairOfWhoRepairedIt(t *testing.T) {
	t.Parallel()
	s := commanded(t, command(2, at(2, "09:00")), ticket.Assign{At: at(2, "09:10"), Technician: li}, ticket.Resolve{At: at(2, "10:00"), Book: book})
	for _, same := range []bool{true, false} {
		events, err := ticket.Decide(s, ticket.Reopen{At: at(3, "10:00"), Reason: "cold again", SameFault: same, Book: book})
		require.NoError(t, err)
		require.Equal(t, same, events[0].(ticket.Reopened).RepeatBy == li)
	}
}
