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

// cases is a table of what may happen to a tool.
type cases = []decidertest.Case[tool.Command, tool.Event]

var (
	r1       = tool.Holder{Kind: tool.Repairer, Who: "R1"}
	lastDay  = new(today)
	tomorrow = domain.Day("2026-03-03")
)

func passed(next *domain.Day) tool.Inspected {
	return tool.Inspected{At: at(2), On: "2026-02-01", Passed: true, Next: next, Inspector: boss, Policy: ref}
}

func failedOn(day domain.Day, hour int) tool.Inspected {
	return tool.Inspected{At: at(hour), On: day, Inspector: boss, Policy: ref}
}

func TestINS02NothingChangesHandsPastItsInspection(t *testing.T) { // INS-02
	t.Parallel()
	ready := []tool.Event{registered("gloves", main), passed(lastDay)}
	offered := since(ready, tool.Issued{At: at(3), To: ofLi, Policy: ref})
	issued := since(offered, tool.Accepted{At: at(4), Holder: ofLi, By: li})
	lent := since(ready, tool.Lent{At: at(3), Holder: ofLi, Until: at(9), Purpose: "p", Responsible: li, Policy: ref})
	never := []tool.Event{registered("gloves", ofLi)}
	byDate := []tool.Event{registered("wrench", main), passed(lastDay)} // its kind has no period
	accept := func(day domain.Day) tool.Accept {
		return tool.Accept{At: at(5), Today: day, By: li, Book: free}
	}
	hand := func(day domain.Day) tool.HandOver {
		return tool.HandOver{At: at(5), Today: day, To: ofWang, By: wang, Book: free}
	}
	over := tool.HandedOver{At: at(5), From: ofLi, Holder: ofWang, By: wang, Policy: ref}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "INS-02 what was offered in time is taken on its last day", Given: offered, When: accept(today), Then: []tool.Event{tool.Accepted{At: at(5), Holder: ofLi, By: li}}},
		{Name: "INS-02 but not the day after", Given: offered, When: accept(tomorrow), Refused: "INS-02", Key: "tool.inspection_due"},
		{Name: "INS-02 what is in use is handed over on its last day", Given: issued, When: hand(today), Then: []tool.Event{over}},
		{Name: "INS-02 past it goes to nobody else", Given: issued, When: hand(tomorrow), Refused: "INS-02"},
		{Name: "INS-02 nor does a loan", Given: lent, When: hand(tomorrow), Refused: "INS-02"},
		{Name: "INS-02 nor what never passed", Given: never, When: hand(today), Refused: "INS-02"},
		{
			Name: "INS-02 it goes back to the store", Given: issued, When: tool.Return{At: at(5), Store: "main", By: li, Condition: tool.Good, Book: free},
			Then: []tool.Event{tool.Returned{At: at(5), From: ofLi, Store: "main", By: li, Condition: tool.Good}},
		},
		{
			Name: "INS-02 a date that an inspector gave holds for a kind without a period", Given: byDate,
			When: tool.Issue{At: at(3), Today: tomorrow, To: ofLi, Book: free}, Refused: "INS-02",
		},
		{
			Name: "INS-02 until that date", Given: byDate, When: tool.Issue{At: at(3), Today: today, To: ofLi, Book: free},
			Then: []tool.Event{tool.Issued{At: at(3), To: ofLi, Policy: ref}},
		},
		{
			Name: "INS-02 the same holds of a late acceptance", Given: since(offered, tool.Blocked{At: at(9), Reason: tool.BlockFault}),
			When: lateBy(accept(tomorrow)), Refused: "INS-02",
		},
		{Name: "POL-08 nothing is accepted without the site's policy", Given: offered, When: tool.Accept{At: at(5), Today: today, By: li}, Refused: "POL-08"},
	})
}

