package approval_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

const (
	li, wang, keeper, boss, gm = "li", "wang", "keeper", "boss", "gm"
	crew                       = "crew"
)

var (
	start  = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	w1, w2 = uuid.UUID{15: 1}, uuid.UUID{15: 2}
	ofLi   = tool.Holder{Kind: tool.Person, Who: li}
	ofWang = tool.Holder{Kind: tool.Person, Who: wang}
	ofCrew = tool.Holder{Kind: tool.Team, Who: crew}
	ref    = domain.PolicyRef{Version: 1, Hash: "h"}
	lot    = approval.Correction{Store: "main", Item: "bit", Lot: "L1", Condition: stock.New, Delta: -1}
)

func at(hour int) domain.Instant { return domain.At(start.Add(time.Duration(hour) * time.Hour)) }

func book(lines ...policy.Signatures) *policy.Book {
	raw, err := json.Marshal(policy.Tools{
		Stores: []policy.Code{{Code: "main"}}, Kinds: []policy.ToolKind{{Code: "wrench", Category: "hand"}}, Approvals: lines,
	})
	if err != nil {
		panic(err)
	}
	b, err := policy.NewBook([]policy.Recorded{{Version: policy.VersionRecorded{
		Kind: policy.KindTools, Site: "mine", Version: 1, EffectiveFrom: domain.At(start.AddDate(0, -1, 0)), Hash: "h", Content: raw,
	}}})
	if err != nil {
		panic(err)
	}
	return b
}

func manager(who string) approval.Signer {
	return approval.Signer{Person: who, Roles: []string{"manager"}}
}

