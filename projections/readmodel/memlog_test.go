package readmodel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// memLog is a log in memory for tests.
type memLog struct {
	mu      sync.Mutex
	all     []eventschemas.Recorded
	streams map[string][]eventschemas.Recorded
	grown   chan struct{}
}

func newMemLog() *memLog {
	return &memLog{streams: map[string][]eventschemas.Recorded{}, grown: make(chan struct{})}
}

var zero = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// add appends an event and returns it.
func (l *memLog) add(stream, typ string, event any) eventschemas.Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	data, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	n := uint64(len(l.all) + 1)
	e := eventschemas.Recorded{
		Stream: stream, Revision: uint64(len(l.streams[stream])), Type: typ, Data: data,
		ID:      uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)),
		Created: zero.Add(time.Duration(n/3) * time.Second), Position: eventschemas.Position{Commit: n * 10, Prepare: n * 10},
	}
	l.all, l.streams[stream] = append(l.all, e), append(l.streams[stream], e)
	close(l.grown)
	l.grown = make(chan struct{})
	return e
}

func (l *memLog) ReadStream(_ context.Context, stream string, from uint64) ([]eventschemas.Recorded, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams[stream]
	if len(s) == 0 {
		return nil, commands.ErrStreamNotFound
	}
	return append([]eventschemas.Recorded{}, s[min(from, uint64(len(s))):]...), nil
}

func (l *memLog) Follow(ctx context.Context, after eventschemas.Position, prefix string,
	event func(eventschemas.Recorded) error, caughtUp func() error,
) error {
	next := 0
	for {
		l.mu.Lock()
		news, grown := l.all[next:], l.grown
		l.mu.Unlock()
		for _, e := range news {
			next++
			if e.Position.Commit > after.Commit && strings.HasPrefix(e.Stream, prefix) {
				if err := event(e); err != nil {
					return err
				}
			}
		}
		if err := caughtUp(); err != nil {
			return err
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return errors.Join(commands.ErrUnavailable, ctx.Err())
		}
	}
}

// decode makes records of the events of these tests.
func decode(e eventschemas.Recorded, number int64) (eventschemas.Record, error) {
	r := eventschemas.Record{Recorded: e, Number: number}
	r.Envelope.Site = "sh"
	if len(e.Data) > 0 && strings.Contains(string(e.Data), `"site":"bj"`) {
		r.Envelope.Site = "bj"
	}
	r.Envelope.OccurredAt, r.Envelope.RecordedAt = domain.At(e.Created.Add(-time.Minute)), domain.At(e.Created)
	var err error
	switch e.Type {
	case "job.opened.v1":
		r.Event, err = as[opened](e.Data)
	case "job.moved.v1":
		r.Event, err = as[moved](e.Data)
	case "job.cleared.v1":
		r.Event, err = as[cleared](e.Data)
	case "job.odd.v1":
		r.Event, err = as[odd](e.Data)
	case "record.struck.v1":
		r.Event, err = as[record.Struck](e.Data)
	default:
		err = fmt.Errorf("type %s is unknown", e.Type)
	}
	return r, err
}

func as[T any](data []byte) (any, error) {
	var v T
	err := json.Unmarshal(data, &v)
	return v, err
}
