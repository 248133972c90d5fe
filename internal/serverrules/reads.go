package serverrules

import (
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

const streamReadError = "Unknown: Unexpected ReadStreamResult: Error"

// expectation is a read and what it must say.
type expectation struct {
	what string
	read request
	want string
}

func (b *bench) expect(list []expectation) {
	b.Helper()
	for _, e := range list {
		require.Equal(b, e.want, e.read.says(), e.what)
	}
}

var readRules = []rule{
	{name: "a stream is read from where is asked, both ways, inclusive", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c", "d")
		s := func() request { return b.ofStream("s") }
		b.expect([]expectation{
			{"forwards from the start", s(), "s/0 s/1 s/2 s/3"},
			{"forwards two from the start", s().count(2), "s/0 s/1"},
			{"forwards from 2", s().from(2), "s/2 s/3"},
			{"forwards from the last", s().from(3), "s/3"},
			{"forwards from behind the last", s().from(4), ""},
			{"forwards from far behind", s().from(1 << 40), ""},
			{"backwards from the end", s().end().back(), "s/3 s/2 s/1 s/0"},
			{"backwards one from the end", s().end().back().count(1), "s/3"},
			{"backwards from 1", s().from(1).back(), "s/1 s/0"},
			{"backwards from far behind", s().from(1 << 40).back().count(2), "s/3 s/2"},
			{"backwards from the start", s().back(), "s/0"},
			{"forwards from the end", s().end(), streamReadError},
			{"none", s().count(0), streamReadError},
		})
	}},
	{name: "a stream that was never written, was deleted, or has only metadata is not found", test: func(b *bench) {
		b.prepare("deleted", stateDeleted)
		b.prepare("meta", stateMetadata)
		b.expect([]expectation{
			{"never written", b.ofStream("none"), "not-found=none"},
			{"backwards", b.ofStream("none").end().back(), "not-found=none"},
			{"to a newer client", b.ofStream("none").newer(), "not-found=none"},
			{"softly deleted", b.ofStream("deleted"), "not-found=deleted"},
			{"softly deleted, from the middle", b.ofStream("deleted").from(1), "not-found=deleted"},
			{"softly deleted, to a newer client", b.ofStream("deleted").newer(), "not-found=deleted"},
			{"metadata only", b.ofStream("meta"), "not-found=meta"},
			{"metadata never set", b.ofStream("$$none"), "not-found=$$none"},
		})
	}},
	{name: "a tombstoned stream is told as deleted, and so is its metadata", test: func(b *bench) {
		b.prepare("s", stateTombstoned)
		for _, name := range []string{"s", "$$s"} {
			b.expect([]expectation{
				{"forwards", b.ofStream(name), deletedError(name)},
				{"backwards", b.ofStream(name).end().back(), deletedError(name)},
				{"subscribe", b.ofStream(name).live(), deletedError(name)},
			})
		}
	}},
	{name: "hidden events are passed over, and count starts behind them", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c", "d", "e")
		b.setMetadata("s", `{"$tb":2}`)
		b.expect([]expectation{
			{"forwards from below the lowest", b.ofStream("s").count(2), "s/2 s/3"},
			{"backwards from below the lowest", b.ofStream("s").from(1).back(), ""},
			{"backwards down to the lowest", b.ofStream("s").end().back(), "s/4 s/3 s/2"},
		})
		b.setMetadata("s", `{"$tb":9}`)
		b.expect([]expectation{{"all hidden, and yet there", b.ofStream("s"), ""}})
	}},
	{name: "a newer client is told the last revision, and the first readable one if its first page is empty", test: func(b *bench) {
		b.stored("s", noStream, "0", "1", "2", "3")
		s := func() request { return b.ofStream("s").newer() }
		b.expect([]expectation{
			{"from the start", s(), "s/0 s/1 s/2 s/3 last=3"},
			{"a part", s().count(2), "s/0 s/1 last=3"},
			{"behind the last", s().from(4), "last=3"},
			{"far behind", s().from(9), "first=4 last=3"},
			{"backwards", s().end().back().count(1), "s/3 last=3"},
		})
		b.setMetadata("s", `{"$tb":3}`)
		b.expect([]expectation{
			{"first page reaches a readable event", s(), "s/3 last=3"},
			{"first page is below", s().count(2), "first=3 s/3 last=3"},
			{"first page ends just below", s().count(3), "first=3 s/3 last=3"},
			{"first page just reaches", s().count(4), "s/3 last=3"},
			{"an older client", b.ofStream("s").count(2), "s/3"},
		})
	}},
	{name: "a long stream is read whole, both ways", test: func(b *bench) {
		const events = 1200
		ids := make([]string, events)
		for i := range ids {
			ids[i] = uuid.NewString()
		}
		b.stored("s", noStream, ids...)
		forwards := strings.Fields(b.ofStream("s").count(1 << 62).says())
		backwards := strings.Fields(b.ofStream("s").end().back().count(1 << 62).says())
		require.Len(b, forwards, events)
		require.Len(b, backwards, events)
		require.Equal(b, "s/1199", forwards[events-1])
		require.Equal(b, "s/0", backwards[events-1])
		require.Len(b, strings.Fields(b.ofStream("s").from(7).count(777).says()), 777)
	}},
	{name: "reads lacking an option, and options that do not go together, are refused", test: func(b *bench) {
		b.stored("s", noStream, "a")
		bad := map[string]request{}
		r := b.ofStream("s")
		r.UuidOption = nil
		require.Contains(b, r.says(), "`uuidOption` is a required argument")
		bad["no uuid option"] = r
		r = b.ofStream("s")
		r.StreamOption = nil
		bad["no stream option"] = r
		for _, r := range []request{b.ofStream("s"), b.ofAll()} {
			noCount, noFilter := r.count(1), r.count(1)
			noCount.ReadReq_Options = clone(r)
			noCount.CountOption = nil
			noFilter.ReadReq_Options = clone(r)
			noFilter.FilterOption = nil
			bad["no count option "+r.String()], bad["no filter option "+r.String()] = noCount, noFilter
		}
		bad["a stream with a filter"] = b.ofStream("s").filter(0, 1, prefixes("x"))
		bad["a subscription to a stream with a filter"] = b.ofStream("s").filter(0, 1, prefixes("x")).live()
		bad["a subscription to a stream backwards"] = b.ofStream("s").live().back()
		bad["a subscription to $all backwards"] = b.ofAll().live().back()
		for what, r := range bad {
			require.Regexp(b, "^InvalidArgument: ", r.says(), what)
		}
	}},
	{name: "what was appended is read at once", test: func(b *bench) {
		for i := range 50 {
			_, revision := b.stored("s", int64(i)-1, uuid.NewString())
			require.EqualValues(b, i, revision)
			require.Len(b, strings.Fields(b.ofStream("s").says()), i+1)
		}
	}},
}

