package e2e_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/catchup"
	"github.com/fieldledger/fieldledger/internal/importlog"
	"github.com/fieldledger/fieldledger/internal/pgtest"
	"github.com/fieldledger/fieldledger/projections"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/keeping"
	"github.com/fieldledger/fieldledger/projections/losses"
	"github.com/fieldledger/fieldledger/projections/readmodel"
	"github.com/fieldledger/fieldledger/projections/supply"
)

// patience bounds every wait for something that will come.
const patience = 2 * time.Minute

// readModels is the read side of a log, kept up to date in a database.
type readModels struct {
	pool    *pgxpool.Pool
	manager *readmodel.Manager
	reader  *catchup.Reader
	side    *readside.Side
}

// keep starts to keep read models of h's log in a database, until the test ends.
func keep(t *testing.T, h *apptest.Harness, pool *pgxpool.Pool, change func(*catchup.Options)) *readModels {
	t.Helper()
	m, err := newManager(pool, h.Clock)
	require.NoError(t, err)
	require.NoError(t, m.Ensure(t.Context()))
	r := &readModels{pool: pool, manager: m, reader: newReader(t, h, m, change)}
	r.side, err = readside.New(readside.Parts{
		Pool: pool, Manager: m, Streams: h.Store, Log: h.Store, Clock: h.Clock,
		Ping: func(context.Context) error { return nil },
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx, r.reader) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, r.reader.Close())
	})
	return r
}

func newManager(pool *pgxpool.Pool, clock readmodel.Clock) (*readmodel.Manager, error) {
	return readmodel.New(readmodel.Options{
		Pool: pool, Log: slog.New(slog.DiscardHandler), Clock: clock,
		Projections: projections.All(),
	})
}

func newReader(t *testing.T, h *apptest.Harness, m *readmodel.Manager, change func(*catchup.Options)) *catchup.Reader {
	t.Helper()
	o := catchup.Options{Log: h.Store, Streams: h.Store, Start: m.Start, Logger: h.Log}
	if change != nil {
		change(&o)
	}
	r, err := catchup.New(o)
	require.NoError(t, err)
	return r
}

// desk is a whole system in this process.
type desk struct {
	*apptest.Harness
	*readModels
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	h := apptest.New(t)
	return &desk{h, keep(t, h, h.Pool, nil)}
}

// newDeskLike is newDesk as the same installation as another: equal ids for equal commands.
func newDeskLike(t *testing.T, other *pgxpool.Pool) *desk {
	t.Helper()
	h := apptest.New(t)
	sameInstallation(t, other, h.Pool)
	h.Restart(t)
	return &desk{h, keep(t, h, h.Pool, nil)}
}

func sameInstallation(t *testing.T, from, to *pgxpool.Pool) {
	t.Helper()
	var id uuid.UUID
	var macKey []byte
	require.NoError(t, from.QueryRow(t.Context(), "SELECT id, mac_key FROM fieldledger.installation").Scan(&id, &macKey))
	_, err := to.Exec(t.Context(), `INSERT INTO fieldledger.installation ("only", id, mac_key, created_at) VALUES (true, $1, $2, now())
		ON CONFLICT ("only") DO UPDATE SET id = excluded.id, mac_key = excluded.mac_key`, id, macKey)
	require.NoError(t, err)
}

// importLog imports a log with the sample's mapping and waits for the read models.
func (d *desk) importLog(t *testing.T, file []byte, workers int) importlog.Report {
	t.Helper()
	mapping, err := importlog.ParseMapping(importlog.SampleMapping())
	require.NoError(t, err)
	report, err := importlog.Run(t.Context(), importlog.Options{
		Source: bytes.NewReader(file), Mapping: mapping, App: d.App, Workers: workers, Clock: d.Clock, Log: d.Log,
		Request: operator,
	})
	require.NoError(t, err)
	require.NoError(t, report.Check())
	d.settle(t, d.Harness)
	return report
}

