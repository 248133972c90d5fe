package serverrules

import (
	"fmt"
	"strings"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// caughtUp are the fields of a caught-up message, which this client's protocol
// does not know by name yet.
type caughtUp struct {
	seconds, revision, commit, prepare uint64
	timed, revised, positioned         bool
}

// caughtUp reads the last message that says took, which must be caught-up.
func (s *subscription) caughtUp() caughtUp {
	s.b.Helper()
	require.NotNil(s.b, s.last.GetCaughtUp(), s.b.message(s.last))
	var c caughtUp
	for _, f := range fields(s.b, s.last.GetCaughtUp().ProtoReflect().GetUnknown()) {
		switch f.number {
		case 1:
			c.timed = true
			for _, t := range fields(s.b, f.bytes) {
				if t.number == 1 {
					c.seconds = t.value
				}
			}
		case 2:
			c.revision, c.revised = f.value, true
		case 3:
			c.positioned = true
			for _, p := range fields(s.b, f.bytes) {
				if p.number == 1 {
					c.commit = p.value
				} else {
					c.prepare = p.value
				}
			}
		default:
		}
	}
	return c
}

type field struct {
	number protowire.Number
	value  uint64
	bytes  []byte
}

func fields(b *bench, raw []byte) []field {
	b.Helper()
	var out []field
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		require.Positive(b, n)
		raw = raw[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(raw)
		default:
			f.bytes, n = protowire.ConsumeBytes(raw)
		}
		require.Positive(b, n)
		raw = raw[n:]
		out = append(out, f)
	}
	return out
}

