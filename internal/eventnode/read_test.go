package eventnode_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"
)

func TestStreamReadsGoBothWaysAndCount(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "s", esdb.NoStream{}, numbered("e", 0, 5)...)
	for _, tc := range []struct {
		from  esdb.StreamPosition
		back  bool
		count uint64
		want  []uint64
	}{
		{esdb.Start{}, false, 10, []uint64{0, 1, 2, 3, 4}},
		{esdb.Start{}, false, 2, []uint64{0, 1}},
		{esdb.Revision(3), false, 10, []uint64{3, 4}},
		{esdb.Revision(4), false, 10, []uint64{4}},
		{esdb.Revision(9), false, 10, []uint64{}},
		{esdb.End{}, true, 10, []uint64{4, 3, 2, 1, 0}},
		{esdb.End{}, true, 1, []uint64{4}},
		{esdb.Revision(2), true, 10, []uint64{2, 1, 0}},
		{esdb.Revision(9), true, 2, []uint64{4, 3}},
		{esdb.Start{}, true, 10, []uint64{0}},
	} {
		opts := esdb.ReadStreamOptions{From: tc.from}
		if tc.back {
			opts.Direction = esdb.Backwards
		}
		require.Equal(t, tc.want, revisions(readStream(t, c, "s", opts, tc.count)), "%#v", tc)
	}
}

func TestLongStreamsAreReadWholeInPages(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	const count = 1500
	appendTo(t, c, "s", esdb.NoStream{}, numbered("e", 0, count)...)
	forwards := readStream(t, c, "s", esdb.ReadStreamOptions{}, 10_000)
	require.Len(t, forwards, count)
	backwards := readStream(t, c, "s", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 10_000)
	require.Len(t, backwards, count)
	for i := range count {
		require.Equal(t, uint64(i), forwards[i].Event.EventNumber)
		require.Equal(t, uint64(count-1-i), backwards[i].Event.EventNumber)
	}
	require.Len(t, readAll(t, c, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 10_000), count)
	require.Len(t, readAll(t, c, esdb.ReadAllOptions{From: esdb.Start{}}, 1234), 1234)
	local, err := n.ReadStream(testContext(t), "s", 0)
	require.NoError(t, err)
	require.Len(t, local, count)
}

func TestReadsOfAllStartAtTheirPosition(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "a", esdb.NoStream{}, numbered("a", 0, 3)...)
	appendTo(t, c, "b", esdb.NoStream{}, numbered("b", 0, 3)...)
	all := readAll(t, c, esdb.ReadAllOptions{From: esdb.Start{}}, 100)
	require.Len(t, all, 6)
	at := all[2].OriginalEvent().Position
	forwards := readAll(t, c, esdb.ReadAllOptions{From: at}, 100)
	require.Equal(t, all[2:], forwards, "forwards a position is inclusive")
	backwards := readAll(t, c, esdb.ReadAllOptions{From: at, Direction: esdb.Backwards}, 100)
	require.Len(t, backwards, 2, "backwards it is exclusive")
	require.Equal(t, all[1], backwards[0])
	require.Empty(t, readAll(t, c, esdb.ReadAllOptions{From: esdb.End{}}, 100))
	require.Empty(t, readAll(t, c, esdb.ReadAllOptions{From: esdb.Start{}, Direction: esdb.Backwards}, 100))
	require.Len(t, readAll(t, c, esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards}, 4), 4)
	beyond := esdb.Position{Commit: at.Commit + 1<<30, Prepare: at.Commit + 1<<30}
	require.Empty(t, readAll(t, c, esdb.ReadAllOptions{From: beyond}, 100))
	require.ErrorContains(t, allError(t, c, esdb.ReadAllOptions{From: beyond, Direction: esdb.Backwards}), "ReadAllResult: Error")
	inside := esdb.Position{Commit: at.Commit + 1, Prepare: at.Commit + 1}
	require.ErrorContains(t, allError(t, c, esdb.ReadAllOptions{From: inside}), "InvalidPosition")
}

func allError(t *testing.T, c *esdb.Client, opts esdb.ReadAllOptions) error {
	t.Helper()
	r, err := c.ReadAll(testContext(t), opts, 10)
	require.NoError(t, err)
	defer r.Close()
	_, err = r.Recv()
	return err
}

func TestMetadataHidesEventsFromStreamReadsOnly(t *testing.T) {
	t.Parallel()
	c, n, clock := insecureClient(t)
	set := func(change func(*esdb.StreamMetadata)) {
		m := esdb.StreamMetadata{}
		change(&m)
		_, err := c.SetStreamMetadata(testContext(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, m)
		require.NoError(t, err)
	}
	read := func() []uint64 { return revisions(readStream(t, c, "s", esdb.ReadStreamOptions{}, 100)) }
	appendTo(t, c, "s", esdb.NoStream{}, numbered("e", 0, 5)...)
	set(func(m *esdb.StreamMetadata) { m.SetMaxCount(2) })
	require.Equal(t, []uint64{3, 4}, read())
	set(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(4) })
	require.Equal(t, []uint64{4}, read())
	require.Empty(t, readStream(t, c, "s", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.Revision(3)}, 10))
	set(func(m *esdb.StreamMetadata) { m.SetMaxAge(time.Minute) })
	clock.advance(time.Hour)
	require.Empty(t, read())
	appendTo(t, c, "s", esdb.Revision(4), event("e5"))
	require.Equal(t, []uint64{5}, read())
	set(func(m *esdb.StreamMetadata) { m.AddCustomProperty("colour", "blue") })
	require.Len(t, read(), 6)

	got, err := c.GetStreamMetadata(testContext(t), "s", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}})
	require.NoError(t, err)
	require.Nil(t, got.MaxCount())
	require.Len(t, readStream(t, c, "$$s", esdb.ReadStreamOptions{}, 100), 1, "only the newest metadata is readable")
	require.Len(t, readAll(t, c, esdb.ReadAllOptions{From: esdb.Start{}}, 100), 10)
	require.Equal(t, uint64(10), n.Head().Events)
}

