package exchange_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const (
	li     = "00000000-0000-0000-0000-000000000011"
	wang   = "00000000-0000-0000-0000-000000000022"
	boss   = "00000000-0000-0000-0000-000000000033"
	keeper = "00000000-0000-0000-0000-000000000044" // of the store
	today  = domain.Day("2026-03-02")
)

var (
	oldID, newID, wornID, lossID = uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}, uuid.UUID{4}

	free    = rulesOf(policy.Tools{Stores: stores, Kinds: kinds})
	asking  = rulesOf(policy.Tools{Stores: stores, Kinds: kinds, ExchangeApproval: policy.ByManager})
	stores  = []policy.Code{{Code: "main", Name: "main store"}}
	kinds   = []policy.ToolKind{{Code: "wrench", Category: "hand", LifeMonths: 36}, {Code: "drill", Category: "power"}}
	ofLi    = tool.Holder{Kind: tool.Person, Who: li}
	ofCrew  = tool.Holder{Kind: tool.Team, Who: "00000000-0000-0000-0000-00000000000a"}
	main    = tool.Holder{Kind: tool.Store, Who: "main"}
	model   = exchange.Model{Kind: "wrench", Spec: "27 mm"}
	bigger  = exchange.Model{Kind: "wrench", Spec: "30 mm"}
	oldItem = exchange.Item{Tool: oldID, Number: "W-1", Model: model, PriceFen: 3500, PurchasedOn: "2025-01-10", LifeMonths: 36, Used: true}
	newItem = exchange.Item{Tool: newID, Number: "W-2", Model: model, PriceFen: 3600, PurchasedOn: "2026-01-10", LifeMonths: 36}
	ref     = domain.PolicyRef{Version: 1, Hash: "h"}
)

// at is an hour of 2 March 2026.
func at(hour int) domain.Instant { return domain.At(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC)) }

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

