package commands_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/apptest"
)

// nothing is a store without proposals.
type nothing struct{}

func (nothing) Spares(context.Context, string, exchange.Model, domain.Day, int) ([]commands.Spare, error) {
	return nil, nil
}

// bench is a site with a store, its tools and who has them.
type bench struct {
	*apptest.Harness
	t    *testing.T
	keys int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Harness: apptest.New(t), t: t}
	b.App.Exchanges.Connect(nothing{}, nil)
	_, err := b.App.Sites.Register(t.Context(), b.by("clerk"), commands.RegisterSite{Code: "hq", Name: "hq", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	b.policy(policy.KindTools, `{"stores":[{"code":"main","name":"main"},{"code":"yard","name":"yard"}],"kinds":[{"code":"wrench","name":"w","category":"hand"}]}`)
	return b
}

func (b *bench) policy(kind policy.Kind, content string) {
	b.t.Helper()
	_, err := b.App.Policies.Record(b.t.Context(), b.by("clerk"), commands.RecordPolicy{
		Site: "hq", Kind: kind, EffectiveFrom: b.Clock.Now(), Reason: "r", Content: json.RawMessage(content),
	})
	require.NoError(b.t, err)
	b.Clock.Advance(time.Minute)
}

// by is a request of somebody, with a key of its own.
func (b *bench) by(person string) commands.Request {
	b.keys++
	r := b.Request(fmt.Sprintf("key-%d", b.keys))
	r.Actor.Person, r.Actor.Subject = person, person
	return r
}

func (b *bench) did(_ commands.Result, err error) {
	b.t.Helper()
	require.NoError(b.t, err)
	b.Clock.Advance(time.Minute)
}

// refused requires that a rule refused, by the message with a key.
func (b *bench) refused(rule, key string, err error) {
	b.t.Helper()
	var refused *domain.RuleError
	require.ErrorAs(b.t, err, &refused)
	require.Equal(b.t, []string{rule, key}, []string{refused.Rule, refused.Key})
}

func (b *bench) person(key string, team uuid.UUID) string {
	b.t.Helper()
	reg, err := b.App.People.Register(b.t.Context(), b.by("clerk"), commands.RegisterPerson{
		Site: "hq", External: domain.ExternalKey{System: "hr", Key: key}, Name: key, Team: team, Roles: []string{},
	})
	require.NoError(b.t, err)
	return reg.ID.String()
}

func (b *bench) team(key string) uuid.UUID {
	b.t.Helper()
	reg, err := b.App.Teams.Register(b.t.Context(), b.by("clerk"), commands.RegisterTeam{Site: "hq", External: domain.ExternalKey{System: "hr", Key: key}, Name: key})
	require.NoError(b.t, err)
	return reg.ID
}

func (b *bench) tool(number string, holder *tool.Holder) uuid.UUID {
	b.t.Helper()
	reg, err := b.App.Tools.Register(b.t.Context(), b.by("clerk"), commands.RegisterTool{
		Site: "hq", Number: number, Kind: "wrench", Name: "wrench", PurchasedOn: "2025-01-10", Use: tool.Shared, Store: "main", Holder: holder,
	})
	require.NoError(b.t, err)
	b.Clock.Advance(time.Minute)
	return reg.ID
}

// state is a tool by its own stream.
func (b *bench) state(id uuid.UUID) tool.State {
	b.t.Helper()
	var s tool.State
	for _, e := range decoded(b.t, b.Harness, "fl.tool-"+id.String()) {
		s = tool.Evolve(s, e.(tool.Event))
	}
	return s
}

// reserved brings an exchange of old for spare to where both are kept.
func (b *bench) reserved(keeper string, old, spare uuid.UUID) uuid.UUID {
	b.t.Helper()
	ctx, do := b.t.Context(), b.App.Exchanges
	reg, err := do.Apply(ctx, b.by(keeper), commands.ApplyExchange{Tool: old, Reason: "worn"})
	require.NoError(b.t, err)
	b.did(do.Surrender(ctx, b.by("storekeeper"), reg.ID, commands.SurrenderTool{Store: "main", Giver: keeper}))
	b.did(do.Inspect(ctx, b.by("storekeeper"), reg.ID, commands.InspectExchange{Outcome: exchange.NoValue, ScrapNote: "jaw off"}))
	at := b.Clock.Now()
	b.did(do.Choose(ctx, b.by("storekeeper"), reg.ID, commands.ChooseReplacement{Replacement: &spare}))
	b.did(do.KeepTool(ctx, b.by("process"), old, reg.ID, at))
	b.did(do.KeepTool(ctx, b.by("process"), spare, reg.ID, at))
	b.did(do.Reserve(ctx, b.by("process"), reg.ID, at))
	return reg.ID
}

func TestTOL18AReplacementThatWasBlockedSinceIsNotHandedOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	li := b.person("li", uuid.Nil)
	old, spare := b.tool("W-1", &tool.Holder{Kind: tool.Person, Who: li}), b.tool("W-2", nil)
	x := b.reserved(li, old, spare)
	b.did(b.App.Tools.Block(ctx, b.by("storekeeper"), spare, commands.BlockTool{Reason: tool.BlockQuality}))
	_, err := b.App.Exchanges.Complete(ctx, b.by(li), x, nil)
	b.refused("TOL-18", "tool.blocked", err)
	_, err = b.App.Strikes.Strike(ctx, b.by("clerk"), "tool", old, commands.StrikeEvent{Revision: 0, Reason: "wrong", SecondPerson: b.person("wang", uuid.Nil)})
	b.refused("EXC-06", "tool.exchange_contradicts", err) // it is kept with who has it
	b.did(b.App.Tools.Clear(ctx, b.by("storekeeper"), spare, commands.ClearTool{}))
	b.did(b.App.Exchanges.Complete(ctx, b.by(li), x, nil))
}