func TestINS01AResultIsOfTheDayOfItsInspection(t *testing.T) { // INS-01
	t.Parallel()
	gloves := []tool.Event{registered("gloves", main)}
	newer := since(gloves, passed(new(domain.Day("2026-08-01"))))
	inspect := func(on domain.Day, good bool) tool.Inspect {
		return tool.Inspect{At: at(5), Today: today, On: on, Passed: good, Inspector: boss, Book: free}
	}
	old := tool.Inspected{At: at(5), On: "2025-08-01", Inspector: boss, Policy: ref}
	hoist := []tool.Event{registered("hoist", main)} // lifting gear whose kind has no period
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{
			Name: "INS-01 safety, lifting and climbing tools are inspected whatever the period", Given: hoist, Refused: "INS-02",
			When: tool.Lend{At: at(5), Today: today, To: ofLi, Until: at(9), Purpose: "p", Responsible: li, Book: free},
		},
		{Name: "POL-08 of whose kind no period is loaded each inspection says it", Given: hoist, When: inspect(today, true), Invalid: "/next"},
		{Name: "INS-01 no result before its day", Given: gloves, When: inspect(tomorrow, true), Invalid: "/on"},
		{Name: "INS-01 a civil date", Given: gloves, When: inspect("2026-02-30", true), Invalid: "/on"},
		{Name: "INS-01 somebody inspected it", Given: gloves, When: tool.Inspect{At: at(5), Today: today, On: today, Passed: true, Book: free}, Invalid: "/inspector"},
		{Name: "POL-08 by the site's policy", Given: gloves, When: tool.Inspect{At: at(5), Today: today, On: today, Passed: true, Inspector: boss}, Refused: "POL-08"},
		{
			Name: "INS-01 not of what is scrapped", Given: since(gloves, tool.Scrapped{At: at(2), Reason: "worn", Keeper: li, ApprovedBy: boss}),
			When: inspect(today, true), Refused: "INS-01", Key: "tool.scrapped",
		},
		{Name: "INS-01 a next date is a civil date", Given: gloves, When: tool.Inspect{At: at(5), Today: today, On: today, Passed: true, Next: "soon", Inspector: boss, Book: free}, Invalid: "/next"},
		{Name: "INS-02 a failure of an earlier day than what passed since blocks nothing", Given: newer, When: inspect("2025-08-01", false), Then: []tool.Event{old}},
		{
			Name: "INS-02 and what passed since still counts", Given: since(newer, old), When: tool.Issue{At: at(6), Today: today, To: ofLi, Book: free},
			Then: []tool.Event{tool.Issued{At: at(6), To: ofLi, Policy: ref}},
		},
		{
			Name:  "INS-02 an earlier pass does not shorten a later one",
			Given: since(newer, tool.Inspected{At: at(5), On: "2025-08-01", Passed: true, Next: new(domain.Day("2026-02-01")), Inspector: boss, Policy: ref}),
			When:  tool.Issue{At: at(6), Today: today, To: ofLi, Book: free}, Then: []tool.Event{tool.Issued{At: at(6), To: ofLi, Policy: ref}},
		},
	})
}

