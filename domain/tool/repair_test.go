package tool_test

import (
	"slices"
	"testing"

	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

func TestRepairs(t *testing.T) {
	t.Parallel()
	lent := []tool.Event{registered("wrench", main), tool.Lent{At: at(2), Holder: ofLi, Until: at(8), Purpose: "p", Responsible: li}}
	told := append(slices.Clone(lent), tool.FaultReported{At: at(3), By: li, Note: "n", Holder: ofLi}, tool.Blocked{At: at(3), Reason: tool.BlockFault})
	back := append(slices.Clone(told), tool.Returned{At: at(4), From: ofLi, Store: "main", By: li, Condition: tool.Damaged})
	planned := append(slices.Clone(back), tool.RepairPlanned{At: at(5), By: wang, Repairer: "R1", EstimateFen: 5000})
	agreed := append(slices.Clone(planned), tool.RepairApproved{At: at(6), By: boss, Repairer: "R1", EstimateFen: 5000})
	sent := append(slices.Clone(agreed), tool.SentToRepair{At: at(7), Holder: tool.Holder{Kind: tool.Repairer, Who: "R1"}})
	from := tool.Holder{Kind: tool.Repairer, Who: "R1"}
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{
			Name: "TOL-11 damage of a lent tool is told at once, and takes it out of use", Given: lent, When: tool.ReportFault{At: at(3), By: li, Note: "jaw bent"},
			Then: []tool.Event{tool.FaultReported{At: at(3), By: li, Note: "jaw bent", Holder: ofLi}, tool.Blocked{At: at(3), Reason: tool.BlockFault}},
		},
		{
			Name: "TOL-11 who tells and is not who has it is flagged", Given: lent, When: tool.ReportFault{At: at(3), By: wang, Note: "n"},
			Then: []tool.Event{tool.FaultReported{At: at(3), By: wang, Note: "n", Holder: ofLi, Other: true}, tool.Blocked{At: at(3), Reason: tool.BlockFault}},
		},
		{Name: "TKT-02 a fault that is known is told once", Given: told, When: tool.ReportFault{At: at(4), By: wang, Note: "n"}},
		{Name: "TOL-11 a fault says what it is", Given: lent, When: tool.ReportFault{At: at(3), By: li}, Invalid: "/note"},
		{
			Name: "TOL-11 the store plans the repair", Given: back, When: tool.PlanRepair{At: at(5), By: wang, Repairer: "R1", EstimateFen: 5000},
			Then: []tool.Event{tool.RepairPlanned{At: at(5), By: wang, Repairer: "R1", EstimateFen: 5000}},
		},
		{Name: "TOL-11 what is sound is not repaired", Given: lent, When: tool.PlanRepair{At: at(5), By: wang, Repairer: "R1"}, Refused: "TOL-11", Key: "tool.nothing_to_repair"},
		{Name: "TOL-11 it is not sent before there is a plan", Given: back, When: tool.SendToRepair{At: at(6), Repairer: "R1"}, Refused: "TOL-11"},
		{Name: "TOL-11 it is not sent before the plan is approved", Given: planned, When: tool.SendToRepair{At: at(6), Repairer: "R1"}, Refused: "TOL-11", Key: "tool.repair_unapproved"},
		{Name: "TOL-11 nobody approves a plan of their own", Given: planned, When: tool.ApproveRepair{At: at(6), By: wang, EstimateFen: 5000}, Refused: "TOL-11", Key: "tool.approves_own"},
		{Name: "TOL-11 what is approved is the amount that was seen", Given: planned, When: tool.ApproveRepair{At: at(6), By: boss, EstimateFen: 4000}, Refused: "TOL-11", Key: "tool.estimate_changed"},
		{
			Name: "TOL-11 another approves it", Given: planned, When: tool.ApproveRepair{At: at(6), By: boss, EstimateFen: 5000},
			Then: []tool.Event{tool.RepairApproved{At: at(6), By: boss, Repairer: "R1", EstimateFen: 5000}},
		},
		{
			Name: "TOL-11 another plan is approved anew", Given: append(slices.Clone(agreed), tool.RepairPlanned{At: at(6), By: wang, Repairer: "R1", EstimateFen: 9000}),
			When: tool.SendToRepair{At: at(7), Repairer: "R1"}, Refused: "TOL-11",
		},
		{Name: "TOL-11 it goes to whom the plan names", Given: agreed, When: tool.SendToRepair{At: at(7), Repairer: "R2"}, Refused: "TOL-11", Key: "tool.repairer_not_planned"},
		{Name: "TOL-11 after approval it is sent", Given: agreed, When: tool.SendToRepair{At: at(7), Repairer: "R1"}, Then: []tool.Event{tool.SentToRepair{At: at(7), Holder: from}}},
		{Name: "TOL-11 it comes back with a result", Given: sent, When: tool.Return{At: at(9), Store: "main", Condition: tool.Good, Book: free}, Invalid: "/repair"},
		{
			Name: "TOL-11 and with what it cost", Given: sent,
			When: tool.Return{At: at(9), Store: "main", Condition: tool.Good, Repair: &tool.RepairDone{Result: tool.Repaired, CostFen: 4800}, Book: free},
			Then: []tool.Event{tool.Returned{At: at(9), From: from, Store: "main", Condition: tool.Good, Repair: &tool.RepairDone{Result: tool.Repaired, CostFen: 4800}}},
		},
		{
			Name: "TOL-11 what is beyond repair comes back damaged", Given: sent,
			When: tool.Return{At: at(9), Store: "main", Condition: tool.Good, Repair: &tool.RepairDone{Result: tool.BeyondRepair}, Book: free},
			Then: []tool.Event{tool.Returned{At: at(9), From: from, Store: "main", Condition: tool.Damaged, Repair: &tool.RepairDone{Result: tool.BeyondRepair}}},
		},
		{
			Name: "TOL-11 only a repairer repairs", Given: lent, Refused: "TOL-11",
			When: tool.Return{At: at(9), Store: "main", By: li, Condition: tool.Good, Repair: &tool.RepairDone{Result: tool.Repaired}, Book: free},
		},
		{
			Name: "TOL-18 it stays out of use until it is checked", Refused: "TOL-18", When: tool.Issue{At: at(10), Today: today, To: ofLi, Book: free},
			Given: append(slices.Clone(sent), tool.Returned{At: at(9), From: from, Store: "main", Condition: tool.Good, Repair: &tool.RepairDone{Result: tool.Repaired}}),
		},
	})
}