// operator is who imports on the command line: the ids of what is made depend on it.
var operator = commands.Request{Key: "import", Actor: eventschemas.Actor{
	Person: "operator", Issuer: "fieldledger", Subject: "operator", Roles: []string{"admin"}, Policy: "command line",
}}

// settle waits until the read models have every event of h's log.
func (r *readModels) settle(t *testing.T, h *apptest.Harness) {
	t.Helper()
	head := int64(len(events(t, h)))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for r.manager.Head() < head {
		changed := r.manager.Changed()
		if r.manager.Head() >= head {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the read models are at %d, not %d: %+v", r.manager.Head(), head, r.manager.Status())
		}
	}
	for _, s := range r.manager.Status() {
		require.Equal(t, readmodel.Active, s.State, s.HaltedReason)
	}
}

// events returns our events in log order: the place is the log number less one.
func events(t *testing.T, h *apptest.Harness) []eventschemas.Recorded {
	t.Helper()
	var all []eventschemas.Recorded
	_, err := h.Node.Scan(t.Context(), eventschemas.Position{}, "fl.", func(e eventschemas.Recorded) error {
		all = append(all, e)
		return nil
	})
	require.NoError(t, err)
	return all
}

// digests returns the digest of each projection.
func (r *readModels) digests() map[string]string {
	out := map[string]string{}
	for _, s := range r.manager.Status() {
		out[s.Projection] = s.Digest
	}
	return out
}

// rebuild builds every read model anew, expects equality, and cuts over.
func (r *readModels) rebuild(t *testing.T, pages readmodel.Pages) {
	t.Helper()
	live := r.digests()
	reports, err := r.manager.Rebuild(t.Context(), readmodel.RebuildOptions{Pages: pages})
	require.NoError(t, err)
	require.Len(t, reports, len(live))
	for _, report := range reports {
		require.True(t, report.Equal, "%+v", report)
		require.Equal(t, live[report.Projection], report.RebuiltDigest)
		require.NoError(t, r.manager.CutOver(t.Context(), r.reader, report.Projection, report.Generation))
	}
}

// verify returns what differs, by table and key.
func (r *readModels) verify(t *testing.T) []readmodel.Difference {
	t.Helper()
	all, err := r.manager.Verify(t.Context(), readmodel.VerifyOptions{Pages: r.reader})
	require.NoError(t, err)
	var out []readmodel.Difference
	for _, v := range all {
		require.Equal(t, len(v.Differences) == 0, v.Equal)
		withTools := []string{custody.Name, losses.Name, keeping.Name, supply.Name} // there are none here
		require.True(t, v.Elements > 0 || slices.Contains(withTools, v.Projection), "%s is empty", v.Projection)
		out = append(out, v.Differences...)
	}
	return out
}

const site = "servicenow"

// sla returns figures of all years of the site.
func (r *readModels) sla(t *testing.T, at api.AsOf, target api.TargetName, by api.SLAGroup, grain api.Grain) []api.SLARow {
	t.Helper()
	rows, _, err := r.side.SLA(t.Context(), at, api.SLAQuery{
		Site: site, From: "2016-01-01", To: "2017-12-31", Target: target, GroupBy: by, Grain: grain,
	})
	require.NoError(t, err)
	return rows
}

// list returns every ticket of a site by number, without what is sealed.
func (r *readModels) list(t *testing.T, at api.AsOf, site string) []api.SealedTicket {
	t.Helper()
	var all []api.SealedTicket
	page := api.Page{Limit: 500}
	for {
		tickets, next, _, err := r.side.List(t.Context(), at, api.TicketFilter{Sites: []string{site}}, api.TicketSort{By: "number"}, page)
		require.NoError(t, err)
		for _, k := range tickets {
			k.Customer = domain.Sealed{} // each installation has keys of its own
			all = append(all, k)
		}
		if next == "" {
			return all
		}
		page.After = next
	}
}

func number(n int64) api.AsOf { return api.AsOf{Number: &n} }

// database is a fresh one, migrated.
func database(t *testing.T) *pgxpool.Pool {
	t.Helper()
	return pgtest.Pool(t)
}
