package readmodel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// part is a compiled Model or Log.
type part interface {
	// digested names what the digest counts: the table itself, and its facts.
	digested() []string
	// create is the DDL that loading needs, index that which reading needs.
	create(schema string) []string
	index(schema string) ([]string, error)
	// start returns a run that writes to schema. Write-back keeps current
	// rows of up to about limit bytes in memory between pages; 0 writes each page's.
	start(schema string, limit int) partRun
	// revision is the SQL for the last revision of the stream $1 of a category, "" if it has none.
	revision(schema, category string) string
	// audit reads every element of the digested tables of schema, and reports
	// what does not fit together.
	audit(ctx context.Context, q Querier, schema string, a *auditor) error
}

// partRun folds records, in order, and writes what came of them.
type partRun interface {
	// load reads the rows that recs touch.
	load(ctx context.Context, tx pgx.Tx, recs []eventschemas.Record) error
	// fold applies one record. It does no I/O.
	fold(rec *eventschemas.Record, d *digester) error
	// flush writes what fold left since the last flush, that of a whole page;
	// mark ends the stretch of its last event. With last, nothing is kept in memory.
	flush(ctx context.Context, tx pgx.Tx, mark int64, last bool) error
}

// marker is a partRun that tells stretches between marks apart.
type marker interface {
	// endMark says that what was folded since the last call belongs to the
	// stretch that mark ends.
	endMark(mark int64)
}

// adopter is a partRun that can go on from what the run of the page before has
// in memory, after that page was written.
type adopter interface{ adopt(before partRun) }

// HaltError says which event a projector stopped before, and why.
type HaltError struct {
	Number   int64
	Stream   string
	Revision uint64
	Err      error
}

// Error names the event and the cause.
func (e *HaltError) Error() string {
	return fmt.Sprintf("event %d (revision %d of %s): %v", e.Number, e.Revision, e.Stream, e.Err)
}

// Unwrap returns the cause.
func (e *HaltError) Unwrap() error { return e.Err }

func haltAt(rec *eventschemas.Record, err error) error {
	return &HaltError{Number: rec.Number, Stream: rec.Stream, Revision: rec.Revision, Err: err}
}

// StreamKey splits a stream's name "fl.<category>-<uuid>" into its category
// and the id that its rows have. A name that ends otherwise has the category
// before its first "-" and an id derived from the whole name.
func StreamKey(stream string) (category string, id uuid.UUID) {
	name := strings.TrimPrefix(stream, "fl.")
	if cut := len(name) - 37; cut > 0 && name[cut] == '-' {
		if id, err := uuid.Parse(name[cut+1:]); err == nil {
			return name[:cut], id
		}
	}
	category, _, _ = strings.Cut(name, "-")
	return category, uuid.NewSHA1(uuid.NameSpaceURL, []byte(stream))
}

// mayBeOf reports that a stream may be of a category: StreamKey, which costs more, has the say.
func mayBeOf(stream, category string) bool {
	return strings.HasPrefix(strings.TrimPrefix(stream, "fl."), category)
}

// expand fills the schema into SQL templates.
func expand(schema string, templates []string) ([]string, error) {
	out := make([]string, len(templates))
	for i, s := range templates {
		t, err := template.New("sql").Option("missingkey=error").Parse(s)
		if err != nil {
			return nil, fmt.Errorf("template %q: %w", s, err)
		}
		var b bytes.Buffer
		if err := t.Execute(&b, map[string]string{"schema": schema}); err != nil {
			return nil, fmt.Errorf("template %q: %w", s, err)
		}
		out[i] = b.String()
	}
	return out, nil
}

// compiled is a projection ready to run.
type compiled struct {
	Projection
	parts []part
	names []string // of everything digested
}

func compile(p Projection) (*compiled, error) {
	if !nameShape.MatchString(p.Name) || p.Version < 1 || len(p.Tables) == 0 {
		return nil, fmt.Errorf("projection %q needs a lower-case name, a version from 1 and tables", p.Name)
	}
	c := &compiled{Projection: p}
	seen := map[string]bool{}
	for _, t := range p.Tables {
		part, err := t.compile()
		if err != nil {
			return nil, fmt.Errorf("projection %s: %w", p.Name, err)
		}
		for _, n := range part.digested() {
			if seen[n] {
				return nil, fmt.Errorf("projection %s has table %s twice", p.Name, n)
			}
			seen[n] = true
			c.names = append(c.names, n)
		}
		c.parts = append(c.parts, part)
	}
	return c, nil
}

func compileAll(ps []Projection) ([]*compiled, error) {
	var out []*compiled
	seen := map[string]bool{}
	for _, p := range ps {
		c, err := compile(p)
		if err != nil {
			return nil, err
		}
		if seen[p.Name] {
			return nil, fmt.Errorf("projection %s is there twice", p.Name)
		}
		seen[p.Name] = true
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("there is no projection")
	}
	return out, nil
}
