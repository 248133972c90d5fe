package process_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/processtest"
)

// yard is a site with tools, its people and what the losses of both are.
type yard struct {
	t *testing.T
	w *processtest.World
}

func (y yard) as(person, key string) commands.Request {
	r := request(key)
	r.Actor.Person, r.Actor.Subject, r.Actor.Roles = person, person, []string{"manager", "hr"}
	return r
}

func (y yard) must(err error) {
	y.t.Helper()
	require.NoError(y.t, err)
}

// person registers somebody; again it is the same one.
func (y yard) person(key string) string {
	y.t.Helper()
	reg, err := y.w.App.People.Register(y.t.Context(), request("person "+key), commands.RegisterPerson{
		Site: "mine", External: domain.ExternalKey{System: "hr", Key: key}, Roles: []string{},
	})
	y.must(err)
	return reg.ID.String()
}

func (y yard) setUp() {
	y.t.Helper()
	ctx := y.t.Context()
	_, err := y.w.App.Sites.Register(ctx, request("site"), commands.RegisterSite{Code: "mine", Name: "mine", Zone: "Asia/Shanghai"})
	y.must(err)
	from := processtest.Start.Add(-time.Hour)
	_, err = y.w.App.Policies.Record(ctx, request("tools"), commands.RecordPolicy{
		Site: "mine", Kind: policy.KindTools, EffectiveFrom: from, Reason: "first",
		Content: json.RawMessage(`{"stores":[{"code":"main","name":"main"}],"kinds":[{"code":"wrench","name":"wrench","category":"hand"}]}`),
	})
	y.must(err)
	reg, err := y.w.App.Policies.Record(ctx, y.as(y.person("boss"), "compensation"), commands.RecordPolicy{
		Site: "mine", Kind: policy.KindCompensation, EffectiveFrom: from, Reason: "first",
		Content: json.RawMessage(`{"method":"original_price","floor_ppm":50000,"payers":{"personal":"holder","shared":"shift","special":"shift_leader","pool":"holder"},` +
			`"hr_above_fen":100000,"cap_ppm":200000,"minimum_wage_fen":200000,"points":50}`),
	})
	y.must(err)
	_, err = y.w.App.Policies.Approve(ctx, y.as(y.person("hr"), "approve compensation"), reg.ID, commands.ApprovePolicy{Version: 1})
	y.must(err)
}

// tool registers a tool that somebody has.
func (y yard) tool(number string, use tool.Use, holder string) uuid.UUID {
	y.t.Helper()
	reg, err := y.w.App.Tools.Register(y.t.Context(), request("tool "+number), commands.RegisterTool{
		Site: "mine", Number: number, Kind: "wrench", Name: "wrench", PriceFen: 100_001, PurchasedOn: "2025-01-10", Use: use, Store: "main",
		Holder: &tool.Holder{Kind: tool.Person, Who: holder},
	})
	y.must(err)
	return reg.ID
}

// missing reports a tool and returns the loss that is to come of it.
func (y yard) missing(number string, id uuid.UUID, by string) uuid.UUID {
	y.t.Helper()
	res, err := y.w.App.Tools.ReportMissing(y.t.Context(), y.as(by, "missing "+number), id, commands.MissingTool{
		LostAt: y.w.Clock.Now().Add(-time.Minute), Place: "sump 2",
	})
	y.must(err)
	stored, err := y.w.Store.ReadStream(y.t.Context(), res.Stream, uint64(res.Revision))
	y.must(err)
	return y.w.IDs.Loss(stored[0].ID)
}

func (y yard) found(number string, id uuid.UUID) {
	y.t.Helper()
	_, err := y.w.App.Tools.Find(y.t.Context(), request("found "+number), id, commands.FoundTool{Store: "main"})
	y.must(err)
}

// opened opens a loss as the manager would, so that it can be decided at once.
func (y yard) opened(key string, tool uuid.UUID, revision uint64) uuid.UUID {
	y.t.Helper()
	res, err := y.w.App.Losses.Open(y.t.Context(), request("open "+key), commands.OpenLoss{Tool: tool, Revision: revision})
	y.must(err)
	return uuid.MustParse(res.Stream[len("fl.loss-"):])
}

// approved takes a loss of a shift to its approval.
func (y yard) approved(key string, id uuid.UUID, payers ...loss.Payer) {
	y.t.Helper()
	ctx, do, boss := y.t.Context(), y.w.App.Losses, y.person("boss")
	_, err := do.Find(ctx, y.as(boss, "finding "+key), id, commands.LossFinding{Payers: payers, Reason: "left open"})
	y.must(err)
	_, err = do.Assess(ctx, y.as(boss, "assess "+key), id, nil)
	y.must(err)
	res, err := do.Propose(ctx, y.as(boss, "propose "+key), id, nil)
	y.must(err)
	_, err = do.Approve(ctx, y.as(y.person("hr"), "approve "+key), id, commands.ApproveLoss{AmountFen: 100_001, Proposal: res.Revision})
	y.must(err)
}

