package importlog_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/importlog"
)

func (d *desk) toolOptions(t *testing.T, list, mapping []byte) importlog.ToolOptions {
	t.Helper()
	m, err := importlog.ParseToolMapping(mapping)
	require.NoError(t, err)
	return importlog.ToolOptions{
		Source: bytes.NewReader(list), Mapping: m, App: d.app, Workers: 4, Clock: now,
		Request: commands.Request{Actor: eventschemas.Actor{
			Person: "system", Issuer: "fieldledger", Subject: "import", Roles: []string{"importer"}, Policy: "import",
		}},
	}
}

// toolsOf counts the tools in the log by who holds them, after what they came from.
func (d *desk) toolsOf(t *testing.T) map[tool.Holder]int {
	t.Helper()
	out := map[tool.Holder]int{}
	errEnd := errors.New("end of the log")
	require.ErrorIs(t, d.store.Follow(t.Context(), eventschemas.Position{}, "fl.tool-", func(e eventschemas.Recorded) error {
		rec, err := eventschemas.NewRecord(e, 1)
		require.NoError(t, err)
		reg := rec.Event.(tool.Registered)
		require.Equal(t, &eventschemas.Source{System: "tool-list", Row: reg.Number}, rec.Envelope.Source)
		require.Equal(t, reg.At, rec.Envelope.OccurredAt)
		out[reg.Holder]++
		return nil
	}, func() error { return errEnd }), errEnd)
	return out
}

// counted reads the list by nothing but its own words.
func counted(t *testing.T, list []byte, but map[int]bool) (tools map[string]int, persons, teams int) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(list)).ReadAll()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	tools = map[string]int{}
	p, g := map[string]bool{}, map[string]bool{}
	for i, row := range rows {
		if i == 0 || but[i+1] {
			continue
		}
		who := row[column["库房"]]
		if id := row[column["班组编号"]]; id != "" {
			who, g[id] = id, true
		}
		if id := row[column["领用人工号"]]; id != "" {
			who, p[id] = id, true
		}
		tools[who]++
	}
	return tools, len(p), len(g)
}

func TestTOL01AListOfToolsIsImportedHolderByHolder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	list, mapping := importlog.SampleTools(), importlog.SampleToolMapping()
	o := d.toolOptions(t, list, mapping)
	total := 0
	o.Progress = func(done, of int) { total, _ = done, of }
	report, err := importlog.RunTools(t.Context(), o)
	require.NoError(t, err)
	refused := map[int]bool{}
	for _, f := range report.RefusedRows {
		refused[f.Line] = true
	}
	want, persons, teams := counted(t, list, refused)
	require.Equal(t, map[importlog.Reason]int{importlog.UnknownValue: 1, importlog.BadPrice: 1, importlog.BadTime: 1, importlog.RepeatedKey: 1}, report.Refused)
	require.Equal(t, map[int]bool{22: true, 35: true, 47: true, 53: true}, refused)
	require.Equal(t, 60, total)
	require.Equal(t, []int{60, 56, 0, persons, teams}, []int{report.Rows, report.Imported, report.Known, report.Persons, report.Teams})
	got := map[string]int{}
	ids := commands.IDs{Installation: uuid.NewSHA1(uuid.Nil, []byte("importlog"))}
	names := map[string]string{"main": "总库", "yard": "料场"}
	for who := range want {
		names[ids.External("person", "workshop", "hr", who).String()] = who
		names[ids.External("team", "workshop", "tool-list", who).String()] = who
	}
	for holder, n := range d.toolsOf(t) {
		got[names[holder.Who]] += n
	}
	require.Equal(t, want, got)

	before := d.history(t)
	again, err := importlog.RunTools(t.Context(), d.toolOptions(t, list, mapping))
	require.NoError(t, err)
	require.Equal(t, []int{60, 0, 56}, []int{again.Rows, again.Imported, again.Known})
	require.Equal(t, before, d.history(t), "nothing is imported twice")

	changed := bytes.Replace(list, []byte("GJ-0001,扭力扳手"), []byte("GJ-0001,活扳手"), 1)
	require.NotEqual(t, list, changed)
	other, err := importlog.RunTools(t.Context(), d.toolOptions(t, changed, mapping))
	require.NoError(t, err)
	require.Equal(t, 1, other.Refused[importlog.Differs], "what the list says otherwise now is told, not taken over")
	require.Equal(t, before, d.history(t))
}

