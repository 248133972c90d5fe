package serverrules

import (
	"fmt"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/stretchr/testify/require"
)

// wrongDelete is the error of a delete at another revision.
func wrongDelete(stream string, expected, actual int64) string {
	return fmt.Sprintf("FailedPrecondition: Delete failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d; "+
		"actual-version=%d; exception=wrong-expected-version; expected-version=%d; stream-name=%s", stream, expected, actual, actual, expected, stream)
}

var removalRules = []rule{
	{name: "a soft delete asks for the revision, and for a stream", test: func(b *bench) {
		for _, c := range []struct {
			state    string
			expected int64
			want     string
		}{
			{stateNone, anyState, wrongDelete("s", anyState, -1)},
			{stateNone, noStream, wrongDelete("s", noStream, -1)},
			{stateNone, exists, wrongDelete("s", exists, -1)},
			{stateNone, 0, wrongDelete("s", 0, -1)},
			{stateMetadata, anyState, "ok"},
			{stateMetadata, exists, "ok"},
			{stateMetadata, noStream, "ok"},
			{stateLive, anyState, "ok"},
			{stateLive, exists, "ok"},
			{stateLive, 2, "ok"},
			{stateLive, 1, wrongDelete("s", 1, 2)},
			{stateLive, 3, wrongDelete("s", 3, 2)},
			{stateLive, noStream, wrongDelete("s", noStream, 2)},
			{stateDeleted, anyState, "ok"},
			{stateDeleted, noStream, "ok"},
			{stateDeleted, 2, "ok"},
			{stateDeleted, 1, wrongDelete("s", 1, 2)},
			{stateDeleted, exists, deletedError("s")},
			{stateTombstoned, anyState, deletedError("s")},
			{stateTombstoned, 2, deletedError("s")},
		} {
			each := *b
			each.prefix += c.state + strconv.FormatInt(c.expected, 10)
			each.prepare("s", c.state)
			require.Equal(b, c.want, each.softDelete("s", c.expected), "%s, expecting %d", c.state, c.expected)
		}
	}},
	{name: "a tombstone asks for the revision, and for nothing else", test: func(b *bench) {
		for _, c := range []struct {
			state    string
			expected int64
			want     string
		}{
			{stateNone, anyState, "ok"},
			{stateNone, noStream, "ok"},
			{stateNone, exists, wrongDelete("s", exists, -1)},
			{stateNone, 0, wrongDelete("s", 0, -1)},
			{stateLive, anyState, "ok"},
			{stateLive, exists, "ok"},
			{stateLive, 2, "ok"},
			{stateLive, 1, wrongDelete("s", 1, 2)},
			{stateLive, noStream, wrongDelete("s", noStream, 2)},
			{stateDeleted, anyState, "ok"},
			{stateDeleted, noStream, "ok"},
			{stateDeleted, 2, "ok"},
			{stateDeleted, exists, deletedError("s")},
			{stateTombstoned, anyState, deletedError("s")},
		} {
			each := *b
			each.prefix += c.state + strconv.FormatInt(c.expected, 10)
			each.prepare("s", c.state)
			require.Equal(b, c.want, each.tombstone("s", c.expected), "%s, expecting %d", c.state, c.expected)
			if c.want == "ok" {
				require.Equal(b, deletedError("s"), each.ofStream("s").says())
			}
		}
	}},
	{name: "a delete without expected revision is refused", test: func(b *bench) {
		require.Regexp(b, "^InvalidArgument: ", b.softDelete("s", unset))
		require.Regexp(b, "^InvalidArgument: ", b.tombstone("s", unset))
	}},
	{name: "a soft delete is one event of metadata that replaces what was there", test: func(b *bench) {
		b.stored("s", noStream, "a")
		b.setMetadata("s", `{"$maxCount":5,"colour":"blue"}`)
		require.Equal(b, "ok", b.softDelete("s", 0))
		e := b.ofStream("$$s").one().GetEvent()
		require.Equal(b, "$metadata", e.GetMetadata()["type"])
		require.Equal(b, "application/json", e.GetMetadata()["content-type"])
		require.JSONEq(b, `{"$tb":9223372036854775807}`, string(e.GetData()))
		require.EqualValues(b, 1, e.GetStreamRevision(), "readable after the delete")
	}},
	{name: "an append recreates a softly deleted stream at the next revision, with its old events hidden", test: func(b *bench) {
		for i, expected := range []int64{anyState, noStream, 2} {
			stream := fmt.Sprint("s", i)
			b.prepare(stream, stateDeleted)
			_, revision := b.stored(stream, expected, "x", "y")
			require.EqualValues(b, 4, revision)
			require.Equal(b, stream+"/3 "+stream+"/4", b.ofStream(stream).says())
			require.JSONEq(b, `{"$tb":3}`, string(b.ofStream("$$"+stream).one().GetEvent().GetData()))
		}
	}},
	{name: "recreation keeps the other metadata", test: func(b *bench) {
		b.stored("s", noStream, "a")
		b.setMetadata("s", `{"$tb":9223372036854775807,"colour":"blue"}`) // equals a soft delete
		require.Equal(b, "not-found=s", b.ofStream("s").says())
		b.stored("s", noStream, "b")
		require.JSONEq(b, `{"$tb":1,"colour":"blue"}`, string(b.ofStream("$$s").one().GetEvent().GetData()))
		require.Equal(b, "s/1", b.ofStream("s").says())
	}},
	{name: "new metadata undeletes a softly deleted stream", test: func(b *bench) {
		b.prepare("s", stateDeleted)
		b.setMetadata("s", `{"colour":"blue"}`)
		e := b.ofStream("$$s").one().GetEvent()
		require.JSONEq(b, `{"$tb":3,"colour":"blue"}`, string(e.GetData()))
		require.EqualValues(b, 2, e.GetStreamRevision(), "the delete, what was set, and the server's own")
		require.Empty(b, b.ofStream("s").says(), "it is there, and empty")
		b.stored("s", 2, "x")
		require.Equal(b, "s/3", b.ofStream("s").says())
	}},
	{name: "a tombstone is one event with the greatest revision and no data", test: func(b *bench) {
		b.stored("s", noStream, "a")
		require.Equal(b, "ok", b.tombstone("s", 0))
		messages, err := b.ofAll().end().back().own().count(1).messages()
		require.NoError(b, err)
		require.Len(b, messages, 1)
		e := messages[0].GetEvent().GetEvent()
		require.Equal(b, "$streamDeleted", e.GetMetadata()["type"])
		require.EqualValues(b, tombstoneRevision, e.GetStreamRevision())
		require.Empty(b, e.GetData())
	}},
	{name: "the metadata of a tombstoned stream cannot be written", test: func(b *bench) {
		b.prepare("s", stateTombstoned)
		e := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Data = []byte(`{}`) })
		require.Equal(b, deletedError("$$s"), b.tryAppend("$$s", anyState, e))
	}},
}

