// Package supply is the read model of what is asked for, bought, accepted, kept
// in stock and scrapped, and of the movements that explain each balance.
//
// It folds events only, with the folds of the domain; it never calls out and
// never reads a clock or a policy. It answers as of a log number; stock also at
// an instant, by the movements until then. The rules are STK-01 to STK-12 in
// docs/rules.md.
package supply

import (
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/purchase"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Name of the projection; Version is raised whenever a fold or a table changes.
const (
	Name    = "supply"
	Version = 2
)

// Projection returns the tables of supply.
func Projection() readmodel.Projection {
	return readmodel.Projection{Name: Name, Version: Version, Tables: []readmodel.Table{
		Parts(), Movements(), Demands(), Purchases(), Acceptances(), Scraps(),
	}}
}

// Part is a part of the stock of an item in a store (ADR 0021).
type Part struct {
	Card    uuid.UUID   `db:"card"` // one an item and store
	Store   string      `db:"store"`
	Item    string      `db:"item"`
	Month   string      `db:"month"`
	Part    int         `db:"part"`
	Open    bool        `db:"open"`
	Balance int64       `db:"balance"` // pieces
	Lots    []stock.Lot `db:"lots,json"`
	Short   bool        `db:"short"`    // it is below the minimum that was reported
	ShortOf int64       `db:"short_of"` // that minimum, 0 for none
	Events  int         `db:"events"`
	LastAt  time.Time   `db:"last_at"`
	// Key and Next name this part and the one after it; Opened is the log number
	// from which this one is there: so the last part is found as of any number.
	Key    string `db:"part_key"`
	Next   string `db:"next_key"`
	Opened int64  `db:"opened_number"`
}

// Last is the condition for the last part of each item as of a log number, $1;
// it needs the name of the schema.
func Last(schema string) string {
	return "(open OR next_key NOT IN (SELECT n.part_key FROM " + schema + ".stock_part n WHERE n.opened_number <= $1))"
}

// Parts is the model of stock.
func Parts() readmodel.Model[Part] {
	return readmodel.Model[Part]{
		Name: "stock_part", Category: "stock", Evolve: evolvePart,
		Indexes: []string{
			`CREATE INDEX ON {{.schema}}.stock_part (site, store, item, id) WHERE open`, // stock of a site
			`CREATE INDEX ON {{.schema}}.stock_part (card, part)`,                       // the parts of an item
		},
	}
}

func evolvePart(r Part, rec eventschemas.Record) (Part, error) {
	e, ok := rec.Event.(stock.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	opened, first := e.(stock.Opened)
	switch {
	case first:
		r = partOf(opened, rec)
	case r.Part == 0:
		return r, nil // its opening was struck: nothing is left to show (AUD-02)
	}
	s := stock.State{Lots: r.Lots, Short: r.Short, ShortOf: r.ShortOf, Part: r.Part, Events: r.Events}
	if !first {
		s = stock.Evolve(s, e)
	}
	r.Balance, r.Lots, r.Short, r.ShortOf, r.Events, r.LastAt = s.Balance(), s.Lots, s.Short, s.ShortOf, s.Events, rec.Envelope.OccurredAt.Time
	r.Open = s.Next == nil
	return r, nil
}

func partOf(e stock.Opened, rec eventschemas.Record) Part {
	card := cardOf(rec.Stream)
	p := Part{
		Card: card, Store: e.Store, Item: e.Item, Month: string(e.Month), Part: e.Part, Lots: e.Lots, Short: e.Short, Events: 1,
		Key: card.String() + "/" + strconv.Itoa(e.Part), Next: card.String() + "/" + strconv.Itoa(e.Part+1), Opened: rec.Number,
	}
	if e.ShortOf != nil {
		p.ShortOf = *e.ShortOf
	}
	return p
}

// cardOf is the item's card in the name of a part's stream.
func cardOf(stream string) uuid.UUID {
	name := strings.TrimPrefix(stream, "fl.stock-")
	if i := strings.LastIndex(name, "-"); i > 0 {
		name = name[:i]
	}
	card, err := uuid.Parse(name)
	if err != nil {
		return uuid.Nil // no stream of ours
	}
	return card
}

// Movement is one movement of stock. Pieces below 0 went out.
type Movement struct {
	Card    uuid.UUID   `db:"card"`
	At      time.Time   `db:"at"`
	Pieces  int64       `db:"pieces"`
	Lots    []stock.Lot `db:"lots,json"` // with the pieces that each got
	To      string      `db:"to_holder"` // "person:<uuid>", "" unless it was issued
	Purpose string      `db:"purpose"`
	By      string      `db:"signed_by"`
	Late    bool        `db:"late"`
}

// Movements is the log of movements: what a balance adds up from.
func Movements() readmodel.Log[Movement] {
	return readmodel.Log[Movement]{
		Name: "stock_movement", Category: "stock",
		Indexes: []string{`CREATE INDEX ON {{.schema}}.stock_movement (card, number)`},
		Row: func(rec eventschemas.Record) (*Movement, error) {
			m := Movement{Card: cardOf(rec.Stream)}
			switch e := rec.Event.(type) {
			case stock.Received:
				m.At, m.By, m.Late, m.Purpose = e.At.Time, e.By, e.Late, string(e.Origin)
			case stock.Issued:
				m.At, m.By, m.Late, m.Purpose, m.To = e.At.Time, e.By, e.Late, e.Purpose, string(e.To.Kind)+":"+e.To.Who
			case stock.Adjusted:
				m.At, m.By, m.Late, m.Purpose = e.At.Time, e.By, e.Late, e.Reason
			case stock.Opened, stock.Continued, stock.FellShort: // they move nothing
				return nil, nil //nolint:nilnil // no row
			default:
				return nil, nil //nolint:nilnil // a strike moves nothing either
			}
			m.Lots = stock.Deltas(rec.Event.(stock.Event))
			for _, l := range m.Lots {
				m.Pieces += l.Pieces
			}
			return &m, nil
		},
	}
}

// Row is a plan, a purchase, an acceptance or a request to scrap: columns by
// which lists are narrowed, and the state as the domain folds it.
type Row[S any] struct {
	Unit     string    `db:"unit"`     // team id, "" where there is none
	Standing string    `db:"standing"` // of an acceptance open or decided
	Code     string    `db:"code"`     // of the kind or item; the number of a tool
	About    string    `db:"about"`    // id of what it follows from: a plan, a purchase or a tool
	At       time.Time `db:"begun_at"`
	LastAt   time.Time `db:"last_at"`
	State    S         `db:"state,json"`
}

// model is the table of one aggregate. shown fills the columns from the state.
func model[S any, E any](name string, evolve func(S, E) S, shown func(r Row[S]) Row[S]) readmodel.Model[Row[S]] {
	return readmodel.Model[Row[S]]{
		Name: name, Category: name,
		Evolve: func(r Row[S], rec eventschemas.Record) (Row[S], error) {
			e, ok := rec.Event.(E)
			if !ok {
				return r, readmodel.Unknown(rec)
			}
			if rec.Revision > 0 && r.Standing == "" {
				return r, nil // its first event was struck: nothing is left to show (AUD-02)
			}
			if r.Standing == "" {
				r.At = rec.Envelope.OccurredAt.Time
			}
			r.State, r.LastAt = evolve(r.State, e), rec.Envelope.OccurredAt.Time
			return shown(r), nil
		},
		Indexes: []string{
			`CREATE INDEX ON {{.schema}}.` + name + ` (site, begun_at, id)`,                // every list
			`CREATE INDEX ON {{.schema}}.` + name + ` (about) WHERE about <> ''`,           // what follows from one thing
			`CREATE INDEX ON {{.schema}}.` + name + ` (site, standing, begun_at, id)`,      // what waits
			`CREATE INDEX ON {{.schema}}.` + name + ` (site, unit, code) WHERE unit <> ''`, // what a unit asks for
		},
	}
}

// Demands is the model of plans (STK-01).
func Demands() readmodel.Model[Row[demand.State]] {
	return model("demand", demand.Evolve, func(r Row[demand.State]) Row[demand.State] {
		r.Unit, r.Standing = r.State.Unit, string(r.State.Standing)
		return r
	})
}

// Purchases is the model of purchases (STK-02).
func Purchases() readmodel.Model[Row[purchase.State]] {
	return model("purchase", purchase.Evolve, func(r Row[purchase.State]) Row[purchase.State] {
		a := r.State.Asked
		r.Unit, r.Standing, r.Code, r.About = a.Unit, string(r.State.Standing), a.Code, a.Demand
		return r
	})
}

// The standings of an acceptance.
const (
	AcceptanceOpen    = "open"
	AcceptanceDecided = "decided"
)

// Acceptances is the model of deliveries (STK-04).
func Acceptances() readmodel.Model[Row[acceptance.State]] {
	return model("acceptance", acceptance.Evolve, func(r Row[acceptance.State]) Row[acceptance.State] {
		d := r.State.Delivery
		r.Unit, r.Standing, r.Code, r.About = d.Unit, AcceptanceOpen, d.Code, d.Purchase
		if r.State.Open() == 0 {
			r.Standing = AcceptanceDecided
		}
		return r
	})
}

// Scraps is the model of requests to scrap (STK-08).
func Scraps() readmodel.Model[Row[scrap.State]] {
	return model("scrap", scrap.Evolve, func(r Row[scrap.State]) Row[scrap.State] {
		a := r.State.Asked
		r.Standing, r.Code, r.About = string(r.State.Standing), a.Number, a.Tool
		return r
	})
}

// Sum returns what movements add up to, and by lot.
func Sum(movements []readmodel.LogRow[Movement]) (int64, []stock.Lot) {
	var s stock.State
	for _, m := range movements {
		for _, l := range m.Row.Lots {
			s.Lots = stock.Add(s.Lots, l)
		}
	}
	return s.Balance(), s.Lots
}
