package readside

import (
	"fmt"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/purchase"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/supply"
)

func signatures(signed []approval.Signature) []api.SupplySignature {
	out := make([]api.SupplySignature, len(signed))
	for i, s := range signed {
		out[i] = api.SupplySignature{Role: s.Role, By: s.By}
	}
	return out
}

// listed is list, never nil.
func listed(list []string) []string { return append([]string{}, list...) }

func shownDemand(r readmodel.Versioned[supply.Row[demand.State]]) api.Demand {
	st := r.Row.State
	lines := make([]api.DemandLineLeft, len(st.Lines))
	for i, l := range st.Lines {
		lines[i] = api.DemandLineLeft{
			Variant: api.SupplyVariant(l.Variant), Code: l.Code, Name: l.Name, Spec: l.Spec, Count: l.Count, Reason: l.Reason, Left: st.Left(i),
		}
	}
	return api.Demand{
		Id: r.ID, Site: r.Site, Revision: r.Revision, At: domain.At(r.Row.At), Unit: st.Unit, For: st.For, Store: st.Store, Standing: string(st.Standing),
		Lines: lines, Needs: listed(st.Needs), Signed: signatures(st.Signed), Planners: listed(st.Planners),
	}
}

func shownPurchase(r readmodel.Versioned[supply.Row[purchase.State]]) api.Purchase {
	st := r.Row.State
	a := st.Asked
	p := api.Purchase{
		Id: r.ID, Site: r.Site, Revision: r.Revision, At: domain.At(r.Row.At), Unit: a.Unit, Variant: api.SupplyVariant(a.Variant), Code: a.Code, Name: a.Name,
		Spec: a.Spec, Count: a.Count, NewKind: a.NewKind, Document: a.Document, Reason: a.Reason, Demand: a.Demand, Line: a.Line, Replaces: a.Replaces,
		Standing: string(st.Standing), By: a.By, Checks: listed(a.Checks), Checked: signatures(st.Checks), Signed: signatures(st.Signed),
		Reference: st.Reference, Outstanding: st.Outstanding(),
	}
	if q := st.Quote; q.Quote > 0 {
		p.Quote = &api.PurchaseQuote{
			Quote: q.Quote, Supplier: q.Supplier, UnitPriceFen: q.UnitPriceFen, AmountFen: q.AmountFen, NeedFen: q.NeedFen, Others: listed(q.Others),
			Split: q.Split, By: q.By, Needs: listed(q.Needs),
		}
	}
	return p
}

func shownAcceptance(r readmodel.Versioned[supply.Row[acceptance.State]]) api.Acceptance {
	st := r.Row.State
	d := st.Delivery
	a := api.Acceptance{
		Id: r.ID, Site: r.Site, Revision: r.Revision, At: domain.At(r.Row.At), Purchase: d.Purchase, Unit: d.Unit, Variant: api.SupplyVariant(d.Variant),
		Code: d.Code, Name: d.Name, Spec: d.Spec, Count: d.Count, UnitPriceFen: d.UnitPriceFen, Note: d.Note, Class: string(d.Class), Standing: r.Row.Standing,
		By: d.By, Needs: listed(d.Needs), Trial: d.Trial, Accepted: st.Accepted, Rejected: st.Rejected, Store: st.Store,
		Checks: []api.GoodsCheck{}, Trials: []api.GoodsTrial{}, Pieces: []api.GoodsPiece{},
	}
	for _, c := range st.Checks {
		check := api.GoodsCheck{At: c.At, Role: c.Signed.Role, By: c.Signed.By, Passed: c.Passed, Document: c.Document, Findings: []api.GoodsFinding{}}
		for _, f := range c.Findings {
			check.Findings = append(check.Findings, api.GoodsFinding{What: f.What, Ok: f.OK, Note: &f.Note})
		}
		a.Checks = append(a.Checks, check)
	}
	for _, t := range st.Trials {
		a.Trials = append(a.Trials, api.GoodsTrial{At: t.At, Sheet: t.Sheet, Samples: t.Samples, Passed: t.Passed, By: t.By})
	}
	for _, p := range st.Pieces {
		a.Pieces = append(a.Pieces, api.GoodsPiece{Number: p.Number, Tool: p.Tool})
	}
	return a
}

func shownScrap(r readmodel.Versioned[supply.Row[scrap.State]]) api.ScrapRequest {
	st := r.Row.State
	a := st.Asked
	out := api.ScrapRequest{
		Id: r.ID, Site: r.Site, Revision: r.Revision, At: domain.At(r.Row.At), Tool: a.Tool, Number: a.Number, PriceFen: a.PriceFen, Cause: string(a.Cause),
		Reason: a.Reason, Standing: string(st.Standing), By: a.By, Needs: listed(a.Needs), Signed: signatures(st.Signed),
	}
	if st.Standing == scrap.StandingDisposed {
		d := st.Disposal
		out.Disposal = &api.ScrapDisposal{At: d.At, How: d.How, ProceedsFen: d.ProceedsFen, By: d.By}
	}
	return out
}

// entryOf is an event as a line of a history card.
func entryOf(e eventschemas.Recorded) (api.HistoryEntry, error) {
	env, err := eventschemas.DecodeEnvelope(e.Meta)
	if err != nil {
		return api.HistoryEntry{}, fmt.Errorf("envelope of %s@%d: %w", e.Stream, e.Revision, err)
	}
	return api.HistoryEntry{
		EventId: e.ID, Revision: int64(e.Revision), Type: e.Type, At: env.OccurredAt, Person: env.Actor.Person, //nolint:gosec // a revision fits
	}, nil
}
