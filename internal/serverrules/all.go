package serverrules

import (
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

const (
	allReadError     = "Unknown: Unexpected ReadAllResult: Error"
	allPositionError = "Unknown: Unexpected ReadAllResult: InvalidPosition"
)

// positions are where the readable events of a stream are.
func (b *bench) positions(stream string) []uint64 {
	b.Helper()
	messages, err := b.ofStream(stream).count(1 << 30).messages()
	require.NoError(b, err)
	var out []uint64
	for _, m := range messages {
		out = append(out, m.GetEvent().GetCommitPosition())
	}
	return out
}

// own filters $all by the case's streams and their metadata.
func (r request) own() request {
	return r.filter(0, 1, prefixes(r.b.prefix, "$$"+r.b.prefix))
}

var allRules = []rule{
	{name: "$all is inclusive forwards and exclusive backwards", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c", "d")
		p := b.positions("s")
		b.expect([]expectation{
			{"forwards", b.ofAll().at(p[1], p[1]).count(2), "s/1 s/2"},
			{"backwards", b.ofAll().at(p[2], p[2]).back().count(2), "s/1 s/0"},
			{"forwards from the end", b.ofAll().end().own(), ""},
			{"backwards from the start", b.ofAll().back(), ""},
			{"backwards from the end", b.ofAll().end().back().own(), "s/3 s/2 s/1 s/0"},
			{"none", b.ofAll().count(0), ""},
		})
	}},
	{name: "every event has a position of its own, rising in the order of storing", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c")
		b.stored("t", noStream, "d")
		b.stored("s", 2, "e")
		messages, err := b.ofAll().own().messages()
		require.NoError(b, err)
		var last uint64
		var order []string
		for _, m := range messages {
			e := m.GetEvent()
			require.Greater(b, e.GetCommitPosition(), last)
			require.Equal(b, e.GetEvent().GetCommitPosition(), e.GetCommitPosition())
			require.Equal(b, e.GetEvent().GetPreparePosition(), e.GetCommitPosition())
			last = e.GetCommitPosition()
			order = append(order, b.message(m))
		}
		require.Equal(b, "s/0 s/1 s/2 t/0 s/3", strings.Join(order, " "))
	}},
	{name: "positions that are none are refused, and those beyond the end are its end", test: func(b *bench) {
		b.stored("s", noStream, "a", "b")
		p := b.positions("s")[1]
		const most, end = 1<<63 - 1, 1<<64 - 1
		b.expect([]expectation{
			{"prepare above commit", b.ofAll().at(p, p+1), fault},
			{"above the greatest", b.ofAll().at(most+1, p), fault},
			{"prepare above the greatest", b.ofAll().at(end, most+1), fault},
			{"the end", b.ofAll().at(end, end).own(), ""},
			{"backwards from the end", b.ofAll().at(end, end).back().own().count(1), "s/1"},
			{"beyond the end", b.ofAll().at(p+1<<40, p+1<<40), ""},
			{"backwards from beyond the end", b.ofAll().at(p+1<<40, p+1<<40).back(), allReadError},
			{"inside an event", b.ofAll().at(p+1, p+1).count(1), allPositionError},
			{"inside an event, backwards", b.ofAll().at(p-1, p-1).back().count(1), allPositionError},
		})
		s := b.ofAll().at(p-1, p-1).subscribe()
		require.Equal(b, "confirmed InvalidArgument: Trying to read from an invalid position.", s.says(2))
		require.Equal(b, fault, b.ofAll().at(p, p+1).subscribe().says(1), "no confirmation")
	}},
	{name: "$all holds metadata and tombstones, and nothing is hidden in it", test: func(b *bench) {
		b.stored("s", noStream, "a", "b")
		b.setMetadata("s", `{"$tb":1}`)
		b.prepare("deleted", stateDeleted)
		b.prepare("gone", stateTombstoned)
		want := "s/0 s/1 $$s/0 deleted/0 deleted/1 deleted/2 $$deleted/0 gone/0 gone/1 gone/2 gone/tombstone"
		require.Equal(b, want, b.ofAll().own().says())
		words := strings.Fields(want)
		for i, j := 0, len(words)-1; i < j; i, j = i+1, j-1 {
			words[i], words[j] = words[j], words[i]
		}
		require.Equal(b, strings.Join(words, " "), b.ofAll().end().back().own().says())
	}},
	{name: "checkpoints and parked events of consumer groups of $all are left out of it", test: func(b *bench) {
		stream := func(suffix string) string { return "$persistentsubscription-$all::" + b.prefix + suffix }
		for _, name := range []string{stream("-checkpoint"), stream("-parked"), stream("-other")} {
			require.Equal(b, "ok 0", b.said(b.send(b.ctx, appendOptions(name, noStream), b.request(b.proposed(name)))))
		}
		found := b.ofAll().filter(0, 1, prefixes("$persistentsubscription-$all::"+b.prefix)).says()
		require.Equal(b, "$persistentsubscription-$all::-other/0", found)
	}},
}

