// Package projections names every read model of the program, in one place for
// whoever keeps, rebuilds or verifies them all.
//
// It holds no fold of its own; each projection says in its own package what it
// is for. The decision is ADR 0003.
package projections

import (
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/directory"
	"github.com/fieldledger/fieldledger/projections/inbox"
	"github.com/fieldledger/fieldledger/projections/keeping"
	"github.com/fieldledger/fieldledger/projections/losses"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/supply"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

// All returns every projection, in the order in which reports name them.
func All() []readmodel.Projection {
	return []readmodel.Projection{
		ticket.Projection(), directory.Projection(), custody.Projection(), losses.Projection(), keeping.Projection(), supply.Projection(),
		inbox.Projection(),
	}
}
