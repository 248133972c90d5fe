package tool_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const (
	li   = "00000000-0000-0000-0000-000000000011"
	wang = "00000000-0000-0000-0000-000000000022"
	boss = "00000000-0000-0000-0000-000000000033"
	crew = "00000000-0000-0000-0000-00000000000a"
)

var (
	free   = rulesOf(policy.Tools{Stores: stores, Kinds: kinds})
	strict = rulesOf(policy.Tools{Stores: stores, Kinds: kinds, IssueApproval: policy.ByManager, Passing: policy.Forbidden})
	stores = []policy.Code{{Code: "main", Name: "main store"}, {Code: "yard", Name: "yard"}}
	kinds  = []policy.ToolKind{
		{Code: "wrench", Category: "hand", LifeMonths: 36},
		{Code: "gloves", Category: "safety", InspectMonths: 6},
		{Code: "hoist", Category: "lifting", StoreKept: true},
		{Code: "press", Category: "power", StoreKept: true}, // of no category that is inspected
	}
	main   = tool.Holder{Kind: tool.Store, Who: "main"}
	ofLi   = tool.Holder{Kind: tool.Person, Who: li}
	ofWang = tool.Holder{Kind: tool.Person, Who: wang}
	ofCrew = tool.Holder{Kind: tool.Team, Who: crew}
)

// at is an hour of 2 March 2026.
func at(hour int) domain.Instant {
	return domain.At(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC))
}

const today = domain.Day("2026-03-02")

func rulesOf(t policy.Tools) *policy.Book {
	raw, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	book, err := policy.NewBook([]policy.Recorded{{Version: policy.VersionRecorded{
		Kind: policy.KindTools, Site: "mine", Version: 1, EffectiveFrom: domain.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), Hash: "h", Content: raw,
	}}})
	if err != nil {
		panic(err)
	}
	return book
}

var ref = domain.PolicyRef{Version: 1, Hash: "h"}

func registered(kind string, holder tool.Holder) tool.Registered {
	category := map[string]string{"wrench": "hand", "gloves": "safety", "hoist": "lifting", "press": "power"}[kind]
	life := map[string]int{"wrench": 36}[kind]
	return tool.Registered{
		At: at(1), Site: "mine", Number: "W-1", Kind: kind, Category: category, Name: "n", PriceFen: 3500, PurchasedOn: "2025-01-10",
		LifeMonths: life, Use: tool.Personal, Home: "main", Holder: holder, Policy: ref,
	}
}

