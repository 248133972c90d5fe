package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
	"github.com/fieldledger/fieldledger/internal/yardstick"
)

const (
	benchEventBytes = 400
	benchPerCall    = 50
)

// appender is one side of a comparison.
type appender interface {
	Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error)
}

// logBench measures the node beside a yardstick: both sides in turn, round by
// round, so that a disk that changes its speed changes both.
type logBench struct {
	*bench
	dir   string
	node  *eventnode.Node
	store *eventstoredb.Store // the adapter, on the node
	stub  *yardstick.Server
	bare  *eventstoredb.Bare  // the bare client, on the yardstick
	same  *eventstoredb.Store // the adapter, on the yardstick
}

// log measures the event log alone, without PostgreSQL.
func (b *bench) log(ctx context.Context, dir string) error {
	l := &logBench{bench: b, dir: dir}
	if b.LogOnly { // else the profile is that of the import
		stop, err := b.profile()
		if err != nil {
			return err
		}
		defer stop()
	}
	if b.AppendFor > 0 {
		if err := errors.Join(l.open(ctx), l.measure(ctx), l.close()); err != nil {
			return err
		}
	}
	if b.LogEvents > 0 {
		return l.large(ctx)
	}
	return nil
}

func (l *logBench) measure(ctx context.Context) error {
	if l.store == nil {
		return nil // could not be opened
	}
	return errors.Join(l.appends(ctx), l.hotCategory(ctx), l.delivery(ctx), l.follows(ctx), l.fsyncs())
}

func (l *logBench) open(ctx context.Context) (err error) {
	l.node, err = eventnode.Open(ctx, eventnode.Options{Clock: clock.System{}, Dir: filepath.Join(l.dir, "log"), Insecure: true})
	if err != nil {
		return err
	}
	if l.stub, err = yardstick.Open(ctx, filepath.Join(l.dir, "yardstick"), l.FollowEvents, benchEventBytes); err != nil {
		return err
	}
	if l.bare, err = eventstoredb.OpenBare(eventstoredb.Options{ConnectionString: l.stub.ConnectionString()}); err != nil {
		return err
	}
	if l.same, err = eventstoredb.Open(ctx, eventstoredb.Options{ConnectionString: l.stub.ConnectionString()}); err != nil {
		return err
	}
	l.store, err = eventstoredb.Open(ctx, eventstoredb.Options{ConnectionString: l.node.ConnectionString()})
	return err
}

func (l *logBench) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	if l.bare != nil {
		errs = append(errs, l.bare.Close())
	}
	for _, s := range []*eventstoredb.Store{l.store, l.same} {
		if s != nil {
			errs = append(errs, s.Close(ctx))
		}
	}
	if l.stub != nil {
		errs = append(errs, l.stub.Close())
	}
	if l.node != nil {
		errs = append(errs, l.node.Close(ctx))
	}
	return errors.Join(errs...)
}

// rates are what the rounds of one side gave.
type rates struct {
	perSecond []float64
	times     []time.Duration
	calls     int64
	cpu       time.Duration // of the whole process, client and server
}

func (r *rates) add(n int64, took, cpu time.Duration) {
	r.perSecond = append(r.perSecond, float64(n)/took.Seconds())
	r.calls += n
	r.cpu += cpu
}

func (r rates) median() float64 { return median(r.perSecond) }

// cost is the processor time of one call. On a machine that others use too it
// tells more than the rate.
func (r rates) cost() time.Duration {
	return (r.cpu / time.Duration(max(1, r.calls))).Round(100 * time.Nanosecond)
}

// of compares with another side.
func (r rates) of(other rates, name string) string {
	return fmt.Sprintf("%.2f of %s (%.0f, CPU %s)", r.median()/other.median(), name, other.median(), other.cost())
}

// processCPU is the processor time that the process has used.
func processCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// side is one way to append, by name.
type side struct {
	name    string
	to      appender
	streams func() string
	events  int // of one call
}

// compare runs the sides in turn, once in each round.
func (l *logBench) compare(ctx context.Context, writers int, sides ...side) ([]rates, error) {
	out := make([]rates, len(sides))
	for range l.Rounds {
		for i, s := range sides {
			cpu := processCPU()
			n, times, err := appendFor(ctx, s, writers, l.AppendFor)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			out[i].add(n, l.AppendFor, processCPU()-cpu)
			out[i].times = append(out[i].times, times...)
		}
	}
	return out, nil
}

func anyStream() string { return "fl.bench-" + uuid.NewString() }

