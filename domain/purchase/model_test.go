package purchase_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/purchase"
	"github.com/fieldledger/fieldledger/internal/decidertest"
)

var book = func() *policy.Book {
	of := func(kind policy.Kind, content any) policy.Recorded {
		raw, err := json.Marshal(content)
		if err != nil {
			panic(err)
		}
		return policy.Recorded{Version: policy.VersionRecorded{Kind: kind, Site: "plant", Version: 1, EffectiveFrom: at(-9), Hash: "h", Content: raw}}
	}
	b, err := policy.NewBook([]policy.Recorded{
		of(policy.KindTools, policy.Tools{Stores: []policy.Code{{Code: "main"}}, Kinds: []policy.ToolKind{{Code: "wrench", Category: "hand"}}}),
		of(policy.KindPurchasing, policy.Purchasing{
			Purchase: []policy.Route{
				{FromFen: 0, Checks: []string{"head"}, Approvals: []string{"leader"}},
				{FromFen: 50_000, Checks: []string{"head"}, Approvals: []string{"leader", "gm"}},
				{FromFen: 3_000_000, Checks: []string{"head"}, Approvals: []string{"leader", "gm", "board", "board"}},
				{NewKind: true, Document: true, Approvals: []string{"head", "deputy"}},
			},
			Acceptance: []policy.Route{{Approvals: []string{"equipment", policy.AnyUser}}},
		}),
	})
	if err != nil {
		panic(err)
	}
	return b
}()

func at(hour int) domain.Instant {
	return domain.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour) * time.Hour))
}

func signs(person string, roles ...string) approval.Signer {
	return approval.Signer{Person: person, Roles: roles}
}

func TestPurchase(t *testing.T) {
	t.Parallel()
	ask := purchase.Request{At: at(0), Site: "plant", Unit: "u", Variant: policy.ToolVariant, Code: "wrench", Name: "w", Count: 2, Reason: "r", By: "li", Book: book}
	asked := purchase.Requested{Site: "plant", Unit: "u", Variant: policy.ToolVariant, Code: "wrench", Count: 2, By: "li", Checks: []string{"head"}}
	checked := purchase.Checked{Signed: approval.Signature{Role: "head", By: "h"}}
	quoted := purchase.Quoted{Quote: 1, UnitPriceFen: 40_000, AmountFen: 80_000, NeedFen: 40_000, By: "buyer", Needs: []string{"leader"}}
	approved := purchase.Approved{Quote: 1, AmountFen: 80_000, Signed: approval.Signature{Role: "leader", By: "boss"}, Complete: true}
	ordered := purchase.Ordered{Quote: 1, By: "buyer"}
	quote := func(fen, need int64) purchase.GiveQuote {
		return purchase.GiveQuote{At: at(2), Supplier: "S", UnitPriceFen: fen, NeedFen: need, By: signs("buyer", "purchasing"), Book: book}
	}
	approve := func(by approval.Signer, n int, fen int64) purchase.Approve {
		return purchase.Approve{At: at(3), Quote: n, AmountFen: fen, By: by}
	}
	newKind := ask
	newKind.Code = "laser"
	decidertest.Run(t, purchase.Decide, purchase.Evolve, []decidertest.Case[purchase.Command, purchase.Event]{
		{Name: "STK-09 a new kind needs a written request", When: newKind, Invalid: "/document"},
		{Name: "STK-02 the department checks before the quote", Given: []purchase.Event{asked}, When: quote(1, 1), Refused: "STK-02", Key: "purchase.check_missing"},
		{Name: "STK-02 nobody checks a request of one's own", Given: []purchase.Event{asked}, When: purchase.Check{By: signs("li", "head")}, Refused: "STK-02", Key: "approval.own"},
		{Name: "STK-09 the quote comes before the approval", Given: []purchase.Event{asked, checked}, When: approve(signs("boss", "leader"), 1, 1), Refused: "STK-09"},
		{
			Name: "STK-02 exactly 500 yuan counts as above", Given: []purchase.Event{asked, checked}, When: quote(50_000, 50_000),
			Then: []purchase.Event{purchase.Quoted{
				At: at(2), Quote: 1, Supplier: "S", UnitPriceFen: 50_000, AmountFen: 100_000, NeedFen: 50_000, Others: []string{}, By: "buyer",
				Needs: []string{"leader", "gm"}, Policy: domain.PolicyRef{Version: 1, Hash: "h"},
			}},
		},
		{
			Name: "STK-02 a need that is split is approved as a whole", Given: []purchase.Event{asked, checked}, When: quote(40_000, 3_000_000),
			Then: []purchase.Event{purchase.Quoted{
				At: at(2), Quote: 1, Supplier: "S", UnitPriceFen: 40_000, AmountFen: 80_000, NeedFen: 3_000_000, Others: []string{}, Split: true, By: "buyer",
				Needs: []string{"leader", "gm", "board", "board"}, Policy: domain.PolicyRef{Version: 1, Hash: "h"},
			}},
		},
		{Name: "STK-02 an approval is of the amount that was seen", Given: []purchase.Event{asked, checked, quoted}, When: approve(signs("boss", "leader"), 1, 79_999), Refused: "STK-02", Key: "purchase.other_quote"},
		{Name: "STK-02 nobody approves what one quoted", Given: []purchase.Event{asked, checked, quoted}, When: approve(signs("buyer", "leader"), 1, 80_000), Refused: "STK-02", Key: "approval.own"},
		{Name: "STK-02 another quote voids approvals", Given: []purchase.Event{asked, checked, quoted, approved, purchase.Quoted{Quote: 2, AmountFen: 1, Needs: []string{"leader"}}}, When: purchase.Order{Reference: "PO", By: "b"}, Refused: "STK-02"},
		{Name: "STK-04 no more is delivered than was ordered", Given: []purchase.Event{asked, checked, quoted, approved, ordered}, When: purchase.Deliver{Acceptance: "a", Count: 3}, Refused: "STK-04"},
		{Name: "TKT-02 a delivery is taken once", Given: []purchase.Event{asked, checked, quoted, approved, ordered, purchase.Delivered{Acceptance: "a", Count: 2}}, When: purchase.Deliver{Acceptance: "a", Count: 2}},
	})
}

