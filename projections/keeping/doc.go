// Package keeping is the read model of tools at rest: counts of stores, plans
// and checks, the climate of tool rooms, and of each tool what inspections,
// losses and wear say over time.
//
// It folds events only; it never calls out and never reads a clock or a
// policy. A day of an event is a civil day where the event has one; where it
// has only an instant, who asks brings the zone of the site. The rules are
// INS-01 to INS-09 and CHK-01 to CHK-05 in docs/rules.md; ADR 0024.
package keeping

import (
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Name of the projection; Version is raised whenever a fold or a table changes.
const (
	Name    = "keeping"
	Version = 4
)

// Projection returns the tables of keeping. Exchanges are among them, as in
// custody, so that one checkpoint says how far they and the tools are (EXC-06).
func Projection() readmodel.Projection {
	return readmodel.Projection{Name: Name, Version: Version, Tables: []readmodel.Table{
		Tools(), Counts(), Differences(), Scans(), Outcomes(), Plans(), Notes(), Readings(), Comparisons(), Duties(), Looks(), Strikes(), custody.Exchanges(),
	}}
}
