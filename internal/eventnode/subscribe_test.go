package eventnode_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

// said is one message of a subscription, in short.
func said(tb testing.TB, sub *esdb.Subscription) string {
	tb.Helper()
	m := sub.Recv()
	switch {
	case m.EventAppeared != nil:
		e := m.EventAppeared.OriginalEvent()
		return fmt.Sprintf("%s/%d", e.StreamID, int64(e.EventNumber))
	case m.CaughtUp != nil:
		return "caught up"
	case m.CheckPointReached != nil:
		return "checkpoint"
	case m.SubscriptionDropped != nil:
		return "dropped: " + m.SubscriptionDropped.Error.Error()
	}
	return "?"
}

func saidTimes(tb testing.TB, sub *esdb.Subscription, times int) []string {
	tb.Helper()
	out := []string{}
	for range times {
		out = append(out, said(tb, sub))
	}
	return out
}

func subscribeStream(tb testing.TB, c *esdb.Client, stream string, opts esdb.SubscribeToStreamOptions) *esdb.Subscription {
	tb.Helper()
	sub, err := c.SubscribeToStream(testContext(tb), stream, opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, sub.Close()) })
	return sub
}

func subscribeAll(tb testing.TB, c *esdb.Client, opts esdb.SubscribeToAllOptions) *esdb.Subscription {
	tb.Helper()
	sub, err := c.SubscribeToAll(testContext(tb), opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, sub.Close()) })
	return sub
}

func TestAStreamSubscriptionCatchesUpAndGoesOn(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "s", esdb.NoStream{}, numbered("e", 0, 3)...)
	appendTo(t, c, "other", esdb.NoStream{}, numbered("o", 0, 3)...)
	start := subscribeStream(t, c, "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	after := subscribeStream(t, c, "s", esdb.SubscribeToStreamOptions{From: esdb.Revision(1)})
	end := subscribeStream(t, c, "s", esdb.SubscribeToStreamOptions{From: esdb.End{}})
	missing := subscribeStream(t, c, "later", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	beyond := subscribeStream(t, c, "s", esdb.SubscribeToStreamOptions{From: esdb.Revision(3)})
	require.Equal(t, []string{"s/0", "s/1", "s/2", "caught up"}, saidTimes(t, start, 4))
	require.Equal(t, []string{"s/2", "caught up"}, saidTimes(t, after, 2), "a revision is exclusive")
	for _, sub := range []*esdb.Subscription{end, missing, beyond} {
		require.Equal(t, "caught up", said(t, sub))
	}
	appendTo(t, c, "s", esdb.Revision(2), numbered("e", 3, 5)...)
	appendTo(t, c, "later", esdb.NoStream{}, event("l"))
	for _, sub := range []*esdb.Subscription{start, after, end} {
		require.Equal(t, []string{"s/3", "s/4"}, saidTimes(t, sub, 2))
	}
	require.Equal(t, "s/4", said(t, beyond), "events up to the given revision are skipped")
	require.Equal(t, "later/0", said(t, missing))
}

func TestATombstoneEndsASubscription(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "s", esdb.NoStream{}, event("a"))
	sub := subscribeStream(t, c, "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	require.Equal(t, []string{"s/0", "caught up"}, saidTimes(t, sub, 2))
	_, err := c.TombstoneStream(testContext(t), "s", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	require.NoError(t, err)
	require.Equal(t, "s/9223372036854775807", said(t, sub))
	require.Contains(t, said(t, sub), "Event stream 's' is deleted.")
	_, err = c.SubscribeToStream(testContext(t), "s", esdb.SubscribeToStreamOptions{})
	require.Equal(t, esdb.ErrorCodeStreamDeleted, codeOf(err))
}

func TestASubscriptionToASoftlyDeletedStreamGoesOnBehindIt(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	prepare(t, c, "s", "softly deleted, last 2")
	sub := subscribeStream(t, c, "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	require.Equal(t, "caught up", said(t, sub))
	appendTo(t, c, "s", esdb.Any{}, event("x"))
	require.Equal(t, "s/3", said(t, sub))
}

func TestAnAllSubscriptionStartsBehindItsPosition(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "a", esdb.NoStream{}, numbered("a", 0, 2)...)
	at := appendTo(t, c, "b", esdb.NoStream{}, event("b"))
	position := esdb.Position{Commit: at.CommitPosition, Prepare: at.PreparePosition}
	start := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	end := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.End{}})
	after := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: position})
	require.Equal(t, []string{"a/0", "a/1", "b/0", "caught up"}, saidTimes(t, start, 4))
	require.Equal(t, "caught up", said(t, end))
	require.Equal(t, "caught up", said(t, after))
	appendTo(t, c, "a", esdb.Revision(1), event("a2"))
	for _, sub := range []*esdb.Subscription{start, end, after} {
		require.Equal(t, "a/2", said(t, sub))
	}
	wrong := position
	wrong.Commit--
	wrong.Prepare--
	bad := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: wrong})
	require.Contains(t, said(t, bad), "invalid position")
}

