package importlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/clock"
)

// Options says what to import, and into what.
type Options struct {
	Source   io.ReadSeeker // the log, plain or gzip; read twice from its start
	Mapping  *Mapping
	App      *commands.App
	Request  commands.Request      // who imports; Actor.Person is the author of the recorded policy
	Workers  int                   // tickets imported at once, 0 for 16; 1 keeps the order of the file
	Progress func(rows, total int) // called from one goroutine at a time; may be nil
	Clock    commands.Clock        // for Report.Seconds; nil for the machine's
	Log      *slog.Logger          // nil for none
	// DryRun reads and decides everything as an import into an installation
	// without this site would, and writes nothing. App may be nil.
	DryRun bool
}

const (
	defaultWorkers = 16
	chunkTickets   = 64 // prepared together
	queueTickets   = 64 // waiting for a worker
	tries          = 6  // when the store is away
	firstWait      = 50 * time.Millisecond
	maxAhead       = 2 * time.Minute // of a row's time before our clock
)

// Run imports a log. It returns once every row is accounted for, and the
// report adds up; or with an error and the report so far.
//
// Errors: *MappingError if the log has not the mapped columns, and nothing was
// imported; a log that cannot be read on; the store's, after some attempts;
// ctx's. Whatever the error, the same call again goes on where it stood.
func Run(ctx context.Context, o Options) (Report, error) {
	im := newImporter(o)
	start := im.clock.Now()
	im.latest = start.Add(maxAhead)
	err := im.run(ctx)
	im.report.Seconds = im.clock.Now().Sub(start).Seconds()
	im.report.done()
	if err == nil {
		err = im.report.Check()
	}
	if err != nil {
		return im.report, fmt.Errorf("import log of %s: %w", o.Mapping.Source, err)
	}
	return im.report, nil
}

type importer struct {
	Options
	clock  commands.Clock
	log    *slog.Logger
	places *places
	survey survey
	reader *source
	queue  chan work
	latest time.Time // a row after it lies in the future

	mu     sync.Mutex // guards what follows
	report Report
	ended  int // rows whose end is known
}

// work is a ticket on its way to a worker.
type work struct {
	ticket commands.ImportedTicket
	rows   []row
}

func newImporter(o Options) *importer {
	im := &importer{Options: o, clock: o.Clock, log: o.Log, report: newReport(), queue: make(chan work, queueTickets)}
	if im.clock == nil {
		im.clock = clock.System{}
	}
	if im.log == nil {
		im.log = slog.New(slog.DiscardHandler)
	}
	if im.Workers < 1 {
		im.Workers = defaultWorkers
	}
	var to target = installation{im}
	if o.DryRun {
		to = &trial{mapping: o.Mapping}
	}
	im.places = newPlaces(o.Mapping, to)
	return im
}

func (im *importer) run(ctx context.Context) (err error) {
	if im.survey, err = surveyLog(ctx, im.Source, im.Mapping); err != nil {
		return err
	}
	if im.reader, err = openLog(im.Source, im.Mapping); err != nil {
		return err
	}
	im.report.Tickets = len(im.survey.ofTicket)
	if err := im.places.to.site(ctx); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(im.queue)
		return im.feed(ctx)
	})
	for range im.Workers {
		g.Go(func() error { return im.work(ctx) })
	}
	return g.Wait()
}

// feed reads the log and fills the queue, which holds it back when it is full.
func (im *importer) feed(ctx context.Context) error {
	var chunk [][]row
	send := func() error {
		err := im.send(ctx, chunk)
		chunk = chunk[:0]
		return err
	}
	groups := newGrouper(im.survey, func(rows []row) error {
		rows = inOrder(rows, im.Mapping.KeepOlder, im.found, im.refuse)
		if rows = carried(rows, im.Mapping.Carry); len(rows) > 0 {
			chunk = append(chunk, rows)
		}
		if len(chunk) < chunkTickets {
			return ctx.Err()
		}
		return send()
	})
	counts := newCounts(im.reader)
	for {
		raw, err := im.reader.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		counts.add(raw)
		if err := im.take(groups, raw); err != nil {
			return err
		}
	}
	if err := groups.flush(); err != nil {
		return err
	}
	im.mu.Lock()
	counts.into(&im.report)
	im.mu.Unlock()
	return send()
}