func TestTOL18EachProblemIsCheckedByItself(t *testing.T) { // TOL-18, INS-02
	t.Parallel()
	gloves := []tool.Event{registered("gloves", main)}
	failed := since(gloves, failedOn("2026-02-01", 2), tool.Blocked{At: at(2), Reason: tool.BlockFailed})
	pass := tool.Inspected{At: at(6), On: today, Passed: true, Next: new(domain.Day("2026-09-02")), Inspector: boss, Policy: ref}
	recalled := since(failed, tool.Blocked{At: at(3), Reason: tool.BlockQuality})
	cleared := since(recalled, tool.Cleared{At: at(4), By: boss})
	faulty := since(gloves, tool.Blocked{At: at(2), Reason: tool.BlockFault}, failedOn("2026-02-01", 3))
	told := since(failed, tool.FaultReported{At: at(3), By: li, Note: "torn", Holder: main}, tool.Blocked{At: at(3), Reason: tool.BlockFault})
	toldOnce := since(failed, tool.FaultReported{At: at(3), By: li, Note: "torn", Holder: main})
	planned := since(failed, tool.RepairPlanned{At: at(4), By: wang, Repairer: "R1"})
	issue := tool.Issue{At: at(8), Today: today, To: ofLi, Book: free}
	out := []tool.Event{tool.Issued{At: at(8), To: ofLi, Policy: ref}}
	sound := tool.Clear{At: at(7), By: boss}
	lost := since(gloves, tool.ReportedMissing{At: at(2), LostAt: at(1), Place: "p", By: li, From: main})
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "INS-02 a word about its batch does not clear what failed", Given: cleared, When: issue, Refused: "TOL-18", Key: "tool.blocked"},
		{Name: "INS-02 nor does a second word", Given: cleared, When: sound, Refused: "INS-02", Key: "tool.inspection_failed"},
		{Name: "INS-02 an inspection does", Given: since(cleared, pass), When: issue, Then: out},
		{Name: "TOL-18 what passes is still to be checked for its batch", Given: since(recalled, pass), When: issue, Refused: "TOL-18"},
		{Name: "TOL-18 what fails with a fault keeps the fault", Given: since(faulty, pass), When: issue, Refused: "TOL-18"},
		{Name: "TOL-18 until that is checked too", Given: since(faulty, pass, tool.Cleared{At: at(7), By: boss}), When: issue, Then: out},
		{
			Name: "INS-02 a failure of what is blocked already says so once", Given: since(gloves, tool.Blocked{At: at(2), Reason: tool.BlockFault}),
			When: tool.Inspect{At: at(5), Today: today, On: today, Inspector: boss, Book: free}, Then: []tool.Event{failedOn(today, 5)},
		},
		{
			Name: "TOL-11 a fault of what failed blocks it for the fault too", Given: failed, When: tool.ReportFault{At: at(3), By: li, Note: "torn"},
			Then: []tool.Event{tool.FaultReported{At: at(3), By: li, Note: "torn", Holder: main}, tool.Blocked{At: at(3), Reason: tool.BlockFault}},
		},
		{Name: "TOL-18 which passing does not mend", Given: since(told, pass), When: issue, Refused: "TOL-18"},
		{Name: "TOL-18 nor where only the report is on record", Given: since(toldOnce, pass), When: issue, Refused: "TOL-18"},
		{
			Name: "TOL-11 a fault after a plan that passing made needless is a new one", Given: since(planned, pass), When: tool.ReportFault{At: at(7), By: li, Note: "torn"},
			Then: []tool.Event{tool.FaultReported{At: at(7), By: li, Note: "torn", Holder: main}, tool.Blocked{At: at(7), Reason: tool.BlockFault}},
		},
		{Name: "TKT-02 what failed is not blocked for it again", Given: recalled, When: tool.Block{At: at(4), Reason: tool.BlockFailed}},
		{Name: "TOL-18 a reason of ours", Given: gloves, When: tool.Block{At: at(4), Reason: "mood"}, Invalid: "/reason"},
		{
			Name: "TOL-18 not what is scrapped", Given: since(gloves, tool.Scrapped{At: at(2), Reason: "worn", Keeper: li, ApprovedBy: boss}),
			When: tool.Block{At: at(4), Reason: tool.BlockFault}, Refused: "TOL-18", Key: "tool.scrapped",
		},
		{Name: "TOL-18 somebody has checked it", Given: recalled, When: tool.Clear{At: at(7)}, Invalid: "/by"},
		{
			Name: "TOL-18 what was found broken is out of use", Given: lost, When: tool.Find{At: at(5), Store: "main", Condition: tool.Damaged, Book: free},
			Then: []tool.Event{tool.Found{At: at(5), Store: "main"}, tool.Blocked{At: at(5), Reason: tool.BlockFault}},
		},
		{Name: "LOS-09 found in a condition of ours", Given: lost, When: tool.Find{At: at(5), Store: "main", Condition: "so-so", Book: free}, Invalid: "/condition"},
	})
}