func register(changes ...func(*tool.Register)) tool.Register {
	c := tool.Register{
		At: at(1), Site: "mine", Number: "W-1", Kind: "wrench", Name: "n", PriceFen: 3500, PurchasedOn: "2025-01-10",
		Use: tool.Personal, Store: "main", Book: free,
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func TestRegistering(t *testing.T) {
	t.Parallel()
	with := func(change func(*tool.Register)) tool.Register { return register(change) }
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{Name: "TOL-01 a tool is registered into its store", When: register(), Then: []tool.Event{registered("wrench", main)}},
		{
			Name: "TOL-03 an opening entry names who has it",
			When: with(func(c *tool.Register) { c.Holder = &ofLi }), Then: []tool.Event{registered("wrench", ofLi)},
		},
		{Name: "TOL-01 a tool is registered once", Given: []tool.Event{registered("wrench", main)}, When: register(), Refused: "TOL-01", Key: "tool.exists"},
		{Name: "TOL-01 every tool has a number", When: with(func(c *tool.Register) { c.Number = " " }), Invalid: "/number"},
		{Name: "TOL-02 a kind of the site's list", When: with(func(c *tool.Register) { c.Kind = "spoon" }), Invalid: "/kind"},
		{Name: "TOL-01 no price below nothing", When: with(func(c *tool.Register) { c.PriceFen = -1 }), Invalid: "/price_fen"},
		{Name: "TOL-01 a civil date of purchase", When: with(func(c *tool.Register) { c.PurchasedOn = "2025-02-30" }), Invalid: "/purchased_on"},
		{Name: "TOL-06 a use of ours", When: with(func(c *tool.Register) { c.Use = "fun" }), Invalid: "/use"},
		{Name: "TOL-01 a store of the site", When: with(func(c *tool.Register) { c.Store = "moon" }), Invalid: "/store"},
		{Name: "TOL-03 nobody cannot have it", When: with(func(c *tool.Register) { c.Holder = &tool.Holder{Kind: tool.Nobody} }), Invalid: "/holder"},
		{Name: "TOL-03 a person is named by id", When: with(func(c *tool.Register) { c.Holder = &tool.Holder{Kind: tool.Person, Who: "li"} }), Invalid: "/holder/who"},
		{Name: "AUD-01 a time", When: with(func(c *tool.Register) { c.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "POL-08 without the site's policy of tools nothing is registered", When: with(func(c *tool.Register) { c.Book = nil }), Refused: "POL-08"},
		{Name: "TOL-01 what was never registered", When: tool.Issue{At: at(2), To: ofLi, Book: free}, Refused: "TOL-01", Key: "tool.unknown"},
	})
}

// since adds what happened after the events before.
func since(before []tool.Event, more ...tool.Event) []tool.Event { return slices.Concat(before, more) }

func TestGivingOut(t *testing.T) {
	t.Parallel()
	given := []tool.Event{registered("wrench", main)}
	offered := since(given, tool.Issued{At: at(2), To: ofLi, Policy: ref})
	issued := since(offered, tool.Accepted{At: at(3), Holder: ofLi, By: li})
	lent := since(given, tool.Lent{At: at(2), Holder: ofLi, Until: at(9), Purpose: "p", Responsible: li, Policy: ref})
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{
			Name: "TOL-04 an issue is an offer until the recipient signs", Given: given,
			When: tool.Issue{At: at(2), Today: today, To: ofLi, Book: free}, Then: []tool.Event{tool.Issued{At: at(2), To: ofLi, Policy: ref}},
		},
		{
			Name: "TOL-16 with a manager's approval where the set asks for it", Given: given,
			When: tool.Issue{At: at(2), Today: today, To: ofLi, ApprovedBy: boss, Book: strict},
			Then: []tool.Event{tool.Issued{At: at(2), To: ofLi, ApprovedBy: boss, Policy: ref}},
		},
		{Name: "TOL-16 without it, refused", Given: given, When: tool.Issue{At: at(2), To: ofLi, Book: strict}, Refused: "TOL-16", Key: "tool.approval_missing"},
		{Name: "TOL-16 nobody approves for oneself", Given: given, When: tool.Issue{At: at(2), To: ofLi, ApprovedBy: li, Book: strict}, Refused: "TOL-16", Key: "tool.approves_own"},
		{Name: "TKT-02 the same offer again changes nothing", Given: offered, When: tool.Issue{At: at(4), To: ofLi, Book: free}},
		{Name: "TOL-14 the second is told to whom it is offered", Given: offered, When: tool.Issue{At: at(4), To: ofWang, Book: free}, Refused: "TOL-14", Key: "tool.offered_to"},
		{Name: "TOL-14 the second is told who has it", Given: issued, When: tool.Issue{At: at(4), To: ofWang, Book: free}, Refused: "TOL-14", Key: "tool.held_by"},
		{Name: "TOL-10 heavy lifting gear is only lent", Given: []tool.Event{registered("press", main)}, When: tool.Issue{At: at(2), To: ofCrew, Book: free}, Refused: "TOL-10"},
		{
			Name: "TOL-10 and may be lent", Given: []tool.Event{registered("press", main)},
			When: tool.Lend{At: at(2), To: ofCrew, Until: at(9), Purpose: "p", Responsible: li, Book: free},
			Then: []tool.Event{tool.Lent{At: at(2), Holder: ofCrew, Until: at(9), Purpose: "p", Responsible: li, Policy: ref}},
		},
		{Name: "TOL-03 a store is not a recipient", Given: given, When: tool.Issue{At: at(2), To: tool.Holder{Kind: tool.Store, Who: "yard"}, Book: free}, Invalid: "/to/kind"},
		{Name: "AUD-01 not before its last fact", Given: issued, When: tool.Return{At: at(2), Store: "main", By: li, Condition: tool.Good, Book: free}, Refused: "AUD-01"},
		{Name: "TOL-04 acceptance moves custody", Given: offered, When: tool.Accept{At: at(3), By: li, Book: free}, Then: []tool.Event{tool.Accepted{At: at(3), Holder: ofLi, By: li}}},
		{Name: "TOL-04 nobody signs for another", Given: offered, When: tool.Accept{At: at(3), By: wang, Book: free}, Refused: "TOL-04", Key: "tool.not_yours"},
		{Name: "TOL-04 nothing was offered", Given: given, When: tool.Accept{At: at(3), By: li, Book: free}, Refused: "TOL-04", Key: "tool.not_offered"},
		{Name: "TKT-02 signed twice", Given: issued, When: tool.Accept{At: at(4), By: li, Book: free}},
		{Name: "TOL-04 a refusal is an outcome", Given: offered, When: tool.Refuse{At: at(3), By: li, Reason: "bent"}, Then: []tool.Event{tool.Refused{At: at(3), By: li, Reason: "bent"}}},
		{Name: "TOL-04 a refusal has a reason", Given: offered, When: tool.Refuse{At: at(3), By: li}, Invalid: "/reason"},
		{
			Name: "TOL-21 a return moves custody to the store", Given: issued, When: tool.Return{At: at(4), Store: "yard", By: li, Condition: tool.Worn, Book: free},
			Then: []tool.Event{tool.Returned{At: at(4), From: ofLi, Store: "yard", By: li, Condition: tool.Worn}},
		},
		{
			Name: "TOL-08 a return by another is flagged", Given: issued, When: tool.Return{At: at(4), Store: "main", By: wang, Condition: tool.Good, Book: free},
			Then: []tool.Event{tool.Returned{At: at(4), From: ofLi, Store: "main", By: wang, Condition: tool.Good, Other: true}},
		},
		{
			Name: "TOL-18 what comes back damaged is out of use at once", Given: lent, When: tool.Return{At: at(4), Store: "main", By: li, Condition: tool.Damaged, Book: free},
			Then: []tool.Event{
				tool.Returned{At: at(4), From: ofLi, Store: "main", By: li, Condition: tool.Damaged}, tool.Blocked{At: at(4), Reason: tool.BlockFault},
			},
		},
		{Name: "TOL-21 what nobody has", Given: given, When: tool.Return{At: at(4), Store: "yard", By: li, Condition: tool.Good, Book: free}, Refused: "TOL-21"},
		{
			Name: "TOL-07 a hand-over moves custody", Given: issued, When: tool.HandOver{At: at(4), Today: today, To: ofWang, By: wang, Book: free},
			Then: []tool.Event{tool.HandedOver{At: at(4), From: ofLi, Holder: ofWang, By: wang, Policy: ref}},
		},
		{Name: "TOL-08 passing on is forbidden", Given: issued, When: tool.HandOver{At: at(4), Today: today, To: ofWang, By: wang, Book: strict}, Refused: "TOL-08", Key: "tool.passing_forbidden"},
		{
			Name: "TOL-08 but for the recorded exception", Given: issued,
			When: tool.HandOver{At: at(4), Today: today, To: ofWang, By: wang, Reason: "flood", ApprovedBy: boss, Book: strict},
			Then: []tool.Event{tool.HandedOver{At: at(4), From: ofLi, Holder: ofWang, By: wang, Reason: "flood", ApprovedBy: boss, Exception: true, Policy: ref}},
		},
		{
			Name: "TOL-08 which neither of both approves", Given: issued,
			When: tool.HandOver{At: at(4), Today: today, To: ofWang, By: wang, Reason: "flood", ApprovedBy: wang, Book: strict}, Refused: "TOL-08", Key: "tool.approves_own",
		},
		{Name: "TOL-04 a hand-over has the own signature", Given: issued, When: tool.HandOver{At: at(4), Today: today, To: ofWang, By: li, Book: free}, Refused: "TOL-04"},
		{Name: "TOL-09 a loan has an end", Given: given, When: tool.Lend{At: at(2), To: ofLi, Until: at(2), Purpose: "p", Responsible: li, Book: free}, Invalid: "/until"},
		{Name: "TOL-09 a loan has a purpose", Given: given, When: tool.Lend{At: at(2), To: ofLi, Until: at(3), Responsible: li, Book: free}, Invalid: "/purpose"},
		{Name: "TOL-09 a loan has somebody responsible", Given: given, When: tool.Lend{At: at(2), To: ofLi, Until: at(3), Purpose: "p", Book: free}, Invalid: "/responsible"},
	})
}

