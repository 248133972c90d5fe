package importlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/internal/clock"
)

// ToolOptions says which list of tools to import, and into what.
type ToolOptions struct {
	Source   io.ReadSeeker // the list, plain or gzip; read twice from its start
	Mapping  *ToolMapping
	App      *commands.App
	Request  commands.Request
	Workers  int                   // tools imported at once, 0 for 16
	Progress func(rows, total int) // called from one goroutine at a time; may be nil
	Clock    commands.Clock        // nil for the machine's
	Log      *slog.Logger          // nil for none
	// DryRun reads and decides everything as an import into an installation
	// without this site would, and writes nothing. App may be nil. A mapping
	// without rules is only read.
	DryRun bool
}

// ToolReport says what became of every row of a list of tools.
type ToolReport struct {
	Rows        int            `json:"rows"`     // read, without the header and blank lines
	Imported    int            `json:"imported"` // rows that registered a tool
	Known       int            `json:"known"`    // rows that an earlier import had brought in
	Refused     map[Reason]int `json:"refused"`  // rows, each under one reason
	RefusedRows []RowFault     `json:"refused_rows"`
	Persons     int            `json:"persons"` // that the list names
	Teams       int            `json:"teams"`   // likewise
	Seconds     float64        `json:"seconds"`
}

// RefusedTotal returns how many rows were refused.
func (r ToolReport) RefusedTotal() int { return len(r.RefusedRows) }

// Check returns an error unless every row read is accounted for exactly once.
func (r ToolReport) Check() error {
	sum := 0
	for _, n := range r.Refused {
		sum += n
	}
	if r.Imported+r.Known+sum != r.Rows || sum != len(r.RefusedRows) {
		return fmt.Errorf("import report: %d rows read, but %d imported + %d known + %d refused (%d listed)",
			r.Rows, r.Imported, r.Known, sum, len(r.RefusedRows))
	}
	return nil
}

// RunTools imports a list of tools as opening entries of their own dates. It
// returns once every row is accounted for, or with an error and the report so
// far. Errors are those of Run; the same call again goes on where it stood.
func RunTools(ctx context.Context, o ToolOptions) (ToolReport, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Workers < 1 {
		o.Workers = defaultWorkers
	}
	im := &toolImporter{ToolOptions: o, report: ToolReport{Refused: map[Reason]int{}, RefusedRows: []RowFault{}}, holders: map[string]uuid.UUID{}}
	start := o.Clock.Now()
	im.latest = start.Add(maxAhead)
	err := im.run(ctx)
	im.report.Seconds = o.Clock.Now().Sub(start).Seconds()
	slices.SortFunc(im.report.RefusedRows, func(a, b RowFault) int { return a.Line - b.Line })
	if err == nil {
		err = im.report.Check()
	}
	if err != nil {
		return im.report, fmt.Errorf("import tools of %s: %w", o.Mapping.Source, err)
	}
	return im.report, nil
}

type toolImporter struct {
	ToolOptions
	to      toolTarget
	latest  time.Time            // a date after it lies in the future
	holders map[string]uuid.UUID // persons and teams, used by one goroutine
	total   int

	mu     sync.Mutex // guards what follows
	report ToolReport
	ended  int
}

func (im *toolImporter) run(ctx context.Context) error {
	var err error
	if im.total, err = im.each(ctx, func(*toolList, rawRow) error { return nil }); err != nil {
		return err
	}
	if im.to, err = im.target(ctx); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(im.Workers)
	seen := map[string]int{}
	_, feedErr := im.each(ctx, func(l *toolList, raw rawRow) error {
		r, fault := l.read(raw)
		switch first := seen[r.number]; {
		case fault != nil:
		case first > 0:
			fault = &RowFault{Line: r.line, Ticket: r.number, Row: r.number, Reason: RepeatedKey, Detail: fmt.Sprintf("as in line %d", first)}
		case r.since.After(im.latest): // AUD-01
			fault = &RowFault{Line: r.line, Ticket: r.number, Row: r.number, Reason: BadTime, Detail: r.since.Format(time.DateOnly) + " lies in the future"}
		}
		if fault != nil {
			im.refuse(*fault)
			return nil
		}
		seen[r.number] = r.line
		in, err := im.imported(ctx, r)
		if err != nil {
			return err
		}
		g.Go(func() error { return im.one(ctx, r, in) })
		return nil
	})
	return errors.Join(feedErr, g.Wait())
}