func (l *logBench) appends(ctx context.Context) error {
	single := map[int]float64{}
	for _, writers := range []int{1, 16, 64} {
		r, err := l.compare(ctx, writers,
			side{"adapter on the node", l.store, anyStream, 1},
			side{"client on the yardstick", l.bare, anyStream, 1},
			side{"adapter on the yardstick", l.same, anyStream, 1})
		if err != nil {
			return err
		}
		single[writers] = r[0].median()
		l.line(fmt.Sprintf("append through the client, %d writers", writers), rate(r[0].median(), "events/s"),
			fmt.Sprintf("%s, CPU %s a call; %s; %s", percentiles(r[0].times), r[0].cost(),
				r[0].of(r[1], "the bare client on the yardstick"), r[0].of(r[2], "the adapter on it")))
	}
	for _, writers := range []int{1, 16} {
		r, err := l.compare(ctx, writers, side{"many events a call", l.store, anyStream, benchPerCall})
		if err != nil {
			return err
		}
		events := r[0].median() * benchPerCall
		l.line(fmt.Sprintf("append %d events a call, %d writers", benchPerCall, writers), rate(events, "events/s"),
			fmt.Sprintf("%.1f times one event a call; %s", events/single[writers], percentiles(r[0].times)))
	}
	return nil
}

// hotCategory compares streams of one category with streams of many.
func (l *logBench) hotCategory(ctx context.Context) error {
	var n atomic.Int64
	spread := func() string { return fmt.Sprintf("cat%d-%s", n.Add(1)%1000, uuid.NewString()) }
	r, err := l.compare(ctx, 16,
		side{"one category", l.store, func() string { return "hot-" + uuid.NewString() }, 1},
		side{"many categories", l.store, spread, 1})
	if err != nil {
		return err
	}
	l.line("append to one hot category, 16 writers", rate(r[0].median(), "events/s"),
		fmt.Sprintf("%.2f of 1000 categories (%.0f)", r[0].median()/r[1].median(), r[1].median()))
	return nil
}

// appendFor lets writers append for a while and counts the calls.
func appendFor(ctx context.Context, s side, writers int, limit time.Duration) (int64, []time.Duration, error) {
	var n atomic.Int64
	times, errs := make([][]time.Duration, writers), make([]error, writers)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { times[w], errs[w] = appendUntil(ctx, s, &n) })
	}
	wg.Wait()
	return n.Load(), slices.Concat(times...), errors.Join(errs...)
}

func appendUntil(ctx context.Context, s side, n *atomic.Int64) ([]time.Duration, error) {
	var times []time.Duration
	for ctx.Err() == nil {
		events := benchEvents(s.events)
		began := time.Now()
		if _, err := s.to.Append(context.WithoutCancel(ctx), s.streams(), commands.NoStream, events); err != nil {
			return nil, fmt.Errorf("append: %w", err)
		}
		times = append(times, time.Since(began))
		n.Add(1)
	}
	return times, nil
}

// benchData are events that do not compress better than ours would.
var benchData = sync.OnceValue(func() [][]byte {
	data := make([][]byte, 1024)
	for i := range data {
		var ids strings.Builder
		for ids.Len() < benchEventBytes {
			ids.WriteString(uuid.NewString())
		}
		data[i] = []byte(`{"what":"` + ids.String()[:benchEventBytes-11] + `"}`)
	}
	return data
})

func benchEvents(n int) []eventschemas.Proposed {
	events := make([]eventschemas.Proposed, n)
	for i := range events {
		id := uuid.New()
		data := benchData()
		events[i] = eventschemas.Proposed{ID: id, Type: "bench.v1", Data: data[(int(id[0])<<8|int(id[1]))%len(data)], Meta: []byte(`{}`)}
	}
	return events
}