func TestFiltersSelectByStreamAndType(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "fl.a", esdb.NoStream{}, event("1"))
	appendTo(t, c, "foreign", esdb.NoStream{}, event("2"))
	e := event("3")
	e.EventType = "special"
	appendTo(t, c, "fl.b", esdb.NoStream{}, e)
	for name, tc := range map[string]struct {
		filter *esdb.SubscriptionFilter
		want   []string
	}{
		"stream prefix":   {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"fl."}}, []string{"fl.a/0", "fl.b/0"}},
		"two prefixes":    {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"for", "fl.b"}}, []string{"foreign/0", "fl.b/0"}},
		"type prefix":     {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"spec"}}, []string{"fl.b/0"}},
		"stream regex":    {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "a$"}, []string{"fl.a/0"}},
		"type regex":      {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "^tes"}, []string{"fl.a/0", "foreign/0"}},
		"system excluded": {esdb.ExcludeSystemEventsFilter(), []string{"fl.a/0", "foreign/0", "fl.b/0"}},
	} {
		sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: tc.filter})
		require.Equal(t, append(tc.want, "checkpoint", "caught up"), saidTimes(t, sub, len(tc.want)+2), name)
	}
	bad := subscribeAllError(t, c, &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "("})
	require.ErrorContains(t, bad, "Exception was thrown by handler")
}

func subscribeAllError(t *testing.T, c *esdb.Client, filter *esdb.SubscriptionFilter) error {
	t.Helper()
	_, err := c.SubscribeToAll(testContext(t), esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: filter})
	require.Error(t, err)
	return err
}

func TestCheckpointsComeWithoutMatchesAndCanBeResumedFrom(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "foreign", esdb.NoStream{}, numbered("f", 0, 100)...)
	opts := esdb.SubscribeToAllOptions{
		From: esdb.Start{}, MaxSearchWindow: 10, CheckpointInterval: 2,
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"fl."}},
	}
	sub := subscribeAll(t, c, opts)
	var last esdb.Position
	points := 0
	for m := sub.Recv(); m.CaughtUp == nil; m = sub.Recv() {
		require.NotNil(t, m.CheckPointReached)
		require.Greater(t, m.CheckPointReached.Commit, last.Commit)
		last = *m.CheckPointReached
		points++
	}
	require.GreaterOrEqual(t, points, 5)
	appendTo(t, c, "foreign", esdb.Any{}, numbered("f", 100, 119)...)
	appendTo(t, c, "fl.a", esdb.NoStream{}, event("a"))
	require.Equal(t, []string{"fl.a/0", "checkpoint"}, saidTimes(t, sub, 2), "the twentieth event brings a checkpoint")
	opts.From = last
	resumed := subscribeAll(t, c, opts)
	for {
		m := resumed.Recv()
		if m.EventAppeared != nil {
			require.Equal(t, "fl.a", m.EventAppeared.OriginalEvent().StreamID)
			break
		}
		require.NotNil(t, m.CheckPointReached, "%+v", m)
	}
}

func TestACheckpointIsNotRepeated(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	appendTo(t, c, "fl.s", esdb.NoStream{}, numbered("e", 0, 32)...) // exactly one page of matches
	sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{
		From: esdb.Start{}, MaxSearchWindow: 32, CheckpointInterval: 1,
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"fl."}},
	})
	require.Equal(t, []string{"fl.s/31", "checkpoint", "caught up"}, saidTimes(t, sub, 34)[31:])
}

