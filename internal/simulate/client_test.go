package simulate_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/internal/clock"
	"github.com/fieldledger/fieldledger/internal/simulate"
)

// lax is an installation that accepts everything, what is forbidden too.
type lax struct {
	*clock.Fake
	url string
}

func (l lax) URL() string                            { return l.url }
func (l lax) Token(*simulate.Person) (string, error) { return "token", nil }
func (l lax) Seen(context.Context) error             { return nil }
func (l lax) Settle(context.Context) error           { return nil }
func (l lax) Head() int64                            { return 0 }

func TestLOS07WhatIsForbiddenIsNotedWhereAnInstallationAcceptsIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, answer string
		status       int
		slipped      int
		refused      map[string]int
	}{
		{"accepted", `{"changed":true}`, http.StatusOK, 1, map[string]int{}},
		{"nothing happened", `{"changed":false}`, http.StatusOK, 0, map[string]int{}},
		{"refused by the rule", `{"rule":"LOS-07","key":"loss.same_person"}`, http.StatusConflict, 0, map[string]int{"LOS-07": 1}},
		{"refused by another rule", `{"rule":"LOS-01","key":"loss.unknown"}`, http.StatusConflict, 0, map[string]int{"LOS-01": 1}},
		{"not permitted", `{}`, http.StatusForbidden, 0, map[string]int{"403": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.Header.Get("Idempotency-Key"), "sim-") || r.Header.Get("If-Match") != `"3"` {
					c.status = http.StatusTeapot
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.answer))
			}))
			defer server.Close()
			w := simulate.NewWorld(simulate.Plan{Seed: 1})
			s, err := simulate.New(lax{clock.NewFake(simulate.First()), server.URL}, w, nil)
			require.NoError(t, err)
			defer s.Close()
			require.NoError(t, s.Try(t.Context(), "LOS-07", "/v1/losses/1/approval", 3))
			require.Len(t, w.Slipped, c.slipped)
			require.Equal(t, c.refused, w.Refused)
			require.Equal(t, 1, w.Tried)
			require.True(t, s.Installation().Now().After(simulate.First()), "everything takes its time")
		})
	}
}

func TestAWorldIsKeptWholeAndGoesOnAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	none, err := simulate.Load(dir)
	require.NoError(t, err)
	require.Nil(t, none)
	w := simulate.NewWorld(simulate.Plan{Sets: []string{"mine"}, Seed: 9, People: 4})
	w.Day, w.Now, w.Refused["TOL-04"] = 12, simulate.First().Add(time.Hour), 3
	s, err := simulate.New(lax{Fake: clock.NewFake(w.Now)}, w, nil)
	require.NoError(t, err)
	require.NoError(t, s.Save(dir))
	again, err := simulate.Load(dir)
	require.NoError(t, err)
	require.True(t, again.Equal(w.Plan))
	require.Equal(t, w.Rand, again.Rand)
	require.Equal(t, 12, again.Day)
	require.True(t, again.Now.Equal(w.Now))
	other := w.Plan
	other.Seed++
	require.False(t, again.Equal(other))
}
