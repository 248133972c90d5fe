package keeping

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Comparison is another ledger held against ours (CHK-04).
type Comparison struct {
	With       string       `db:"with_whom"`
	Reference  string       `db:"reference"`
	AsOf       int64        `db:"as_of"`
	ComparedAt time.Time    `db:"compared_at"`
	By         string       `db:"compared_by"`
	Ours       int          `db:"ours"`
	Theirs     int          `db:"theirs"`
	Agree      int          `db:"agree"`
	Open       int          `db:"open_items"`
	Items      []LedgerItem `db:"items,json"`
}

// LedgerItem is a difference, and how it was settled.
type LedgerItem struct {
	ledgercheck.Item
	Settled *ledgercheck.Settled `json:"settled,omitempty"`
}

// Comparisons is the model of ledgers kept twice.
func Comparisons() readmodel.Model[Comparison] {
	return readmodel.Model[Comparison]{
		Name: "ledger_comparison", Category: "ledger-check", Evolve: evolveComparison,
		Indexes: []string{`CREATE INDEX ON {{.schema}}.ledger_comparison (site, as_of DESC, id)`}, // the list
	}
}

func evolveComparison(r Comparison, rec eventschemas.Record) (Comparison, error) {
	switch e := rec.Event.(type) {
	case ledgercheck.Compared:
		r = Comparison{
			With: string(e.With), Reference: e.Reference, AsOf: e.AsOf, ComparedAt: e.At.Time, By: e.By, Ours: e.Ours, Theirs: e.Theirs, Agree: e.Agree,
			Open: e.Items, Items: []LedgerItem{},
		}
	case ledgercheck.Opened:
		r.Items = slices.Clip(r.Items)
		for _, i := range e.Items {
			r.Items = append(r.Items, LedgerItem{Item: i})
		}
	case ledgercheck.Settled:
		r.Items = slices.Clone(r.Items)
		for i := range r.Items {
			if r.Items[i].Number == e.Number && r.Items[i].Settled == nil {
				r.Items[i].Settled = &e
				r.Open--
			}
		}
	default:
		return r, readmodel.Unknown(rec)
	}
	return r, nil
}
