package vault_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/internal/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var nine = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// place is one installation: a database, and a folder with its keys.
type place struct {
	pool   *pgxpool.Pool
	dir    string
	master vault.Key
}

func newPlace(tb testing.TB) place {
	tb.Helper()
	dir := tb.TempDir()
	master, err := vault.LoadKey(dir)
	require.NoError(tb, err)
	return place{pgtest.Pool(tb), dir, master}
}

// desk is one process of an installation: a vault with a clock of its own.
type desk struct {
	*vault.Vault
	clock *clock.Fake
}

func (p place) open(t *testing.T, o vault.Options) desk {
	t.Helper()
	c := clock.NewFake(nine)
	o.Dir = p.dir
	v, err := vault.Open(t.Context(), p.pool, p.master, c, o)
	require.NoError(t, err)
	return desk{v, c}
}

func count(t *testing.T, pool *pgxpool.Pool, table string) int {
	t.Helper()
	var n int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

// AUD-07: sealed under the subject's own key, and erased by destroying it.
func TestAUD07AValueOpensForItsSubjectAndFieldOnly(t *testing.T) {
	t.Parallel()
	v := newPlace(t).open(t, vault.Options{})
	li, wang := uuid.New(), uuid.New()
	name, err := v.Seal(t.Context(), li, "name", "李雷")
	require.NoError(t, err)
	require.Equal(t, li, name.Subject)
	require.NotEmpty(t, name.Key)
	require.NotContains(t, string(name.Ciphertext), "李雷")

	got, err := v.Open(t.Context(), name, "name")
	require.NoError(t, err)
	require.Equal(t, "李雷", got)

	again, err := v.Seal(t.Context(), li, "name", "李雷")
	require.NoError(t, err)
	require.NotEqual(t, name.Ciphertext, again.Ciphertext, "equal values must not look equal")

	_, err = v.Seal(t.Context(), wang, "name", "王芳")
	require.NoError(t, err)
	moved, damaged, alien := name, name, name
	moved.Subject = wang
	damaged.Ciphertext = append([]byte{}, name.Ciphertext...)
	damaged.Ciphertext[9] ^= 1
	alien.Subject = uuid.New()
	for label, s := range map[string]domain.Sealed{"moved": moved, "damaged": damaged, "alien": alien} {
		_, err = v.Open(t.Context(), s, "name")
		require.ErrorIs(t, err, vault.ErrNotFound, label)
	}
	_, err = v.Open(t.Context(), name, "phone")
	require.ErrorIs(t, err, vault.ErrNotFound)
}

func TestAUD07NothingToSealMakesNoKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	s, err := v.Seal(t.Context(), uuid.New(), "name", "")
	require.NoError(t, err)
	require.Equal(t, domain.Sealed{}, s)
	got, err := v.Open(t.Context(), s, "name")
	require.NoError(t, err)
	require.Empty(t, got)
	_, err = v.Open(t.Context(), domain.Sealed{Subject: uuid.New(), Ciphertext: []byte("x")}, "name")
	require.ErrorIs(t, err, vault.ErrNotFound)
	require.Zero(t, count(t, p.pool, "vault.subject_key"), "opening makes no key")
}

func TestAUD07ADestroyedKeyErasesForGood(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	li, wang := uuid.New(), uuid.New()
	name, err := v.Seal(t.Context(), li, "name", "Li Lei")
	require.NoError(t, err)
	kept, err := v.Seal(t.Context(), wang, "name", "Wang Fang")
	require.NoError(t, err)
	require.NoError(t, v.Index(t.Context(), vault.KindName, "Li Lei", li, "fl.ticket-1"))

	require.NoError(t, v.Destroy(t.Context(), li, "asked for it"))
	require.NoError(t, v.Destroy(t.Context(), li, "asked again"))
	for label, v := range map[string]desk{"same process": v, "new process": p.open(t, vault.Options{})} {
		_, err = v.Open(t.Context(), name, "name")
		require.ErrorIs(t, err, vault.ErrErased, label)
		_, err = v.Seal(t.Context(), li, "name", "Li Lei")
		require.ErrorIs(t, err, vault.ErrErased, label)
		require.NoError(t, v.Prepare(t.Context(), []uuid.UUID{li}), label)
		_, err = v.Seal(t.Context(), li, "name", "Li Lei")
		require.ErrorIs(t, err, vault.ErrErased, label)
		require.NoError(t, v.Index(t.Context(), vault.KindName, "Li Lei", li, "fl.ticket-2"), label)
		streams, err := v.Search(t.Context(), vault.KindName, "Li Lei")
		require.NoError(t, err)
		require.Empty(t, streams, label)
		got, err := v.Open(t.Context(), kept, "name")
		require.NoError(t, err)
		require.Equal(t, "Wang Fang", got, label)
	}
	require.Equal(t, 1, count(t, p.pool, "vault.subject_key"))
	var reason string
	require.NoError(t, p.pool.QueryRow(t.Context(), `SELECT reason FROM vault.destroyed_subject`).Scan(&reason))
	require.Equal(t, "asked for it", reason)
}