// each calls do for every row of the list and returns how many there are.
func (im *toolImporter) each(ctx context.Context, do func(l *toolList, raw rawRow) error) (int, error) {
	l, err := openTools(im.Source, im.Mapping)
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		raw, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, err
		}
		if err := do(l, raw); err != nil {
			return n, err
		}
	}
}

// imported makes sure of who holds the tool of a row.
func (im *toolImporter) imported(ctx context.Context, r toolRow) (commands.ImportedTool, error) {
	m := im.Mapping
	in := commands.ImportedTool{External: domain.ExternalKey{System: m.Source, Key: r.number}, At: r.since, Tool: commands.RegisterTool{
		Site: m.Site.Code, Number: r.number, Kind: r.kind, Name: r.name, Spec: r.spec, Brand: r.brand, Batch: r.batch,
		PriceFen: r.priceFen, PurchasedOn: r.purchasedOn, Use: r.use, Store: r.store,
	}}
	var h tool.Holder
	var register func() (uuid.UUID, error)
	switch {
	case r.person != "":
		key := domain.ExternalKey{System: m.PersonSystem, Key: r.person}
		h.Kind, register = tool.Person, func() (uuid.UUID, error) { return im.to.person(ctx, key, named(r.personName, r.person), r.since) }
	case r.team != "":
		key := domain.ExternalKey{System: m.TeamSystem, Key: r.team}
		h.Kind, register = tool.Team, func() (uuid.UUID, error) { return im.to.team(ctx, key, named(r.teamName, r.team), r.since) }
	default:
		return in, nil
	}
	known := string(h.Kind) + ":" + r.person + r.team
	id, ok := im.holders[known]
	if !ok {
		var err error
		if id, err = register(); err != nil {
			return in, fmt.Errorf("register holder of line %d: %w", r.line, err)
		}
		im.holders[known] = id
		im.count(h.Kind)
	}
	h.Who = id.String()
	in.Tool.Holder = &h
	return in, nil
}

func named(name, key string) string {
	if name == "" {
		return key
	}
	return name
}

func (im *toolImporter) count(kind tool.HolderKind) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if kind == tool.Person {
		im.report.Persons++
		return
	}
	im.report.Teams++
}

// one imports one tool. What the domain does not accept is reported; any other
// error ends the import.
func (im *toolImporter) one(ctx context.Context, r toolRow, in commands.ImportedTool) error {
	done, err := im.to.tool(ctx, in)
	switch {
	case errors.Is(err, commands.ErrKeyReused):
		im.refuse(RowFault{Line: r.line, Ticket: r.number, Row: r.number, Reason: Differs, Detail: "the tool was imported before with other content"})
		return nil
	case rejected(err):
		im.refuse(RowFault{Line: r.line, Ticket: r.number, Row: r.number, Reason: Rejected, Detail: err.Error()})
		return nil
	case err != nil:
		return err
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.report.Known += done.Known
	im.report.Imported += 1 - done.Known
	im.end()
	return nil
}

func (im *toolImporter) refuse(f RowFault) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.report.Refused[f.Reason]++
	im.report.RefusedRows = append(im.report.RefusedRows, f)
	im.end()
}

// end says that one more row has come to its end; mu is held.
func (im *toolImporter) end() {
	im.ended++
	im.report.Rows++
	if im.Progress != nil {
		im.Progress(im.ended, im.total)
	}
}
