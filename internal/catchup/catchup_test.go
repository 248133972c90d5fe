package catchup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/catchup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// projector stands for the projectors: it keeps the checkpoint.
type projector struct {
	*testing.T
	log    *fakeLog
	reader *catchup.Reader
	pages  <-chan *message.Message
	at     atomic.Pointer[eventschemas.Checkpoint]
	starts atomic.Int64
}

func newProjector(t *testing.T, l *fakeLog, change func(*catchup.Options)) *projector {
	t.Helper()
	p := &projector{T: t, log: l}
	p.at.Store(&eventschemas.Checkpoint{})
	o := catchup.Options{
		Log: l, Streams: l, Logger: slog.New(slog.DiscardHandler), Decode: decode,
		MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond,
		Start: func(context.Context) (eventschemas.Checkpoint, error) {
			p.starts.Add(1)
			return *p.at.Load(), nil
		},
	}
	if change != nil {
		change(&o)
	}
	var err error
	p.reader, err = catchup.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.reader.Close()) })
	return p
}

func (p *projector) subscribe() {
	p.Helper()
	var err error
	p.pages, err = p.reader.Subscribe(context.Background(), "fl")
	require.NoError(p, err)
}

// message returns the next message, without an answer.
func (p *projector) message() *message.Message {
	p.Helper()
	select {
	case m, ok := <-p.pages:
		require.True(p, ok, "channel is closed")
		return m
	case <-time.After(patience):
		p.Fatal("no message came")
		return nil
	}
}

// page takes the next page, checks it against the log, and acknowledges it.
func (p *projector) page() eventschemas.Page {
	p.Helper()
	m := p.message()
	page := p.open(m)
	p.commit(page)
	m.Ack()
	return page
}

func (p *projector) open(m *message.Message) eventschemas.Page {
	p.Helper()
	page, ok := eventschemas.PageFrom(m.Context())
	require.True(p, ok)
	at := *p.at.Load()
	require.Equal(p, at, page.Previous)
	for i, e := range page.Events {
		require.Equal(p, at.Number+int64(i)+1, e.Number)
	}
	var h struct{ From, To, Count int64 }
	require.NoError(p, json.Unmarshal(m.Payload, &h))
	require.Equal(p, int64(len(page.Events)), h.Count)
	require.Equal(p, at.Number+h.Count, h.To)
	return page
}

func (p *projector) commit(page eventschemas.Page) {
	at := *p.at.Load()
	for _, e := range page.Events {
		at.Number, at.Position, at.EventID, at.CreatedMax = e.Number, e.Position, e.ID, e.Created
	}
	p.at.Store(&at)
}

// until takes pages until number is reached.
func (p *projector) until(number int64) (sizes []int) {
	p.Helper()
	for p.at.Load().Number < number {
		sizes = append(sizes, len(p.page().Events))
	}
	return sizes
}

func TestPagesAreNumberedDenselyWhateverTheirSizeAndTheDecoders(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 7, 500} {
		for _, decoders := range []int{1, 2, 4} {
			l := newLog(100)
			l.add("other-1", "other.v1", nil) // not of ours
			l.add("fl.job-0", "job.done.v1", nil)
			p := newProjector(t, l, func(o *catchup.Options) { o.PageEvents, o.Decoders = size, decoders })
			p.subscribe()
			for _, n := range p.until(101) {
				require.LessOrEqual(t, n, size)
			}
		}
	}
}

func TestAPageClosesByBytesByQuietAndByTheEndOfTheLog(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(10), func(o *catchup.Options) { o.PageBytes = 150 })
	p.subscribe()
	for _, n := range p.until(10) {
		require.LessOrEqual(t, n, 2)
	}

	l := newLog(10)
	l.mute = true
	p = newProjector(t, l, nil)
	p.subscribe()
	page := p.page()
	require.Len(t, page.Events, 10)
	require.False(t, page.CaughtUp)

	p = newProjector(t, newLog(10), nil)
	p.subscribe()
	p.until(10)
	p.log.add("fl.job-0", "job.done.v1", nil)
	require.True(t, p.page().CaughtUp)
	require.Eventually(t, func() bool {
		s := p.reader.Status()
		return s.CaughtUp && s.Connected && s.Delivered == 11
	}, patience, time.Millisecond)
}

func TestTheEndOfAnEmptyLogIsTold(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(0), nil)
	p.subscribe()
	page := p.page()
	require.True(t, page.CaughtUp)
	require.Empty(t, page.Events)
}

func TestASlowProjectorGetsLargerPagesNotMore(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(1), nil)
	p.subscribe()
	m := p.message()
	for range 500 {
		p.log.add("fl.job-1", "job.done.v1", nil)
	}
	p.commit(p.open(m))
	m.Ack()
	require.LessOrEqual(t, len(p.until(501)), 5)
}

