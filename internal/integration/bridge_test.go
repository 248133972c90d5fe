package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/integration"
)

const patience = 30 * time.Second

// closes registers and closes a ticket, and returns its id.
func closes(t *testing.T, h *apptest.Harness, key string) uuid.UUID {
	t.Helper()
	at := h.Clock.Now()
	ticket, err := h.App.Tickets.Register(t.Context(), h.Request(key), commands.RegisterTicket{
		Site: "hq", Channel: "phone", Kind: "fault", Problem: "cold", Level: 2, CalledAt: &at,
	})
	require.NoError(t, err)
	_, err = h.App.Tickets.Accept(t.Context(), h.Request(key+" accept"), ticket.ID, &at)
	require.NoError(t, err)
	_, err = h.App.Tickets.Resolve(t.Context(), h.Request(key+" resolve"), ticket.ID, commands.ResolveTicket{At: &at, Solution: "done"})
	require.NoError(t, err)
	_, err = h.App.Tickets.SignOff(t.Context(), h.Request(key+" sign"), ticket.ID, commands.SignOffTicket{At: &at, Signer: "Li"})
	require.NoError(t, err)
	_, err = h.App.Tickets.Close(t.Context(), h.Request(key+" close"), ticket.ID, &at)
	require.NoError(t, err)
	return ticket.ID
}

// site registers the site that tickets are of.
func site(t *testing.T, h *apptest.Harness) {
	t.Helper()
	_, err := h.App.Sites.Register(t.Context(), h.Request("site"), commands.RegisterSite{Code: "hq", Name: "HQ", Zone: "UTC"})
	require.NoError(t, err)
}

