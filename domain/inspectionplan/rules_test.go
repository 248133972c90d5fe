package inspectionplan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/internal/decidertest"
	"github.com/fieldledger/fieldledger/internal/tickettest"
)

type cases = []decidertest.Case[inspectionplan.Command, inspectionplan.Event]

// maintained is the maintenance of a wire by its user, under the eyes of the storekeeper.
func maintained(change func(*inspectionplan.Check)) inspectionplan.Check {
	c := inspectionplan.Check{Checked: inspectionplan.Checked{
		At: nine, On: "2026-03-02", Purpose: inspectionplan.Maintenance, By: li, Supervisor: wang,
		Tools: []inspectionplan.Finding{{Tool: uuid.UUID{7}, Number: "E-07", Good: true}},
	}, Today: "2026-03-02", Site: "desk", Kind: "wire", Book: book}
	change(&c)
	return c
}

func TestINS05MaintenanceIsTheUsersUnderSupervision(t *testing.T) {
	t.Parallel()
	plain := maintained(func(*inspectionplan.Check) {})
	finding := func(f inspectionplan.Finding) inspectionplan.Check {
		return maintained(func(c *inspectionplan.Check) { c.Tools = []inspectionplan.Finding{f} })
	}
	bad := inspectionplan.Finding{Tool: uuid.UUID{7}, Number: "E-07", Found: "frayed", Settled: "spliced"}
	random := maintained(func(c *inspectionplan.Check) { c.Purpose, c.Supervisor = inspectionplan.Random, "" })
	every := plan(inspectionplan.Maintenance, 3)
	other := every
	other.Months = 6
	sample := plan(inspectionplan.Random, 3)
	sample.Sample = 500
	decidertest.Run(t, inspectionplan.Decide, inspectionplan.Evolve, cases{
		{Name: "INS-05 the user maintains, the storekeeper supervises", When: plain, Then: []inspectionplan.Event{plain.Checked}},
		{Name: "INS-05 not without anybody", When: maintained(func(c *inspectionplan.Check) { c.Supervisor = "" }), Refused: "INS-05", Key: "inspect.unsupervised"},
		{Name: "INS-05 nor alone", When: maintained(func(c *inspectionplan.Check) { c.Supervisor = li }), Refused: "INS-05", Key: "inspect.unsupervised"},
		{Name: "INS-08 the officer's random check needs nobody", When: random, Then: []inspectionplan.Event{random.Checked}},
		{Name: "INS-05 somebody does it", When: maintained(func(c *inspectionplan.Check) { c.By = "" }), Invalid: "/by"},
		{Name: "AUD-01 at a time", When: maintained(func(c *inspectionplan.Check) { c.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "INS-05 on a civil date", When: maintained(func(c *inspectionplan.Check) { c.On = "2026-02-30" }), Invalid: "/on"},
		{Name: "INS-05 a day to come puts nothing off", When: maintained(func(c *inspectionplan.Check) { c.On = "2026-03-03" }), Invalid: "/on"},
		{Name: "INS-08 for a purpose of ours", When: maintained(func(c *inspectionplan.Check) { c.Purpose = "fun" }), Invalid: "/purpose"},
		{Name: "INS-08 of a tool at least", When: maintained(func(c *inspectionplan.Check) { c.Tools = nil }), Invalid: "/tools"},
		{Name: "INS-08 and not too many", When: maintained(func(c *inspectionplan.Check) { c.Tools = make([]inspectionplan.Finding, 501) }), Invalid: "/tools"},
		{Name: "INS-08 what is found is settled at once", When: finding(bad), Then: []inspectionplan.Event{finding(bad).Checked}},
		{Name: "INS-08 it says what is found", When: finding(inspectionplan.Finding{Number: "E-07", Settled: "spliced"}), Invalid: "/tools/0/settled"},
		{Name: "INS-08 and how it is settled", When: finding(inspectionplan.Finding{Number: "E-07", Found: "frayed"}), Invalid: "/tools/0/settled"},

		{Name: "INS-05 another period is another plan", Given: []inspectionplan.Event{every}, When: inspectionplan.SetPlan{Plan: other, Book: book}, Then: []inspectionplan.Event{other}},
		{Name: "INS-08 a sample as large as an event", When: inspectionplan.SetPlan{Plan: sample, Book: book}, Then: []inspectionplan.Event{sample}},
	})
}

func TestINS08WhatIsNoPlanIsRefused(t *testing.T) { // INS-08, INS-09
	t.Parallel()
	set := func(change func(*inspectionplan.Set)) inspectionplan.SetPlan {
		p := plan(inspectionplan.Random, 3)
		change(&p)
		return inspectionplan.SetPlan{Plan: p, Book: book}
	}
	noTools := set(func(*inspectionplan.Set) {})
	noTools.Book = tickettest.NewBook(keeping())
	given := []inspectionplan.Event{plan(inspectionplan.Random, 3)}
	quality := func(kind string, book *policy.Book, roles ...string) inspectionplan.Check {
		return maintained(func(c *inspectionplan.Check) {
			c.Purpose, c.Supervisor, c.Kind, c.Roles, c.Book = inspectionplan.Quality, "", kind, roles, book
		})
	}
	forAnother := quality("die", book, "process")
	forAnother.Supervisor = wang
	decidertest.Run(t, inspectionplan.Decide, inspectionplan.Evolve, cases{
		{Name: "AUD-01 a plan has a time", When: set(func(p *inspectionplan.Set) { p.At = domain.Instant{} }), Invalid: "/at"},
		{Name: "INS-08 a purpose of ours", When: set(func(p *inspectionplan.Set) { p.Purpose = "fun" }), Invalid: "/purpose"},
		{Name: "INS-08 a period that is one", When: set(func(p *inspectionplan.Set) { p.Months = -1 }), Invalid: "/months"},
		{Name: "INS-08 and ends in a lifetime", When: set(func(p *inspectionplan.Set) { p.Months = 1201 }), Invalid: "/months"},
		{Name: "INS-08 from a civil date on", When: set(func(p *inspectionplan.Set) { p.From = "soon" }), Invalid: "/from"},
		{Name: "INS-08 no sample below nothing", When: set(func(p *inspectionplan.Set) { p.Sample = -1 }), Invalid: "/sample"},
		{Name: "INS-08 nor above what one event holds", When: set(func(p *inspectionplan.Set) { p.Sample = 501 }), Invalid: "/sample"},
		{Name: "INS-08 with its reason", When: set(func(p *inspectionplan.Set) { p.Reason = " " }), Invalid: "/reason"},
		{Name: "TOL-02 of a kind of the site", When: set(func(p *inspectionplan.Set) { p.Kind = "spoon" }), Invalid: "/kind"},
		{Name: "POL-08 which the policy of tools names", When: noTools, Refused: "POL-08", Key: "policy.kind_not_loaded"},
		{Name: "INS-08 an end has its reason", Given: given, When: inspectionplan.EndPlan{At: nine, Purpose: inspectionplan.Random, Reason: " "}, Invalid: "/reason"},
		{Name: "AUD-01 a call has a time", When: inspectionplan.CallBack{}, Invalid: "/at"},
		{Name: "TOL-02 quality of a kind of the site", When: quality("spoon", book, "process"), Invalid: "/kind"},
		{Name: "POL-08 and of its policy", When: quality("die", tickettest.NewBook(), "process"), Refused: "POL-08"},
		{Name: "INS-09 the process department does it itself", When: forAnother, Refused: "INS-09", Key: "approval.role_missing"},
	})
}

func TestINS04INS06INS07WhereTheToolsOfAPowerStationLie(t *testing.T) { // by the set as it is shipped
	t.Parallel()
	of := func(kind policy.Kind) policy.Recorded {
		raw, err := os.ReadFile(filepath.Join("..", "..", "deploy", "policies", "power-station", string(kind)+".json"))
		require.NoError(t, err)
		var file struct {
			Content json.RawMessage `json:"content"`
		}
		require.NoError(t, json.Unmarshal(raw, &file))
		return policy.Recorded{ID: uuid.UUID{15: 1}, Version: policy.VersionRecorded{
			Kind: kind, Site: "desk", Version: 1, EffectiveFrom: domain.At(nine.Add(-time.Hour)), Hash: "h", Content: file.Content,
		}}
	}
	station := tickettest.NewBook(of(policy.KindTools), of(policy.KindKeeping))
	v, ok := station.InForce(policy.KindKeeping, "desk", nine.Time)
	require.True(t, ok)
	tools, ok := station.InForce(policy.KindTools, "desk", nine.Time)
	require.True(t, ok)
	for _, p := range v.Keeping().Places {
		require.True(t, tools.Tools().HasStore(p.Store), "%s is in a store of the set", p.Code)
		for _, k := range p.Kinds {
			kind, known := tools.Tools().Kind(k)
			require.True(t, known, "%s lies in %s and is a kind of the set", k, p.Code)
			require.Positive(t, kind.InspectMonths, "%s is inspected", k)
		}
	}
	place := func(kind, place, keeper, number string, failed ...string) inspectionplan.Place {
		return inspectionplan.Place{
			At: nine, Site: "desk", Kind: kind, Place: place, Keeper: keeper, Tools: []inspectionplan.Lying{{Tool: uuid.UUID{7}, Number: number}}, Failed: failed, Book: station,
		}
	}
	lies := func(place, keeper, number string) []inspectionplan.Event {
		return []inspectionplan.Event{inspectionplan.Placed{
			At: nine, Place: place, Keeper: keeper, Tools: []inspectionplan.Lying{{Tool: uuid.UUID{7}, Number: number}}, Policy: ref(),
		}}
	}
	two := place("earthing-wire", "E-01", li, "E-01")
	two.Tools = append(two.Tools, inspectionplan.Lying{Tool: uuid.UUID{8}, Number: "E-01"})
	none, many, bare := place("ladder", "L-01", li, "L-1"), place("ladder", "L-01", li, "L-1"), place("ladder", "L-01", li, "L-1")
	none.Tools, many.Tools, bare.Book = nil, make([]inspectionplan.Lying, 501), tickettest.NewBook()
	decidertest.Run(t, inspectionplan.Decide, inspectionplan.Evolve, cases{
		{Name: "INS-04 an earthing wire on the rack with its number", When: place("earthing-wire", "E-01", li, "E-01"), Then: lies("E-01", li, "E-01")},
		{Name: "INS-04 on no other", When: place("earthing-wire", "E-01", li, "E-02"), Refused: "INS-04", Key: "inspect.rack_number"},
		{Name: "INS-04 and alone", When: two, Refused: "INS-04", Key: "inspect.rack_number"},
		{Name: "INS-07 insulating rods with a named keeper", When: place("insulating-rod", "R-01", li, "R-1"), Then: lies("R-01", li, "R-1")},
		{Name: "INS-07 not without one", When: place("insulating-rod", "R-01", "", "R-1"), Refused: "INS-07", Key: "inspect.keeper_missing"},
		{Name: "INS-07 ladders likewise", When: place("ladder", "L-01", "", "L-1"), Refused: "INS-07", Key: "inspect.keeper_missing"},
		{Name: "INS-07 a new keeper takes the place over", Given: lies("L-01", li, "L-1"), When: place("ladder", "L-01", wang, "L-1"), Then: lies("L-01", wang, "L-1")},
		{Name: "TKT-02 the same one changes nothing", Given: lies("L-01", li, "L-1"), When: place("ladder", "L-01", li, "L-1")},
		{Name: "INS-04 a ladder does not lie with the rods", When: place("ladder", "R-01", li, "L-1"), Refused: "INS-04", Key: "inspect.place_of_others"},
		{Name: "INS-06 what failed is not kept there", When: place("ladder", "L-01", li, "L-1", "L-1"), Refused: "INS-06", Key: "inspect.failed_kept"},
		{Name: "INS-06 not on a rack either", When: place("earthing-wire", "E-01", li, "E-01", "E-01"), Refused: "INS-06"},
		{Name: "INS-04 a place that the site has", When: place("ladder", "X-01", li, "L-1"), Invalid: "/place"},
		{Name: "INS-04 a tool at least", When: none, Invalid: "/tools"},
		{Name: "INS-04 and not too many", When: many, Invalid: "/tools"},
		{Name: "POL-08 by the policy of keeping", When: bare, Refused: "POL-08"},
	})
	for _, p := range v.Keeping().Places { // the conditions are said in both languages
		require.NotEmpty(t, p.Conditions, p.Code)
		require.NotEmpty(t, p.ConditionsZh, p.Code)
	}
}