var metadataRules = []rule{
	{name: "$tb and $maxCount hide what is older, at once", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c", "d", "e")
		for _, c := range []struct{ data, want string }{
			{`{"$maxCount":2}`, "s/3 s/4"},
			{`{"$tb":1}`, "s/1 s/2 s/3 s/4"},
			{`{"$tb":4,"$maxCount":3}`, "s/4"},
			{`{"$tb":1,"$maxCount":3}`, "s/2 s/3 s/4"},
			{`{"$maxCount":9}`, "s/0 s/1 s/2 s/3 s/4"},
			{`{"$tb":5}`, ""},
			{`{}`, "s/0 s/1 s/2 s/3 s/4"},
		} {
			b.setMetadata("s", c.data)
			require.Equal(b, c.want, b.ofStream("s").says(), c.data)
		}
	}},
	{name: "$maxAge hides what is older, in seconds", test: func(b *bench) {
		b.stored("s", noStream, "a", "b")
		b.setMetadata("s", `{"$maxAge":3600}`)
		require.Equal(b, "s/0 s/1", b.ofStream("s").says())
		b.setMetadata("s", `{"$maxAge":1}`)
		b.eventually("", func() string { return b.ofStream("s").says() })
		b.stored("s", 1, "c")
		b.setMetadata("s", `{"$maxAge":3600}`)
		require.Equal(b, "s/0 s/1 s/2", b.ofStream("s").says(), "nothing was removed")
	}},
	{name: "one invalid value makes the whole metadata count as empty", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c")
		for _, data := range []string{
			`{"$maxCount":"1"}`, `{"$maxCount":1.0}`, `{"$maxCount":1,"$tb":"x"}`, `{"$maxCount":1,"$acl":"$admins"}`,
			`{"$maxCount":1,"$acl":{"$x":"a"}}`, `{"$maxCount":1,"$acl":{"$r":1}}`, `{"$maxCount":1,"$tmp":1}`,
			`{"$maxCount":1,"$maxAge":9223372036854775808}`, `{"$maxCount":1,"$cacheControl":"a"}`, `[]`, `{`, ``,
		} {
			b.setMetadata("s", data)
			require.Equal(b, "s/0 s/1 s/2", b.ofStream("s").says(), data)
		}
	}},
	{name: "values without sense are ignored singly, and so are other keys", test: func(b *bench) {
		b.stored("s", noStream, "a", "b", "c")
		for _, data := range []string{
			`{"$maxCount":1}`, `{"$maxCount":1,"$tb":-1}`, `{"$maxCount":1,"$maxAge":0}`, `{"$maxCount":1,"$maxAge":-5}`,
			`{"$maxCount":1,"$other":"x","z":[1.5]}`, `{"$maxCount":1,"$tmp":true}`, `{"$maxCount":1,"$acl":{"$r":"a","$w":["b"]}}`,
		} {
			b.setMetadata("s", data)
			require.Equal(b, "s/2", b.ofStream("s").says(), data)
		}
		b.setMetadata("s", `{"$maxCount":0}`)
		require.Equal(b, "s/0 s/1 s/2", b.ofStream("s").says())
	}},
	{name: "only JSON counts as metadata, of whatever type", test: func(b *bench) {
		b.stored("s", noStream, "a", "b")
		write := func(contentType, kind string) {
			e := b.changed(func(e *streams.AppendReq_ProposedMessage) {
				e.Data, e.Metadata["content-type"], e.Metadata["type"] = []byte(`{"$maxCount":1}`), contentType, kind
			})
			require.Regexp(b, "^ok ", b.tryAppend("$$s", anyState, e))
		}
		write("application/octet-stream", "$metadata")
		require.Equal(b, "s/0 s/1", b.ofStream("s").says())
		write("application/json", "anything")
		require.Equal(b, "s/1", b.ofStream("s").says())
	}},
	{name: "of a metadata stream only the newest event is readable, and its revisions go on", test: func(b *bench) {
		b.setMetadata("s", `{"a":1}`)
		b.setMetadata("s", `{"a":2}`)
		b.setMetadata("s", `{"a":3}`)
		require.Equal(b, "$$s/2", b.ofStream("$$s").says())
		require.Equal(b, "$$s/2", b.ofStream("$$s").end().back().says())
		require.Equal(b, "wrong: at 2, expected 1", b.try("$$s", 1, "x"))
		require.Equal(b, "ok 3", b.try("$$s", 2, "x"))
	}},
	{name: "metadata may be there before the stream, and hides what comes", test: func(b *bench) {
		b.setMetadata("s", `{"$maxCount":1}`)
		b.stored("s", noStream, "a", "b")
		require.Equal(b, "s/1", b.ofStream("s").says())
	}},
	{name: "hidden events are no targets of links", test: func(b *bench) {
		b.stored("t", noStream, "a", "b")
		b.link("l", noStream, "0@"+b.name("t"))
		require.Equal(b, "l/0->t/0", b.ofStream("l").links().says())
		b.setMetadata("t", `{"$maxCount":1}`)
		require.Equal(b, "l/0->", b.ofStream("l").links().says())
	}},
}