func TestAUD07AKeyDestroyedElsewhereIsHonouredWithinTheRecheckTime(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	here := p.open(t, vault.Options{Recheck: 5 * time.Second})
	there := p.open(t, vault.Options{})
	li := uuid.New()
	name, err := here.Seal(t.Context(), li, "name", "Li Lei")
	require.NoError(t, err)
	require.NoError(t, there.Destroy(t.Context(), li, "asked for it"))

	here.clock.Advance(4 * time.Second)
	_, err = here.Open(t.Context(), name, "name")
	require.NoError(t, err, "from memory, as documented")
	here.clock.Advance(time.Second)
	_, err = here.Open(t.Context(), name, "name")
	require.ErrorIs(t, err, vault.ErrErased)
}

func TestAUD07AClockThatRanBackDoesNotKeepADestroyedKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	here, there := p.open(t, vault.Options{}), p.open(t, vault.Options{})
	li := uuid.New()
	name, err := here.Seal(t.Context(), li, "name", "Li Lei")
	require.NoError(t, err)
	require.NoError(t, there.Destroy(t.Context(), li, "asked for it"))
	here.clock.Advance(-time.Hour)
	_, err = here.Open(t.Context(), name, "name")
	require.ErrorIs(t, err, vault.ErrErased)
}

func TestAUD07AKeyReadBesideADestructionIsNotKept(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	here, there := p.open(t, vault.Options{}), p.open(t, vault.Options{})
	require.True(t, here.KeepsReadKey(uuid.New(), func() {}))
	require.False(t, here.KeepsReadKey(uuid.New(), func() {
		require.NoError(t, here.Destroy(t.Context(), uuid.New(), "asked for it"))
	}), "destroyed here")
	_, err := here.Seal(t.Context(), uuid.New(), "name", "Li Lei") // looks for the first time
	require.NoError(t, err)
	require.False(t, here.KeepsReadKey(uuid.New(), func() {
		require.NoError(t, there.Destroy(t.Context(), uuid.New(), "asked for it"))
		here.clock.Advance(time.Minute)
		_, err := here.Seal(t.Context(), uuid.New(), "name", "Li Lei")
		require.NoError(t, err)
	}), "destroyed elsewhere")
}

func TestPrepareMakesEachKeyOnceAndSealNeedsNoDatabaseAfterIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	subjects := make([]uuid.UUID, 2_500)
	for i := range subjects {
		subjects[i] = uuid.New()
	}
	require.NoError(t, v.Prepare(t.Context(), append(subjects, subjects[:10]...)))
	require.NoError(t, v.Prepare(t.Context(), subjects))
	require.NoError(t, v.Prepare(t.Context(), nil))
	require.Equal(t, len(subjects), count(t, p.pool, "vault.subject_key"))

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for i, s := range subjects {
		sealed, err := v.Seal(gone, s, "name", fmt.Sprint("caller ", i))
		require.NoError(t, err)
		got, err := v.Open(gone, sealed, "name")
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint("caller ", i), got)
	}
}

func TestASmallCacheOnlyCostsTime(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{CacheSize: 2})
	sealed := make([]domain.Sealed, 7)
	for i := range sealed {
		var err error
		sealed[i], err = v.Seal(t.Context(), uuid.New(), "name", strconv.Itoa(i))
		require.NoError(t, err)
	}
	for i, s := range sealed {
		got, err := v.Open(t.Context(), s, "name")
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(i), got)
	}
}

// Two processes and many goroutines seal for the same new subjects: each has
// one key in the end, and everything opens everywhere.
func TestConcurrentSealsForOneSubjectShareOneKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	desks := []desk{p.open(t, vault.Options{}), p.open(t, vault.Options{})}
	subjects := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	sealed := make([]domain.Sealed, 32)
	faults := make([]error, len(sealed))
	var wg sync.WaitGroup
	for i := range sealed {
		wg.Go(func() {
			if i%3 == 0 {
				faults[i] = desks[i%2].Prepare(t.Context(), subjects)
			}
			if faults[i] == nil {
				sealed[i], faults[i] = desks[i%2].Seal(t.Context(), subjects[i%len(subjects)], "name", "Li Lei")
			}
		})
	}
	wg.Wait()
	for i, s := range sealed {
		require.NoError(t, faults[i])
		for _, v := range desks {
			got, err := v.Open(t.Context(), s, "name")
			require.NoError(t, err)
			require.Equal(t, "Li Lei", got)
		}
	}
	require.Equal(t, len(subjects), count(t, p.pool, "vault.subject_key"))
}