func TestTOL11ARepairThatIsLostIsOver(t *testing.T) { // TOL-11
	t.Parallel()
	sent := []tool.Event{
		registered("wrench", main),
		tool.Blocked{At: at(2), Reason: tool.BlockFault},
		tool.RepairPlanned{At: at(3), By: wang, Repairer: "R1"},
		tool.RepairApproved{At: at(4), By: boss, Repairer: "R1"},
		tool.SentToRepair{At: at(5), Holder: r1},
	}
	lost := since(sent, tool.ReportedMissing{At: at(6), LostAt: at(6), Place: "at R1", By: wang, From: r1})
	found := since(lost, tool.Found{At: at(7), Store: "main"})
	issued := since(found, tool.Cleared{At: at(8), By: boss}, tool.Issued{At: at(9), To: ofLi}, tool.Accepted{At: at(9), Holder: ofLi, By: li})
	failed := []tool.Event{
		registered("gloves", main), failedOn("2026-02-01", 2),
		tool.Blocked{At: at(2), Reason: tool.BlockFailed},
		tool.RepairPlanned{At: at(3), By: wang, Repairer: "R1"},
		tool.RepairApproved{At: at(4), By: boss, Repairer: "R1"},
		tool.SentToRepair{At: at(5), Holder: r1},
		tool.ReportedMissing{At: at(6), LostAt: at(6), Place: "at R1", By: wang, From: r1},
		tool.Found{At: at(7), Store: "main"},
		tool.Inspected{At: at(8), On: today, Passed: true, Next: new(domain.Day("2026-09-02")), Inspector: boss},
		tool.Issued{At: at(9), To: ofLi},
		tool.Accepted{At: at(9), Holder: ofLi, By: li},
	}
	scrapped := since(found, tool.Scrapped{At: at(8), Reason: "bent", Keeper: li, ApprovedBy: boss})
	back := tool.Return{At: at(10), Store: "main", By: li, Condition: tool.Good, Book: free}
	returned := []tool.Event{tool.Returned{At: at(10), From: ofLi, Store: "main", By: li, Condition: tool.Good}}
	plan := tool.PlanRepair{At: at(10), By: wang, Repairer: "R2"}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "TOL-21 a tool that was found again comes back like any other", Given: issued, When: back, Then: returned},
		{Name: "TOL-21 one that passed an inspection since, too", Given: failed, When: back, Then: returned},
		{Name: "TOL-11 what was found again is planned anew", Given: found, When: plan, Then: []tool.Event{tool.RepairPlanned{At: at(10), By: wang, Repairer: "R2"}}},
		{Name: "TOL-11 nothing is planned of what is missing", Given: lost, When: plan, Refused: "TOL-11", Key: "tool.nobody_has_it"},
		{Name: "TOL-11 nor of what is scrapped", Given: scrapped, When: plan, Refused: "TOL-11", Key: "tool.nobody_has_it"},
		{Name: "TOL-11 nor while it is with the repairer", Given: sent, When: plan, Refused: "TOL-11", Key: "tool.repair_under_way"},
		{Name: "TOL-11 a plan has who plans it", Given: found, When: tool.PlanRepair{At: at(10), Repairer: "R2"}, Invalid: "/by"},
		{Name: "TOL-11 and a repairer", Given: found, When: tool.PlanRepair{At: at(10), By: wang}, Invalid: "/repairer"},
		{Name: "TOL-11 and no price below nothing", Given: found, When: tool.PlanRepair{At: at(10), By: wang, Repairer: "R2", EstimateFen: -1}, Invalid: "/estimate_fen"},
		{Name: "TOL-11 somebody approves", Given: sent[:3], When: tool.ApproveRepair{At: at(10)}, Invalid: "/by"},
		{Name: "TOL-11 what nobody planned is not approved", Given: found, When: tool.ApproveRepair{At: at(10), By: boss}, Refused: "TOL-11", Key: "tool.repair_not_planned"},
		{Name: "TOL-11 somebody tells of a fault", Given: found, When: tool.ReportFault{At: at(10), Note: "n"}, Invalid: "/by"},
		{Name: "TOL-11 of a tool that somebody has", Given: lost, When: tool.ReportFault{At: at(10), By: li, Note: "n"}, Refused: "TOL-11", Key: "tool.nobody_has_it"},
		{Name: "TOL-11 not of one that is scrapped", Given: scrapped, When: tool.ReportFault{At: at(10), By: li, Note: "n"}, Refused: "TOL-11", Key: "tool.nobody_has_it"},
		{Name: "TOL-11 it goes to a repairer with a name", Given: found, When: tool.SendToRepair{At: at(10), Repairer: " "}, Invalid: "/repairer"},
		{
			Name: "TOL-11 a result of ours", Given: sent, Invalid: "/repair/result",
			When: tool.Return{At: at(9), Store: "main", Condition: tool.Good, Repair: &tool.RepairDone{Result: "maybe"}, Book: free},
		},
		{
			Name: "TOL-11 a cost not below nothing", Given: sent, Invalid: "/repair/cost_fen",
			When: tool.Return{At: at(9), Store: "main", Condition: tool.Good, Repair: &tool.RepairDone{Result: tool.Repaired, CostFen: -1}, Book: free},
		},
	})
}