// people are who may do what; li asks for everything and has every role too.
var people = []approval.Signer{
	signs("li", "head", "leader", "gm", "board", "equipment"), signs("buyer", "leader", "purchasing", "equipment"), signs("h", "head"), signs("l", "leader", "gm"),
	signs("g", "gm", "board"), signs("b1", "board"), signs("b2", "board", "leader"), signs("e", "equipment"), signs(""),
}

func TestSTK04NothingIsAcceptedThatWasNotOrderedAndNobodyApprovesHisOwn(t *testing.T) {
	t.Parallel()
	const walks, steps = 400, 250
	r := rand.New(rand.NewPCG(2, 4))
	orders, accepted, refused := 0, int64(0), 0
	for range walks {
		p, err := purchase.Decide(purchase.State{}, purchase.Request{
			At: at(0), Site: "plant", Unit: "u", Variant: policy.ToolVariant, Code: "wrench", Name: "w", Count: int64(1 + r.IntN(6)), Reason: "r", By: "li", Book: book,
		})
		require.NoError(t, err)
		w := &walk{t: t, r: r, s: purchase.Evolve(purchase.State{}, p[0]), goods: map[string]acceptance.State{}}
		for n := range steps {
			if err := w.step(n); err != nil {
				_, rule := errors.AsType[*domain.RuleError](err)
				_, invalid := errors.AsType[*domain.InvalidError](err)
				require.True(t, rule || invalid, "%v", err)
				refused++
			}
			w.check()
		}
		if w.s.Standing == purchase.StandingOrdered {
			orders++
		}
		accepted += w.accepted()
	}
	require.Greater(t, refused, walks)
	require.Greater(t, orders, walks/10)
	require.Greater(t, accepted, int64(walks/10))
}

// walk is one purchase with its deliveries.
type walk struct {
	t       *testing.T
	r       *rand.Rand
	s       purchase.State
	goods   map[string]acceptance.State
	pending []purchase.TakeBack // what was rejected and purchasing has not heard of yet
}

func (w *walk) accepted() int64 {
	var n int64
	for _, g := range w.goods {
		n += g.Accepted
	}
	return n
}

