package readmodel

import (
	"fmt"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Projection is a set of tables that share a checkpoint, a schema and a
// digest, and that are rebuilt and cut over together.
type Projection struct {
	Name    string // lower-case letters, digits and _, "desk"
	Version int    // raised whenever a table or a fold changes; from 1
	Tables  []Table
}

// Table is a Model or a Log.
type Table interface {
	compile() (part, error)
}

// Model folds each stream of a category into one row, with all its versions.
//
// R is a struct whose fields name the columns by tags: `db:"status"`. The
// types are string kinds (text), domain.Day (date), integers (bigint), bool,
// time.Time and domain.Instant (timestamptz), uuid.UUID, []byte (bytea), and
// with `db:"targets,json"`, or for any other struct, slice or map, jsonb. A
// list to which events mostly append is `db:"custody,grows"`: its row has it
// whole, and a closed version only how many of the next one's elements were
// its own, so that ten years of a list do not cost their square. A nil pointer is NULL; `db:"team,null"` stores the zero value as NULL. Fields
// tagged "-" are not allowed: a row is exactly what its table holds.
type Model[R any] struct {
	// Name of the current table, "ticket"; the others are derived from it.
	Name string
	// Category of the streams: "ticket" for fl.ticket-<uuid>.
	Category string
	// Evolve returns the row after rec. It is pure, does not write into what
	// row refers to, and is given the zero R for a row that is not there;
	// returning the zero R removes the row. Strikes never reach it. An error,
	// usually Unknown(rec), halts the projector.
	Evolve func(row R, rec eventschemas.Record) (R, error)
	// Refold returns the row of a whole stream, after a strike or a fact that
	// was entered late; nil evolves its events one after another. Pure.
	Refold func(recs []eventschemas.Record) (R, error)
	// Contribute returns what a row adds to the figures, purely from the row;
	// nil for a model without figures. Facts are the difference between what
	// the row contributed before and after an event.
	Contribute func(row R) []Contribution
	// Measures names the bigint columns of the facts, in the order of Contribution.Values.
	Measures []string
	// Dims is the zero value of the struct whose tags name the dimensions.
	Dims any
	// Stretches returns who held what a row tells of, and when, in the order of
	// time, purely from the row; no two begin at once. nil for a model that
	// nobody holds.
	Stretches func(row R) []Stretch
	// Indexes are templates over {{.schema}} for lists of current rows:
	// `CREATE INDEX ON {{.schema}}.ticket (site, due_at) WHERE status <> 'closed'`.
	Indexes []string
	// Filters are column sets by which lists as of a number are narrowed;
	// each gets an index on the closed versions.
	Filters [][]string
}

// Contribution is what a row adds to one place of the figures.
type Contribution struct {
	Day    domain.Day // period, in the zone of the row's site
	Dims   any        // a value of the type of Model.Dims
	Values []int64    // one for each of Model.Measures
}

// Log keeps one row for each event that it wants. The columns site, id (of
// the stream), number, stream, revision, event_id, type, occurred_at and
// recorded_at come before those of T, which are declared as those of a Model.
type Log[T any] struct {
	// Name of the table, "ticket_history".
	Name string
	// Category of the streams, "" for all.
	Category string
	// Row returns the columns of an event, nil for an event that has no row.
	// It is pure. It is given strikes too, as record.Struck. An error halts
	// the projector.
	Row func(rec eventschemas.Record) (*T, error)
	// Indexes are templates over {{.schema}}.
	Indexes []string
}

// Unknown is the error of a fold for an event that it does not name. It halts the projector.
func Unknown(rec eventschemas.Record) error {
	return fmt.Errorf("%s is not known to this projector", rec.Type)
}