// delivery measures from an append's answer to its event at a subscriber.
func (l *logBench) delivery(ctx context.Context) error {
	const events = 2000
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	arrived, live := make(chan time.Time, events), make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- l.store.Follow(ctx, l.node.Head().Position, "delivery-", func(eventschemas.Recorded) error {
			arrived <- time.Now()
			return nil
		}, func() error {
			select {
			case live <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	select {
	case <-live:
	case err := <-ended:
		return fmt.Errorf("follow: %w", err)
	}
	times := make([]time.Duration, 0, events)
	for range events {
		if _, err := l.store.Append(ctx, "delivery-"+uuid.NewString(), commands.NoStream, benchEvents(1)); err != nil {
			return fmt.Errorf("append: %w", err)
		}
		answered := time.Now()
		select {
		case at := <-arrived:
			times = append(times, max(0, at.Sub(answered)))
		case err := <-ended:
			return fmt.Errorf("follow: %w", err)
		}
	}
	l.line("delivery after append, through the client", percentiles(times), "from the append's answer to the event at a live subscriber; 0 if it came first")
	return nil
}

// follows compares $all through the client with the yardstick's prepared message.
func (l *logBench) follows(ctx context.Context) error {
	if l.FollowEvents == 0 {
		return nil
	}
	from := l.node.Head().Position
	for i := 0; i < l.FollowEvents; i += 500 {
		if _, err := l.node.Append(ctx, "fl.follow-"+uuid.NewString(), commands.NoStream, benchEvents(min(500, l.FollowEvents-i))); err != nil {
			return err
		}
	}
	var node, stub rates
	for range l.Rounds {
		for _, s := range []struct {
			store *eventstoredb.Store
			from  eventschemas.Position
			to    *rates
		}{{l.store, from, &node}, {l.same, eventschemas.Position{Commit: 1, Prepare: 1}, &stub}} {
			began, cpu := time.Now(), processCPU()
			if err := followAll(ctx, s.store, s.from, l.FollowEvents); err != nil {
				return err
			}
			s.to.add(int64(l.FollowEvents), time.Since(began), processCPU()-cpu)
		}
	}
	l.line("$all through the client", rate(node.median(), "events/s"),
		fmt.Sprintf("CPU %s an event; %s; %d events of %d bytes, catch-up with our filter",
			node.cost(), node.of(stub, "the yardstick's one prepared message"), l.FollowEvents, benchEventBytes))
	return nil
}

var errFollowed = errors.New("all events have come")

func followAll(ctx context.Context, store *eventstoredb.Store, from eventschemas.Position, events int) error {
	seen := 0
	err := store.Follow(ctx, from, "fl.", func(eventschemas.Recorded) error {
		if seen++; seen == events {
			return errFollowed
		}
		return nil
	}, func() error { return nil })
	if !errors.Is(err, errFollowed) {
		return fmt.Errorf("follow: %w", err)
	}
	return nil
}

// large makes a log of its own and measures size, scan and start.
func (l *logBench) large(ctx context.Context) (err error) {
	dir := filepath.Join(l.dir, "large")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := l.fill(ctx, dir); err != nil {
		return err
	}
	bytes, err := sizeOf(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	l.line("bytes on disk an event", strconv.FormatInt(bytes/int64(l.LogEvents), 10),
		fmt.Sprintf("%d events of %d bytes of data, after a clean end", l.LogEvents, benchEventBytes))
	var starts []time.Duration
	for i := range l.Rounds {
		began := time.Now()
		n, err := eventnode.Open(ctx, eventnode.Options{Clock: clock.System{}, Dir: dir, Insecure: true})
		if err != nil {
			return err
		}
		starts = append(starts, time.Since(began))
		if i == 0 {
			err = l.scan(ctx, n)
		}
		if err = errors.Join(err, n.Close(ctx)); err != nil {
			return err
		}
	}
	l.line(fmt.Sprintf("start of the node at %d events", l.LogEvents), percentiles(starts), fmt.Sprintf("%d starts", l.Rounds))
	return nil
}

// fill appends by the local path, which is the fastest.
func (l *logBench) fill(ctx context.Context, dir string) error {
	n, err := eventnode.Open(ctx, eventnode.Options{Clock: clock.System{}, Dir: dir, Insecure: true})
	if err != nil {
		return err
	}
	const batch, writers = 500, 4
	var next atomic.Int64
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for errs[w] == nil {
				at := next.Add(batch) - batch
				size := min(batch, int64(l.LogEvents)-at)
				if size <= 0 {
					return
				}
				_, errs[w] = n.Append(ctx, "fl.large-"+uuid.NewString(), commands.NoStream, benchEvents(int(size)))
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, n.Close(ctx))...)
}

func (l *logBench) scan(ctx context.Context, n *eventnode.Node) error {
	var perSecond []float64
	for range l.Rounds {
		seen := 0
		began := time.Now()
		_, err := n.Scan(ctx, eventschemas.Position{}, "fl.", func(eventschemas.Recorded) error {
			seen++
			return nil
		})
		if err != nil {
			return fmt.Errorf("scan: %w", err)
		}
		if seen != l.LogEvents {
			return fmt.Errorf("scan: %d of %d events", seen, l.LogEvents)
		}
		perSecond = append(perSecond, float64(seen)/time.Since(began).Seconds())
	}
	l.line("scan of the log in the process", rate(median(perSecond), "events/s"), fmt.Sprintf("%d events, median of %d scans", l.LogEvents, l.Rounds))
	return nil
}

func sizeOf(dir string) (int64, error) {
	var bytes int64
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}

// fsyncs is one writer that writes and syncs, on the same disk.
func (l *logBench) fsyncs() error {
	f, err := os.Create(filepath.Join(l.dir, "fsync"))
	if err != nil {
		return fmt.Errorf("fsync: %w", err)
	}
	defer f.Close()
	var times []time.Duration
	record := make([]byte, 500)
	for end := time.Now().Add(l.AppendFor); time.Now().Before(end); {
		began := time.Now()
		if _, err := f.Write(record); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		times = append(times, time.Since(began))
	}
	l.line("bare write and fsync, one writer", perSecond(len(times), l.AppendFor)+" /s", percentiles(times))
	return nil
}

func rate(n float64, unit string) string {
	return strconv.FormatFloat(n, 'f', 0, 64) + " " + unit
}