// check holds what must always be true.
func (w *walk) check() {
	require.LessOrEqual(w.t, w.accepted(), w.s.Asked.Count)
	if w.accepted() > 0 {
		require.Equal(w.t, purchase.StandingOrdered, w.s.Standing)
	}
	own := append([]string{"li"}, w.s.Quoters...)
	seen := map[string]bool{}
	for i, sig := range w.s.Signed {
		require.NotContains(w.t, own, sig.By)
		require.False(w.t, seen[sig.By], "one person, one signature")
		require.Equal(w.t, w.s.Quote.Needs[i], sig.Role)
		seen[sig.By] = true
	}
	if w.s.Standing == purchase.StandingOrdered {
		require.Len(w.t, w.s.Signed, len(w.s.Quote.Needs))
	}
}

func (w *walk) step(n int) error {
	by := people[w.r.IntN(len(people))]
	switch w.r.IntN(14) {
	case 0:
		fen := []int64{40_000, 40_000, 50_000, 3_000_000}[w.r.IntN(4)]
		if w.s.Quote.Quote > 0 && w.r.IntN(10) > 0 {
			return nil // another quote now and then
		}
		if w.r.IntN(4) > 0 {
			by = people[1]
		}
		return w.buy(purchase.GiveQuote{At: at(n), Supplier: "S", UnitPriceFen: fen, NeedFen: fen * int64(1+w.r.IntN(2)), By: by, Book: book})
	case 1:
		if w.r.IntN(2) > 0 {
			by = people[2]
		}
		return w.buy(purchase.Check{At: at(n), By: by})
	case 2, 3, 4, 5:
		return w.buy(purchase.Approve{At: at(n), Quote: max(0, w.s.Quote.Quote-w.r.IntN(8)/7), AmountFen: w.s.Quote.AmountFen, By: by})
	case 6, 7:
		return w.buy(purchase.Order{At: at(n), Reference: "PO", By: by.Person})
	case 8:
		return w.deliver(n)
	case 9:
		if len(w.pending) == 0 {
			return nil
		}
		c := w.pending[w.r.IntN(len(w.pending))] // sent again and again: it counts once
		return w.buy(c)
	}
	return w.accept(n, by)
}

func (w *walk) buy(c purchase.Command) error {
	events, err := purchase.Decide(w.s, c)
	for _, e := range events {
		w.s = purchase.Evolve(w.s, e)
	}
	return err
}

func (w *walk) deliver(n int) error {
	id, count := strconv.Itoa(n), int64(1+w.r.IntN(4))
	if err := w.buy(purchase.Deliver{At: at(n), Acceptance: id, Count: count}); err != nil {
		return err
	}
	return w.take(id, acceptance.Deliver{Book: book, Delivered: acceptance.Delivered{
		At: at(n), Site: "plant", Variant: policy.ToolVariant, Code: "wrench", Count: count, Note: "DN", Buyers: slices.Clone(w.s.Quoters), By: "k",
	}})
}

func (w *walk) accept(n int, by approval.Signer) error {
	if len(w.goods) == 0 {
		return nil
	}
	ids := make([]string, 0, len(w.goods))
	for id := range w.goods {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	id := ids[w.r.IntN(len(ids))]
	count := int64(1 + w.r.IntN(4))
	switch w.r.IntN(3) {
	case 0:
		if w.r.IntN(2) > 0 {
			by = people[7]
		}
		return w.take(id, acceptance.Check{At: at(n), By: by, Passed: w.r.IntN(8) > 0, Document: "R"})
	case 1:
		c := acceptance.Accept{At: at(n), On: "2026-03-02", Count: count, Store: "main", Use: "shared", By: by, Book: book}
		for i := range count {
			c.Pieces = append(c.Pieces, acceptance.Piece{Number: id + "/" + strconv.Itoa(n) + "/" + strconv.FormatInt(i, 10)})
		}
		return w.take(id, c)
	}
	err := w.take(id, acceptance.Reject{At: at(n), Count: count, Reason: "r", By: by})
	if err == nil {
		w.pending = append(w.pending, purchase.TakeBack{At: at(n), Acceptance: id, Event: strconv.Itoa(n), Count: count})
	}
	return err
}

func (w *walk) take(id string, c acceptance.Command) error {
	s := w.goods[id]
	events, err := acceptance.Decide(s, c)
	for _, e := range events {
		s = acceptance.Evolve(s, e)
	}
	if err == nil {
		w.goods[id] = s
	}
	return err
}