// However seals, indexing and a destruction interleave, no key and no token
// of the destroyed subject is left.
func TestAUD07NoKeyComesBackBesideADestruction(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	desks := []desk{p.open(t, vault.Options{CacheSize: 1}), p.open(t, vault.Options{CacheSize: 1})}
	for range 25 {
		li := uuid.New()
		var wg sync.WaitGroup
		faults := make([]error, 6)
		for i := range faults {
			wg.Go(func() {
				v := desks[i%2]
				switch i {
				case 0:
					faults[i] = v.Destroy(t.Context(), li, "asked for it")
				case 1:
					faults[i] = v.Index(t.Context(), vault.KindName, "Li Lei", li, "fl.ticket-1")
				default:
					if _, err := v.Seal(t.Context(), li, "name", "Li Lei"); err != nil {
						require.ErrorIs(t, err, vault.ErrErased)
					}
				}
			})
		}
		wg.Wait()
		for _, err := range faults {
			require.NoError(t, err)
		}
		_, err := desks[0].Seal(t.Context(), li, "name", "Li Lei")
		require.ErrorIs(t, err, vault.ErrErased)
		require.Zero(t, count(t, p.pool, "vault.subject_key"))
		require.Zero(t, count(t, p.pool, "vault.search_token"))
	}
}

func TestSearchFindsTheSpellingsOfOneValueAndKeepsNoPlainText(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	li := uuid.New()
	require.NoError(t, v.IndexAll(t.Context(), []vault.Term{
		{Kind: vault.KindName, Plaintext: "Li  Lei", Subject: li, Stream: "fl.ticket-2"},
		{Kind: vault.KindName, Plaintext: "LI LEI", Subject: li, Stream: "fl.ticket-1"},
		{Kind: vault.KindPhone, Plaintext: "+86 138-0013-8000", Subject: li, Stream: "fl.ticket-1"},
		{Kind: vault.KindPhone, Plaintext: "none", Subject: li, Stream: "fl.ticket-9"},
	}))
	require.NoError(t, v.Index(t.Context(), vault.KindName, "li lei", li, "fl.ticket-1"))
	require.Equal(t, 3, count(t, p.pool, "vault.search_token"))
	for _, c := range []struct {
		kind, text string
		want       []string
	}{
		{vault.KindName, " ｌｉ lei", []string{"fl.ticket-1", "fl.ticket-2"}},
		{vault.KindName, "li", nil},
		{vault.KindName, "", nil},
		{vault.KindPhone, "13800138000", []string{"fl.ticket-1"}},
		{vault.KindPhone, "008613800138000", []string{"fl.ticket-1"}},
		{vault.KindPhone, "１３８ 0013 8000", []string{"fl.ticket-1"}},
		{vault.KindPhone, "+1 13800138000", nil},
		{vault.KindName, "13800138000", nil},
	} {
		got, err := v.Search(t.Context(), c.kind, c.text)
		require.NoError(t, err)
		require.ElementsMatch(t, c.want, got, c.text)
	}
	var all string
	require.NoError(t, p.pool.QueryRow(t.Context(), `SELECT string_agg(encode(token, 'escape'), '') FROM vault.search_token`).Scan(&all))
	require.NotContains(t, all, "lei")
	require.NotContains(t, all, "138")

	other := newPlace(t)
	_, macKey, err := vault.Installation(t.Context(), p.pool)
	require.NoError(t, err)
	_, _, err = vault.Installation(t.Context(), other.pool)
	require.NoError(t, err)
	_, err = other.pool.Exec(t.Context(), `UPDATE fieldledger.installation SET mac_key = $1`, macKey)
	require.NoError(t, err)
	require.NoError(t, other.open(t, vault.Options{}).Index(t.Context(), vault.KindName, "li lei", li, "fl.ticket-1"))
	var token []byte
	require.NoError(t, other.pool.QueryRow(t.Context(), `SELECT token FROM vault.search_token`).Scan(&token))
	var same int
	require.NoError(t, p.pool.QueryRow(t.Context(), `SELECT count(*) FROM vault.search_token WHERE token = $1`, token).Scan(&same))
	require.Zero(t, same, "the database alone does not tell who is in it")
}