func TestEXC06AStrikeThatContradictsAnExchangeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	li, second := b.person("li", uuid.Nil), b.person("wang", uuid.Nil)
	old, spare := b.tool("W-1", nil), b.tool("W-2", nil)
	b.did(b.App.Tools.Issue(ctx, b.by("storekeeper"), old, commands.IssueTool{To: tool.Holder{Kind: tool.Person, Who: li}}))
	b.did(b.App.Tools.Accept(ctx, b.by(li), old, nil))
	x := b.reserved(li, old, spare)
	at := b.Clock.Now()
	b.did(b.App.Exchanges.Complete(ctx, b.by(li), x, &at))
	for _, id := range []uuid.UUID{old, spare} {
		b.did(b.App.Exchanges.SettleTool(ctx, b.by("process"), id, x, at))
	}
	accepted := commands.StrikeEvent{Revision: 2, Reason: "wrong person", SecondPerson: second}
	_, err := b.App.Strikes.StrikeTool(ctx, b.by("clerk"), old, accepted, func(c commands.ToolCorrection) error {
		require.NotEmpty(t, c.Contradicted, "it is listed first")
		return nil
	})
	b.refused("EXC-06", "tool.exchange_contradicts", err)
	require.Equal(t, tool.Holder{Kind: tool.Store, Who: "main"}, b.state(old).Holder)
	require.Equal(t, li, b.state(spare).Holder.Who)
}

func TestTOL17WhoLeftTheUnitBeforeSigningDoesNotGetIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	crew := b.team("A")
	li := b.person("li", crew)
	id := b.tool("W-1", nil)
	b.did(b.App.Tools.Issue(ctx, b.by("storekeeper"), id, commands.IssueTool{
		To: tool.Holder{Kind: tool.Person, Who: li}, Scope: []tool.Holder{{Kind: tool.Team, Who: crew.String()}},
	}))
	b.did(b.App.People.ChangeTeam(ctx, b.by("clerk"), uuid.MustParse(li), commands.MovePerson{Team: b.team("B"), Since: b.Clock.Now()}))
	_, err := b.App.Tools.Accept(ctx, b.by(li), id, nil)
	b.refused("TOL-17", "tool.out_of_scope", err)
	b.did(b.App.People.ChangeTeam(ctx, b.by("clerk"), uuid.MustParse(li), commands.MovePerson{Team: crew, Since: b.Clock.Now()}))
	b.did(b.App.Tools.Accept(ctx, b.by(li), id, nil))
	wang := b.person("wang", uuid.Nil)
	_, err = b.App.Tools.HandOver(ctx, b.by(wang), id, commands.HandOverTool{To: tool.Holder{Kind: tool.Person, Who: wang}})
	b.refused("TOL-17", "tool.out_of_scope", err)
}

func TestTOL20AShortageIsOnTheShiftOnDuty(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	crew := b.team("A")
	li, wang := b.person("li", crew), b.person("wang", crew)
	holder := tool.Holder{Kind: tool.Team, Who: crew.String()}
	var ids []uuid.UUID
	for n := range 3 {
		ids = append(ids, b.tool(fmt.Sprintf("W-%d", n), &holder))
	}
	check := func(kind card.CheckKind, giver, place string, missing ...uuid.UUID) error {
		in := commands.CheckTeamTools{Kind: kind, Giver: giver, Place: place, Found: []uuid.UUID{}, Damaged: []uuid.UUID{}, Missing: missing}
		for _, id := range ids {
			if b.state(id).Holder == holder && (len(missing) == 0 || missing[0] != id) {
				in.Found = append(in.Found, id)
			}
		}
		_, _, err := b.App.Tools.Check(ctx, b.by(wang), crew, in)
		b.Clock.Advance(time.Minute)
		return err
	}
	lost := func(id uuid.UUID) tool.ReportedMissing {
		all := decoded(t, b.Harness, "fl.tool-"+id.String())
		e, ok := all[len(all)-1].(tool.ReportedMissing)
		require.True(t, ok, "it is missing")
		return e
	}
	var invalid *domain.InvalidError
	require.ErrorAs(t, check(card.RegularCheck, "", " ", ids[0]), &invalid)
	require.Equal(t, "/place", invalid.Pointer, "a loss says where, so nothing is recorded without")
	require.NoError(t, check(card.ShiftCheck, li, "bay", ids[0]))
	require.Equal(t, li, lost(ids[0]).OnDuty, "who gave the keys answers for what is short")
	require.NoError(t, check(card.RegularCheck, "", "bay", ids[1]))
	require.Equal(t, wang, lost(ids[1]).OnDuty, "from then on who took them")
	b.did(b.App.Tools.ReportMissing(ctx, b.by(li), ids[2], commands.MissingTool{LostAt: b.Clock.Now(), Place: "pit"}))
	require.Equal(t, wang, lost(ids[2]).OnDuty, "whoever reports it")
}
