package process_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/annual"
	"github.com/fieldledger/fieldledger/domain/recall"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/processtest"
)

// ToolsAsOf folds the log up to a number.
func (f folded) ToolsAsOf(_ context.Context, asOf int64, q process.ToolQuery, limit int) ([]process.FoundTool, error) {
	type row struct {
		tool.Registered
		state tool.State
	}
	rows := map[uuid.UUID]row{}
	for _, rec := range f.w.Records(f.t, asOf) {
		e, ok := rec.Event.(tool.Event)
		if !ok {
			continue
		}
		id := uuid.MustParse(strings.TrimPrefix(rec.Stream, "fl.tool-"))
		r := rows[id]
		if reg, first := e.(tool.Registered); first {
			r.Registered = reg
		}
		r.state = tool.Evolve(r.state, e)
		rows[id] = r
	}
	var ids []uuid.UUID
	for id, r := range rows {
		usual := r.state.Standing == tool.StandingInStore && r.state.Blocked == ""
		if r.Site == q.Site && (q.ID == uuid.Nil || q.ID == id) && (q.Kind == "" || q.Kind == r.Kind) && (q.Batch == "" || q.Batch == r.Batch) && (!q.Usual || usual) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return strings.Compare(rows[a].Number, rows[b].Number) })
	var out []process.FoundTool
	for _, id := range ids[:min(limit, len(ids))] {
		out = append(out, process.FoundTool{ID: id, Holder: rows[id].state.Holder})
	}
	return out, nil
}

// shed is a site with tools, a person who keeps them and two others.
type shed struct {
	desk
	people []string
	tools  []uuid.UUID
}

func newShed(t *testing.T, w *processtest.World) *shed {
	t.Helper()
	s := &shed{desk: desk{t, w}}
	ctx := t.Context()
	_, err := w.App.Sites.Register(ctx, request("site"), commands.RegisterSite{Code: "mine", Name: "mine", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	_, err = w.App.Policies.Record(ctx, request("rules"), commands.RecordPolicy{
		Site: "mine", Kind: "tools", EffectiveFrom: processtest.Start.Add(-time.Hour), Reason: "first",
		Content: json.RawMessage(`{"stores":[{"code":"main","name":"main"}],"kinds":[{"code":"wrench","name":"w","category":"hand"},{"code":"hoist","name":"h","category":"power","store_kept":true}],"issue_approval":"manager"}`),
	})
	require.NoError(t, err)
	for n := range 3 {
		reg, err := w.App.People.Register(ctx, request(fmt.Sprint("person ", n)), commands.RegisterPerson{
			Site: "mine", External: domain.ExternalKey{System: "hr", Key: strconv.Itoa(n)}, Name: "n", Roles: []string{},
		})
		require.NoError(t, err)
		s.people = append(s.people, reg.ID.String())
	}
	return s
}

func (s *shed) add(kind, batch string, n int) {
	s.t.Helper()
	for range n {
		number := fmt.Sprintf("T-%03d", len(s.tools))
		reg, err := s.w.App.Tools.Register(s.t.Context(), request(number), commands.RegisterTool{
			Site: "mine", Number: number, Kind: kind, Name: "n", Batch: batch, PurchasedOn: "2026-01-02", Use: tool.Personal, Store: "main",
		})
		require.NoError(s.t, err)
		s.tools = append(s.tools, reg.ID)
	}
}

func (s *shed) as(person int, key string) commands.Request {
	r := request(key)
	r.Actor.Person, r.Actor.Subject = s.people[person], s.people[person]
	return r
}

// recorded lists what became of the tools of every list in the log, in order.
func recorded(t *testing.T, w *processtest.World) (recalled, issued []tool.Decision) {
	t.Helper()
	for _, rec := range w.Records(t, 1<<40) {
		switch e := rec.Event.(type) {
		case recall.Decided:
			recalled = append(recalled, e.Decisions...)
		case annual.Decided:
			issued = append(issued, e.Decisions...)
		}
	}
	return recalled, issued
}

func recallOf(t *testing.T) processtest.Subject {
	t.Helper()
	return processtest.Subject{
		New: func(w *processtest.World) process.Manager {
			return &process.Recall{Tools: folded{t, w}, Commands: w.App.Tools, Recalls: w.App.Recalls}
		},
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			s := newShed(t, w)
			s.add("wrench", "2025-11", 3)
			s.add("wrench", "2025-12", 1)
			_, err := w.App.Recalls.Report(t.Context(), s.as(0, "early"), commands.ReportRecall{Site: "mine", Batch: "2025-12", Report: "before it first starts"})
			require.NoError(t, err)
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			s := newShed(t, w)
			s.add("wrench", "2025-11", 3) // known by their keys
			_, err := w.App.Tools.Block(t.Context(), s.as(0, "block"), s.tools[1], commands.BlockTool{Reason: tool.BlockQuality})
			require.NoError(t, err)
			_, err = w.App.Recalls.Report(t.Context(), s.as(0, "batch"), commands.ReportRecall{Site: "mine", Batch: "2025-11", Report: "jaws crack"})
			require.NoError(t, err)
			_, err = w.App.Recalls.Report(t.Context(), s.as(0, "one"), commands.ReportRecall{Site: "mine", Tool: s.tools[0].String(), Report: "this one too"})
			require.NoError(t, err)
			_, err = w.App.Recalls.Report(t.Context(), s.as(0, "none"), commands.ReportRecall{Site: "mine", Batch: "1999-01", Report: "there is none"})
			require.NoError(t, err)
		},
		// Three of the batch, of which one is blocked already, and the record; the one tool, blocked by then, and the record.
		Want: []string{"accepted", "no_op", "accepted", "accepted", "no_op", "accepted"},
	}
}

func TestTOL12ARecallKeepsTheContractOfProcessManagers(t *testing.T) {
	t.Parallel()
	processtest.Exercise(t, recallOf(t))
}

func annualOf(t *testing.T) processtest.Subject {
	t.Helper()
	const year = 2026
	return processtest.Subject{
		New: func(w *processtest.World) process.Manager {
			return &process.Annual{Tools: folded{t, w}, Commands: w.App.Tools, Issues: w.App.Annual}
		},
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			s := newShed(t, w)
			s.add("wrench", "", 4)
			s.add("hoist", "", 1)
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			s := newShed(t, w)
			s.add("wrench", "", 4)
			s.add("hoist", "", 1)
			li, wang := tool.Holder{Kind: tool.Person, Who: s.people[1]}, tool.Holder{Kind: tool.Person, Who: s.people[2]}
			list := commands.ListAnnualIssue{Site: "mine", Year: year, List: "crew 1", Rows: []annual.Row{
				{To: li, Kind: "wrench", Count: 2}, {To: wang, Kind: "wrench", Count: 2}, {To: li, Kind: "hoist", Count: 1}, {To: wang, Tool: s.tools[0].String(), Count: 1},
			}}
			_, err := w.App.Annual.List(t.Context(), s.as(0, "list"), list)
			require.NoError(t, err)
			_, err = w.App.Annual.Approve(t.Context(), s.as(0, "own"), "mine", year, "crew 1")
			var refused *domain.RuleError
			require.ErrorAs(t, err, &refused, "nobody approves their own")
			_, err = w.App.Annual.Approve(t.Context(), s.as(1, "approve"), "mine", year, "crew 1")
			require.NoError(t, err)
		},
		// Li approved the list and gets nothing by it; wang gets one wrench, and for the next none is left; a hoist
		// is only lent; the wrench that the list names; the record.
		Want: []string{"refused TOL-16", "refused TOL-16", "accepted", "refused TOL-10", "accepted", "accepted"},
	}
}