func TestTOL17TOL19WhoeverATightToolIsNotMeantForDoesNotGetIt(t *testing.T) { // however it comes to them
	t.Parallel()
	leaders := rulesOf(policy.Tools{Stores: stores, Kinds: kinds, SpecialKeepers: []string{"shift_leader"}})
	scoped := []tool.Event{
		registered("wrench", main), tool.Issued{At: at(2), To: ofLi, ApprovedBy: boss, Scope: []tool.Holder{ofCrew}, Policy: ref},
	}
	inHand := since(scoped, tool.Accepted{At: at(3), Holder: ofLi, By: li})
	back := since(inHand, tool.Returned{At: at(4), From: ofLi, Store: "main", By: li, Condition: tool.Good})
	lent := since(back, tool.Lent{At: at(5), Holder: ofLi, Until: at(20), Purpose: "p", Responsible: li})
	special := registered("wrench", main)
	special.Use = tool.Special
	ofLeader := since([]tool.Event{special}, tool.Issued{At: at(2), To: ofLi, Policy: ref})
	held := since(ofLeader, tool.Accepted{At: at(3), Holder: ofLi, By: li})
	hand := func(to tool.Holder, team string, posts ...string) tool.HandOver {
		return tool.HandOver{At: at(6), Today: today, To: to, By: wang, Of: crew, Team: team, Posts: posts, Book: leaders}
	}
	over := func(to tool.Holder) []tool.Event {
		return []tool.Event{tool.HandedOver{At: at(6), From: ofLi, Holder: to, By: wang, Policy: ref}}
	}
	accept := func(team string, posts ...string) tool.Accept {
		return tool.Accept{At: at(6), Today: today, By: li, Team: team, Posts: posts, Book: leaders}
	}
	taken := []tool.Event{tool.Accepted{At: at(6), Holder: ofLi, By: li}}
	keep := func(team string, posts ...string) tool.Keep {
		return tool.Keep{At: at(6), Today: today, Exchange: swap, Part: tool.PartNew, Holder: ofWang, Team: team, Posts: posts, Book: leaders}
	}
	kept := []tool.Event{tool.Kept{At: at(6), Exchange: swap, Part: tool.PartNew}}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "TOL-17 who is still of the unit takes it", Given: scoped, When: accept(crew), Then: taken},
		{Name: "TOL-17 who left the unit meanwhile does not", Given: scoped, When: accept(""), Refused: "TOL-17", Key: "tool.out_of_scope"},
		{Name: "TOL-17 it is handed over within the unit", Given: inHand, When: hand(ofWang, crew), Then: over(ofWang)},
		{Name: "TOL-17 or to the unit", Given: inHand, When: hand(ofCrew, ""), Then: over(ofCrew)},
		{Name: "TOL-17 not out of it", Given: inHand, When: hand(ofWang, boss), Refused: "TOL-17", Key: "tool.out_of_scope"},
		{Name: "TOL-17 a loan goes on, the store has it back", Given: lent, When: hand(ofWang, ""), Then: over(ofWang)},
		{Name: "TOL-17 an exchange gives it to the unit", Given: back, When: keep(crew), Then: kept},
		{Name: "TOL-17 and to nobody else", Given: back, When: keep(""), Refused: "TOL-17"},
		{Name: "TOL-19 who leads a shift takes a special tool", Given: ofLeader, When: accept("", "shift_leader"), Then: taken},
		{Name: "TOL-19 who leads it no more does not", Given: ofLeader, When: accept("", "fitter"), Refused: "TOL-19", Key: "tool.keeper_needed"},
		{Name: "TOL-19 it is handed to the next leader", Given: held, When: hand(ofWang, "", "shift_leader"), Then: over(ofWang)},
		{Name: "TOL-19 not to a fitter", Given: held, When: hand(ofWang, "", "fitter"), Refused: "TOL-19"},
		{Name: "TOL-19 nor to a team", Given: held, When: hand(ofCrew, "", "shift_leader"), Refused: "TOL-19"},
		{Name: "TOL-19 an exchange gives it to a leader", Given: []tool.Event{special}, When: keep("", "shift_leader"), Then: kept},
		{Name: "TOL-19 and to no fitter", Given: []tool.Event{special}, When: keep("", "fitter"), Refused: "TOL-19"},
	})
}

