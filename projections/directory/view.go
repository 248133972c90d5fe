package directory

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/view"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// View is a saved view as its owner sees it (TKT-15). One that was deleted has no row.
type View struct {
	Owner      uuid.UUID    `db:"owner"`
	Name       string       `db:"name"`
	SharedWith string       `db:"shared_with"` // code of a site, "" for nobody else
	Filter     []view.Param `db:"filter,json"` // by name
	Order      string       `db:"list_order"`  // "" for the list's own
}

// Views is the model of saved views.
func Views() readmodel.Model[View] {
	return readmodel.Model[View]{Name: "view", Category: "view", Evolve: evolveView, Indexes: []string{
		`CREATE INDEX ON {{.schema}}.view (owner, name, id)`,                               // one's own
		`CREATE INDEX ON {{.schema}}.view (shared_with, name, id) WHERE shared_with <> ''`, // those of a site
	}}
}

func evolveView(row View, rec eventschemas.Record) (View, error) {
	switch e := rec.Event.(type) {
	case view.Saved:
		return View{Owner: e.Owner, Name: e.Name, SharedWith: e.SharedWith, Filter: e.Filter, Order: e.Order}, nil
	case view.Deleted:
		return View{}, nil
	default:
		return row, readmodel.Unknown(rec)
	}
}