func TestARefusedPageComesAgainFromTheCheckpoint(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(20), func(o *catchup.Options) { o.PageEvents = 5 })
	p.subscribe()
	p.page()
	for range 5 {
		m := p.message()
		require.Equal(t, int64(6), p.open(m).Events[0].Number)
		m.Nack()
	}
	require.Eventually(t, func() bool { return p.starts.Load() == 6 }, patience, time.Millisecond)
	p.until(20)
}

func TestNextPageWaitsForTheAckAndTheMessageEndsWithIt(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(20), func(o *catchup.Options) { o.PageEvents = 5 })
	p.subscribe()
	m := p.message()
	select {
	case <-p.pages:
		t.Fatal("a second page came before the first was answered")
	case <-time.After(20 * time.Millisecond): // a guard that fails only when it is broken
	}
	require.NoError(t, m.Context().Err())
	p.commit(p.open(m))
	m.Ack()
	<-m.Context().Done()
	p.until(20)
}

func TestALostStoreIsFollowedAgainAndTheChannelStaysOpen(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(10), nil)
	p.subscribe()
	p.until(10)
	for n := int64(11); n < 20; n++ {
		p.log.lose()
		p.log.add("fl.job-3", "job.done.v1", nil)
		p.until(n)
	}
	require.Greater(t, p.starts.Load(), int64(1))
	require.NoError(t, p.reader.Err())
}

func TestAnotherLogIsRecognisedAndEndsTheReader(t *testing.T) {
	t.Parallel()
	l := newLog(10)
	good := eventschemas.Checkpoint{Number: 5, Position: l.all[4].Position, EventID: l.all[4].ID}
	for name, change := range map[string]func(*eventschemas.Checkpoint){
		"another event there": func(c *eventschemas.Checkpoint) { c.EventID = uuid.New() },
		"nothing there":       func(c *eventschemas.Checkpoint) { c.Position.Commit, c.Position.Prepare = 99_999, 99_999 },
		"between two events":  func(c *eventschemas.Checkpoint) { c.Position.Commit, c.Position.Prepare = 450, 450 },
	} {
		p := newProjector(t, l, nil)
		at := good
		change(&at)
		p.at.Store(&at)
		p.subscribe()
		_, open := <-p.pages
		require.False(t, open, name)
		var different *catchup.DifferentLogError
		require.ErrorAs(t, p.reader.Err(), &different, name)
		require.ErrorAs(t, p.reader.Scan(context.Background(), at, 10, nil), &different, name)
	}
	p := newProjector(t, l, nil)
	p.at.Store(&good)
	p.subscribe()
	m := p.message()
	page, _ := eventschemas.PageFrom(m.Context())
	require.Equal(t, int64(6), page.Events[0].Number)
	m.Ack()
}

func TestAnEventThatCannotBeReadEndsThePageBeforeIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(*fakeLog)
		reason string
	}{
		"unknown type": {func(l *fakeLog) { l.add("fl.job-1", "job.unknown.v1", nil) }, "unknown"},
		"hole": {func(l *fakeLog) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.put(eventschemas.Recorded{Stream: "fl.job-1", Revision: 9, Type: "job.done.v1"})
		}, "revision 9 came after 1"},
		"repeat": {func(l *fakeLog) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.put(eventschemas.Recorded{Stream: "fl.job-1", Revision: 1, Type: "job.done.v1"})
		}, "revision 1 came after 1"},
		"strike of an event that is not there": {func(l *fakeLog) {
			l.add("fl.job-1", "record.struck.v1", record.Struck{Revision: 1, EventID: uuid.New()})
		}, "names an event"},
	} {
		for _, decoders := range []int{1, 3} {
			l := newLog(13)
			c.spoil(l)
			l.add("fl.job-2", "job.done.v1", nil)
			p := newProjector(t, l, func(o *catchup.Options) { o.PageEvents, o.Decoders = 10, decoders })
			p.subscribe()
			p.until(13)
			m := p.message()
			poison := eventschemas.PoisonFrom(m.Context())
			require.NotNil(t, poison, name)
			require.Equal(t, int64(14), poison.Number)
			require.Equal(t, "fl.job-1", poison.Stream)
			require.Contains(t, poison.Reason, c.reason)
			m.Ack()
			require.Eventually(t, func() bool { return p.reader.Status().Poison != nil }, patience, time.Millisecond)
			require.Equal(t, int64(13), p.reader.Status().Delivered)

			last := int64(0)
			err := p.reader.Scan(context.Background(), eventschemas.Checkpoint{}, 15, func(page eventschemas.Page) error {
				last = page.Events[len(page.Events)-1].Number
				return nil
			})
			require.ErrorAs(t, err, &poison, name)
			require.Equal(t, int64(13), last)
		}
	}
}