func TestNothingIsLostOrDoubledAtTheSwitchToLive(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 60
	c, n, _ := insecureClient(t)
	var g errgroup.Group
	for w := range writers {
		g.Go(func() error {
			for i := range each {
				_, err := c.AppendToStream(testContext(t), fmt.Sprintf("fl.w%d", w), esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
					numbered(fmt.Sprintf("%d-%d-", w, i), 0, 1+i%3)...)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	const total = writers * each * 2
	filter := &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"fl."}}
	for i := range 6 {
		g.Go(func() error {
			opts := esdb.SubscribeToAllOptions{From: esdb.Start{}}
			if i%2 == 0 {
				opts.Filter = filter
			}
			sub, err := c.SubscribeToAll(testContext(t), opts)
			if err != nil {
				return err
			}
			defer sub.Close()
			return expectDense(total, func() (string, uint64, error) {
				for {
					m := sub.Recv()
					if m.SubscriptionDropped != nil {
						return "", 0, m.SubscriptionDropped.Error
					}
					if m.EventAppeared != nil {
						return m.EventAppeared.Event.StreamID, m.EventAppeared.Event.EventNumber, nil
					}
				}
			})
		})
	}
	g.Go(func() error { return followDense(t, n, total) })
	require.NoError(t, g.Wait())
	require.Equal(t, uint64(total), n.Head().Events)
}

// expectDense takes total events and checks that each stream's revisions are 0, 1, 2 and so on.
func expectDense(total int, next func() (string, uint64, error)) error {
	seen := map[string]uint64{}
	for range total {
		stream, revision, err := next()
		if err != nil {
			return err
		}
		if revision != seen[stream] {
			return fmt.Errorf("stream %s: revision %d where %d was due", stream, revision, seen[stream])
		}
		seen[stream]++
	}
	return nil
}

var errEnough = errors.New("enough")

func followDense(t *testing.T, n *eventnode.Node, total int) error {
	t.Helper()
	events := make(chan eventschemas.Recorded, total+1)
	err := n.Follow(testContext(t), eventschemas.Position{}, "fl.", func(r eventschemas.Recorded) error {
		events <- r
		if len(events) == total {
			return errEnough
		}
		return nil
	}, func() error { return nil })
	if !errors.Is(err, errEnough) {
		return err
	}
	return expectDense(total, func() (string, uint64, error) {
		r := <-events
		return r.Stream, r.Revision, nil
	})
}

func TestASlowReaderCatchesUpAndIsToldSo(t *testing.T) {
	t.Parallel()
	c, _, _ := insecureClient(t)
	sub := subscribeStream(t, c, "s", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	require.Equal(t, "caught up", said(t, sub))
	appendTo(t, c, "s", esdb.Any{}, numbered("e", 0, 100)...) // more at once than a live subscriber takes
	got := saidTimes(t, sub, 101)
	require.Equal(t, "s/0", got[0])
	require.Equal(t, "s/99", got[99])
	require.Equal(t, "caught up", got[100])
}

func TestFollowIsWokenByNewEventsAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c, n, _ := insecureClient(t)
	ctx, cancel := context.WithCancel(testContext(t))
	caughtUp := make(chan struct{}, 100)
	events := make(chan eventschemas.Recorded, 100)
	done := make(chan error, 1)
	go func() {
		done <- n.Follow(ctx, eventschemas.Position{}, "fl.",
			func(r eventschemas.Recorded) error { events <- r; return nil },
			func() error { caughtUp <- struct{}{}; return nil })
	}()
	<-caughtUp
	appendTo(t, c, "fl.s", esdb.NoStream{}, event("a"))
	r := <-events
	require.Equal(t, eventID("a"), r.ID)
	<-caughtUp
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

func TestCloseEndsFollowersAndSubscriptions(t *testing.T) {
	t.Parallel()
	n, err := tryOpen(eventnode.Options{Insecure: true})
	require.NoError(t, err)
	c := connect(t, n)
	sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	require.Equal(t, "caught up", said(t, sub))
	caughtUp, done := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		done <- n.Follow(testContext(t), eventschemas.Position{}, "", func(eventschemas.Recorded) error { return nil },
			func() error { caughtUp <- struct{}{}; return nil })
	}()
	<-caughtUp
	closeNode(t, n)
	require.ErrorIs(t, <-done, commands.ErrUnavailable)
	require.Contains(t, said(t, sub), "Unavailable")
	<-n.Done()
	require.NoError(t, n.Err())
	_, err = n.ReadStream(testContext(t), "s", 0)
	require.ErrorIs(t, err, commands.ErrUnavailable)
	_, err = n.Append(testContext(t), "s", -1, []eventschemas.Proposed{{ID: eventID("a"), Type: "t"}})
	require.ErrorIs(t, err, commands.ErrUnavailable)
	closeNode(t, n)
}
