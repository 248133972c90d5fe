package processtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// errKilled is what every operation of a dead process says.
var errKilled = errors.New("killed")

// log is what outlives a process: the events and the outcomes that are kept.
type log struct {
	mu       sync.Mutex
	all      []eventschemas.Recorded
	outcomes map[uuid.UUID]commands.Outcome
}

// clone copies the log, so that each run has its own.
func (l *log) clone() *log {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &log{all: slices.Clone(l.all), outcomes: map[uuid.UUID]commands.Outcome{}}
	maps.Copy(c.outcomes, l.outcomes)
	return c
}

func (l *log) stream(name string) []eventschemas.Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []eventschemas.Recorded
	for _, e := range l.all {
		if e.Stream == name {
			out = append(out, e)
		}
	}
	return out
}

// fault says when a process dies: at its n-th operation, before or after it
// was carried out; or that appends or their replies are lost.
type fault struct {
	at    int // 0 for never
	after bool
	lose  int // every so many appends lose their reply; 0 for none
	drop  int // every so many appends are lost, and nobody says so; 0 for none
}

// store is the log as one process sees it.
type store struct {
	*log
	fault
	mu     sync.Mutex
	ops    int
	writes int
	dead   bool
}

// enter counts an operation; its end is to be called when it was carried out.
func (s *store) enter() (end func() error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return nil, errKilled
	}
	s.ops++
	if s.at != s.ops {
		return func() error { return nil }, nil
	}
	s.dead = true
	if !s.after {
		return nil, errKilled
	}
	return func() error { return errKilled }, nil
}

func (s *store) ReadStream(_ context.Context, stream string, from uint64) ([]eventschemas.Recorded, error) {
	end, err := s.enter()
	if err != nil {
		return nil, err
	}
	all := s.stream(stream)
	if len(all) == 0 {
		return nil, errors.Join(commands.ErrStreamNotFound, end())
	}
	return all[min(from, uint64(len(all))):], end()
}

func (s *store) Append(_ context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	end, err := s.enter()
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writes++; s.drop > 0 && s.writes%s.drop == 0 {
		return 0, errors.New("no reply")
	}
	last, err := s.append(stream, expected, events)
	switch {
	case err != nil:
		return last, err
	case s.lose > 0 && s.writes%s.lose == 0:
		return 0, errors.New("no reply")
	}
	return last, end()
}

func (l *log) append(stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, known := commands.NoStream, 0
	for _, e := range l.all {
		if e.Stream == stream {
			last++
			if slices.ContainsFunc(events, func(p eventschemas.Proposed) bool { return p.ID == e.ID }) {
				known++
			}
		}
	}
	switch {
	case known == len(events):
		return expected + int64(known), nil
	case last != expected:
		return 0, &commands.ConflictError{Stream: stream, Expected: expected, Actual: last}
	}
	for _, p := range events {
		last++
		n := uint64(len(l.all) + 1)
		l.all = append(l.all, eventschemas.Recorded{
			Stream: stream, Revision: uint64(last), ID: p.ID, Type: p.Type, Data: p.Data, Meta: p.Meta, Created: Start,
			Position: eventschemas.Position{Commit: n, Prepare: n},
		})
	}
	return last, nil
}

// Follow is for readers, of which a process manager is none.
func (s *store) Follow(context.Context, eventschemas.Position, string, func(eventschemas.Recorded) error, func() error) error {
	return errors.New("a process manager reads the inbox")
}

// Find and Save keep outcomes in the log.
func (s *store) Find(_ context.Context, command uuid.UUID) (commands.Outcome, bool, error) {
	end, err := s.enter()
	if err != nil {
		return commands.Outcome{}, false, err
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	o, ok := s.outcomes[command]
	return o, ok, end()
}

func (s *store) Save(_ context.Context, o commands.Outcome) (commands.Outcome, error) {
	end, err := s.enter()
	if err != nil {
		return o, err
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if kept, ok := s.outcomes[o.Command]; ok {
		return kept, end()
	}
	s.outcomes[o.Command] = o
	return o, end()
}

// inbox hands out the events of the log, each several times.
type inbox struct {
	store  *store
	repeat int
}

func (i inbox) After(_ context.Context, types []string, number int64, limit int) ([]process.Input, error) {
	end, err := i.store.enter()
	if err != nil {
		return nil, err
	}
	i.store.log.mu.Lock()
	defer i.store.log.mu.Unlock()
	var out []process.Input
	for n, e := range i.store.all {
		if int64(n) < number || !slices.Contains(types, e.Type) {
			continue
		}
		for range i.repeat {
			out = append(out, process.Input{Number: int64(n) + 1, EventID: e.ID, Stream: e.Stream, Revision: e.Revision, Type: e.Type})
		}
		if len(out) >= limit*i.repeat {
			break
		}
	}
	return out, end()
}

func (i inbox) Head() (int64, bool) {
	i.store.log.mu.Lock()
	defer i.store.log.mu.Unlock()
	return int64(len(i.store.all)), true
}

func (inbox) Changed() <-chan struct{} { return make(chan struct{}) }

// vault leaves values as they are: equal runs are to store equal bytes.
type vault struct{}

func (vault) Seal(_ context.Context, subject uuid.UUID, _, plaintext string) (domain.Sealed, error) {
	if plaintext == "" {
		return domain.Sealed{}, nil
	}
	return domain.Sealed{Subject: subject, Key: "none", Ciphertext: []byte(plaintext)}, nil
}
func (vault) Prepare(context.Context, []uuid.UUID) error { return nil }
func (vault) Digest(canonical []byte) string {
	h := sha256.Sum256(canonical)
	return hex.EncodeToString(h[:])
}

// own reports whether a stream is of the manager's own.
func own(manager, stream string) bool { return strings.HasPrefix(stream, "fl.process-"+manager+"-") }

// Start is the time at which every process begins.
var Start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