func clone(r request) *streams.ReadReq_Options {
	return &streams.ReadReq_Options{
		StreamOption: r.StreamOption, ReadDirection: r.ReadDirection, ResolveLinks: r.ResolveLinks, CountOption: r.CountOption,
		FilterOption: r.FilterOption, UuidOption: r.UuidOption, ControlOption: r.ControlOption,
	}
}

// link appends a link event.
func (b *bench) link(stream string, expected int64, data string) {
	b.Helper()
	e := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Data, e.Metadata["type"] = []byte(data), "$>" })
	require.Regexp(b, "^ok ", b.tryAppend(stream, expected, e))
}

var linkRules = []rule{
	{name: "links are resolved when asked, and only then", test: func(b *bench) {
		b.stored("t", noStream, "a", "b")
		b.link("l", noStream, "1@"+b.name("t"))
		b.link("l", 0, "0@"+b.name("t"))
		b.expect([]expectation{
			{"plain", b.ofStream("l"), "l/0 l/1"},
			{"resolved", b.ofStream("l").links(), "l/0->t/1 l/1->t/0"},
			{"backwards", b.ofStream("l").links().end().back().count(1), "l/1->t/0"},
		})
		e := b.ofStream("l").links().count(1).one()
		require.Equal(b, e.GetLink().GetCommitPosition(), e.GetCommitPosition(), "the position is the link's")
	}},
	{name: "a link to what is missing, hidden, deleted or tombstoned comes without event", test: func(b *bench) {
		b.stored("hidden", noStream, "a", "b")
		b.setMetadata("hidden", `{"$tb":1}`)
		b.prepare("deleted", stateDeleted)
		b.prepare("gone", stateTombstoned)
		for i, target := range []string{"0@none", "7@hidden", "0@hidden", "1@deleted", "1@gone"} {
			number, stream, _ := strings.Cut(target, "@")
			b.link("l", int64(i)-1, number+"@"+b.name(stream))
		}
		require.Equal(b, "l/0-> l/1-> l/2-> l/3-> l/4->", b.ofStream("l").links().says())
	}},
	{name: "the name behind the first @ is the stream's", test: func(b *bench) {
		b.stored("t@u", noStream, "a")
		b.link("l", noStream, "0@"+b.name("t@u"))
		require.Equal(b, "l/0->t@u/0", b.ofStream("l").links().says())
	}},
	{name: "a link that is none is an event, and a link without event when live", test: func(b *bench) {
		b.link("l", noStream, "nonsense")
		require.Equal(b, "l/0", b.ofStream("l").links().says())
		s := b.ofStream("l").links().subscribe()
		require.Equal(b, "confirmed l/0 caught-up", s.says(3))
		b.link("l", 0, "nonsense")
		require.Equal(b, "l/1->", s.says(1))
	}},
	{name: "subscriptions resolve links, of streams and of $all", test: func(b *bench) {
		b.stored("t", noStream, "a", "b")
		b.link("l", noStream, "1@"+b.name("t"))
		stream := b.ofStream("l").links().subscribe()
		require.Equal(b, "confirmed l/0->t/1 caught-up", stream.says(3))
		all := b.ofAll().end().links().filter(0, 1, prefixes(b.prefix)).subscribe()
		require.Equal(b, "confirmed caught-up", all.says(2))
		b.link("l", 0, "0@"+b.name("t"))
		require.Equal(b, "l/1->t/0", stream.says(1))
		require.Equal(b, "l/1->t/0", all.says(1))
	}},
	{name: "a filter looks at the link, not at its target", test: func(b *bench) {
		b.stored("t", noStream, "a")
		b.link("l", noStream, "0@"+b.name("t"))
		require.Equal(b, "l/0->t/0", b.ofAll().links().filter(0, 1, prefixes(b.name("l"))).says())
		require.Equal(b, "t/0", b.ofAll().links().filter(0, 1, prefixes(b.name("t"))).says())
	}},
}