func apply(changes ...func(*exchange.Apply)) exchange.Apply {
	c := exchange.Apply{At: at(1), Site: "mine", By: li, Old: oldItem, Keeper: ofLi, Reason: "jaws worn", Book: free}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func applied(changes ...func(*exchange.Applied)) exchange.Applied {
	e := exchange.Applied{At: at(1), Site: "mine", By: li, Old: oldItem, Keeper: ofLi, Reason: "jaws worn", Wanted: model, Policy: ref}
	for _, change := range changes {
		change(&e)
	}
	return e
}

type events = []exchange.Event

func since(before events, more ...exchange.Event) events { return slices.Concat(before, more) }

var (
	waiting     = events{applied(func(e *exchange.Applied) { e.NeedsApproval = true })}
	open        = events{applied()}
	lost        = events{applied(func(e *exchange.Applied) { e.InsteadOfLoss = &lossID })}
	surrendered = since(open, exchange.Surrendered{At: at(2), By: keeper, Giver: li, Store: "main"})
	scrap       = exchange.Inspected{At: at(3), By: keeper, Outcome: exchange.NoValue, Tool: oldID, Keeper: ofLi, ScrapNote: "jaw off", NoteBy: li}
	inspected   = since(surrendered, scrap)
	chosen      = exchange.ReplacementChosen{At: at(4), By: keeper, New: newItem, Old: &oldID, Keeper: ofLi}
	reserving   = since(inspected, chosen)
	reserved    = since(reserving, exchange.Reserved{At: at(4)})
	completed   = since(reserved, exchange.Completed{At: at(5), By: li, Moves: []exchange.Move{{Tool: oldID, To: main}, {Tool: newID, To: ofLi}}})
	settled     = since(completed, exchange.Settled{At: at(5)})
)

type testCase = decidertest.Case[exchange.Command, exchange.Event]

func run(t *testing.T, cases ...testCase) {
	t.Helper()
	decidertest.Run(t, exchange.Decide, exchange.Evolve, cases)
}

func TestApplication(t *testing.T) {
	t.Parallel()
	with := func(change func(*exchange.Apply)) exchange.Apply { return apply(change) }
	run(
		t,
		testCase{Name: "EXC-01 who has a tool applies", When: apply(), Then: events{applied()}},
		testCase{Name: "EXC-01 approval where the set asks for it", When: with(func(c *exchange.Apply) { c.Book = asking }), Then: waiting},
		testCase{
			Name: "EXC-07 another model needs approval", When: with(func(c *exchange.Apply) { c.Wanted = &bigger }),
			Then: events{applied(func(e *exchange.Applied) { e.Wanted, e.NeedsApproval = bigger, true })},
		},
		testCase{Name: "EXC-07 the same model does not", When: with(func(c *exchange.Apply) { c.Wanted = &model }), Then: events{applied()}},
		testCase{Name: "EXC-07 a reason is given", When: with(func(c *exchange.Apply) { c.Reason = " " }), Invalid: "/reason"},
		testCase{Name: "TOL-02 a kind of the site's list", When: with(func(c *exchange.Apply) { c.Wanted = &exchange.Model{Kind: "spoon"} }), Invalid: "/wanted/kind"},
		testCase{
			Name: "EXC-06 a loss may stand for the surrender", When: with(func(c *exchange.Apply) { c.InsteadOfLoss = &lossID }), Then: lost,
		},
		testCase{
			Name: "EXC-01 anybody applies for a team", When: with(func(c *exchange.Apply) { c.Keeper = ofCrew }),
			Then: events{applied(func(e *exchange.Applied) { e.Keeper = ofCrew })},
		},
		testCase{Name: "EXC-01 nobody for somebody else", When: with(func(c *exchange.Apply) { c.By = wang }), Refused: "EXC-01", Key: "exchange.not_yours"},
		testCase{Name: "EXC-01 not for a store", When: with(func(c *exchange.Apply) { c.Keeper = main }), Refused: "EXC-01", Key: "exchange.not_issued"},
		testCase{Name: "EXC-01 somebody signs", When: with(func(c *exchange.Apply) { c.By = "" }), Invalid: "/by"},
		testCase{Name: "AUD-01 a time", When: with(func(c *exchange.Apply) { c.At = domain.Instant{} }), Invalid: "/at"},
		testCase{Name: "POL-08 with the site's policy", When: with(func(c *exchange.Apply) { c.Book = nil }), Refused: "POL-08"},
		testCase{Name: "EXC-01 once", Given: open, When: apply(), Refused: "EXC-01", Key: "exchange.exists"},
		testCase{Name: "EXC-01 nothing before it", When: exchange.Approve{At: at(2), By: boss}, Refused: "EXC-01", Key: "exchange.unknown"},
	)
}

func TestEXC01TheSetSaysWhetherAnExchangeIsApproved(t *testing.T) {
	t.Parallel()
	for set, asks := range map[string]bool{"appliance-service": true, "mine": false, "workshop": false} {
		raw, err := os.ReadFile("../../deploy/policies/" + set + "/tools.json")
		require.NoError(t, err)
		var file struct{ Content policy.Tools }
		require.NoError(t, json.Unmarshal(raw, &file))
		old := oldItem
		old.Model.Kind = file.Content.Kinds[0].Code
		got, err := exchange.Decide(exchange.State{}, apply(func(c *exchange.Apply) { c.Old, c.Book = old, rulesOf(file.Content) }))
		require.NoError(t, err)
		require.Equal(t, asks, got[0].(exchange.Applied).NeedsApproval, set)
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	crew := events{applied(func(e *exchange.Applied) { e.NeedsApproval, e.Keeper = true, ofCrew })}
	approved := since(waiting, exchange.Approved{At: at(2), By: boss})
	run(
		t,
		testCase{Name: "EXC-01 somebody else approves", Given: waiting, When: exchange.Approve{At: at(2), By: boss}, Then: events{exchange.Approved{At: at(2), By: boss}}},
		testCase{Name: "EXC-01 nobody for himself", Given: waiting, When: exchange.Approve{At: at(2), By: li}, Refused: "EXC-01", Key: "exchange.approves_own"},
		testCase{Name: "EXC-01 nor the applicant for his team", Given: crew, When: exchange.Approve{At: at(2), By: li}, Refused: "EXC-01", Key: "exchange.approves_own"},
		testCase{Name: "EXC-01 somebody approves", Given: waiting, When: exchange.Approve{At: at(2)}, Invalid: "/by"},
		testCase{Name: "TKT-02 an approval holds", Given: approved, When: exchange.Approve{At: at(3), By: boss}},
		testCase{Name: "EXC-01 only what waits for it", Given: open, When: exchange.Approve{At: at(2), By: boss}, Refused: "EXC-01"},
		testCase{Name: "EXC-01 it may be refused", Given: waiting, When: exchange.Refuse{At: at(2), By: boss, Reason: "good"}, Then: events{exchange.Refused{At: at(2), By: boss, Reason: "good"}}},
		testCase{Name: "EXC-01 with a reason", Given: waiting, When: exchange.Refuse{At: at(2), By: boss}, Invalid: "/reason"},
		testCase{Name: "EXC-01 by somebody", Given: waiting, When: exchange.Refuse{At: at(2), Reason: "good"}, Invalid: "/by"},
		testCase{Name: "EXC-01 not when it is approved", Given: approved, When: exchange.Refuse{At: at(3), By: boss, Reason: "good"}, Refused: "EXC-01"},
		testCase{Name: "EXC-01 without it nothing is surrendered", Given: waiting, When: exchange.Surrender{At: at(2), By: keeper, Giver: li, Store: "main", Book: free}, Refused: "EXC-01"},
		testCase{Name: "AUD-01 not before the application", Given: waiting, When: exchange.Approve{At: at(0), By: boss}, Refused: "AUD-01"},
		testCase{Name: "AUD-01 at a time", Given: waiting, When: exchange.Approve{By: boss}, Invalid: "/at"},

		testCase{Name: "EXC-01 the applicant withdraws what waits", Given: waiting, When: exchange.Withdraw{At: at(2), By: li}, Then: events{exchange.Withdrawn{At: at(2), By: li, Tools: []uuid.UUID{}}}},
		testCase{Name: "EXC-01 or what nobody acted on", Given: open, When: exchange.Withdraw{At: at(2), By: li}, Then: events{exchange.Withdrawn{At: at(2), By: li, Tools: []uuid.UUID{}}}},
		testCase{Name: "EXC-01 nobody else does", Given: waiting, When: exchange.Withdraw{At: at(2), By: wang, Reason: "r"}, Refused: "EXC-01", Key: "exchange.not_yours"},
		testCase{Name: "EXC-01 the store says why", Given: waiting, When: exchange.Withdraw{At: at(2), By: keeper, ForStore: true}, Refused: "EXC-01", Key: "exchange.withdrawal_needs_reason"},
		testCase{Name: "EXC-01 once approved it needs a reason", Given: approved, When: exchange.Withdraw{At: at(3), By: li}, Refused: "EXC-01", Key: "exchange.withdrawal_needs_reason"},
		testCase{Name: "EXC-01 somebody withdraws", Given: waiting, When: exchange.Withdraw{At: at(2)}, Invalid: "/by"},
		testCase{Name: "TKT-02 once", Given: since(open, exchange.Withdrawn{At: at(2), By: li}), When: exchange.Withdraw{At: at(3), By: li}},
		testCase{Name: "EXC-01 what is withdrawn is not approved", Given: since(waiting, exchange.Withdrawn{At: at(2), By: li}), When: exchange.Approve{At: at(3), By: boss}, Refused: "EXC-01"},
		testCase{
			Name: "EXC-06 what is kept is released", Given: reserved, When: exchange.Withdraw{At: at(5), By: keeper, Reason: "too heavy", ForStore: true},
			Then: events{exchange.Withdrawn{At: at(5), By: keeper, Reason: "too heavy", Tools: []uuid.UUID{oldID, newID}}},
		},
		testCase{Name: "EXC-06 what is moved stays moved", Given: completed, When: exchange.Withdraw{At: at(6), By: li, Reason: "r"}, Refused: "EXC-06", Key: "exchange.over"},
		testCase{Name: "EXC-06 settled too", Given: settled, When: exchange.Withdraw{At: at(6), By: li, Reason: "r"}, Refused: "EXC-06", Key: "exchange.over"},
	)
}

func TestSurrenderAndInspection(t *testing.T) {
	t.Parallel()
	bring := func(change func(*exchange.Surrender)) exchange.Surrender {
		c := exchange.Surrender{At: at(2), By: keeper, Giver: li, Store: "main", Book: free}
		change(&c)
		return c
	}
	look := func(change func(*exchange.Inspect)) exchange.Inspect {
		c := exchange.Inspect{At: at(3), Today: today, By: keeper, Outcome: exchange.NoValue, ScrapNote: "jaw off"}
		change(&c)
		return c
	}
	found := func(change func(*exchange.Inspected)) exchange.Inspected {
		e := scrap
		change(&e)
		return e
	}
	fault := exchange.FaultFound{
		At: at(3), Tool: oldID, Number: "W-1", Kind: "wrench", Keeper: ofLi, PriceFen: 3500, PurchasedOn: "2025-01-10", LifeMonths: 36,
		On: today, By: keeper, Finding: "used as a hammer", Policy: ref,
	}
	run(
		t,
		testCase{Name: "EXC-01 the old tool is brought", Given: open, When: bring(func(*exchange.Surrender) {}), Then: events{exchange.Surrendered{At: at(2), By: keeper, Giver: li, Store: "main"}}},
		testCase{Name: "EXC-01 by its keeper", Given: open, When: bring(func(c *exchange.Surrender) { c.Giver = wang }), Refused: "EXC-01", Key: "exchange.not_yours"},
		testCase{Name: "EXC-01 to a store", Given: open, When: bring(func(c *exchange.Surrender) { c.Store = "moon" }), Invalid: "/store"},
		testCase{Name: "EXC-01 with a signature", Given: open, When: bring(func(c *exchange.Surrender) { c.By = "" }), Invalid: "/giver"},
		testCase{Name: "POL-08 by the site's policy", Given: open, When: bring(func(c *exchange.Surrender) { c.Book = nil }), Refused: "POL-08"},
		testCase{Name: "EXC-06 a lost one is not brought", Given: lost, When: bring(func(*exchange.Surrender) {}), Refused: "EXC-06", Key: "exchange.is_lost"},

		testCase{
			Name: "EXC-02 what is still usable goes on being used", Given: surrendered, When: look(func(c *exchange.Inspect) { c.Outcome = exchange.Usable }),
			Then: events{exchange.Inspected{At: at(3), By: keeper, Outcome: exchange.Usable, Tool: oldID, Keeper: ofLi}},
		},
		testCase{
			Name: "EXC-02 and is not exchanged", Given: since(surrendered, exchange.Inspected{At: at(3), Outcome: exchange.Usable}),
			When: exchange.Choose{At: at(4), By: keeper, New: newItem}, Refused: "EXC-06",
		},
		testCase{
			Name: "EXC-02 what can be repaired is repaired", Given: surrendered, When: look(func(c *exchange.Inspect) { c.Outcome, c.Repairer = exchange.Repairable, "R1" }),
			Then: events{exchange.Inspected{At: at(3), By: keeper, Outcome: exchange.Repairable, Tool: oldID, Keeper: ofLi, Repairer: "R1"}},
		},
		testCase{
			Name: "EXC-02 and no replacement is issued meanwhile", Given: since(surrendered, exchange.Inspected{At: at(3), Outcome: exchange.Repairable}),
			When: exchange.Choose{At: at(4), By: keeper, New: newItem}, Refused: "EXC-06",
		},
		testCase{Name: "EXC-02 by somebody", Given: surrendered, When: look(func(c *exchange.Inspect) { c.Outcome = exchange.Repairable }), Invalid: "/repairer"},
		testCase{Name: "EXC-02 what has no repair value gets a scrap note by who brought it", Given: surrendered, When: look(func(*exchange.Inspect) {}), Then: events{scrap}},
		testCase{Name: "EXC-02 not without", Given: surrendered, When: look(func(c *exchange.Inspect) { c.ScrapNote = "" }), Invalid: "/scrap_note"},
		testCase{Name: "EXC-02 nothing else comes of it", Given: surrendered, When: look(func(c *exchange.Inspect) { c.Outcome = "gone" }), Invalid: "/outcome"},
		testCase{Name: "EXC-02 nobody inspects his own", Given: surrendered, When: look(func(c *exchange.Inspect) { c.By = li }), Refused: "EXC-02", Key: "exchange.inspects_own"},
		testCase{Name: "EXC-02 somebody does", Given: surrendered, When: look(func(c *exchange.Inspect) { c.By = "" }), Invalid: "/by"},
		testCase{Name: "EXC-02 once it is there", Given: open, When: look(func(*exchange.Inspect) {}), Refused: "EXC-02"},

		testCase{
			Name: "EXC-04 by human fault before its life is over, the keeper pays", Given: surrendered,
			When: look(func(c *exchange.Inspect) { c.HumanFault, c.Finding = true, "used as a hammer" }),
			Then: events{found(func(e *exchange.Inspected) { e.HumanFault = true }), fault},
		},
		testCase{
			Name: "EXC-04 the day before its life is over too", Given: surrendered,
			When: look(func(c *exchange.Inspect) { c.HumanFault, c.Finding, c.Today = true, "used as a hammer", "2028-01-09" }),
			Then: events{found(func(e *exchange.Inspected) { e.HumanFault = true }), func() exchange.FaultFound { f := fault; f.On = "2028-01-09"; return f }()},
		},
		testCase{
			Name: "EXC-04 its life over, it is free", Given: surrendered,
			When: look(func(c *exchange.Inspect) { c.HumanFault, c.Finding, c.Today = true, "used as a hammer", "2028-01-10" }),
			Then: events{found(func(e *exchange.Inspected) { e.HumanFault, e.LifeReached = true, true })},
		},
		testCase{Name: "EXC-04 a fault is found by looking", Given: surrendered, When: look(func(c *exchange.Inspect) { c.HumanFault = true }), Invalid: "/finding"},
	)
}

func TestReplacement(t *testing.T) {
	t.Parallel()
	pick := func(change func(*exchange.Choose)) exchange.Choose {
		c := exchange.Choose{At: at(4), By: keeper, New: newItem}
		change(&c)
		return c
	}
	withModel := func(m exchange.Model) exchange.Item { i := newItem; i.Model = m; return i }
	otherModel := since(events{applied(func(e *exchange.Applied) { e.Wanted, e.NeedsApproval = bigger, true })},
		exchange.Approved{At: at(1), By: boss}, exchange.Surrendered{At: at(2), By: keeper, Giver: li, Store: "main"}, scrap)
	worn := newItem
	worn.Tool, worn.Used = wornID, true
	instead := exchange.ReplacementChosen{At: at(4), By: keeper, New: newItem, Keeper: ofLi}
	run(
		t,
		testCase{Name: "EXC-01 a replacement is chosen once the old one is inspected", Given: inspected, When: pick(func(*exchange.Choose) {}), Then: events{chosen}},
		testCase{Name: "EXC-06 not before the surrender", Given: open, When: pick(func(*exchange.Choose) {}), Refused: "EXC-06"},
		testCase{Name: "EXC-06 nor before the inspection", Given: surrendered, When: pick(func(*exchange.Choose) {}), Refused: "EXC-06"},
		testCase{Name: "EXC-03 a worn but sound one goes first", Given: inspected, When: pick(func(c *exchange.Choose) { c.WornSpare = &wornID }), Refused: "EXC-03"},
		testCase{
			Name: "EXC-03 declining it needs a reason", Given: inspected, When: pick(func(c *exchange.Choose) { c.WornSpare, c.Declined = &wornID, "scale unreadable" }),
			Then: events{func() exchange.ReplacementChosen {
				e := chosen
				e.Worn, e.Declined = &wornID, "scale unreadable"
				return e
			}()},
		},
		testCase{
			Name: "EXC-03 the worn one needs none", Given: inspected, When: pick(func(c *exchange.Choose) { c.New, c.WornSpare = worn, &newID }),
			Then: events{func() exchange.ReplacementChosen { e := chosen; e.New = worn; return e }()},
		},
		testCase{Name: "EXC-07 of the same model", Given: inspected, When: pick(func(c *exchange.Choose) { c.New = withModel(bigger) }), Refused: "EXC-07"},
		testCase{Name: "EXC-07 or the approved one", Given: otherModel, When: pick(func(c *exchange.Choose) { c.New = withModel(bigger) }), Then: events{func() exchange.ReplacementChosen {
			e := chosen
			e.New = withModel(bigger)
			return e
		}()}},
		testCase{Name: "EXC-07 then not the old one's", Given: otherModel, When: pick(func(*exchange.Choose) {}), Refused: "EXC-07"},
		testCase{Name: "EXC-01 not itself", Given: inspected, When: pick(func(c *exchange.Choose) { c.New = oldItem }), Invalid: "/replacement"},
		testCase{Name: "EXC-01 by somebody", Given: inspected, When: pick(func(c *exchange.Choose) { c.By = "" }), Invalid: "/by"},
		testCase{Name: "EXC-06 instead of a loss that is settled", Given: lost, When: pick(func(c *exchange.Choose) { c.LossSettled = true }), Then: events{instead}},
		testCase{Name: "EXC-06 not of one that is not", Given: lost, When: pick(func(*exchange.Choose) {}), Refused: "EXC-06", Key: "exchange.loss_not_settled"},

		testCase{Name: "EXC-06 both are reserved", Given: reserving, When: exchange.Reserve{At: at(4)}, Then: events{exchange.Reserved{At: at(4)}}},
		testCase{
			Name: "EXC-06 or none", Given: reserving, When: exchange.Reserve{At: at(4), Missing: []uuid.UUID{newID}},
			Then: events{exchange.ReservationFailed{At: at(4), Missing: []uuid.UUID{newID}, Tools: []uuid.UUID{oldID, newID}}},
		},
		testCase{
			Name: "EXC-06 and another may be chosen", Given: since(reserving, exchange.ReservationFailed{At: at(4)}), When: pick(func(*exchange.Choose) {}), Then: events{chosen},
		},
		testCase{
			Name: "EXC-06 instead of a loss too", Given: since(lost, instead, exchange.ReservationFailed{At: at(4)}),
			When: pick(func(c *exchange.Choose) { c.LossSettled = true }), Then: events{instead},
		},
		testCase{Name: "TKT-02 withdrawn meanwhile, nothing is reserved", Given: since(reserving, exchange.Withdrawn{At: at(5)}), When: exchange.Reserve{At: at(4)}},
	)
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	moves := completed[len(completed)-1]
	instead := since(lost, exchange.ReplacementChosen{At: at(4), By: keeper, New: newItem, Keeper: ofLi}, exchange.Reserved{At: at(4)})
	run(
		t,
		testCase{Name: "EXC-06 one event moves both tools", Given: reserved, When: exchange.Complete{At: at(5), By: li}, Then: events{moves}},
		testCase{
			Name: "EXC-06 instead of a loss it moves the replacement", Given: instead, When: exchange.Complete{At: at(5), By: li},
			Then: events{exchange.Completed{At: at(5), By: li, Moves: []exchange.Move{{Tool: newID, To: ofLi}}}},
		},
		testCase{Name: "EXC-06 not before both are reserved", Given: reserving, When: exchange.Complete{At: at(5), By: li}, Refused: "EXC-06"},
		testCase{Name: "EXC-06 not without a surrender", Given: open, When: exchange.Complete{At: at(5), By: li}, Refused: "EXC-06"},
		testCase{Name: "TOL-04 by the own signature", Given: reserved, When: exchange.Complete{At: at(5), By: wang}, Refused: "TOL-04"},
		testCase{Name: "TOL-04 of somebody", Given: reserved, When: exchange.Complete{At: at(5)}, Invalid: "/by"},
		testCase{Name: "AUD-01 after the tools were kept", Given: reserved, When: exchange.Complete{At: at(3), By: li}, Refused: "AUD-01"},
		testCase{Name: "TKT-02 once", Given: completed, When: exchange.Complete{At: at(6), By: li}},
		testCase{Name: "TKT-02 settled too", Given: settled, When: exchange.Complete{At: at(6), By: li}},
		testCase{Name: "EXC-06 then both streams have it", Given: completed, When: exchange.Settle{At: at(5)}, Then: events{exchange.Settled{At: at(5)}}},
		testCase{Name: "EXC-06 not while one has not", Given: completed, When: exchange.Settle{At: at(5), Missing: []uuid.UUID{newID}}, Refused: "EXC-06"},
		testCase{Name: "EXC-06 not before", Given: reserved, When: exchange.Settle{At: at(5)}, Refused: "EXC-06"},
		testCase{Name: "TKT-02 settled once", Given: settled, When: exchange.Settle{At: at(5)}},
	)
}