var subscriptionRules = []rule{
	{name: "a subscription to a stream confirms, catches up, says so, and goes on", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c")
		b.stored("other", noStream, "x")
		start, after, end := b.ofStream("s").subscribe(), b.ofStream("s").from(1).subscribe(), b.ofStream("s").end().subscribe()
		require.Equal(b, "confirmed s/0 s/1 s/2 caught-up", start.says(5))
		require.Equal(b, "confirmed s/2 caught-up", after.says(3), "a revision is exclusive")
		require.Equal(b, "confirmed caught-up", end.says(2))
		b.stored("s", 2, "d", "e")
		for _, s := range []*subscription{start, after, end} {
			require.Equal(b, "s/3 s/4", s.says(2))
		}
	}},
	{name: "a confirmation carries a new id", test: func(b *bench) {
		seen := map[string]bool{}
		for range 3 {
			s := b.ofStream("s").subscribe()
			require.Equal(b, "confirmed", s.says(1))
			id, err := uuid.Parse(s.last.GetConfirmation().GetSubscriptionId())
			require.NoError(b, err)
			seen[id.String()] = true
		}
		require.Len(b, seen, 3)
	}},
	{name: "a subscription to a missing stream waits for it", test: func(b *bench) {
		s, beyond := b.ofStream("s").subscribe(), b.ofStream("s").from(1).subscribe()
		require.Equal(b, "confirmed caught-up", s.says(2))
		require.Equal(b, "confirmed caught-up", beyond.says(2))
		b.stored("s", noStream, "a", "b", "c")
		require.Equal(b, "s/0 s/1 s/2", s.says(3))
		require.Equal(b, "s/2", beyond.says(1), "a start beyond the end skips what comes up to it")
	}},
	{name: "a soft deletion sends nothing, and the stream goes on behind it", test: func(b *bench) {
		b.prepare("s", stateDeleted)
		s := b.ofStream("s").subscribe()
		require.Equal(b, "confirmed caught-up", s.says(2))
		b.stored("s", anyState, "x")
		require.Equal(b, "s/3", s.says(1))
		require.Equal(b, "ok", b.softDelete("s", 3))
		b.stored("s", anyState, "y")
		require.Equal(b, "s/4", s.says(1))
	}},
	{name: "hidden events are passed over in catch-up and sent when live", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c")
		b.setMetadata("s", `{"$tb":2}`)
		s := b.ofStream("s").subscribe()
		require.Equal(b, "confirmed s/2 caught-up", s.says(3))
		b.setMetadata("s", `{"$tb":100}`)
		b.stored("s", 2, "d")
		require.Equal(b, "s/3", s.says(1))
	}},
	{name: "a tombstone is sent to the live, then the error", test: func(b *bench) {
		b.stored("s", noStream, "a")
		s := b.ofStream("s").subscribe()
		require.Equal(b, "confirmed s/0 caught-up", s.says(3))
		require.Equal(b, "ok", b.tombstone("s", 0))
		require.Equal(b, "s/tombstone "+deletedError("s"), s.says(2))
	}},
	{name: "a subscription to $all starts behind its position", test: func(b *bench) {
		b.stored("s", noStream, "a", "b")
		p := b.positions("s")
		after, end := b.ofAll().at(p[0], p[0]).own().subscribe(), b.ofAll().end().own().subscribe()
		require.Equal(b, "confirmed s/1 checkpoint caught-up", after.says(4))
		require.Equal(b, "confirmed caught-up", end.says(2))
		b.stored("s", 1, "c")
		require.Equal(b, "s/2", after.says(1))
		require.Equal(b, "s/2", end.says(1))
		beyond := b.ofAll().at(p[1]+1<<40, p[1]+1<<40).subscribe()
		require.Equal(b, "confirmed caught-up", beyond.says(2))
	}},
	{name: "caught up says when, and where a stream can be resumed", test: func(b *bench) {
		missing := b.ofStream("s").subscribe()
		require.Equal(b, "confirmed caught-up", missing.says(2))
		c := missing.caughtUp()
		require.True(b, c.timed)
		require.Greater(b, c.seconds, uint64(1_700_000_000))
		require.False(b, c.revised, "before everything there is none")
		require.False(b, c.positioned)
		b.stored("s", noStream, "a", "b", "c")
		for name, want := range map[string]uint64{"from the start": 2, "from a revision": 1, "from the end": 2, "from beyond": 9} {
			r := map[string]request{
				"from the start": b.ofStream("s"), "from a revision": b.ofStream("s").from(1), "from the end": b.ofStream("s").end(),
				"from beyond": b.ofStream("s").from(9),
			}[name]
			if name == "from a revision" {
				want = 2
			}
			s := r.subscribe()
			s.untilCaughtUp()
			require.True(b, s.caughtUp().revised, name)
			require.Equal(b, want, s.caughtUp().revision, name)
			require.False(b, s.caughtUp().positioned, name)
		}
	}},
	{name: "caught up says where $all can be resumed", test: func(b *bench) {
		b.stored("s", noStream, "a", "b")
		p := b.positions("s")
		s := b.ofAll().at(p[0], p[0]).own().subscribe()
		s.untilCaughtUp()
		require.Equal(b, p[1], s.caughtUp().commit)
		require.Equal(b, p[1], s.caughtUp().prepare)
		require.False(b, s.caughtUp().revised)
		given := b.ofAll().at(p[1], p[1]).own().subscribe()
		given.untilCaughtUp()
		require.Equal(b, p[1], given.caughtUp().commit, "nothing sent: the given start")
		end := b.ofAll().end().own().subscribe()
		end.untilCaughtUp()
		require.GreaterOrEqual(b, end.caughtUp().commit, p[1], "from the end: the last at confirmation")
	}},
	{name: "a reader that fell behind catches up and is told so again", test: func(b *bench) {
		s, all := b.ofStream("s").subscribe(), b.ofAll().end().own().subscribe()
		require.Equal(b, "confirmed caught-up", s.says(2))
		require.Equal(b, "confirmed caught-up", all.says(2))
		ids := make([]string, 100) // at once more than a live subscriber may be behind
		for i := range ids {
			ids[i] = uuid.NewString()
		}
		b.stored("s", noStream, ids...)
		require.Len(b, strings.Fields(s.says(101)), 101)
		require.NotNil(b, s.last.GetCaughtUp())
		var events int
		for _, m := range all.until("caught-up") {
			if m.GetEvent() != nil {
				events++
			}
		}
		require.Equal(b, 100, events)
	}},
	{name: "nothing is lost or doubled at the switch to live, whoever writes", test: switchToLive},
}