func TestTOL21BroughtBack(t *testing.T) { // TOL-21
	t.Parallel()
	yard := tool.Holder{Kind: tool.Store, Who: "yard"}
	closed := rulesOf(policy.Tools{Stores: stores[1:], Kinds: kinds}) // the main store is given up
	shared := registered("wrench", ofCrew)
	shared.Use = tool.Shared
	inHand := []tool.Event{registered("wrench", ofLi)}
	ofTeam := []tool.Event{shared}
	stored := []tool.Event{registered("wrench", main)}
	offered := since(stored, tool.Issued{At: at(2), To: ofLi})
	lent := since(stored, tool.Lent{At: at(2), Holder: ofLi, Until: at(4), Purpose: "p", Responsible: li})
	blocked := since(inHand, tool.Blocked{At: at(2), Reason: tool.BlockFault})
	at5 := func(change func(*tool.Return)) tool.Return {
		c := tool.Return{At: at(5), Store: "main", By: li, Condition: tool.Good, Book: free}
		change(&c)
		return c
	}
	plain := at5(func(*tool.Return) {})
	from := func(h tool.Holder, store string) tool.Returned {
		return tool.Returned{At: at(5), From: h, Store: store, By: li, Condition: tool.Good}
	}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "TOL-21 a personal tool", Given: inHand, When: plain, Then: []tool.Event{from(ofLi, "main")}},
		{Name: "TOL-21 a shared one, by whoever brings it", Given: ofTeam, When: plain, Then: []tool.Event{from(ofCrew, "main")}},
		{Name: "TOL-21 a loan, late", Given: lent, When: plain, Then: []tool.Event{from(ofLi, "main")}},
		{Name: "TOL-21 to another store of the site", Given: inHand, When: at5(func(c *tool.Return) { c.Store = "yard" }), Then: []tool.Event{from(ofLi, "yard")}},
		{Name: "TOL-21 what is blocked stays so", Given: blocked, When: at5(func(c *tool.Return) { c.Condition = tool.Damaged }), Then: []tool.Event{
			tool.Returned{At: at(5), From: ofLi, Store: "main", By: li, Condition: tool.Damaged},
		}},
		{Name: "TOL-21 from a repairer nobody brings it", Given: []tool.Event{registered("wrench", r1)}, When: at5(func(c *tool.Return) { c.By = "" }), Then: []tool.Event{
			tool.Returned{At: at(5), From: r1, Store: "main", Condition: tool.Good},
		}},
		{Name: "TOL-21 else somebody signs", Given: inHand, When: at5(func(c *tool.Return) { c.By = "" }), Invalid: "/by"},
		{Name: "TOL-21 in a condition of ours", Given: inHand, When: at5(func(c *tool.Return) { c.Condition = "fine" }), Invalid: "/condition"},
		{Name: "TOL-21 to a store that the site has", Given: inHand, When: at5(func(c *tool.Return) { c.Store = "moon" }), Invalid: "/store"},
		{Name: "TOL-21 not to one that was given up", Given: inHand, When: at5(func(c *tool.Return) { c.Book = closed }), Invalid: "/store"},
		{
			Name: "TOL-21 what lies in one that was given up is still given out", Given: stored, When: tool.Issue{At: at(5), Today: today, To: ofLi, Book: closed},
			Then: []tool.Event{tool.Issued{At: at(5), To: ofLi, Policy: ref}},
		},
		{Name: "TOL-21 what is offered is with the store", Given: offered, When: plain, Refused: "TOL-21", Key: "tool.nobody_has_it"},
		{Name: "TKT-02 what is there stays there", Given: stored, When: plain},
		{Name: "POL-08 by the site's policy", Given: inHand, When: at5(func(c *tool.Return) { c.Book = nil }), Refused: "POL-08"},
		{
			Name: "TOL-03 a late return is refused where somebody had it in between", Given: []tool.Event{
				registered("wrench", yard), tool.Returned{At: at(9), From: yard, Store: "main", By: li, Condition: tool.Good}, // counted in another store
			},
			When: lateBy(tool.Lend{At: at(5), Today: today, To: ofLi, Until: at(8), Purpose: "p", Responsible: li, Book: free}), Refused: "TOL-03", Key: "tool.contradicts",
		},
	})
}

