package exportlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/site"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// The formats.
const (
	CSV = "csv"
	XES = "xes"
)

// Options says what to export, and where to.
type Options struct {
	Log     commands.Log
	Streams commands.StreamReader
	Site    string // code
	AsOf    int64  // log number of the last event that counts; 0 for all there are
	Format  string // CSV or XES
	Source  string // name of the source in the mapping; "" for "fieldledger"
	Out     io.Writer
	Mapping io.Writer
	Opener  Opener // nil: personal fields stay empty
	// Progress is called after each ticket; may be nil.
	Progress func(tickets, total int)
}

// Opener opens personal fields.
type Opener interface {
	// Look records that the subjects' personal data are shown (AUD-08).
	Look(ctx context.Context, subjects []uuid.UUID) error
	// Open decrypts a sealed value; commands.ErrErased if its subject was erased.
	Open(ctx context.Context, sealed domain.Sealed, field string) (string, error)
}

// Inexact says what an import of the log cannot build again.
type Inexact string

// What is inexact.
const (
	// OtherClocks is a pause that stopped other clocks than that of resolution.
	OtherClocks Inexact = "pause of other clocks"
	// OtherFact is a fact of a kind that a row does not tell.
	OtherFact Inexact = "fact of another kind"
	// OlderPolicy is a verdict by a policy version that a later one has replaced for its time.
	OlderPolicy Inexact = "verdict by a replaced policy version"
	// OtherCalendar is a version of the SLA policy by a calendar that is not the last one's.
	OtherCalendar Inexact = "policy version by another calendar"
)

// Report says what was exported.
type Report struct {
	Number  int64           // log number as of which the log holds
	Tickets int             // written
	Rows    int             // written
	Inexact map[Inexact]int // what an import gives other figures for; empty: nothing
	Erased  int             // personal fields that are gone for good
}

// ErrUnknownSite says that the log has no such site.
var ErrUnknownSite = errors.New("there is no such site")

// Run writes a log and its mapping. Errors: ErrUnknownSite; AsOf lies beyond
// the log's end; the store's, the writers' and the Opener's. What was written
// by then is of no use.
func Run(ctx context.Context, o Options) (Report, error) {
	x := &exporter{Options: o, report: Report{Inexact: map[Inexact]int{}}, looked: map[uuid.UUID]bool{}}
	if x.Source == "" {
		x.Source = "fieldledger"
	}
	if err := x.run(ctx); err != nil {
		return x.report, fmt.Errorf("export site %s: %w", o.Site, err)
	}
	return x.report, nil
}

type exporter struct {
	Options
	report  Report
	known   *survey
	book    *policy.Book
	columns []column
	used    []bool // by column: some row has it
	looked  map[uuid.UUID]bool
	out     writer
}

func (x *exporter) run(ctx context.Context) (err error) {
	if x.known, err = surveyLog(ctx, x.Log, x.Site, x.AsOf); err != nil {
		return err
	}
	x.report.Number = x.known.number
	if x.known.site == (site.Registered{}) {
		return ErrUnknownSite
	}
	if x.book, err = policy.NewBook(x.known.versions, x.known.follows...); err != nil {
		return fmt.Errorf("read policies: %w", err)
	}
	x.columns, x.used = columns(), make([]bool, len(columns()))
	if x.out, err = newWriter(x.Format, x.Out, x.columns); err != nil {
		return err
	}
	for i, t := range x.known.tickets {
		if err := x.ticket(ctx, t); err != nil {
			return fmt.Errorf("ticket %s: %w", t.key, err)
		}
		if x.Progress != nil {
			x.Progress(i+1, len(x.known.tickets))
		}
	}
	if err := x.out.end(); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return x.mapping()
}

// ticket writes the history of one ticket.
func (x *exporter) ticket(ctx context.Context, t found) error {
	facts, err := x.facts(ctx, t)
	if err != nil {
		return err
	}
	rows, err := x.rows(ctx, t, facts)
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, r := range rows {
		for i, v := range r {
			x.used[i] = x.used[i] || v != ""
		}
	}
	if err := x.out.ticket(rows); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	x.report.Tickets++
	x.report.Rows += len(rows)
	return nil
}

// fact is an event of a ticket that counts.
type fact struct {
	revision uint64
	typ      string       // "ticket.assigned.v1"
	event    ticket.Event // nil: the revision counts for nothing
}

// facts reads a ticket's stream as far as it is exported, without what was struck (AUD-02).
func (x *exporter) facts(ctx context.Context, t found) ([]fact, error) {
	stored, err := x.Streams.ReadStream(ctx, t.stream, 0)
	if err != nil {
		return nil, fmt.Errorf("read stream: %w", err)
	}
	stored = slices.DeleteFunc(slices.Clip(stored), func(e eventschemas.Recorded) bool { return e.Revision > t.last })
	facts := make([]fact, len(stored))
	struck := map[uint64]bool{}
	for i, e := range stored {
		event, err := eventschemas.Decode(e.Type, e.Data)
		if err != nil {
			return nil, fmt.Errorf("decode %s@%d: %w", e.Stream, e.Revision, err)
		}
		facts[i].revision, facts[i].typ = e.Revision, e.Type
		if s, ok := event.(record.Struck); ok {
			struck[s.Revision] = true
			continue
		}
		of, ok := event.(ticket.Event)
		if !ok {
			return nil, fmt.Errorf("event %s@%d is a %T, which a ticket does not have", e.Stream, e.Revision, event)
		}
		facts[i].event = of
	}
	for i := range facts {
		if struck[facts[i].revision] {
			facts[i].event = nil
		}
	}
	return facts, nil
}
