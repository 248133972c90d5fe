package keeping

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Strike says which event does not count from its own number on (AUD-02).
type Strike struct {
	Struck uuid.UUID `db:"struck"` // event id
}

// Strikes is the log of what was struck in the streams of which keeping has a
// log. The rows of those logs stay, for numbers before the strike: whoever
// reads them leaves out what is struck as of the number that is asked for.
func Strikes() readmodel.Log[Strike] {
	return readmodel.Log[Strike]{
		Name: "keeping_strike", Row: func(rec eventschemas.Record) (*Strike, error) {
			e, ok := rec.Event.(record.Struck)
			if !ok || !logged[categoryOf(rec.Stream)] {
				return nil, nil //nolint:nilnil // no row: nothing was struck, or its model is folded afresh
			}
			return &Strike{Struck: e.EventID}, nil
		},
		Indexes: []string{`CREATE INDEX ON {{.schema}}.keeping_strike (struck)`}, // whether a row counts
	}
}

// logged are the categories whose events are rows of a log.
var logged = map[string]bool{"stocktake": true, "process": true, "inspection": true, "climate": true}

func categoryOf(stream string) string {
	category, _ := readmodel.StreamKey(stream)
	return category
}