func TestTOL03LateFactsDoNotContradictWhatWasAgreedOn(t *testing.T) { // TOL-03
	t.Parallel()
	stored := []tool.Event{registered("wrench", main)}
	extended := since(stored, tool.Lent{At: at(2), Holder: ofLi, Until: at(6), Purpose: "p", Responsible: li},
		tool.Extended{At: at(5), Until: at(9), By: boss, Reason: "r"})
	chased := since(extended[:2], tool.Chased{At: at(7), Step: 0})
	booked := since(stored, tool.Booked{At: at(6), Booking: booking(1, ofWang, 8, 10)})
	lend := func(until int) tool.EnterLate {
		return lateBy(tool.Lend{At: at(3), Today: today, To: ofLi, Until: at(until), Purpose: "p", Responsible: li, Book: free})
	}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{
			Name: "TOL-09 what was extended was not back before", Given: extended, Refused: "TOL-03", Key: "tool.contradicts",
			When: lateBy(tool.Return{At: at(4), Store: "main", By: li, Condition: tool.Good, Book: free}),
		},
		{
			Name: "TOL-09 what was asked for may have been back by then", Given: chased,
			When: lateBy(tool.Return{At: at(4), Store: "main", By: li, Condition: tool.Good, Book: free}),
			Then: []tool.Event{tool.Returned{At: at(4), From: ofLi, Store: "main", By: li, Condition: tool.Good, LateReason: "forgotten"}},
		},
		{Name: "TOL-09 what was booked was not lent over that time", Given: booked, When: lend(9), Refused: "TOL-03", Key: "tool.contradicts"},
		{
			Name: "TOL-09 up to then it may have been", Given: booked, When: lend(8),
			Then: []tool.Event{tool.Lent{At: at(3), Holder: ofLi, Until: at(8), Purpose: "p", Responsible: li, Policy: ref, LateReason: "forgotten"}},
		},
		{
			Name: "TOL-09 nor was it somebody's for good", Given: booked, Refused: "TOL-03", Key: "tool.contradicts",
			When: lateBy(tool.Issue{At: at(3), Today: today, To: ofLi, Book: free}),
		},
	})
}

func TestTOL09WhatAnExchangeKeepsIsNotBooked(t *testing.T) { // TOL-09, EXC-06
	t.Parallel()
	kept := []tool.Event{registered("wrench", main), tool.Kept{At: at(2), Exchange: swap, Part: tool.PartNew}}
	decidertest.Run(t, tool.Decide, tool.Evolve, cases{
		{Name: "EXC-06 it is about to go", Given: kept, When: tool.Reserve{At: at(3), Booking: booking(1, ofWang, 8, 10), Book: free}, Refused: "EXC-06", Key: "tool.kept"},
		{
			Name: "EXC-06 released, it is", Given: since(kept, tool.Released{At: at(3), Exchange: swap}), When: tool.Reserve{At: at(4), Booking: booking(1, ofWang, 8, 10), Book: free},
			Then: []tool.Event{tool.Booked{At: at(4), Booking: booking(1, ofWang, 8, 10), Policy: ref}},
		},
	})
}

