package catchup_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
)

func TestTheEmbeddedNodeIsReadAndRecognised(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	node, err := eventnode.Open(ctx, eventnode.Options{Clock: clock.NewFake(zero), Insecure: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close(context.WithoutCancel(ctx))) })
	write := func(stream string, expected int64) {
		_, err := node.Append(ctx, stream, expected, []eventschemas.Proposed{
			{ID: uuid.New(), Type: "job.done.v1", Data: []byte("{}"), Meta: []byte("{}")},
		})
		require.NoError(t, err)
	}
	for n := range int64(20) {
		write("fl.job-1", n-1)
		write("other-1", n-1)
	}
	p := newProjector(t, nil, func(o *catchup.Options) { o.Log, o.Streams, o.PageEvents = node, node, 7 })
	p.subscribe()
	p.until(20)
	write("fl.job-2", commands.NoStream)
	p.until(21)

	again := newProjector(t, nil, func(o *catchup.Options) { o.Log, o.Streams = node, node })
	again.at.Store(p.at.Load())
	again.subscribe()
	write("fl.job-2", 0)
	again.until(22)

	foreign := newProjector(t, nil, func(o *catchup.Options) { o.Log, o.Streams = node, node })
	at := *p.at.Load()
	at.EventID = uuid.New()
	foreign.at.Store(&at)
	foreign.subscribe()
	_, open := <-foreign.pages
	require.False(t, open)
	var different *catchup.DifferentLogError
	require.ErrorAs(t, foreign.reader.Err(), &different)
}