func ask(changes ...func(*approval.Request)) approval.Request {
	c := approval.Request{At: at(0), Site: "mine", By: keeper, Reason: "pump 3", Book: book(), Covers: approval.Covers{
		Act: approval.Issue, Tools: []uuid.UUID{w1}, To: &ofLi,
	}}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func asked(changes ...func(*approval.Requested)) approval.Requested {
	e := approval.Requested{
		At: at(0), Site: "mine", By: keeper, Reason: "pump 3", Needs: []string{"manager"}, Policy: ref,
		Covers: approval.Covers{Act: approval.Issue, Tools: []uuid.UUID{w1}, Pieces: 1, To: &ofLi, Scope: []tool.Holder{}},
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

func given(who string) approval.Given {
	return approval.Given{At: at(1), Signed: approval.Signature{Role: "manager", By: who}, Complete: true}
}

func use(n byte, revision int64, of uuid.UUID) approval.Use {
	return approval.Use{Command: uuid.UUID{n}, Stream: "fl.tool-" + of.String(), Revision: revision, Tool: &of, By: keeper, At: at(2)}
}

func claim(u approval.Use, changes ...func(*approval.Claim)) approval.Claim {
	c := approval.Claim{At: at(2), Site: "mine", Act: approval.Issue, Kind: "wrench", To: ofLi, Parties: []string{keeper, li}, Use: u}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func used(u approval.Use, void ...uuid.UUID) approval.Used {
	return approval.Used{At: at(2), Use: u, Void: append([]uuid.UUID{}, void...)}
}

type cases = []decidertest.Case[approval.Command, approval.Event]

func run(t *testing.T, list cases) {
	t.Helper()
	decidertest.Run(t, approval.Decide, approval.Evolve, list)
}

func TestTOL16AnApprovalIsAskedForOneThingAndRecipient(t *testing.T) {
	t.Parallel()
	two := book(policy.Signatures{Act: "issue", Needs: []string{"manager", "gm"}, Hours: 48})
	with := func(change func(*approval.Covers)) approval.Request {
		return ask(func(c *approval.Request) { change(&c.Covers) })
	}
	run(t, cases{
		{Name: "TOL-16 it says who asks and whose signature it needs", When: ask(), Then: []approval.Event{asked()}},
		{
			Name: "POL-10 the policy of the site names who, and for how long", When: ask(func(c *approval.Request) { c.Book = two }),
			Then: []approval.Event{asked(func(e *approval.Requested) { e.Needs, e.Hours = []string{"manager", "gm"}, 48 })},
		},
		{Name: "TKT-02 it is asked for once", Given: []approval.Event{asked()}, When: ask()},
		{Name: "TOL-16 somebody asks", When: ask(func(c *approval.Request) { c.By = "" }), Refused: "TOL-16", Key: "approval.person_missing"},
		{Name: "TOL-16 and says why", When: ask(func(c *approval.Request) { c.Reason = " " }), Invalid: "/reason"},
		{Name: "POL-08 without a policy nothing is asked", When: ask(func(c *approval.Request) { c.Site = "else" }), Refused: "POL-08"},
		{Name: "TOL-16 an issue has a recipient", When: with(func(c *approval.Covers) { c.To = nil }), Invalid: "/to"},
		{Name: "STK-12 a scrapping has none", When: with(func(c *approval.Covers) { c.Act = approval.Scrap }), Invalid: "/to"},
		{Name: "TOL-16 a kind or tools", When: with(func(c *approval.Covers) { c.Kind = "wrench" }), Invalid: "/tools"},
		{Name: "TOL-16 something", When: with(func(c *approval.Covers) { c.Tools = nil }), Invalid: "/tools"},
		{Name: "TOL-16 a tool is named once", When: with(func(c *approval.Covers) { c.Tools = []uuid.UUID{w1, w1} }), Invalid: "/tools"},
		{Name: "TOL-02 a kind that there is", When: with(func(c *approval.Covers) { c.Tools, c.Kind = nil, "lamp" }), Invalid: "/kind"},
		{Name: "TOL-16 of a kind a number", When: with(func(c *approval.Covers) { c.Tools, c.Kind = nil, "wrench" }), Invalid: "/pieces"},
		{Name: "TOL-17 who may hold it is said of an issue alone", When: with(func(c *approval.Covers) { c.Act, c.Scope = approval.HandOver, []tool.Holder{ofLi} }), Invalid: "/scope"},
		{Name: "STK-05 a correction has its lot", When: with(func(c *approval.Covers) { c.Act, c.Tools, c.To = approval.AdjustStock, nil, nil }), Invalid: "/stock"},
		{Name: "POL-10 an act that there is", When: with(func(c *approval.Covers) { c.Act = "lend" }), Invalid: "/act"},
		{Name: "POL-10 nothing is given of what was not asked", When: approval.Give{At: at(1), By: manager(boss)}, Refused: "POL-10", Key: "approval.unknown"},
	})
}

func TestTOL16AnApprovalIsGivenByAnotherPersonWithTheAuthority(t *testing.T) {
	t.Parallel()
	ofTeam := asked(func(e *approval.Requested) { e.Covers.To = &ofCrew })
	both := asked(func(e *approval.Requested) { e.Needs, e.Hours = []string{"manager", "gm"}, 48 })
	until := at(50)
	run(t, cases{
		{Name: "TOL-16 a manager gives it", Given: []approval.Event{asked()}, When: approval.Give{At: at(1), By: manager(boss)}, Then: []approval.Event{given(boss)}},
		{Name: "TKT-02 once", Given: []approval.Event{asked(), given(boss)}, When: approval.Give{At: at(2), By: manager(boss)}},
		{Name: "TOL-16 who asked does not", Given: []approval.Event{asked()}, When: approval.Give{At: at(1), By: manager(keeper)}, Refused: "TOL-16", Key: "approval.own"},
		{Name: "TOL-16 who gets it does not", Given: []approval.Event{asked()}, When: approval.Give{At: at(1), By: manager(li)}, Refused: "TOL-16", Key: "approval.own"},
		{Name: "TOL-16 nor one of the team that does", Given: []approval.Event{ofTeam}, When: approval.Give{At: at(1), By: manager(boss), Team: crew}, Refused: "TOL-16", Key: "approval.own"},
		{Name: "TOL-16 one of another team does", Given: []approval.Event{ofTeam}, When: approval.Give{At: at(1), By: manager(boss), Team: "b"}, Then: []approval.Event{given(boss)}},
		{Name: "TOL-16 nobody is no person", Given: []approval.Event{asked()}, When: approval.Give{At: at(1), By: manager("")}, Refused: "TOL-16", Key: "approval.person_missing"},
		{
			Name: "POL-10 without the role it is refused", Given: []approval.Event{asked()}, Refused: "TOL-16", Key: "approval.role_missing",
			When: approval.Give{At: at(1), By: approval.Signer{Person: boss, Roles: []string{"storekeeper"}}},
		},
		{
			Name: "POL-10 the first of two is not all", Given: []approval.Event{both}, When: approval.Give{At: at(1), By: manager(boss)},
			Then: []approval.Event{approval.Given{At: at(1), Signed: approval.Signature{Role: "manager", By: boss}}},
		},
		{
			Name:  "POL-10 two roles are two persons",
			Given: []approval.Event{both, approval.Given{At: at(1), Signed: approval.Signature{Role: "manager", By: boss}}},
			When:  approval.Give{At: at(2), By: approval.Signer{Person: boss, Roles: []string{"gm"}}}, Refused: "TOL-16", Key: "approval.twice",
		},
		{
			Name:  "POL-10 the last one says until when it is good",
			Given: []approval.Event{both, approval.Given{At: at(1), Signed: approval.Signature{Role: "manager", By: boss}}},
			When:  approval.Give{At: at(2), By: approval.Signer{Person: gm, Roles: []string{"gm"}}},
			Then:  []approval.Event{approval.Given{At: at(2), Signed: approval.Signature{Role: "gm", By: gm}, Complete: true, Until: &until}},
		},
		{Name: "TOL-16 a manager refuses it", Given: []approval.Event{asked()}, When: approval.Refuse{At: at(1), By: manager(boss), Reason: "has two"}, Then: []approval.Event{approval.Refused{At: at(1), By: boss, Reason: "has two"}}},
		{Name: "TOL-16 says why", Given: []approval.Event{asked()}, When: approval.Refuse{At: at(1), By: manager(boss)}, Invalid: "/reason"},
		{Name: "TOL-16 and nobody else does", Given: []approval.Event{asked()}, When: approval.Refuse{At: at(1), By: approval.Signer{Person: boss}, Reason: "r"}, Refused: "TOL-16"},
		{Name: "TOL-16 what is refused is not given", Given: []approval.Event{asked(), approval.Refused{At: at(1)}}, When: approval.Give{At: at(2), By: manager(boss)}, Refused: "TOL-16", Key: "approval.over"},
		{Name: "TOL-16 what is given is not refused", Given: []approval.Event{asked(), given(boss)}, When: approval.Refuse{At: at(2), By: manager(gm), Reason: "r"}, Refused: "TOL-16", Key: "approval.over"},
		{Name: "TOL-16 who asked takes it back", Given: []approval.Event{asked(), given(boss)}, When: approval.Withdraw{At: at(2), By: keeper, Reason: "r"}, Then: []approval.Event{approval.Withdrawn{At: at(2), By: keeper, Reason: "r"}}},
		{Name: "TOL-16 or who gave it", Given: []approval.Event{asked(), given(boss)}, When: approval.Withdraw{At: at(2), By: boss, Reason: "r"}, Then: []approval.Event{approval.Withdrawn{At: at(2), By: boss, Reason: "r"}}},
		{Name: "TOL-16 nobody else", Given: []approval.Event{asked(), given(boss)}, When: approval.Withdraw{At: at(2), By: gm, Reason: "r"}, Refused: "TOL-16", Key: "approval.not_yours"},
		{Name: "TOL-16 not once it is used", Given: []approval.Event{asked(), given(boss), used(use(1, 3, w1))}, When: approval.Withdraw{At: at(3), By: boss, Reason: "r"}, Refused: "TOL-16", Key: "approval.over"},
		{
			Name: "TOL-16 unless that came to nothing", Given: []approval.Event{asked(), given(boss), used(use(1, 3, w1))},
			When: approval.Withdraw{At: at(3), By: boss, Reason: "r", Void: []uuid.UUID{{1}}}, Then: []approval.Event{approval.Withdrawn{At: at(3), By: boss, Reason: "r"}},
		},
	})
}

func TestTOL16AnApprovalLetsJustWhatItCoversThroughOnce(t *testing.T) {
	t.Parallel()
	good := []approval.Event{asked(), given(boss)}
	until := at(3)
	short := []approval.Event{asked(), approval.Given{At: at(1), Signed: approval.Signature{Role: "manager", By: boss}, Complete: true, Until: &until}}
	kind := []approval.Event{asked(func(e *approval.Requested) {
		e.Covers.Tools, e.Covers.Kind, e.Covers.Pieces = []uuid.UUID{}, "wrench", 2
	}), given(boss)}
	both := []approval.Event{asked(func(e *approval.Requested) { e.Covers.Tools, e.Covers.Pieces = []uuid.UUID{w1, w2}, 2 }), given(boss)}
	scoped := []approval.Event{asked(func(e *approval.Requested) { e.Covers.Scope = []tool.Holder{ofLi} }), given(boss)}
	stocked := []approval.Event{asked(func(e *approval.Requested) {
		e.Covers = approval.Covers{Act: approval.AdjustStock, Pieces: 1, Stock: &lot}
	}), given(boss)}
	one, again, other := use(1, 3, w1), use(1, 4, w1), use(2, 3, w1)
	on := func(events []approval.Event, u approval.Use) []approval.Event {
		return append(slices.Clip(events), used(u))
	}
	adjust := func(c approval.Correction) approval.Claim {
		return approval.Claim{At: at(2), Site: "mine", Act: approval.AdjustStock, Stock: &c, Parties: []string{keeper}, Use: approval.Use{Command: uuid.UUID{7}, Stream: "fl.stock", At: at(2)}}
	}
	run(t, cases{
		{Name: "TOL-16 it is used", Given: good, When: claim(one), Then: []approval.Event{used(one)}},
		{Name: "TKT-02 the same use again", Given: on(good, one), When: claim(one)},
		{Name: "TOL-16 another command does not get it", Given: on(good, one), When: claim(other), Refused: "TOL-16", Key: "approval.used_up"},
		{Name: "TOL-16 unless the first came to nothing", Given: on(good, one), When: claim(other, func(c *approval.Claim) { c.Void = []uuid.UUID{{1}} }), Then: []approval.Event{used(other, uuid.UUID{1})}},
		{Name: "TOL-16 a command that tries again has its own use", Given: on(good, one), When: claim(again), Then: []approval.Event{used(again)}},
		{Name: "TOL-16 not before it is given", Given: good[:1], When: claim(one), Refused: "TOL-16", Key: "approval.not_given"},
		{Name: "TOL-16 not once it is refused", Given: []approval.Event{asked(), approval.Refused{At: at(1)}}, When: claim(one), Refused: "TOL-16", Key: "approval.was_refused"},
		{Name: "TOL-16 not once it is withdrawn", Given: append(good[:2:2], approval.Withdrawn{At: at(1)}), When: claim(one), Refused: "TOL-16", Key: "approval.was_withdrawn"},
		{Name: "TOL-16 not for another tool", Given: good, When: claim(use(1, 3, w2)), Refused: "TOL-16", Key: "approval.of_another_thing"},
		{Name: "TOL-16 not for another recipient", Given: good, When: claim(one, func(c *approval.Claim) { c.To = ofWang }), Refused: "TOL-16", Key: "approval.of_another_thing"},
		{Name: "TOL-08 not for another act", Given: good, When: claim(one, func(c *approval.Claim) { c.Act = approval.HandOver }), Refused: "TOL-08", Key: "approval.of_another_thing"},
		{Name: "TOL-16 not at another site", Given: good, When: claim(one, func(c *approval.Claim) { c.Site = "else" }), Refused: "TOL-16", Key: "approval.of_another_thing"},
		{Name: "TOL-16 not where its giver issues", Given: good, When: claim(one, func(c *approval.Claim) { c.Parties = []string{boss, li} }), Refused: "TOL-16", Key: "approval.own"},
		{Name: "POL-10 until it expires", Given: short, When: claim(one), Then: []approval.Event{used(one)}},
		{Name: "POL-10 not after that", Given: short, When: claim(one, func(c *approval.Claim) { c.At = at(4) }), Refused: "TOL-16", Key: "approval.expired"},
		{Name: "POL-10 our clock counts, whatever time is said", Given: short, When: claim(one, func(c *approval.Claim) { c.Use.At = at(4) }), Refused: "TOL-16", Key: "approval.expired"},
		{Name: "TOL-16 it comes before the act", Given: good, When: claim(one, func(c *approval.Claim) { c.At = at(0) }), Refused: "TOL-16", Key: "approval.given_after"},
		{Name: "TOL-03 but for a fact that is entered late", Given: good, When: claim(one, func(c *approval.Claim) { c.At, c.Late = at(0), true }), Then: []approval.Event{approval.Used{At: at(0), Use: one, Void: []uuid.UUID{}}}},
		{Name: "TOL-16 of a kind any tool", Given: on(kind, one), When: claim(use(2, 0, w2)), Then: []approval.Event{used(use(2, 0, w2))}},
		{Name: "TOL-16 of that kind alone", Given: kind, When: claim(one, func(c *approval.Claim) { c.Kind = "lamp" }), Refused: "TOL-16", Key: "approval.of_another_thing"},
		{Name: "TOL-16 as many as it says", Given: on(on(kind, one), use(2, 0, w2)), When: claim(use(3, 0, uuid.UUID{15: 3})), Refused: "TOL-16", Key: "approval.used_up"},
		{Name: "TOL-05 each tool of a list once", Given: on(both, one), When: claim(other), Refused: "TOL-16", Key: "approval.used_up"},
		{Name: "TOL-05 and each of them", Given: on(both, one), When: claim(use(2, 0, w2)), Then: []approval.Event{used(use(2, 0, w2))}},
		{Name: "TOL-17 with who may hold it", Given: scoped, When: claim(one, func(c *approval.Claim) { c.Scope = []tool.Holder{ofLi} }), Then: []approval.Event{used(one)}},
		{Name: "TOL-17 and nobody else", Given: scoped, When: claim(one, func(c *approval.Claim) { c.Scope = []tool.Holder{ofLi, ofWang} }), Refused: "TOL-16", Key: "approval.of_another_thing"},
		{Name: "STK-05 a correction of just that lot", Given: stocked, When: adjust(lot), Then: []approval.Event{used(adjust(lot).Use)}},
		{Name: "STK-05 and number", Given: stocked, When: adjust(approval.Correction{Store: "main", Item: "bit", Lot: "L1", Condition: stock.New, Delta: -2}), Refused: "STK-05", Key: "approval.of_another_thing"},
	})
}
