package inspectionplan_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

const (
	li   = "11111111-1111-4111-8111-111111111111"
	wang = "22222222-2222-4222-8222-222222222222"
)

var (
	nine = domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	book = tickettest.NewBook(
		tickettest.Version(policy.KindTools, 1, nine.Add(-time.Hour), policy.Tools{
			Stores: []policy.Code{{Code: "main", Name: "main"}}, Kinds: []policy.ToolKind{{Code: "wire", Category: "safety"}, {Code: "ladder", Category: "climbing"}, {Code: "die", Category: "tooling"}},
		}),
		keeping(),
	)
)

func keeping() policy.Recorded {
	r := tickettest.Version(policy.KindKeeping, 1, nine.Add(-time.Hour), policy.Keeping{
		StocktakeMonths: 1, Climate: policy.RoomClimate{LowTenthsC: -150, HighTenthsC: 350, HumidityPercent: 80},
		Checks: []policy.CheckPeriod{{Purpose: "random", Months: 1, Sample: 20}, {Kind: "wire", Purpose: "random", Months: 2, Sample: 5}},
		Places: []policy.ToolPlace{
			{Code: "E-07", Store: "main", Kinds: []string{"wire"}, Rack: true}, {Code: "L-01", Store: "main", Kinds: []string{"ladder"}, KeeperNeeded: true},
		},
	})
	r.ID = uuid.UUID{15: 1}
	return r
}

func ref() domain.PolicyRef { return domain.PolicyRef{ID: uuid.UUID{15: 1}, Version: 1, Hash: "h"} }

