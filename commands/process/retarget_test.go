package process_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/commands/process"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/processtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func request(key string) commands.Request {
	return commands.Request{Key: key, Actor: eventschemas.Actor{Person: "clerk", Issuer: "test", Subject: "clerk", Roles: []string{"clerk"}, Policy: "test"}}
}

// folded answers from the log itself.
type folded struct {
	t *testing.T
	w *processtest.World
}

// OpenTickets folds the log up to a number.
func (f folded) OpenTickets(_ context.Context, asOf int64, site string, after uuid.UUID, limit int) ([]process.OpenTicket, error) {
	states := map[string]ticket.State{}
	for _, rec := range f.w.Records(f.t, asOf) {
		if e, ok := rec.Event.(ticket.Event); ok {
			states[rec.Stream] = ticket.Evolve(states[rec.Stream], e)
		}
	}
	var out []process.OpenTicket
	for stream, s := range states {
		id := uuid.MustParse(stream[len("fl.ticket-"):])
		if s.Status.Open() && (site == "" || s.Site == site) && bytes.Compare(id[:], after[:]) > 0 {
			out = append(out, process.OpenTicket{ID: id, Site: s.Site})
		}
	}
	slices.SortFunc(out, func(a, b process.OpenTicket) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return out[:min(limit, len(out))], nil
}

type desk struct {
	t *testing.T
	w *processtest.World
}

func (d desk) policy(key, site, content string, from time.Time, source *eventschemas.Source) {
	d.t.Helper()
	r := request(key)
	r.Source = source
	_, err := d.w.App.Policies.Record(d.t.Context(), r, commands.RecordPolicy{
		Site: site, Kind: "sla", EffectiveFrom: from, Reason: key, Content: json.RawMessage(content),
	})
	require.NoError(d.t, err)
}

func (d desk) hours(site string) {
	d.t.Helper()
	const day = `[["08:00","18:00"]]`
	_, err := d.w.App.Sites.Register(d.t.Context(), request("site "+site), commands.RegisterSite{Code: site, Name: site, Zone: "Asia/Shanghai"})
	require.NoError(d.t, err)
	_, err = d.w.App.Policies.Record(d.t.Context(), request("hours "+site), commands.RecordPolicy{
		Site: site, Kind: "calendar", EffectiveFrom: processtest.Start.Add(-time.Hour), Reason: "first",
		Content: json.RawMessage(`{"zone":"Asia/Shanghai","week":{"mon":` + day + `,"tue":[],"wed":[],"thu":[],"fri":[],"sat":[],"sun":[]},"days":{}}`),
	})
	require.NoError(d.t, err)
}

// sla is the content of a version with a resolution limit in hours.
func (d desk) sla(site, limit, more string) string {
	return `{"calendar":"` + d.w.IDs.Policy(site, "calendar").String() + `","targets":[{"level":2,"name":"resolution","clock":"wall","limit_s":` + limit + `}]` + more + `}`
}

func (d desk) call(key, site string) uuid.UUID {
	d.t.Helper()
	reg, err := d.w.App.Tickets.Register(d.t.Context(), request(key), commands.RegisterTicket{Site: site, Channel: ticket.Phone, Kind: "fault", Level: 2, Customer: "Wang"})
	require.NoError(d.t, err)
	return reg.ID
}

func (d desk) resolve(key string, id uuid.UUID) {
	d.t.Helper()
	_, err := d.w.App.Tickets.Resolve(d.t.Context(), request("resolve "+key), id, commands.ResolveTicket{})
	require.NoError(d.t, err)
}

const running = `,"applies_to":"running"`

func retarget(t *testing.T) processtest.Subject {
	t.Helper()
	return processtest.Subject{
		New: func(w *processtest.World) process.Manager {
			return process.Retarget{Tickets: folded{t, w}, Commands: w.App.Tickets, Policies: w.App.Policies}
		},
		Before: func(t *testing.T, w *processtest.World) {
			t.Helper()
			d := desk{t, w}
			d.hours("hq")
			d.hours("north")
			d.policy("first", "hq", d.sla("hq", "7200", ""), processtest.Start.Add(-time.Hour), nil)
			d.policy("early", "hq", d.sla("hq", "3600", running), processtest.Start.Add(-time.Minute), nil) // before it first starts
			d.policy("north", "north", d.sla("north", "7200", ""), processtest.Start.Add(-time.Hour), nil)
			for _, key := range []string{"a", "b", "c", "d"} {
				d.call(key, "hq")
			}
			d.call("n", "north")
			d.resolve("old", d.call("old", "hq"))
		},
		Inputs: func(t *testing.T, w *processtest.World) {
			t.Helper()
			d := desk{t, w}
			now := w.Clock.Now()
			d.policy("silent", "hq", d.sla("hq", "5400", ""), now.Add(-4*time.Second), nil) // says nothing of running clocks
			d.policy("imported", "hq", d.sla("hq", "1800", running), now.Add(-3*time.Second), &eventschemas.Source{System: "old", Row: "1"})
			d.policy("now", "hq", d.sla("hq", "10800", running), now, nil)
			late := d.call("late", "hq") // has the new targets already: not open as of the version
			d.resolve("late", late)
			d.resolve("gone", d.call("a", "hq")) // open as of the version, and not any more when it is asked
			d.policy("ahead", "hq", d.sla("hq", "14400", running), now.Add(time.Hour), nil)
			d.call("between", "hq") // open when that comes into force
		},
		// When the manager runs the other version is in force too: the first of the
		// two takes the clocks over to it, the second finds the ticket between.
		Want: []string{"accepted", "accepted", "accepted", "refused TKT-06", "no_op", "no_op", "accepted", "no_op"},
	}
}

func TestPOL03RetargetKeepsTheContractOfProcessManagers(t *testing.T) {
	t.Parallel()
	processtest.Exercise(t, retarget(t))
}

func TestNoStreamOfAManagerPassesAThousandEvents(t *testing.T) {
	t.Parallel()
	s := retarget(t)
	s.Want = nil
	s.Before = func(t *testing.T, w *processtest.World) {
		t.Helper()
		desk{t, w}.hours("hq")
	}
	s.Inputs = func(t *testing.T, w *processtest.World) {
		t.Helper()
		d := desk{t, w}
		for n := range 340 { // each is noticed, begun and recorded
			d.policy(strconv.Itoa(n), "hq", d.sla("hq", strconv.Itoa(3600+n), running), w.Clock.Now(), nil)
		}
	}
	lengths := processtest.Once(t, s)
	require.Len(t, lengths, 2)
	for name, n := range lengths {
		require.LessOrEqual(t, n, 1000, name)
	}
	require.Equal(t, 901, lengths["fl.process-retarget-1"])
}

func TestPOL03OnlyAnSLAVersionThatSaysSoIsActedOnWhenItComesIntoForce(t *testing.T) {
	t.Parallel()
	now := processtest.Start
	version := func(kind policy.Kind, from time.Time, content string) eventschemas.Record {
		return eventschemas.Record{
			Event:    policy.VersionRecorded{Kind: kind, Site: "hq", Version: 1, EffectiveFrom: domain.At(from), Content: json.RawMessage(content)},
			Envelope: eventschemas.Envelope{RecordedAt: domain.At(now)},
		}
	}
	sla := func(more string) string {
		return `{"calendar":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","targets":[]` + more + `}`
	}
	for name, c := range map[string]struct {
		e    eventschemas.Record
		want time.Time // zero: not acted on
	}{
		"in force already":             {version(policy.KindSLA, now.Add(-time.Hour), sla(running)), now},
		"in force later":               {version(policy.KindSLA, now.Add(time.Hour), sla(running)), now.Add(time.Hour + 5*time.Second)},
		"it does not say so":           {version(policy.KindSLA, now, sla("")), time.Time{}},
		"another kind":                 {version(policy.KindCodes, now, `{"kinds":[],"problems":[],"solutions":[]}`), time.Time{}},
		"no policy at all":             {eventschemas.Record{Event: ticket.Closed{}}, time.Time{}},
		"one that could not be stored": {version(policy.KindSLA, now, `{`), time.Time{}},
	} {
		at, act := process.Retarget{}.React(c.e)
		require.Equal(t, !c.want.IsZero(), act, name)
		require.Equal(t, c.want, at, name)
	}
}

func TestAnIncompleteRunnerIsRefused(t *testing.T) {
	t.Parallel()
	_, err := process.New(process.Options{})
	require.Error(t, err)
}
