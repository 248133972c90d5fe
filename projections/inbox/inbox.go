// Package inbox is the read model of the events that process managers may act
// on, in log order: what the one reader of the log hands to them (ADR 0013).
//
// It keeps where an event is, not what it says, and decides nothing: what is
// acted on, the manager keeps in its own stream. A rebuild gives the same rows
// and sets nothing off.
package inbox

import (
	"slices"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Name of the projection; Version is raised whenever Types changes.
const (
	Name    = "inbox"
	Version = 4
)

// Types are the types of the events that it keeps.
func Types() []string {
	return []string{
		"policy.version_recorded.v1",
		"exchange.inspected.v1", "exchange.replacement_chosen.v1", "exchange.reservation_failed.v1", "exchange.completed.v1", "exchange.withdrawn.v1", "exchange.fault_found.v1",
		"tool.reported_missing.v1", "tool.found.v1",
		"loss.approved.v1", "loss.ended.v1",
		"recall.reported.v1",
		"annual.approved.v1",
		"stocktake.closed.v1",
		"acceptance.accepted.v1", "acceptance.rejected.v1",
		"scrap.approved.v1",
		"stock.issued.v1", "stock.fell_short.v1",
	}
}

// Projection returns the inbox's table.
func Projection() readmodel.Projection {
	return readmodel.Projection{Name: Name, Version: Version, Tables: []readmodel.Table{Events()}}
}

// Imported marks what came from another system: nothing follows from it.
type Imported struct {
	Imported bool `db:"imported"`
}

// Events is the log of the events.
func Events() readmodel.Log[Imported] {
	types := Types()
	return readmodel.Log[Imported]{Name: "inbox_event", Row: func(rec eventschemas.Record) (*Imported, error) {
		if !slices.Contains(types, rec.Type) {
			return nil, nil //nolint:nilnil // no row: no manager acts on it
		}
		return &Imported{Imported: rec.Envelope.Source != nil}, nil
	}}
}