func plan(purpose inspectionplan.Purpose, months int) inspectionplan.Set {
	return inspectionplan.Set{At: nine, Site: "desk", Kind: "wire", Purpose: purpose, Months: months, From: "2026-03-02", Reason: "yearly"}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	byPolicy := plan(inspectionplan.Random, 2)
	byPolicy.Sample = 5
	one := ref()
	byPolicy.Policy = &one
	overdue := inspectionplan.Overdue{Tool: uuid.UUID{7}, Number: "E-07", LastDay: "2026-03-01", Told: tool.Holder{Kind: tool.Person, Who: li}}
	passedOn := overdue
	passedOn.Told.Who = wang
	call := func(list ...inspectionplan.Overdue) inspectionplan.CalledBack {
		return inspectionplan.CalledBack{At: nine, Today: "2026-03-02", AsOf: 7, Tools: list}
	}
	check := inspectionplan.Check{Checked: inspectionplan.Checked{
		At: nine, On: "2026-03-02", Purpose: inspectionplan.Maintenance, By: li, Supervisor: wang, Tools: []inspectionplan.Finding{{Number: "E-07", Good: true}},
	}, Today: "2026-03-02"}
	alone, unsettled := check, check
	alone.Supervisor = li
	unsettled.Tools = []inspectionplan.Finding{{Number: "E-07", Found: "frayed"}}
	ofDies := plan(inspectionplan.Quality, 6)
	ofDies.Kind = "die"
	quality := func(kind string, roles ...string) inspectionplan.Check {
		c := check
		c.Purpose, c.Supervisor, c.Site, c.Kind, c.Roles, c.Book = inspectionplan.Quality, "", "desk", kind, roles, book
		return c
	}
	place := func(code, keeper, number string) inspectionplan.Place {
		return inspectionplan.Place{At: nine, Site: "desk", Kind: "wire", Place: code, Keeper: keeper, Tools: []inspectionplan.Lying{{Tool: uuid.UUID{7}, Number: number}}, Book: book}
	}
	ladder := place("L-01", "", "L-1")
	ladder.Kind = "ladder"
	kept := ladder
	kept.Keeper = wang
	placed := inspectionplan.Placed{At: nine, Place: "E-07", Tools: []inspectionplan.Lying{{Tool: uuid.UUID{7}, Number: "E-07"}}, Policy: ref()}
	decidertest.Run(t, inspectionplan.Decide, inspectionplan.Evolve, []decidertest.Case[inspectionplan.Command, inspectionplan.Event]{
		{
			Name: "INS-08 a plan by the policy of keeping", When: inspectionplan.SetPlan{Plan: plan(inspectionplan.Random, 0), Book: book},
			Then: []inspectionplan.Event{byPolicy},
		},
		{Name: "POL-08 a purpose without a period", When: inspectionplan.SetPlan{Plan: plan(inspectionplan.Maintenance, 0), Book: book}, Refused: "POL-08"},
		{Name: "INS-05 a plan with a period of its own", When: inspectionplan.SetPlan{Plan: plan(inspectionplan.Maintenance, 3), Book: book}, Then: []inspectionplan.Event{plan(inspectionplan.Maintenance, 3)}},
		{Name: "INS-05 the same plan again", Given: []inspectionplan.Event{plan(inspectionplan.Maintenance, 3)}, When: inspectionplan.SetPlan{Plan: plan(inspectionplan.Maintenance, 3), Book: book}},
		{Name: "INS-09 quality is checked of tooling", When: inspectionplan.SetPlan{Plan: plan(inspectionplan.Quality, 6), Book: book}, Refused: "INS-09", Key: "inspect.no_tooling"},
		{Name: "INS-09 by the period of its plan", When: inspectionplan.SetPlan{Plan: ofDies, Book: book}, Then: []inspectionplan.Event{ofDies}},
		{Name: "INS-09 by the process department", When: quality("die", "process"), Then: []inspectionplan.Event{quality("die", "process").Checked}},
		{Name: "INS-09 by nobody else", When: quality("die", "equipment", "storekeeper"), Refused: "INS-09", Key: "approval.role_missing"},
		{Name: "INS-09 not of a ladder", When: quality("ladder", "process"), Refused: "INS-09", Key: "inspect.no_tooling"},
		{Name: "INS-05 maintenance is supervised", When: check, Then: []inspectionplan.Event{check.Checked}},
		{Name: "INS-05 nobody supervises their own", When: alone, Refused: "INS-05"},
		{Name: "INS-08 what is found is settled at once", When: unsettled, Invalid: "/tools/0/settled"},
		{Name: "INS-02 who has an overdue tool is told", When: inspectionplan.CallBack(call(overdue)), Then: []inspectionplan.Event{call(overdue)}},
		{Name: "INS-02 once", Given: []inspectionplan.Event{call(overdue)}, When: inspectionplan.CallBack(call(overdue))},
		{Name: "INS-02 the next holder is told too", Given: []inspectionplan.Event{call(overdue)}, When: inspectionplan.CallBack(call(passedOn)), Then: []inspectionplan.Event{call(passedOn)}},
		{Name: "INS-04 a wire lies on the rack with its number", When: place("E-07", "", "E-07"), Then: []inspectionplan.Event{placed}},
		{Name: "INS-04 and on no other", When: place("E-07", "", "E-08"), Refused: "INS-04"},
		{Name: "INS-04 a place of another class", When: place("L-01", wang, "E-07"), Refused: "INS-04"},
		{Name: "INS-04 a place that is not", When: place("X", "", "E-07"), Invalid: "/place"},
		{Name: "INS-07 ladders have a named keeper", When: ladder, Refused: "INS-07"},
		{
			Name: "INS-07 who is kept with the place", When: kept,
			Then: []inspectionplan.Event{inspectionplan.Placed{At: nine, Place: "L-01", Keeper: wang, Tools: []inspectionplan.Lying{{Tool: uuid.UUID{7}, Number: "L-1"}}, Policy: ref()}},
		},
		{Name: "INS-04 a tool that lies there already", Given: []inspectionplan.Event{placed}, When: place("E-07", "", "E-07")},
		{
			Name: "INS-08 a plan ends", Given: []inspectionplan.Event{byPolicy}, When: inspectionplan.EndPlan{At: nine, Purpose: inspectionplan.Random, Reason: "none left"},
			Then: []inspectionplan.Event{inspectionplan.Ended{At: nine, Purpose: inspectionplan.Random, Reason: "none left"}},
		},
		{Name: "INS-08 once", When: inspectionplan.EndPlan{At: nine, Purpose: inspectionplan.Random, Reason: "none left"}},
	})
}

func TestINS02ALongCallIsSeveralEvents(t *testing.T) {
	t.Parallel()
	list := make([]inspectionplan.Overdue, 1001)
	for i := range list {
		list[i].Tool = uuid.UUID{byte(i), byte(i >> 8), 1}
	}
	events, err := inspectionplan.Decide(inspectionplan.State{}, inspectionplan.CallBack{At: nine, Tools: list})
	require.NoError(t, err)
	require.Len(t, events, 3)
}
