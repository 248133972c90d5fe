package custody

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/kit"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Kit is a tool box as lists show it (TOL-05).
type Kit struct {
	Number       string      `db:"number"`
	Name         string      `db:"name"`
	Store        string      `db:"store"`
	Tools        []uuid.UUID `db:"tools,json"` // in the order of the list
	RegisteredAt time.Time   `db:"registered_at"`
}

// Kits is the model of tool boxes.
func Kits() readmodel.Model[Kit] {
	return readmodel.Model[Kit]{Name: "kit", Category: "kit", Evolve: evolveKit, Indexes: []string{
		`CREATE INDEX ON {{.schema}}.kit (site, number, id)`, // every list
	}}
}

func evolveKit(row Kit, rec eventschemas.Record) (Kit, error) {
	if _, first := rec.Event.(kit.Registered); !first && row.Number == "" {
		return row, nil // its registration was struck (AUD-02)
	}
	switch e := rec.Event.(type) {
	case kit.Registered:
		return Kit{Number: e.Number, Name: e.Name, Store: e.Store, Tools: filled(e.Tools), RegisteredAt: e.At.Time}, nil
	case kit.ToolAdded:
		row.Tools = append(slices.Clone(row.Tools), e.Tool)
		return row, nil
	case kit.ToolRemoved:
		row.Tools = slices.DeleteFunc(slices.Clone(row.Tools), func(t uuid.UUID) bool { return t == e.Tool })
		return row, nil
	case kit.IssueOrdered, kit.ReturnOrdered: // what came of it is in the tools' streams
		return row, nil
	default:
		return row, readmodel.Unknown(rec)
	}
}

// Card is a part of the tool card of a person or team, as far as the tools
// themselves do not say it.
type Card struct {
	Holder    string     `db:"holder"` // as HolderText
	Part      int64      `db:"part"`
	Duty      string     `db:"duty"` // person id of who is on duty, "" if nobody was named (TOL-06)
	CheckedAt *time.Time `db:"checked_at"`
	CheckBy   *time.Time `db:"check_by"` // when the next one is due (TOL-20)
	Closed    bool       `db:"closed"`
}

// Cards is the model of tool cards.
func Cards() readmodel.Model[Card] {
	return readmodel.Model[Card]{Name: "card", Category: "card", Evolve: evolveCard, Indexes: []string{
		`CREATE INDEX ON {{.schema}}.card (holder, part)`,                              // one's card
		`CREATE INDEX ON {{.schema}}.card (site, check_by) WHERE check_by IS NOT NULL`, // checks due
	}, Filters: [][]string{{"holder"}}}
}

func evolveCard(row Card, rec eventschemas.Record) (Card, error) {
	switch e := rec.Event.(type) {
	case card.Opened:
		return Card{Holder: HolderText(e.Holder), Part: int64(e.Part), Duty: e.Duty}, nil
	case card.Checked:
		row.CheckedAt, row.CheckBy = &e.At.Time, &e.NextBy.Time
		if e.Kind == card.ShiftCheck {
			row.Duty = e.By
		}
		return row, nil
	case card.Closed:
		row.Closed = true
		return row, nil
	case card.Entered, card.Continued: // what is there, the tools say
		return row, nil
	default:
		return row, readmodel.Unknown(rec)
	}
}