// AUD-08: every look at personal data is kept.
func TestAUD08AccessIsRecorded(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	li, wang := uuid.New(), uuid.New()
	require.NoError(t, v.Access(t.Context(), "person-7", li, "ticket card", "fl.ticket-1"))
	require.NoError(t, v.AccessAll(t.Context(), []vault.Access{{"person-8", wang, "export", "list"}, {"person-8", li, "export", "list"}}))
	require.NoError(t, v.AccessAll(t.Context(), nil))
	rows, err := p.pool.Query(t.Context(), `SELECT at, actor, subject, purpose, target FROM vault.access_log ORDER BY id`)
	require.NoError(t, err)
	defer rows.Close()
	var got []vault.Access
	for rows.Next() {
		var at time.Time
		var a vault.Access
		require.NoError(t, rows.Scan(&at, &a.Actor, &a.Subject, &a.Purpose, &a.Target))
		require.True(t, at.Equal(nine))
		got = append(got, a)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []vault.Access{
		{"person-7", li, "ticket card", "fl.ticket-1"}, {"person-8", wang, "export", "list"}, {"person-8", li, "export", "list"},
	}, got)
}

// AUD-01: the envelope holds a keyed digest of the request.
func TestAUD01DigestsAreKeyedAndTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	first, again := p.open(t, vault.Options{}), p.open(t, vault.Options{})
	require.Equal(t, first.Digest([]byte("body")), again.Digest([]byte("body")))
	require.Len(t, first.Digest(nil), 64)
	_, err := hex.DecodeString(first.Digest(nil))
	require.NoError(t, err)
	require.NotEqual(t, first.Digest([]byte("body")), first.Digest([]byte("body ")))
	elsewhere := place{pgtest.Pool(t), t.TempDir(), p.master}.open(t, vault.Options{})
	require.NotEqual(t, first.Digest([]byte("body")), elsewhere.Digest([]byte("body")))
}

func TestAnInstallationIsNamedOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	ids := make([]uuid.UUID, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { ids[i], _, _ = vault.Installation(t.Context(), pool) })
	}
	wg.Wait()
	for _, id := range ids {
		require.NotEqual(t, uuid.Nil, id)
		require.Equal(t, ids[0], id)
	}
}

func TestAnotherMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t, vault.Options{})
	_, err := v.Seal(t.Context(), uuid.New(), "name", "Li Lei")
	require.NoError(t, err)
	_, err = vault.Open(t.Context(), p.pool, vault.NewKey(), v.clock, vault.Options{Dir: p.dir})
	require.ErrorIs(t, err, vault.ErrWrongMasterKey)
	_, err = vault.Open(t.Context(), p.pool, p.master, v.clock, vault.Options{})
	require.ErrorContains(t, err, "not named")
	p.open(t, vault.Options{})
}

func TestTheMasterKeyIsMadeOnceAndReadableByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := make([]vault.Key, 8)
	faults := make([]error, len(keys))
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i], faults[i] = vault.LoadKey(dir) })
	}
	wg.Wait()
	for i := range keys {
		require.NoError(t, faults[i])
		require.Equal(t, keys[0], keys[i])
	}
	require.NotEqual(t, vault.Key{}, keys[0])
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "no half-made file stays")
	path := filepath.Join(dir, vault.MasterFile)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	parsed, err := vault.ParseKey(string(text))
	require.NoError(t, err)
	require.Equal(t, keys[0], parsed)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", parsed, parsed, parsed, parsed), string(text[:8]))

	require.NoError(t, os.Chmod(path, 0o640))
	_, err = vault.LoadKey(dir)
	require.ErrorContains(t, err, "may be read by others")
	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, os.WriteFile(path, []byte("secretbutshort"), 0o600))
	_, err = vault.LoadKey(dir)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secretbutshort")
	_, err = vault.LoadKey(filepath.Join(dir, "absent"))
	require.Error(t, err)
}

func BenchmarkSeal5000NewSubjects(b *testing.B) {
	p := newPlace(b)
	v, err := vault.Open(b.Context(), p.pool, p.master, clock.System{}, vault.Options{Dir: p.dir})
	require.NoError(b, err)
	for b.Loop() {
		subjects := make([]uuid.UUID, 5_000)
		for i := range subjects {
			subjects[i] = uuid.New()
		}
		require.NoError(b, v.Prepare(b.Context(), subjects))
		for _, s := range subjects {
			_, err := v.Seal(b.Context(), s, "name", "Li Lei")
			require.NoError(b, err)
		}
	}
}