func TestInvalidMetadataCountsAsEmpty(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "s", esdb.NoStream{}, numbered("e", 0, 3)...)
	for i, tc := range []struct {
		data string
		want int
	}{
		{`{"$maxCount":1}`, 1},
		{`{"$maxCount":"1"}`, 3},
		{`{"$maxCount":1.0}`, 3},
		{`{"$maxCount":1,"$tb":"x"}`, 3},
		{`{"$maxCount":0}`, 3},
		{`{"$maxCount":1,"$acl":"$admins"}`, 3},
		{`{"$maxCount":1,"$acl":{"$r":"a","$w":["b"]}}`, 1},
		{`{"$maxCount":1,"$acl":{"$x":"a"}}`, 3},
		{`{"$maxCount":1,"$tmp":1}`, 3},
		{`[]`, 3},
		{`{`, 3},
	} {
		e := event(fmt.Sprintf("m%d", i))
		e.EventType, e.Data = "$metadata", []byte(tc.data)
		appendTo(t, c, "$$s", esdb.Any{}, e)
		require.Len(t, readStream(t, c, "s", esdb.ReadStreamOptions{}, 100), tc.want, tc.data)
	}
}

func TestLinksAreResolvedWhenAsked(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "target", esdb.NoStream{}, numbered("e", 0, 2)...)
	link := func(name, data string) esdb.EventData {
		return esdb.EventData{EventID: eventID(name), EventType: "$>", Data: []byte(data)}
	}
	appendTo(t, c, "links", esdb.NoStream{}, link("l0", "1@target"), link("l1", "7@target"), link("l2", "nonsense"))
	plain := readStream(t, c, "links", esdb.ReadStreamOptions{}, 10)
	require.Nil(t, plain[0].Link)
	resolved := readStream(t, c, "links", esdb.ReadStreamOptions{ResolveLinkTos: true}, 10)
	require.Equal(t, eventID("e1"), resolved[0].Event.EventID)
	require.Equal(t, eventID("l0"), resolved[0].Link.EventID)
	require.Equal(t, resolved[0].Link.Position.Commit, *resolved[0].Commit)
	require.Nil(t, resolved[1].Event)
	require.Equal(t, eventID("l1"), resolved[1].Link.EventID)
	require.Nil(t, resolved[2].Link)
	require.Equal(t, eventID("l2"), resolved[2].Event.EventID)
}

func TestDeleteTombstoneAndRecreateWorkOnForeignStreams(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	ctx := testContext(t)
	_, err := c.DeleteStream(ctx, "s", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	require.ErrorContains(t, err, "WrongExpectedVersion", "a missing stream cannot be deleted")

	prepare(t, c, "s", "softly deleted, last 2")
	require.Equal(t, esdb.ErrorCodeResourceNotFound, codeOf(readError(t, c, "s")))
	appendTo(t, c, "s", esdb.NoStream{}, event("again"))
	require.Equal(t, []uint64{3}, revisions(readStream(t, c, "s", esdb.ReadStreamOptions{}, 10)))
	_, err = c.DeleteStream(ctx, "s", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(1)})
	require.ErrorContains(t, err, "Expected version: 1, Actual version: 3")

	r, err := c.TombstoneStream(ctx, "s", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(3)})
	require.NoError(t, err)
	require.NotZero(t, r.Position.Commit)
	for _, name := range []string{"s", "$$s"} {
		require.Equal(t, esdb.ErrorCodeStreamDeleted, codeOf(readError(t, c, name)), name)
	}
	_, err = c.TombstoneStream(ctx, "never", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.NoStream{}})
	require.NoError(t, err)
	require.Equal(t, esdb.ErrorCodeStreamDeleted, codeOf(readError(t, c, "never")))
}

func TestStreamsOfThisProgramKeepAllTheirEvents(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	ctx := testContext(t)
	appendTo(t, c, "fl.s", esdb.NoStream{}, numbered("e", 0, 3)...)
	before := n.Head()
	for _, name := range []string{"fl.s", "$$fl.s"} {
		_, err := c.DeleteStream(ctx, name, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
		require.ErrorContains(t, err, "keep all their events", name)
		_, err = c.TombstoneStream(ctx, name, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
		require.ErrorContains(t, err, "keep all their events", name)
	}
	for _, data := range []string{`{"$tb":1}`, `{"$maxCount":1}`, `{"$maxAge":1}`, `{"$maxAge":1,"$acl":1}`} {
		e := event(data)
		e.EventType, e.Data = "$metadata", []byte(data)
		_, err := c.AppendToStream(ctx, "$$fl.s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event("x"), e)
		require.ErrorContains(t, err, "keep all their events", data)
		require.Equal(t, esdb.ErrorCodeAccessDenied, codeOf(err))
	}
	require.Equal(t, before, n.Head())
	m := esdb.StreamMetadata{}
	m.AddCustomProperty("colour", "blue")
	_, err := c.SetStreamMetadata(ctx, "fl.s", esdb.AppendToStreamOptions{}, m)
	require.NoError(t, err, "other metadata may be set")
	require.Len(t, readStream(t, c, "fl.s", esdb.ReadStreamOptions{}, 100), 3)
}