var filterRules = []rule{
	{name: "filters match names or types, by any of the prefixes or by an expression", test: func(b *bench) {
		b.stored("red.1", noStream, "a")
		special := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Metadata["type"] = b.prefix + "special" })
		require.Equal(b, "ok 0", b.tryAppend("green.1", noStream, special))
		b.stored("blue.2", noStream, "c")
		own := b.prefix
		byName := func(e *streams.ReadReq_Options_FilterOptions_Expression) request { return b.ofAll().filter(0, 1, e) }
		b.expect([]expectation{
			{"prefix", byName(prefixes(own + "red")), "red.1/0"},
			{"one of two prefixes", byName(prefixes(own+"blue", own+"red")), "red.1/0 blue.2/0"},
			{"prefixes see case", byName(prefixes(own + "Red")), ""},
			{"expression", byName(regex(own + `.*\.1$`)), "red.1/0 green.1/0"},
			{"expressions are not anchored", byName(regex(own[12:] + "bl")), "blue.2/0"},
			{"an expression wins over prefixes", byName(&streams.ReadReq_Options_FilterOptions_Expression{Regex: own + "red", Prefix: []string{own + "blue"}}), "red.1/0"},
			{"type prefix", byName(prefixes(own + "spec")).byType(), "green.1/0"},
			{"type expression", byName(regex(own + "s.ecial$")).byType(), "green.1/0"},
			{"neither prefix nor expression", byName(prefixes()), ""},
			{"backwards", byName(prefixes(own)).back().end(), "blue.2/0 green.1/0 red.1/0"},
			{"count counts matches", byName(prefixes(own + "blue")).count(1), "blue.2/0"},
		})
	}},
	{name: "the system filter leaves out what begins with $", test: func(b *bench) {
		p, _ := b.stored("s", noStream, "a")
		b.setMetadata("s", `{"a":1}`)
		b.stored("s", 0, "b")
		messages, err := b.ofAll().at(p, p).filter(0, 1, regex(`^[^\$].*`)).messages()
		require.NoError(b, err)
		var own []string
		for _, m := range messages {
			if name := b.message(m); strings.HasPrefix(name, "s/") {
				own = append(own, name)
			}
			require.False(b, strings.HasPrefix(b.message(m), "$"))
		}
		require.Equal(b, []string{"s/0", "s/1"}, own)
	}},
	{name: "the window of a filter never changes what a read gives", test: func(b *bench) {
		for i := range 40 {
			b.stored("s", int64(i)-1, uuid.NewString())
			if i%4 == 0 {
				b.stored("t", int64(i/4)-1, uuid.NewString())
			}
		}
		want := b.ofAll().filter(0, 1, prefixes(b.name("t"))).says()
		require.Len(b, strings.Fields(want), 10)
		for _, window := range []uint32{1, 2, 7, 1000, 1 << 31} {
			require.Equal(b, want, b.ofAll().filter(window, 1, prefixes(b.name("t"))).says(), window)
		}
	}},
	{name: "filters without expression, window or sense are refused", test: func(b *bench) {
		noFilter, noWindow := b.ofAll().filter(0, 1, prefixes("a")), b.ofAll().filter(0, 1, prefixes("a"))
		noFilter.GetFilter().Filter, noWindow.GetFilter().Window = nil, nil
		require.Regexp(b, "^InvalidArgument: ", noFilter.says())
		require.Regexp(b, "^InvalidArgument: ", noWindow.says())
		require.Equal(b, fault, b.ofAll().filter(0, 1, regex("(")).says())
		require.Equal(b, fault, b.ofAll().filter(0, 0, prefixes("a")).live().says(), "a checkpoint interval of zero")
	}},
}
