package process_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/processtest"
)

// none is a store without proposals.
type none struct{}

func (none) Spares(context.Context, string, exchange.Model, domain.Day, int) ([]commands.Spare, error) {
	return nil, nil
}

// counter is where old tools are exchanged: each step has a key of its own.
type counter struct {
	t      *testing.T
	w      *processtest.World
	prefix string
	keys   int
	li     uuid.UUID
}

func (c *counter) as(person string) commands.Request {
	c.keys++
	r := request(c.prefix + string(rune('A'+c.keys/26)) + string(rune('a'+c.keys%26)))
	r.Actor.Person = person
	return r
}

func (c *counter) must(_ commands.Result, err error) {
	c.t.Helper()
	require.NoError(c.t, err)
}

const storekeeper = "00000000-0000-0000-0000-000000000044"

// open enters the site, who has tools, and what the site's policy says.
func (c *counter) open() {
	c.t.Helper()
	ctx := c.t.Context()
	_, err := c.w.App.Sites.Register(ctx, c.as(storekeeper), commands.RegisterSite{Code: "hq", Name: "hq", Zone: "Asia/Shanghai"})
	require.NoError(c.t, err)
	_, err = c.w.App.Policies.Record(ctx, c.as(storekeeper), commands.RecordPolicy{
		Site: "hq", Kind: "tools", EffectiveFrom: processtest.Start.Add(-time.Hour), Reason: "first",
		Content: json.RawMessage(`{"stores":[{"code":"main","name":"main"}],"kinds":[{"code":"wrench","name":"wrench","category":"hand","life_months":36,"inspect_months":0,"store_kept":false}]}`),
	})
	require.NoError(c.t, err)
}

func (c *counter) person() {
	c.t.Helper()
	reg, err := c.w.App.People.Register(c.t.Context(), c.as(storekeeper), commands.RegisterPerson{Site: "hq", External: domain.ExternalKey{System: "hr", Key: "li"}, Name: "li"})
	require.NoError(c.t, err)
	c.li = reg.ID
}

// tool registers one, in store or with somebody.
func (c *counter) tool(number string, holder *tool.Holder) uuid.UUID {
	c.t.Helper()
	reg, err := c.w.App.Tools.Register(c.t.Context(), c.as(storekeeper), commands.RegisterTool{
		Site: "hq", Number: number, Kind: "wrench", Name: "wrench", PurchasedOn: "2025-01-10", Use: tool.Personal, Store: "main", Holder: holder,
	})
	require.NoError(c.t, err)
	return reg.ID
}

// inspected brings an exchange to the storekeeper's finding.
func (c *counter) inspected(number string, found commands.InspectExchange) (x, replacement uuid.UUID) {
	c.t.Helper()
	ctx, do := c.t.Context(), c.w.App.Exchanges
	old := c.tool("old "+number, &tool.Holder{Kind: tool.Person, Who: c.li.String()})
	replacement = c.tool("new "+number, nil)
	reg, err := do.Apply(ctx, c.as(c.li.String()), commands.ApplyExchange{Tool: old, Reason: "worn"})
	require.NoError(c.t, err)
	c.must(do.Surrender(ctx, c.as(storekeeper), reg.ID, commands.SurrenderTool{Store: "main", Giver: c.li.String()}))
	c.must(do.Inspect(ctx, c.as(storekeeper), reg.ID, found))
	return reg.ID, replacement
}

var worthless = commands.InspectExchange{Outcome: exchange.NoValue, ScrapNote: "jaw off"}

// chosen brings an exchange to the choice of its replacement.
func (c *counter) chosen(number string) (x, replacement uuid.UUID) {
	c.t.Helper()
	x, replacement = c.inspected(number, worthless)
	c.must(c.w.App.Exchanges.Choose(c.t.Context(), c.as(storekeeper), x, commands.ChooseReplacement{Replacement: &replacement}))
	return x, replacement
}

// reserved does by hand what the manager does.
func (c *counter) reserved(number string) uuid.UUID {
	c.t.Helper()
	x, _ := c.chosen(number)
	e := c.last("exchange.replacement_chosen.v1").Event.(exchange.ReplacementChosen)
	for _, id := range []uuid.UUID{*e.Old, e.New.Tool} {
		c.must(c.w.App.Exchanges.KeepTool(c.t.Context(), c.as(storekeeper), id, x, e.At.Time))
	}
	c.must(c.w.App.Exchanges.Reserve(c.t.Context(), c.as(storekeeper), x, e.At.Time))
	return x
}

// last is the newest event of a type.
func (c *counter) last(typ string) eventschemas.Record {
	c.t.Helper()
	var out eventschemas.Record
	for _, rec := range c.w.Records(c.t, 1e6) {
		if rec.Type == typ {
			out = rec
		}
	}
	return out
}

func exchanges(t *testing.T) processtest.Subject {
	t.Helper()
	begin := func(w *processtest.World, prefix string) *counter {
		w.App.Exchanges.Connect(none{}, nil)
		return &counter{t: t, w: w, prefix: prefix}
	}
	var li uuid.UUID
	return processtest.Subject{
		New: func(w *processtest.World) process.Manager { return process.Exchange{Commands: w.App.Exchanges} },
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			c := begin(w, "before")
			c.open()
			c.person()
			li = c.li
			c.chosen("early") // before it first starts
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			ctx, do := t.Context(), w.App.Exchanges
			c := begin(w, "then")
			c.li = li
			c.chosen("whole")
			_, gone := c.chosen("gone") // somebody else gets the replacement
			c.must(w.App.Tools.Issue(ctx, c.as(storekeeper), gone, commands.IssueTool{To: tool.Holder{Kind: tool.Person, Who: li.String()}}))
			left, _ := c.chosen("left")
			c.must(do.Cancel(ctx, c.as(storekeeper), left, commands.ToolReason{Reason: "too heavy"}))
			c.must(do.Complete(ctx, c.as(li.String()), c.reserved("done"), nil))
			c.must(do.Cancel(ctx, c.as(storekeeper), c.reserved("back"), commands.ToolReason{Reason: "too heavy"}))
			c.inspected("mend", commands.InspectExchange{Outcome: exchange.Repairable, Repairer: "R1"})
			c.inspected("good", commands.InspectExchange{Outcome: exchange.Usable}) // nothing follows
		},
		Want: []string{
			"accepted", "accepted", "accepted", // both kept, and reserved
			"accepted", "refused TOL-14", "accepted", // one could not be: the reservation failed
			"refused EXC-06", "refused EXC-06", "no_op", "no_op", "no_op", // withdrawn before anything was kept
			"refused EXC-06", "refused EXC-06", "no_op", "accepted", "accepted", "accepted", // kept by hand; both settled
			"refused EXC-06", "refused EXC-06", "no_op", "accepted", "accepted", // kept by hand; both released
			"accepted",          // to the repairer
			"accepted", "no_op", // what was kept of the failed reservation
		},
	}
}

func TestEXC06ExchangeKeepsTheContractOfProcessManagers(t *testing.T) {
	t.Parallel()
	processtest.Exercise(t, exchanges(t))
}
