package catchup_test

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
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// fakeLog is a log in memory that can be lost and can be silent at its end.
type fakeLog struct {
	mu      sync.Mutex
	all     []eventschemas.Recorded
	grown   chan struct{}
	lost    chan struct{}
	mute    bool // never says that the end is reached
	follows int
	reads   int
}

func newLog(events int) *fakeLog {
	l := &fakeLog{grown: make(chan struct{}), lost: make(chan struct{})}
	for i := range events {
		l.add(fmt.Sprintf("fl.job-%d", i%7), "job.done.v1", nil)
	}
	return l
}

var zero = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func (l *fakeLog) add(stream, typ string, event any) eventschemas.Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	var revision uint64
	for _, e := range l.all {
		if e.Stream == stream {
			revision++
		}
	}
	data, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	return l.put(eventschemas.Recorded{Stream: stream, Revision: revision, Type: typ, Data: data})
}

// put appends e as it is; the caller holds mu.
func (l *fakeLog) put(e eventschemas.Recorded) eventschemas.Recorded {
	n := uint64(len(l.all) + 1)
	e.ID, e.Created = uuid.New(), zero.Add(time.Duration(n)*time.Second)
	e.Position = eventschemas.Position{Commit: n * 100, Prepare: n * 100}
	l.all = append(l.all, e)
	close(l.grown)
	l.grown = make(chan struct{})
	return e
}

// lose ends every Follow.
func (l *fakeLog) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.lost)
	l.lost = make(chan struct{})
}

func (l *fakeLog) ReadStream(_ context.Context, stream string, _ uint64) ([]eventschemas.Recorded, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	var out []eventschemas.Recorded
	for _, e := range l.all {
		if e.Stream == stream {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, commands.ErrStreamNotFound
	}
	return out, nil
}

// CheckHead compares a checkpoint with the log.
func (l *fakeLog) CheckHead(_ context.Context, at eventschemas.Checkpoint) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.all {
		if e.Position == at.Position {
			if e.ID == at.EventID {
				return nil
			}
			return errors.New("another event is there")
		}
	}
	return errors.New("no event is there")
}

func (l *fakeLog) Follow(ctx context.Context, after eventschemas.Position, prefix string,
	event func(eventschemas.Recorded) error, caughtUp func() error,
) error {
	next := 0
	l.mu.Lock()
	l.follows++
	lost := l.lost
	l.mu.Unlock()
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
		if !l.mute {
			if err := caughtUp(); err != nil {
				return err
			}
		}
		select {
		case <-grown:
		case <-lost:
			return commands.ErrUnavailable
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func decode(e eventschemas.Recorded, number int64) (eventschemas.Record, error) {
	r := eventschemas.Record{Recorded: e, Number: number, Event: e.Type}
	switch e.Type {
	case "job.done.v1":
		return r, nil
	case "job.late.v1":
		r.Event = late{}
		return r, nil
	case "record.struck.v1":
		var s record.Struck
		err := json.Unmarshal(e.Data, &s)
		r.Event = s
		return r, err
	}
	return r, fmt.Errorf("type %s is unknown", e.Type)
}

// late is an event that says that it was entered late.
type late struct{}

func (late) EnteredLate() bool { return true }