func TestTOL13TheAnnualIssueKeepsTheContractOfProcessManagers(t *testing.T) {
	t.Parallel()
	processtest.Exercise(t, annualOf(t))
}

func TestTOL13TheListSaysWhatBecameOfEachPiece(t *testing.T) {
	t.Parallel()
	s := annualOf(t)
	var world *processtest.World
	fresh := s.New
	s.New = func(w *processtest.World) process.Manager {
		world = w
		return fresh(w)
	}
	processtest.Once(t, s)
	_, issued := recorded(t, world)
	var said []string
	for _, d := range issued {
		said = append(said, fmt.Sprintf("%d %s %s", d.Row, d.Result, d.Rule))
	}
	require.Equal(t, []string{"1 refused TOL-16", "1 refused TOL-16", "2 done ", "2 none_left ", "3 refused TOL-10", "4 done "}, said)
}

func TestTOL12TheRecallSaysWhatBecameOfEachTool(t *testing.T) {
	t.Parallel()
	s := recallOf(t)
	var world *processtest.World
	fresh := s.New
	s.New = func(w *processtest.World) process.Manager {
		world = w
		return fresh(w)
	}
	processtest.Once(t, s)
	recalled, _ := recorded(t, world)
	var said []string
	for _, d := range recalled {
		said = append(said, string(d.Result))
		require.Equal(t, tool.Holder{Kind: tool.Store, Who: "main"}, d.Holder)
	}
	require.Equal(t, []string{"done", "already_so", "done", "already_so"}, said)
}

func TestTOL07WhoLeftGetsNothingByTheAnnualIssueNorByAnImport(t *testing.T) {
	t.Parallel()
	s := annualOf(t)
	var world *processtest.World
	fresh, inputs := s.New, s.Inputs
	s.New = func(w *processtest.World) process.Manager {
		world = w
		return fresh(w)
	}
	var wang string
	s.Inputs = func(t *testing.T, w *processtest.World) {
		t.Helper()
		wang = newShed(t, w).people[2]
		_, err := w.App.People.Leave(t.Context(), request("leave"), uuid.MustParse(wang), nil)
		require.NoError(t, err)
		inputs(t, w)
	}
	s.Want = []string{"refused TOL-16", "refused TOL-16", "refused TOL-07", "refused TOL-10", "refused TOL-07", "accepted"}
	processtest.Once(t, s)
	_, err := world.App.Imports.Tool(t.Context(), request("import"), commands.ImportedTool{
		External: domain.ExternalKey{System: "old", Key: "7"}, At: processtest.Start, Tool: commands.RegisterTool{
			Site: "mine", Number: "T-900", Kind: "wrench", Name: "n", PurchasedOn: "2026-01-02", Use: tool.Personal, Store: "main",
			Holder: &tool.Holder{Kind: tool.Person, Who: wang},
		},
	})
	require.ErrorContains(t, err, "TOL-07")
	for _, rec := range world.Records(t, 1<<40) {
		switch e := rec.Event.(type) {
		case tool.Issued:
			require.NotEqual(t, wang, e.To.Who)
		case tool.Registered:
			require.NotEqual(t, wang, e.Holder.Who)
		}
	}
}