// take puts one row into our words and hands it to its ticket.
func (im *importer) take(groups *grouper, raw rawRow) error {
	im.mu.Lock()
	im.report.Rows++
	im.mu.Unlock()
	r, fault := im.reader.read(raw)
	if fault == nil && r.at.After(im.latest) { // AUD-01
		fault = &RowFault{r.line, r.ticket, r.key, BadTime, r.at.Format(time.RFC3339) + " lies in the future"}
	}
	if fault != nil {
		im.found(fault.Reason)
		im.refuse(*fault)
	}
	switch key := im.reader.ticketOf(raw); {
	case key == "":
		return nil
	case fault != nil:
		return groups.add(key, nil)
	default:
		return groups.add(key, &r)
	}
}

// send prepares what the tickets of a chunk need and queues them.
func (im *importer) send(ctx context.Context, chunk [][]row) error {
	if err := im.places.customers(ctx, chunk); err != nil {
		return err
	}
	for _, rows := range chunk {
		t, err := im.places.ticket(ctx, rows)
		if err != nil {
			return err
		}
		select {
		case im.queue <- work{t, rows}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (im *importer) work(ctx context.Context) error {
	for {
		select {
		case w, ok := <-im.queue:
			if !ok {
				return nil
			}
			if err := im.one(ctx, w); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// one imports one ticket. What the domain does not accept is reported; any
// other error ends the import.
func (im *importer) one(ctx context.Context, w work) error {
	done, err := im.places.to.ticket(ctx, w.ticket)
	if err != nil && !rejected(err) {
		return err
	}
	if err != nil {
		for _, r := range w.rows {
			im.found(Rejected)
			im.refuse(RowFault{r.line, r.ticket, r.key, Rejected, err.Error()})
		}
		return nil
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.report.Events += done.Events
	im.report.Known += done.Known
	im.report.Silent += done.Silent
	im.report.Imported += len(w.rows) - done.Known - done.Silent
	im.progress(len(w.rows))
	return nil
}

// rejected reports whether err concerns one ticket only and will not pass.
func rejected(err error) bool {
	var rule *domain.RuleError
	var invalid *domain.InvalidError
	return errors.As(err, &rule) || errors.As(err, &invalid) ||
		errors.Is(err, commands.ErrErased) || errors.Is(err, commands.ErrKeyReused)
}

// retry repeats do while the store is away or does not answer, a few times
// with growing waits. Every command is known by its id, so none has two effects.
func retry[T any](ctx context.Context, log *slog.Logger, do func() (T, error)) (T, error) {
	wait := firstWait
	for n := 1; ; n++ {
		out, err := do()
		passing := errors.Is(err, commands.ErrUnavailable) || errors.Is(err, commands.ErrUnknownOutcome) ||
			errors.Is(err, commands.ErrBusy)
		if err == nil || !passing || n == tries || ctx.Err() != nil {
			return out, err
		}
		log.WarnContext(ctx, "import repeats", "attempt", n, "error", err)
		pause := time.NewTimer(wait + rand.N(wait)) //nolint:gosec // jitter needs no secrecy
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return out, ctx.Err()
		}
		wait *= 2
	}
}

func (im *importer) found(reason Reason) {
	im.mu.Lock()
	im.report.Found[reason]++
	im.mu.Unlock()
}

func (im *importer) refuse(f RowFault) {
	im.mu.Lock()
	im.report.refuse(f)
	im.progress(1)
	im.mu.Unlock()
}

// progress says that n more rows have come to their end; mu is held.
func (im *importer) progress(n int) {
	im.ended += n
	if im.Progress != nil {
		im.Progress(im.ended, im.survey.rows)
	}
}
