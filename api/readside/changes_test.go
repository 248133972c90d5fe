package readside_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/api/readside"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/auth"
	"github.com/fieldledger/fieldledger/internal/messages"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// noLooks keeps no looks: nothing personal is shown here.
type noLooks struct{}

// Record keeps nothing.
func (noLooks) Record(context.Context, []api.Access) error { return nil }

// serve serves the API over the world's real parts.
func (w *world) serve() (url string, token func(sites ...string) string) {
	w.t.Helper()
	verifier, issuer, err := auth.Open(w.t.Context(), auth.Config{DemoDir: w.t.TempDir(), Listen: "127.0.0.1:8080"}, w.Clock)
	require.NoError(w.t, err)
	policies, err := auth.NewPolicies()
	require.NoError(w.t, err)
	handler, err := api.New(api.Deps{
		App: w.App, Tickets: w.side, KPIs: readside.KPIs{Side: w.side}, Directory: w.side, Custody: w.side, Losses: w.side, Keeping: w.side, Supply: w.side, Progress: w.side, Changes: w.side,
		Authenticator: verifier, Authorizer: policies, Opener: w.Vault, AccessLog: noLooks{}, Eraser: w.Vault, Clock: w.Clock, Log: w.Log,
		Metrics: prometheus.NewRegistry(), Text: messages.Text, Match: messages.Match, Secret: bytes.Repeat([]byte{7}, 32),
	})
	require.NoError(w.t, err)
	srv := httptest.NewServer(handler)
	w.t.Cleanup(srv.Close)
	return srv.URL, func(sites ...string) string {
		token, err := issuer.Mint("lin", people[0], []string{"clerk"}, sites, time.Hour)
		require.NoError(w.t, err)
		return token
	}
}

// told is what an event of the feed says.
type told struct {
	Number  int64
	Tickets []uuid.UUID
}

// follow reads events after a number until more says no, and returns them.
func follow(t *testing.T, url, token string, after int64, more func(told) bool) []told {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Last-Event-ID", strconv.FormatInt(after, 10))
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	var out []told
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		require.NotContains(t, lines.Text(), "reset")
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e told
		require.NoError(t, json.Unmarshal([]byte(data), &e))
		out = append(out, e)
		if !more(e) {
			return out
		}
	}
	require.Fail(t, "the feed ended")
	return nil
}

// touched returns the tickets of a site that events with from < number <= to
// touched, in the order of their first.
func touched(records []eventschemas.Record, site string, from, to int64) []uuid.UUID {
	seen, out := map[uuid.UUID]bool{}, []uuid.UUID{}
	for _, r := range records[from:to] {
		category, id := readmodel.StreamKey(r.Stream)
		if category == "ticket" && r.Envelope.Site == site && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func TestAFeedLosesAndDoublesNothingWhileManyWriteAndTheLineBreaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url, token := w.serve()
	start := w.settle()
	const writers, calls = 4, 25
	var group sync.WaitGroup
	var failed sync.Map
	for i := range writers {
		group.Go(func() {
			for j := range calls {
				r := w.Request("call-" + strconv.Itoa(i) + "-" + strconv.Itoa(j))
				reg, err := w.App.Tickets.Register(t.Context(), r, commands.RegisterTicket{Site: sites[j%2], Channel: "phone", Kind: "a", Level: 1, Customer: "Wang"})
				if err == nil {
					_, err = w.App.Tickets.Accept(t.Context(), r, reg.ID, nil)
				}
				if err != nil {
					failed.Store(err.Error(), true)
				}
			}
		})
	}
	var got []told
	group.Go(func() { // breaks off after every few events
		random := rand.New(rand.NewPCG(1, 2))
		tickets, after := 0, start
		accepted := map[uuid.UUID]int{}
		for tickets < writers*(calls+1)/2 {
			left := 1 + random.IntN(3)
			part := follow(t, url+"/v1/changes?site=hq", token("hq"), after, func(e told) bool {
				for _, id := range e.Tickets {
					if accepted[id]++; accepted[id] == 1 {
						tickets++
					}
				}
				left--
				return left > 0 && tickets < writers*(calls+1)/2
			})
			got, after = append(got, part...), part[len(part)-1].Number
		}
	})
	group.Wait()
	failed.Range(func(key, _ any) bool { require.Fail(t, key.(string)); return false })
	head := w.settle()
	records := w.records(head)
	at := start
	for _, e := range got {
		require.Greater(t, e.Number, at)
		require.Equal(t, touched(records, "hq", at, e.Number), e.Tickets)
		at = e.Number
	}
	if rest := touched(records, "hq", at, head); len(rest) > 0 {
		last := follow(t, url+"/v1/changes?site=hq", token("*"), at, func(told) bool { return false })
		require.Equal(t, rest, last[0].Tickets)
	}
	all := follow(t, url+"/v1/changes", token("north"), start, func(told) bool { return false })
	require.Equal(t, []told{{head, touched(records, "north", start, head)}}, all, "the other site's alone")
}

func TestSinceTellsWhatMemoryAndTheTableHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []uuid.UUID
	for range 3 {
		ids = append(ids, w.register("hq", 4, "a"))
	}
	away := w.register("north", 4, "a")
	head := w.settle()
	since := func(s *readside.Side, sites []string, after int64, most int) api.TicketChanges {
		c, err := s.Since(t.Context(), sites, after, most)
		require.NoError(t, err)
		return c
	}
	require.Equal(t, api.TicketChanges{Number: head, Tickets: append(ids, away)}, since(w.side, nil, 0, 10))
	require.Equal(t, api.TicketChanges{Number: head, Tickets: ids}, since(w.side, []string{"hq"}, 0, 3))
	require.Equal(t, api.TicketChanges{Number: head, TooMany: true}, since(w.side, []string{"hq"}, 0, 2))
	require.Equal(t, api.TicketChanges{Number: head}, since(w.side, []string{}, 0, 2))
	require.Equal(t, api.TicketChanges{Number: head}, since(w.side, nil, head, 2))
	require.Equal(t, api.TicketChanges{Number: head, TooMany: true}, since(w.side, nil, head+1, 2))
	w.register("hq", 4, "a")
	next := w.settle()
	require.Equal(t, next, since(w.side, nil, head, 2).Number)
	require.Len(t, since(w.side, nil, head, 2).Tickets, 1)
	kept := since(w.side, nil, 0, 9)
	require.Len(t, kept.Tickets, 5, "memory reaches back to where it began")
	w.side.Forget()
	require.Equal(t, kept, since(w.side, nil, 0, 9), "then the table is asked")
	require.Equal(t, []uuid.UUID{away}, since(w.side, []string{"north"}, 0, 1).Tickets)
	require.Equal(t, api.TicketChanges{Number: next}, since(w.side, nil, next, 9))
}