// bridge runs until its test ends or stop is called.
func bridge(t *testing.T, store commands.EventStore) (stop func()) {
	t.Helper()
	b, err := integration.NewBridge(store, integration.All(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(stop)
	return stop
}

// published waits until some events are in the site's stream, and returns them.
func published(t *testing.T, store commands.EventStore, n int) []eventschemas.Recorded {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var all []eventschemas.Recorded
	enough := errors.New("enough")
	err := store.Follow(ctx, eventschemas.Position{}, integration.StreamPrefix, func(e eventschemas.Recorded) error {
		if all = append(all, e); len(all) == n {
			return enough
		}
		return nil
	}, func() error { return nil })
	require.ErrorIs(t, err, enough)
	return all
}

// numbers are the log numbers of our events, by id.
func numbers(t *testing.T, store commands.EventStore) map[uuid.UUID]int64 {
	t.Helper()
	out := map[uuid.UUID]int64{}
	end := errors.New("end")
	err := store.Follow(t.Context(), eventschemas.Position{}, "fl.", func(e eventschemas.Recorded) error {
		out[e.ID] = int64(len(out) + 1)
		return nil
	}, func() error { return end })
	require.ErrorIs(t, err, end)
	return out
}

func TestAClosedTicketIsPublishedOnceWhoeverPublishesAndHoweverOften(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	site(t, h)
	id := closes(t, h, "one")
	stop := bridge(t, h.Store)
	first := published(t, h.Store, 1)[0]
	require.Equal(t, "integration-hq", first.Stream)
	require.Equal(t, "ticket.closed.v1", first.Type)
	var data integration.TicketClosed
	require.NoError(t, json.Unmarshal(first.Data, &data))
	require.NotEmpty(t, data.Number)
	require.Equal(t, integration.TicketClosed{
		Ticket: id, Number: data.Number, Site: "hq", Kind: "fault", Level: 2, Cycle: 1, ClosedAt: data.ClosedAt,
	}, data)
	require.Equal(t, apptest.Start, data.ClosedAt.Time)

	m := integration.Message(first)
	source := uuid.MustParse(m.Metadata.Get(integration.AttrCause))
	require.Equal(t, integration.EventID(source, "ticket.closed"), first.ID)
	require.Equal(t, first.ID.String(), m.UUID)
	require.Equal(t, strconv.FormatInt(numbers(t, h.Store)[source], 10), m.Metadata.Get(integration.AttrSequence))
	require.Equal(t, "urn:fieldledger:site:hq", m.Metadata.Get(integration.AttrSource))
	require.Equal(t, id.String(), m.Metadata.Get(integration.AttrSubject))

	stop()
	for i := range 3 { // started again, and two more beside it
		closes(t, h, fmt.Sprint("more ", i))
		bridge(t, h.Store)
	}
	closes(t, h, "last")
	all := published(t, h.Store, 5)
	seen := map[uuid.UUID]bool{}
	for i, e := range all {
		require.Equal(t, uint64(i), e.Revision)
		require.False(t, seen[e.ID])
		seen[e.ID] = true
	}
	last := integration.Message(all[4])
	require.Equal(t, strconv.FormatInt(numbers(t, h.Store)[uuid.MustParse(last.Metadata.Get(integration.AttrCause))], 10), last.Metadata.Get(integration.AttrSequence))
	stored, err := h.Store.ReadStream(t.Context(), "integration-hq", 0)
	require.NoError(t, err)
	require.Len(t, stored, 5)
}

func TestOnlyIntegrationsThatExistAreFound(t *testing.T) {
	t.Parallel()
	found, err := integration.Find([]string{"ticket.closed"})
	require.NoError(t, err)
	require.Len(t, found, 1)
	_, err = integration.Find([]string{"ticket.closed", "ticket.lost"})
	require.ErrorContains(t, err, `"ticket.lost"`)
	found, err = integration.Find(nil)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestNobodyPublishesIntoOurStreams(t *testing.T) {
	t.Parallel()
	p := integration.NewPublisher(nil)
	for _, topic := range []string{"", "fl.ticket-1", "$settings"} {
		require.ErrorIs(t, p.Publish(topic, message.NewMessage("1", nil)), integration.ErrTopic)
	}
	require.NoError(t, p.Close())
	require.Error(t, p.Publish("integration-hq", message.NewMessage("1", nil)))
}

// deaf is a store that loses the answer of an append now and then.
type deaf struct {
	commands.EventStore
	calls int
}

var errLost = errors.New("answer lost")

func (d *deaf) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	last, err := d.EventStore.Append(ctx, stream, expected, events)
	if d.calls++; d.calls%3 == 1 && err == nil {
		return 0, errLost
	}
	return last, err
}

func TestAMessageWhoseAnswerWasLostIsStoredOnce(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	d := &deaf{EventStore: h.Store}
	mine, other := integration.NewPublisher(d), integration.NewPublisher(h.Store)
	for i := range 30 {
		m := message.NewMessage(uuid.NewString(), fmt.Append(nil, "payload ", i))
		for mine.Publish("integration-x", m) != nil {
			if i%2 == 0 { // somebody else comes between
				require.NoError(t, other.Publish("integration-x", message.NewMessage(uuid.NewString(), []byte(`{}`))))
			}
		}
	}
	stored, err := h.Store.ReadStream(t.Context(), "integration-x", 0)
	require.NoError(t, err)
	times := map[string]int{}
	for _, e := range stored {
		times[string(integration.Message(e).Payload)]++
	}
	for i := range 30 {
		require.Equal(t, 1, times[fmt.Sprint("payload ", i)], i)
	}
}

// What is published comes back as it was, whatever it is; and what somebody
// else has written into such a stream becomes a message too.
func FuzzMessage(f *testing.F) {
	f.Add(uuid.NewString(), []byte(`{"a":1}`), "key", "value", []byte(`{"specversion":"1.0","id":"x"}`))
	f.Add("", []byte("x"), "id", "y", []byte(`{}`))
	f.Add("no uuid", []byte("x"), "type", "ticket.closed.v1", []byte(`[]`))
	f.Add("\xff", []byte{}, "", "", []byte(`{"specversion":"1.0","id":"x","datacontenttype":"application/octet-stream"}`))
	f.Fuzz(func(t *testing.T, id string, payload []byte, key, value string, meta []byte) {
		m := message.NewMessage(id, payload)
		m.Metadata.Set(key, value)
		e, err := integration.Proposed(m)
		require.NoError(t, err)
		require.True(t, json.Valid(e.Data))
		require.NotEmpty(t, e.Type)
		require.NotEqual(t, uuid.Nil, e.ID)
		back := integration.Message(eventschemas.Recorded{ID: e.ID, Type: e.Type, Data: e.Data, Meta: e.Meta})
		require.True(t, bytes.Equal(payload, back.Payload))
		integration.Message(eventschemas.Recorded{ID: e.ID, Data: payload, Meta: meta})
	})
}
