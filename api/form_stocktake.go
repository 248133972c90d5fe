package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldledger/fieldledger/domain/stocktake"
)

const sheetRows = 500 // read at once

// stocktakeSheet is the frozen list to tick off while tools are counted, and
// what differs once they are (CHK-01).
func stocktakeSheet(f *form) error {
	c, seen, err := f.s.Keeping.Stocktake(f.ctx, f.at, f.id)
	if err == nil {
		err = f.begin(c.Site, seen)
	}
	if err != nil {
		return err
	}
	scope := stocktake.Scope{Kind: stocktake.ScopeKind(c.Scope.Kind), Who: or(c.Scope.Who)}
	f.facts(
		"scope", f.scope(c.Scope), "frozen_at", strconv.FormatInt(c.FrozenAt, 10), "expected", strconv.Itoa(c.Expected), "standing", f.value(string(c.Phase)),
		"round", strconv.Itoa(c.Round), "started_at", f.when(c.StartedAt), "started_by", f.person(c.StartedBy), "next_by", c.NextBy,
	)
	for _, as := range slices.Sorted(maps.Keys(c.Signatures)) {
		f.fact("signed_"+as, f.person(c.Signatures[as]))
	}
	scanners := f.table("scanners", "scanner", "round", "scans")
	for _, s := range c.Scanners {
		scanners.row(f.person(s.Scanner), strconv.Itoa(s.Round), strconv.Itoa(s.Scans))
	}
	if c.Result == nil {
		return f.expected(c, scope)
	}
	r := c.Result
	f.facts("found", strconv.Itoa(r.Found), "missing", strconv.Itoa(r.Missing), "unexpected", strconv.Itoa(r.Unexpected), "damaged", strconv.Itoa(r.Damaged),
		"moved", strconv.Itoa(r.Moved), "unknown", strconv.Itoa(r.Unknown), "digest", r.Digest)
	return f.differences()
}

func (f *form) scope(s StocktakeScope) string {
	switch s.Kind {
	case StocktakeScopeKindTeam:
		return f.team(or(s.Who))
	case StocktakeScopeKindStore:
		return f.text("holder_store", map[string]any{"who": or(s.Who)})
	case StocktakeScopeKindSite:
	}
	return f.text("whole_site", nil)
}

// expected is the frozen list, with room for what is found.
func (f *form) expected(c Stocktake, scope stocktake.Scope) error {
	rows, err := f.s.Keeping.Expected(f.ctx, c.Site, scope, c.FrozenAt)
	if err != nil {
		return err
	}
	t := f.table("expected", "number", "keeper", "condition", "place")
	for _, e := range rows {
		t.row(e.Number, f.holder(Holder{Kind: HolderKind(e.Holder.Kind), Who: e.Holder.Who}), "", "")
	}
	return nil
}

func (f *form) differences() error {
	t := f.table("differences", "difference", "number", "keeper", "scanner", "place", "corrected")
	p := Page{Limit: sheetRows}
	for {
		rows, after, _, err := f.s.Keeping.StocktakeDifferences(f.ctx, f.at, f.id, p)
		if err != nil {
			return err
		}
		for _, d := range rows {
			outcome := f.value(string(or(d.Outcome)))
			if d.Rule != nil {
				outcome += " " + *d.Rule
			}
			keeper := f.holder(d.Holder)
			for _, site := range or(d.BelongsTo) { // of another site: whose, and no more
				keeper = strings.TrimSpace(keeper + " " + f.text("holder_site", map[string]any{"who": site}))
			}
			t.row(f.value(string(d.Kind)), d.Number, keeper, f.person(d.Scanner), d.Place, outcome)
		}
		if p.After = after; after == "" {
			return nil
		}
	}
}
