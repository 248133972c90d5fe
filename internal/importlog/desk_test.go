package importlog_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/importlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is the time by the clock of every desk.
var now = clock.Fixed{At: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}

// desk is the use cases over a node in memory.
type desk struct {
	app   *commands.App
	store *watchedStore
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	node, err := eventnode.Open(t.Context(), eventnode.Options{Clock: now, Insecure: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, node.Close(ctx))
	})
	store := &watchedStore{EventStore: node}
	return &desk{store: store, app: commands.New(commands.Ports{
		Store: store, Outcomes: &outcomes{kept: map[uuid.UUID]commands.Outcome{}}, Vault: vault{}, Clock: now,
		IDs: commands.IDs{Installation: uuid.NewSHA1(uuid.Nil, []byte("importlog"))}, Log: slog.New(slog.DiscardHandler),
	})}
}

func (d *desk) options(t *testing.T, file, mapping []byte) importlog.Options {
	t.Helper()
	m, err := importlog.ParseMapping(mapping)
	require.NoError(t, err)
	return importlog.Options{
		Source: bytes.NewReader(file), Mapping: m, App: d.app, Workers: 4, Clock: now,
		Request: commands.Request{Actor: eventschemas.Actor{
			Person: "system", Issuer: "fieldledger", Subject: "import", Roles: []string{"importer"}, Policy: "import",
		}},
	}
}

// imports runs an import that must succeed and whose report must add up.
func (d *desk) imports(t *testing.T, file, mapping []byte) importlog.Report {
	t.Helper()
	report, err := importlog.Run(t.Context(), d.options(t, file, mapping))
	require.NoError(t, err)
	require.NoError(t, report.Check())
	return report
}

// history returns every event of our streams by stream, as type and data.
func (d *desk) history(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	errEnd := errors.New("end of the log")
	err := d.store.Follow(t.Context(), eventschemas.Position{}, "fl.", func(e eventschemas.Recorded) error {
		env, err := eventschemas.DecodeEnvelope(e.Meta)
		require.NoError(t, err)
		out[e.Stream] = append(out[e.Stream], fmt.Sprintf("%s %s %s", env.Command.ID, e.Type, e.Data))
		return nil
	}, func() error { return errEnd })
	require.ErrorIs(t, err, errEnd)
	return out
}

// types returns the event types of the only ticket whose data holds key.
func (d *desk) types(t *testing.T, key string) []string {
	t.Helper()
	for stream, events := range d.history(t) {
		if !strings.HasPrefix(stream, "fl.ticket-") || !strings.Contains(events[0], `"number":"`+key+`"`) {
			continue
		}
		var types []string
		for _, e := range events {
			types = append(types, strings.TrimSuffix(strings.Fields(e)[1], ".v1"))
		}
		return types
	}
	return nil
}

// watchedStore fails or tells of appends, as a test wants.
type watchedStore struct {
	commands.EventStore
	mu       sync.Mutex
	onAppend func(stream string) error
}

func (s *watchedStore) watch(onAppend func(stream string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onAppend = onAppend
}

func (s *watchedStore) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	s.mu.Lock()
	watch := s.onAppend
	s.mu.Unlock()
	if watch != nil {
		if err := watch(stream); err != nil {
			return 0, err
		}
	}
	return s.EventStore.Append(ctx, stream, expected, events)
}

type outcomes struct {
	mu   sync.Mutex
	kept map[uuid.UUID]commands.Outcome
}

func (o *outcomes) Find(_ context.Context, id uuid.UUID) (commands.Outcome, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	found, ok := o.kept[id]
	return found, ok, nil
}

func (o *outcomes) Save(_ context.Context, out commands.Outcome) (commands.Outcome, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if first, ok := o.kept[out.Command]; ok {
		return first, nil
	}
	o.kept[out.Command] = out
	return out, nil
}

// vault seals by a digest: enough to see that nothing plain is stored.
type vault struct{}

func (vault) Seal(_ context.Context, subject uuid.UUID, field, plaintext string) (domain.Sealed, error) {
	if plaintext == "" {
		return domain.Sealed{}, nil
	}
	sum := sha256.Sum256([]byte(subject.String() + field + plaintext))
	return domain.Sealed{Subject: subject, Key: "1", Ciphertext: sum[:]}, nil
}

func (vault) Prepare(context.Context, []uuid.UUID) error { return nil }

func (vault) Digest(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}