func TestKeeping(t *testing.T) {
	t.Parallel()
	wrench := []tool.Event{registered("wrench", main)}
	gloves := []tool.Event{registered("gloves", main)}
	passed := since(gloves, tool.Inspected{At: at(2), On: "2025-08-31", Passed: true, Next: new(domain.Day("2026-02-28")), Inspector: boss, Policy: ref})
	failed := since(gloves, tool.Inspected{At: at(2), On: today, Inspector: boss, Policy: ref}, tool.Blocked{At: at(2), Reason: tool.BlockFailed})
	blocked := since(wrench, tool.Blocked{At: at(2), Reason: tool.BlockFault})
	missing := since(wrench, tool.ReportedMissing{At: at(2), LostAt: at(1), Place: "sump", By: li, From: main})
	scrapped := since(wrench, tool.Scrapped{At: at(2), Reason: "worn", Keeper: li, ApprovedBy: boss})
	decidertest.Run(t, tool.Decide, tool.Evolve, []decidertest.Case[tool.Command, tool.Event]{
		{Name: "INS-02 never inspected, never issued", Given: gloves, When: tool.Issue{At: at(3), Today: today, To: ofLi, Book: free}, Refused: "INS-02"},
		{Name: "INS-02 past its date it is not issued", Given: passed, When: tool.Issue{At: at(3), Today: today, To: ofLi, Book: free}, Refused: "INS-02"},
		{
			Name: "INS-02 on its last day it is", Given: passed, When: tool.Issue{At: at(3), Today: "2026-02-28", To: ofLi, Book: free},
			Then: []tool.Event{tool.Issued{At: at(3), To: ofLi, Policy: ref}},
		},
		{Name: "INS-02 nor lent", Given: passed, When: tool.Lend{At: at(3), Today: today, To: ofLi, Until: at(9), Purpose: "p", Responsible: li, Book: free}, Refused: "INS-02"},
		{
			Name: "INS-01 a result is good for the kind's months", Given: gloves, When: tool.Inspect{At: at(2), Today: today, On: "2025-08-31", Passed: true, Inspector: boss, Label: "A1", Book: free},
			Then: []tool.Event{tool.Inspected{At: at(2), On: "2025-08-31", Passed: true, Next: new(domain.Day("2026-02-28")), Inspector: boss, Label: "A1", Policy: ref}},
		},
		{
			Name: "INS-02 what fails is out of use at once", Given: gloves, When: tool.Inspect{At: at(2), Today: today, On: today, Inspector: boss, Book: free},
			Then: []tool.Event{tool.Inspected{At: at(2), On: today, Inspector: boss, Policy: ref}, tool.Blocked{At: at(2), Reason: tool.BlockFailed}},
		},
		{Name: "INS-02 and is not cleared by word", Given: failed, When: tool.Clear{At: at(3), By: boss}, Refused: "INS-02"},
		{Name: "POL-08 a kind without a period needs a date", Given: wrench, When: tool.Inspect{At: at(2), Today: today, On: today, Passed: true, Inspector: boss, Book: free}, Invalid: "/next"},
		{Name: "INS-01 the next date lies ahead", Given: wrench, When: tool.Inspect{At: at(2), Today: today, On: today, Passed: true, Next: today, Inspector: boss, Book: free}, Invalid: "/next"},
		{Name: "TOL-18 a tool with a problem is blocked", Given: wrench, When: tool.Block{At: at(2), Reason: tool.BlockFault}, Then: []tool.Event{tool.Blocked{At: at(2), Reason: tool.BlockFault}}},
		{Name: "TOL-18 and not issued", Given: blocked, When: tool.Issue{At: at(3), To: ofLi, Book: free}, Refused: "TOL-18"},
		{Name: "TOL-18 until it is checked", Given: blocked, When: tool.Clear{At: at(3), By: boss}, Then: []tool.Event{tool.Cleared{At: at(3), By: boss}}},
		{Name: "TOL-11 it goes to repair", Given: blocked, When: tool.SendToRepair{At: at(3), Repairer: "R1"}, Then: []tool.Event{tool.SentToRepair{At: at(3), Holder: tool.Holder{Kind: tool.Repairer, Who: "R1"}}}},
		{
			Name: "LOS-01 missing: nobody has it, and by whom it was lost stays", Given: since(wrench, tool.Lent{At: at(2), Holder: ofLi, Until: at(9), Policy: ref}),
			When: tool.ReportMissing{At: at(4), LostAt: at(3), Place: "sump", By: wang},
			Then: []tool.Event{tool.ReportedMissing{At: at(4), LostAt: at(3), Place: "sump", By: wang, From: ofLi, Other: true}},
		},
		{Name: "LOS-01 a loss has a time", Given: wrench, When: tool.ReportMissing{At: at(4), LostAt: at(5), Place: "sump", By: li}, Invalid: "/lost_at"},
		{Name: "LOS-09 it is found again", Given: missing, When: tool.Find{At: at(5), Store: "yard", Book: free}, Then: []tool.Event{tool.Found{At: at(5), Store: "yard"}}},
		{Name: "LOS-09 what is not missing is not found", Given: wrench, When: tool.Find{At: at(5), Store: "yard", Book: free}, Refused: "LOS-09"},
		{Name: "STK-12 scrap needs another's approval", Given: wrench, When: tool.Scrap{At: at(3), Reason: "worn", Keeper: li, ApprovedBy: li}, Refused: "STK-12", Key: "tool.approves_own"},
		{Name: "STK-12 scrap ends it", Given: wrench, When: tool.Scrap{At: at(3), Reason: "worn", Keeper: li, ApprovedBy: boss}, Then: []tool.Event{tool.Scrapped{At: at(3), Reason: "worn", Keeper: li, ApprovedBy: boss}}},
		{Name: "TOL-14 what is scrapped is not issued", Given: scrapped, When: tool.Issue{At: at(3), To: ofLi, Book: free}, Refused: "TOL-14"},
	})
}