func (s *subscription) untilCaughtUp() {
	s.b.Helper()
	all := s.until("caught-up")
	s.last = all[len(all)-1]
}

// switchToLive starts subscriptions while writers are at work, and wants each
// to give every stream's revisions without gap or repeat.
func switchToLive(b *bench) {
	const writers, each, subscribers = 4, 50, 8
	p, _ := b.stored("first", noStream, "first")
	var wg sync.WaitGroup
	answers := make(chan string, writers*each)
	for w := range writers {
		wg.Go(func() {
			for range each {
				a, z := uuid.NewString(), uuid.NewString()
				answers <- b.said(b.send(b.ctx, appendOptions(b.name(fmt.Sprint("w", w)), anyState), b.request(b.proposed(a)), b.request(b.proposed(z))))
			}
		})
	}
	var all []*subscription
	for i := range subscribers {
		switch i % 3 {
		case 0:
			all = append(all, b.ofAll().at(p, p).own().subscribe())
		case 1:
			all = append(all, b.ofAll().at(p, p).subscribe())
		default:
			all = append(all, b.ofStream("w0").subscribe())
		}
	}
	wg.Wait()
	for range writers * each {
		require.Regexp(b, "^ok ", <-answers)
	}
	for i, s := range all {
		next := map[string]uint64{}
		want := 2 * writers * each
		if i%3 == 2 {
			want = 2 * each
		}
		for got := 0; got < want; {
			m, err := s.call.Recv()
			require.NoError(b, err)
			e := m.GetEvent().GetEvent()
			name := string(e.GetStreamIdentifier().GetStreamName())
			if e == nil || !strings.HasPrefix(name, b.prefix) {
				continue
			}
			require.Equal(b, next[name], e.GetStreamRevision(), b.short(name))
			next[name]++
			got++
		}
	}
}

// checkpoints are the positions of the checkpoints among messages.
func checkpoints(messages []*streams.ReadResp) []uint64 {
	var out []uint64
	for _, m := range messages {
		if c := m.GetCheckpoint(); c != nil {
			out = append(out, c.GetCommitPosition())
		}
	}
	return out
}

// fill appends n events to a stream that the filter of these cases does not match.
func (b *bench) fill(n int) []uint64 {
	b.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	b.stored("foreign", anyState, ids...)
	return b.positions("foreign")
}

// wanted filters by stream w, with a checkpoint every window events.
func (b *bench) wanted(window, multiplier uint32) request {
	return b.ofAll().filter(window, multiplier, prefixes(b.name("w")))
}