func TestAUD02AStrikeNamesTheHalfOfAnExchangeThatItContradicts(t *testing.T) { // EXC-06
	t.Parallel()
	for name, c := range map[string]struct {
		events       []tool.Event
		struck       uint64
		contradicted int
	}{
		"what was never accepted was not surrendered": {[]tool.Event{
			registered("wrench", main),
			tool.Issued{At: at(2), To: ofLi},
			tool.Accepted{At: at(3), Holder: ofLi, By: li},
			tool.Kept{At: at(4), Exchange: swap, Part: tool.PartOld},
			tool.Exchanged{At: at(5), Exchange: swap, Part: tool.PartOld, From: ofLi, Holder: main},
		}, 2, 2},
		"nor is it kept for an exchange that is not over": {[]tool.Event{
			registered("wrench", main),
			tool.Issued{At: at(2), To: ofLi},
			tool.Accepted{At: at(3), Holder: ofLi, By: li},
			tool.Kept{At: at(4), Exchange: swap, Part: tool.PartOld},
		}, 2, 1},
		"what was not back was not the replacement": {[]tool.Event{
			registered("wrench", ofLi),
			tool.Returned{At: at(2), From: ofLi, Store: "main", By: li, Condition: tool.Good},
			tool.Kept{At: at(4), Exchange: swap, Part: tool.PartNew},
		}, 1, 1},
		"a block contradicts nothing": {[]tool.Event{
			registered("wrench", main),
			tool.Blocked{At: at(2), Reason: tool.BlockFault},
			tool.Cleared{At: at(3), By: boss},
			tool.Kept{At: at(4), Exchange: swap, Part: tool.PartNew},
		}, 1, 0},
	} {
		t.Run("EXC-06 "+name, func(t *testing.T) {
			t.Parallel()
			var s tool.State
			for _, e := range c.events {
				s = tool.Evolve(s, e)
			}
			found := 0
			for _, f := range s.Without([]uint64{c.struck}).Contradicted {
				if tool.OfExchange(f.Event) {
					found++
				}
			}
			require.Equal(t, c.contradicted, found)
		})
	}
}

func TestAUD02AStruckLoanIsNotExtended(t *testing.T) { // AUD-02, TOL-09
	t.Parallel()
	s := tool.Evolve(tool.State{}, registered("wrench", main))
	s = tool.Evolve(s, nil) // the loan
	s = tool.Evolve(s, tool.Extended{At: at(5), Until: at(9), By: boss, Reason: "r"})
	require.True(t, s.Until.IsZero())
	require.Equal(t, tool.StandingInStore, s.Standing)
}

func TestSTK12NothingIsToComeOfWhatIsScrapped(t *testing.T) { // STK-12
	t.Parallel()
	s := tool.State{}
	for _, e := range []tool.Event{
		registered("wrench", main),
		tool.Booked{At: at(2), Booking: booking(1, ofWang, 8, 10)},
		tool.Blocked{At: at(3), Reason: tool.BlockFault},
		tool.RepairPlanned{At: at(4), By: wang, Repairer: "R1"},
		tool.Scrapped{At: at(5), Reason: "worn", Keeper: li, ApprovedBy: boss},
	} {
		s = tool.Evolve(s, e)
	}
	require.Empty(t, s.Bookings)
	require.Empty(t, s.Repair)
}

func TestTOL18FitSaysWhetherWhatIsKeptMayStillBeHandedOut(t *testing.T) { // TOL-18, INS-02
	t.Parallel()
	ready := []tool.Event{registered("gloves", main), passed(lastDay), tool.Kept{At: at(3), Exchange: uuid.UUID{1}, Part: tool.PartNew}}
	for name, c := range map[string]struct {
		more []tool.Event
		book *policy.Book
		day  domain.Day
		rule string
	}{
		"on its last day":               {nil, free, today, ""},
		"not the day after":             {nil, free, tomorrow, "INS-02"},
		"not when it is blocked":        {[]tool.Event{tool.Blocked{At: at(4), Reason: tool.BlockFault}}, free, today, "TOL-18"},
		"what is blocked later was not": {[]tool.Event{tool.Blocked{At: at(9), Reason: tool.BlockFault}}, free, today, ""},
		"not without the site's rules":  {nil, nil, today, "POL-08"},
	} {
		t.Run("TOL-18 "+name, func(t *testing.T) {
			t.Parallel()
			s := tool.State{}
			for _, e := range since(ready, c.more...) {
				s = tool.Evolve(s, e)
			}
			err := s.Fit(c.book, domain.At(at(5).Add(time.Minute)), c.day)
			if c.rule == "" {
				require.NoError(t, err)
				return
			}
			var refused *domain.RuleError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.rule, refused.Rule)
		})
	}
}