// broken surrenders a tool whose exchange finds a human fault, and returns the loss that is to come of it.
func (y yard) broken(number string, id uuid.UUID, by string) uuid.UUID {
	y.t.Helper()
	ctx, do, boss := y.t.Context(), y.w.App.Exchanges, y.person("boss")
	reg, err := do.Apply(ctx, y.as(by, "apply "+number), commands.ApplyExchange{Tool: id, Reason: "broken"})
	y.must(err)
	_, err = do.Surrender(ctx, y.as(boss, "surrender "+number), reg.ID, commands.SurrenderTool{Store: "main", Giver: by})
	y.must(err)
	res, err := do.Inspect(ctx, y.as(boss, "inspect "+number), reg.ID, commands.InspectExchange{
		Outcome: exchange.NoValue, ScrapNote: "bent", HumanFault: true, Finding: "used as a hammer",
	})
	y.must(err)
	stored, err := y.w.Store.ReadStream(ctx, res.Stream, uint64(res.Revision))
	y.must(err)
	require.Equal(y.t, "exchange.fault_found.v1", stored[0].Type)
	return y.w.IDs.Loss(stored[0].ID)
}

func losses(t *testing.T) processtest.Subject {
	t.Helper()
	return processtest.Subject{
		New: func(w *processtest.World) process.Manager {
			return process.Loss{Losses: w.App.Losses, Accounts: w.App.Deductions, Streams: w.Store, IDs: w.IDs}
		},
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			y := yard{t, w}
			y.setUp()
			li := y.person("li")
			y.person("wang")
			y.person("zhao")
			y.missing("before", y.tool("before", tool.Personal, li), li) // nothing follows
			y.missing("shared", y.tool("shared", tool.Shared, li), li)
			y.missing("waived", y.tool("waived", tool.Personal, li), li)
			y.tool("again", tool.Personal, li)
			y.tool("imported", tool.Personal, li)
			y.tool("broken", tool.Personal, li)
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			y := yard{t, w}
			li, wang, zhao := y.person("li"), y.person("wang"), y.person("zhao")
			again, imported := y.tool("again", tool.Personal, li), y.tool("imported", tool.Personal, li)
			y.missing("again", again, li) // opens
			y.found("again", again)       // ends
			r := y.as(li, "missing imported")
			r.Source = &eventschemas.Source{System: "old", Row: "1"}
			_, err := w.App.Tools.ReportMissing(t.Context(), r, imported, commands.MissingTool{LostAt: w.Clock.Now(), Place: "p"})
			y.must(err)
			y.found("imported", imported)                                     // of which there is no loss
			y.found("before", y.tool("before", tool.Personal, li))            // nor of this one
			shift := y.opened("shared", y.tool("shared", tool.Shared, li), 1) // three accounts
			y.approved("shared", shift, loss.Payer{Person: li, Weight: 1}, loss.Payer{Person: wang, Weight: 1}, loss.Payer{Person: zhao, Weight: 1})
			waived := y.opened("waived", y.tool("waived", tool.Personal, li), 1)
			y.approved("waived", waived)
			_, err = w.App.Losses.Waive(t.Context(), y.as(y.person("boss"), "waive"), waived, commands.WaiveLoss{SecondPerson: y.person("hr"), Reason: "flood"})
			y.must(err)
			y.found("shared", y.tool("shared", tool.Shared, li)) // three accounts again
			y.broken("broken", y.tool("broken", tool.Personal, li), li)
		},
		Want: []string{
			"accepted", "accepted", "refused", "refused", "accepted", "accepted", "accepted", "accepted", "accepted", "accepted",
			"accepted", "accepted", "accepted",
			"accepted", // a human fault
		},
	}
}

func TestLOS08TheManagerOfLossesKeepsTheContractOfProcessManagers(t *testing.T) {
	t.Parallel()
	processtest.Exercise(t, losses(t))
}

func TestEXC04AHumanFaultThatAnExchangeFoundOpensOneLossOfItsKeeper(t *testing.T) {
	t.Parallel()
	s := losses(t)
	manager, last := s.New, (*processtest.World)(nil)
	s.New = func(w *processtest.World) process.Manager { last = w; return manager(w) }
	var id uuid.UUID
	var li string
	s.Want = []string{"accepted"}
	s.Inputs = func(t *testing.T, w *processtest.World) {
		t.Helper()
		y := yard{t, w}
		li = y.person("li")
		id = y.broken("broken", y.tool("broken", tool.Personal, li), li)
	}
	processtest.Once(t, s)
	var opened []loss.Opened
	for _, rec := range last.Records(t, 1e6) {
		if rec.Stream == commands.StreamOf("loss", id) {
			opened = append(opened, rec.Event.(loss.Opened))
		}
	}
	require.Len(t, opened, 1)
	o := opened[0]
	require.Equal(t, []any{loss.Damage, "broken", int64(100_001), "personal", "main", loss.Holder{Kind: "person", Who: li}, int64(0)},
		[]any{o.Cause, o.Tool.Number, o.Tool.PriceFen, o.Tool.Use, o.Place, o.Holder, o.BasisFen})
	require.False(t, o.Circumstances.IsZero())
}