func TestAStrikeBringsTheStreamAgainWithoutWhatWasStruckByThen(t *testing.T) {
	t.Parallel()
	l := newLog(0)
	var events []eventschemas.Recorded
	strike := func(n int) {
		events = append(events, l.add("fl.job-1", "record.struck.v1", record.Struck{Revision: events[n].Revision, EventID: events[n].ID}))
	}
	done := func() { events = append(events, l.add("fl.job-1", "job.done.v1", nil)) }
	done()    // 0
	done()    // 1
	done()    // 2
	strike(1) // 3
	done()    // 4
	strike(0) // 5
	done()    // 6
	p := newProjector(t, l, nil)
	p.subscribe()
	page := p.page()
	require.Len(t, page.Events, 7)
	require.Equal(t, []uint64{0, 2}, revisionsOf(page.Events[3].Refold))
	require.Equal(t, []uint64{2, 4}, revisionsOf(page.Events[5].Refold))
	require.Nil(t, page.Events[6].Refold)
	for _, r := range page.Events[5].Refold {
		require.Equal(t, int64(6), r.Number)
	}
}

func TestAFactThatWasEnteredLateBringsTheStreamAgainWithItself(t *testing.T) { // SLA-05
	t.Parallel()
	l := newLog(0)
	l.add("fl.job-1", "job.done.v1", nil)
	first := l.add("fl.job-1", "job.late.v1", nil)
	l.add("fl.job-1", "record.struck.v1", record.Struck{Revision: 1, EventID: first.ID})
	l.add("fl.job-1", "job.late.v1", nil)
	l.add("fl.job-1", "job.done.v1", nil)
	p := newProjector(t, l, nil)
	p.subscribe()
	page := p.page()
	require.Equal(t, []uint64{0, 1}, revisionsOf(page.Events[1].Refold))
	require.Equal(t, []uint64{0}, revisionsOf(page.Events[2].Refold))
	require.Equal(t, []uint64{0, 3}, revisionsOf(page.Events[3].Refold))
	require.Nil(t, page.Events[4].Refold)
}

func revisionsOf(rs []eventschemas.Record) []uint64 {
	var out []uint64
	for _, r := range rs {
		out = append(out, r.Revision)
	}
	return out
}

func TestCloseWaitsForThePageInHand(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(10), nil)
	p.subscribe()
	m := p.message()
	closed := make(chan error)
	go func() { closed <- p.reader.Close() }()
	select {
	case <-closed:
		t.Fatal("Close did not wait")
	case <-time.After(20 * time.Millisecond): // a guard that fails only when it is broken
	}
	require.NoError(t, m.Context().Err())
	m.Ack()
	require.NoError(t, <-closed)
	_, open := <-p.pages
	require.False(t, open)
	_, err := p.reader.Subscribe(context.Background(), "fl")
	require.Error(t, err)
}

func TestCloseGivesUpOnAPageThatIsNeverAnswered(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(10), func(o *catchup.Options) { o.DrainWithin = 5 * time.Millisecond })
	p.subscribe()
	m := p.message()
	require.NoError(t, p.reader.Close())
	require.Error(t, m.Context().Err())
}

func TestASubscriptionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(10), nil)
	ctx, cancel := context.WithCancel(context.Background())
	pages, err := p.reader.Subscribe(ctx, "fl")
	require.NoError(t, err)
	cancel()
	for range pages {
	}
}

func TestScanReadsExactlyUpToANumber(t *testing.T) {
	t.Parallel()
	p := newProjector(t, newLog(100), func(o *catchup.Options) { o.PageEvents = 30 })
	var sizes []int
	at := eventschemas.Checkpoint{}
	err := p.reader.Scan(context.Background(), at, 65, func(page eventschemas.Page) error {
		sizes = append(sizes, len(page.Events))
		at = eventschemas.Checkpoint{Number: page.Events[len(page.Events)-1].Number}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []int{30, 30, 5}, sizes)
	require.Equal(t, int64(65), at.Number)
	require.ErrorContains(t, p.reader.Scan(context.Background(), eventschemas.Checkpoint{}, 101,
		func(eventschemas.Page) error { return nil }), "the log ends at event 100")
	require.ErrorIs(t, p.reader.Scan(context.Background(), eventschemas.Checkpoint{}, 10,
		func(eventschemas.Page) error { return commands.ErrStorageFull }), commands.ErrStorageFull)
}

func TestNothingIsLostOrRepeatedOverManyRefusalsAndLosses(t *testing.T) {
	t.Parallel()
	const total = 3_000
	p := newProjector(t, newLog(total/2), func(o *catchup.Options) { o.PageEvents, o.Decoders = 40, 2 })
	p.subscribe()
	seed := rand.New(rand.NewPCG(1, 2))
	for n := 0; p.at.Load().Number < total; n++ {
		if len(p.log.all) < total {
			for range min(20, total-len(p.log.all)) {
				p.log.add(fmt.Sprintf("fl.job-%d", seed.IntN(50)), "job.done.v1", nil)
			}
		}
		m := p.message()
		page := p.open(m)
		switch seed.IntN(5) {
		case 0:
			m.Nack()
		case 1:
			p.log.lose()
			p.commit(page)
			m.Ack()
		case 2:
			p.commit(page)
			m.Nack() // committed, but the answer got lost
		default:
			p.commit(page)
			m.Ack()
		}
	}
	require.Greater(t, p.starts.Load(), int64(20))
}