var checkpointRules = []rule{
	{name: "checkpoints come without matches, rise, and never run ahead of what was sent", quiet: true, test: func(b *bench) {
		at := b.fill(100)
		s := b.wanted(10, 2).at(at[0], at[0]).subscribe()
		points := checkpoints(s.until("caught-up"))
		require.GreaterOrEqual(b, len(points), 4)
		for i, p := range points {
			require.LessOrEqual(b, p, at[99])
			require.Contains(b, at, p, "a checkpoint is where an event is")
			if i > 0 {
				require.Greater(b, p, points[i-1])
			}
		}
		require.Equal(b, []uint64{at[10], at[30], at[50], at[70], at[90]}, points, "the start of the page that made it due, then of the last")
	}},
	{name: "a checkpoint that is due is at the last event sent, if that is further", quiet: true, test: func(b *bench) {
		at := b.fill(5)
		position, _ := b.stored("w", noStream, "a")
		b.fill(4)
		sub := b.wanted(10, 1).at(at[0], at[0]).subscribe()
		require.Equal(b, []uint64{position}, checkpoints(sub.until("caught-up")))
	}},
	{name: "reaching the end gives one checkpoint, also when the log was one page without match", quiet: true, test: func(b *bench) {
		b.fill(5)
		sub := b.wanted(1<<30, 1).subscribe()
		messages := sub.until("caught-up")
		require.Equal(b, []uint64{0}, checkpoints(messages))
		require.Len(b, messages, 3)
	}},
	{name: "a checkpoint is not repeated", quiet: true, test: func(b *bench) {
		at := b.fill(1)
		ids := make([]string, 32) // exactly one page of matches
		for i := range ids {
			ids[i] = uuid.NewString()
		}
		b.stored("w", noStream, ids...)
		sub := b.wanted(32, 1).at(at[0], at[0]).subscribe()
		messages := sub.until("caught-up")
		require.Len(b, checkpoints(messages), 1)
		require.Len(b, messages, 1+32+1+1)
	}},
	{name: "live checkpoints come after every so many events, matching or not", quiet: true, test: func(b *bench) {
		at := b.fill(1)
		sub := b.wanted(10, 2).at(at[0], at[0]).subscribe()
		require.Equal(b, "confirmed caught-up", sub.says(2))
		b.fill(19)
		position, _ := b.stored("w", noStream, "a")
		require.Equal(b, "w/0 checkpoint", sub.says(2), "the twentieth event brings it, after itself")
		require.Equal(b, position, sub.last.GetCheckpoint().GetCommitPosition())
		b.fill(19)
		at = b.fill(1)
		require.Equal(b, "checkpoint", sub.says(1))
		require.Equal(b, at[len(at)-1], sub.last.GetCheckpoint().GetCommitPosition())
	}},
	{name: "a gap brings a checkpoint at the last position", quiet: true, test: func(b *bench) {
		at := b.fill(1)
		for _, r := range []request{b.wanted(10_000, 1).at(at[0], at[0]), b.wanted(10_000, 1).end()} {
			sub := r.subscribe()
			require.Equal(b, "confirmed caught-up", sub.says(2))
			b.fill(100)
			require.Equal(b, "checkpoint caught-up", sub.says(2))
			require.True(b, sub.caughtUp().positioned)
		}
	}},
	{name: "a subscription resumed at a checkpoint loses no match", quiet: true, test: func(b *bench) {
		at := b.fill(40)
		b.stored("w", noStream, "a")
		b.fill(40)
		b.stored("w", 0, "b")
		sub := b.wanted(10, 1).at(at[0], at[0]).subscribe()
		messages := sub.until("caught-up")
		for i, m := range messages {
			c := m.GetCheckpoint()
			if c == nil {
				continue
			}
			again := b.wanted(10, 1).at(c.GetCommitPosition(), c.GetPreparePosition()).subscribe().until("caught-up")
			require.Equal(b, matches(b, messages[i:]), matches(b, again))
		}
	}},
	{name: "a start at the last event is live at once, without checkpoint", quiet: true, test: func(b *bench) {
		at := b.fill(3)
		require.Equal(b, "confirmed caught-up", b.wanted(1, 1).at(at[2], at[2]).subscribe().says(2))
		require.Equal(b, "confirmed caught-up", b.wanted(1, 1).end().subscribe().says(2))
	}},
	{name: "subscriptions without filter have no checkpoints", test: func(b *bench) {
		at := b.fill(1)
		b.fill(100)
		require.Empty(b, checkpoints(b.ofAll().at(at[0], at[0]).subscribe().until("caught-up")))
	}},
}

func matches(b *bench, messages []*streams.ReadResp) []string {
	out := []string{}
	for _, m := range messages {
		if m.GetEvent() != nil {
			out = append(out, b.message(m))
		}
	}
	return out
}