func TestAUD01AnImportOfToolsThatWasStoppedGoesOn(t *testing.T) {
	t.Parallel()
	whole, stopped := newDesk(t), newDesk(t)
	_, err := importlog.RunTools(t.Context(), whole.toolOptions(t, importlog.SampleTools(), importlog.SampleToolMapping()))
	require.NoError(t, err)
	for round := range 6 {
		ctx, cancel := context.WithCancel(t.Context())
		var appends atomic.Int64
		stopped.store.watch(func(string) error {
			if appends.Add(1) == int64(7+11*round) {
				cancel()
			}
			return nil
		})
		report, err := importlog.RunTools(ctx, stopped.toolOptions(t, importlog.SampleTools(), importlog.SampleToolMapping()))
		cancel()
		if err == nil {
			require.NoError(t, report.Check())
			break
		}
		require.ErrorIs(t, err, context.Canceled)
	}
	stopped.store.watch(nil)
	report, err := importlog.RunTools(t.Context(), stopped.toolOptions(t, importlog.SampleTools(), importlog.SampleToolMapping()))
	require.NoError(t, err)
	require.Positive(t, report.Known)
	require.Equal(t, whole.toolsOf(t), stopped.toolsOf(t))
}

func TestTOL03ToolsGoToPersonsWhoAreThereAlready(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	r := commands.Request{Key: "1", Actor: eventschemas.Actor{Person: "hr", Issuer: "test", Subject: "hr", Roles: []string{"hr"}, Policy: "test"}}
	_, err := d.app.Sites.Register(ctx, r, commands.RegisterSite{Code: "workshop", Name: "机修车间", Zone: "Asia/Shanghai"})
	require.NoError(t, err)
	li, err := d.app.People.Register(ctx, r, commands.RegisterPerson{Site: "workshop", External: domain.ExternalKey{System: "hr", Key: "E001"}, Name: "李明", Roles: []string{}})
	require.NoError(t, err)
	_, err = importlog.RunTools(ctx, d.toolOptions(t, importlog.SampleTools(), importlog.SampleToolMapping()))
	require.NoError(t, err)
	require.Positive(t, d.toolsOf(t)[tool.Holder{Kind: tool.Person, Who: li.ID.String()}])
}

func TestADryRunOfToolsReportsWhatAnImportDoesAndWritesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.toolOptions(t, importlog.SampleTools(), importlog.SampleToolMapping())
	o.DryRun, o.App = true, nil
	dry, err := importlog.RunTools(t.Context(), o)
	require.NoError(t, err)
	live, err := importlog.RunTools(t.Context(), d.toolOptions(t, importlog.SampleTools(), importlog.SampleToolMapping()))
	require.NoError(t, err)
	dry.Seconds, live.Seconds = 0, 0
	require.Equal(t, live, dry)
}

func TestTheMappingOfToolsNamesEveryFault(t *testing.T) {
	t.Parallel()
	good := string(importlog.SampleToolMapping())
	for wrong, want := range map[string]string{
		strings.Replace(good, "number: 工具编号", "numer: 工具编号", 1):                "columns.numer: unknown key",
		strings.Replace(good, "opening_on: 2026-01-01", "opening_on: soon", 1): "opening_on",
		strings.Replace(good, "个人: personal", "个人: own", 1):                    "uses.个人",
		strings.Replace(good, `"2006/1/2"`, `"2006"`, 1):                       "does not give a day",
		strings.Replace(good, "category: hand", "category: spoon", 1):          "policy.category_unknown",
		strings.Replace(good, "price: yuan", "price: dollars", 1):              "not one of yuan, fen",
	} {
		_, err := importlog.ParseToolMapping([]byte(wrong))
		require.ErrorContains(t, err, want)
	}
	m, err := importlog.ParseToolMapping([]byte(strings.Replace(good, "number: 工具编号", "number: 编号", 1)))
	require.NoError(t, err)
	_, err = importlog.RunTools(t.Context(), importlog.ToolOptions{Source: bytes.NewReader(importlog.SampleTools()), Mapping: m, DryRun: true})
	require.ErrorContains(t, err, `the list has no column "编号"`)
}

func TestPricesAreReadToTheFen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"45": 4500, "1350.5": 135050, "1,350.50": 135050, "0.07": 7, "-1": -1, "1.234": -1, "1.": -1, "x": -1, "": -1} {
		list := "工具编号,名称,规格,品牌,批号,单价(元),购入日期,使用方式,库房,领用人工号,领用人,班组编号,班组,领用日期\n" +
			`N-1,活扳手,,,,"` + text + `",2025/1/2,个人,总库,,,,,` + "\n"
		d := newDesk(t)
		report, err := importlog.RunTools(t.Context(), d.toolOptions(t, []byte(list), importlog.SampleToolMapping()))
		require.NoError(t, err)
		if want < 0 {
			require.Equal(t, 1, report.Refused[importlog.BadPrice], text)
			continue
		}
		require.Equal(t, 1, report.Imported, text)
		for stream, events := range d.history(t) {
			if strings.HasPrefix(stream, "fl.tool-") {
				require.Contains(t, events[0], fmt.Sprintf(`"price_fen":%d,`, want), text)
			}
		}
	}
}
