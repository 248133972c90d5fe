package ticket_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	domainticket "github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/ticket"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func at(d time.Duration) domain.Instant { return domain.At(nine.Add(d)) }

// fold folds events into a row.
func fold(t *testing.T, events ...domainticket.Event) ticket.Row {
	t.Helper()
	var row ticket.Row
	for i, e := range events {
		var err error
		row, err = ticket.Evolve(row, eventschemas.Record{Recorded: eventschemas.Recorded{Revision: uint64(i)}, Number: int64(i + 1), Event: e})
		require.NoError(t, err)
	}
	return row
}

func target(name domainticket.TargetName, due time.Duration) domainticket.Target {
	return domainticket.Target{Name: name, Clock: "working", LimitS: 3600, StartAt: at(0), DueAt: at(due)}
}

func registered() domainticket.Registered {
	return domainticket.Registered{
		At: at(0), OpenedOn: "2026-03-02", Number: "T1", Level: 3,
		Targets: []domainticket.Target{target(domainticket.FirstContact, time.Hour), target(domainticket.Resolution, 4*time.Hour)},
	}
}

func judged(name domainticket.TargetName, v domainticket.Verdict, cycle int, reached time.Duration) domainticket.Judged {
	when := at(reached)
	startedBy := map[int]uint64{1: 0, 2: 5}[cycle] // revision of the registration, of the reopening
	return domainticket.Judged{Inputs: []uint64{startedBy}, At: when, Target: name, Verdict: v, Cycle: cycle, ReachedAt: &when, LimitS: 3600, GrossS: 100, PausedS: 40, NetS: 60}
}

// sums adds up what a row contributes, by name of measure.
func sums(row ticket.Row) map[string]int64 {
	out := map[string]int64{}
	for _, c := range ticket.Contribute(row) {
		for i, v := range c.Values {
			if v != 0 {
				out[ticket.Measures[i]] += v
			}
		}
	}
	return out
}

func TestEveryTicketEventHasARow(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, info := range eventschemas.Types() {
		if !strings.HasPrefix(info.Name, "ticket.") {
			continue
		}
		seen++
		event := reflect.Zero(info.Go).Interface()
		row := fold(t, registered())
		_, err := ticket.Evolve(row, eventschemas.Record{Recorded: eventschemas.Recorded{Type: info.Name}, Event: event})
		require.NoError(t, err, info.Name)
	}
	require.Greater(t, seen, 10)
	_, err := ticket.Evolve(ticket.Row{}, eventschemas.Record{Event: "something else"})
	require.Error(t, err)
}

func TestSLA13AClockThatStandsIsNotDueUnlessItWasOverdue(t *testing.T) {
	t.Parallel()
	pause := func(after time.Duration) domainticket.Paused {
		return domainticket.Paused{At: at(after), Reason: domainticket.WaitingCustomer, Clocks: []domainticket.TargetName{domainticket.Resolution}}
	}
	require.Nil(t, fold(t, registered(), pause(time.Hour)).ResolveDueAt)
	require.Equal(t, at(4*time.Hour).Time, *fold(t, registered(), pause(5*time.Hour)).ResolveDueAt)
	resumed := domainticket.Resumed{At: at(2 * time.Hour), Targets: []domainticket.Target{target(domainticket.Resolution, 5*time.Hour)}}
	row := fold(t, registered(), pause(time.Hour), resumed)
	require.Equal(t, at(5*time.Hour).Time, *row.ResolveDueAt)
	require.Equal(t, at(time.Hour).Time, *row.ContactDueAt)
	require.Equal(t, "registered", row.Status)
}

func TestSLA09TheFivePartsOfATargetAddUpOverAllCycles(t *testing.T) {
	t.Parallel()
	events := []domainticket.Event{
		registered(),
		domainticket.Accepted{At: at(time.Minute)},
		judged(domainticket.FirstContact, domainticket.Met, 1, time.Minute),
		domainticket.Resolved{At: at(time.Hour)},
		judged(domainticket.Resolution, domainticket.Met, 1, time.Hour),
		domainticket.Reopened{At: at(2 * time.Hour), Cycle: 2, Targets: []domainticket.Target{target(domainticket.Resolution, 6*time.Hour)}},
	}
	require.Equal(t, map[string]int64{
		"contact_met": 1, "resolution_met": 1, "resolution_running": 1, "cases": 1, "first_resolved": 1, "active_again": 1,
		"gross_s": 100, "paused_s": 40, "net_s": 60, "within_gross": 1, "within_net": 1,
		"remote_no_target": 1, "arrival_no_target": 1, "update_no_target": 1,
	}, sums(fold(t, events...)))
	events = append(events, domainticket.Resolved{At: at(9 * time.Hour)}, judged(domainticket.Resolution, domainticket.Breached, 2, 9*time.Hour))
	got := sums(fold(t, events...))
	require.Equal(t, int64(1), got["resolution_met"])
	require.Equal(t, int64(1), got["resolution_breached"])
	require.Zero(t, got["resolution_running"])
	require.Equal(t, int64(100), got["gross_s"]) // the first resolution's, not the second's
}

func TestASecondVerdictOnACycleTakesThePlaceOfTheFirst(t *testing.T) {
	t.Parallel()
	got := sums(fold(t, registered(),
		judged(domainticket.Resolution, domainticket.Met, 1, time.Hour), judged(domainticket.Resolution, domainticket.Breached, 1, 5*time.Hour)))
	require.Zero(t, got["resolution_met"])
	require.Equal(t, int64(1), got["resolution_breached"])
}

func TestATicketWhoseRegistrationWasStruckIsNotThere(t *testing.T) {
	t.Parallel()
	row := fold(t, domainticket.Accepted{At: at(0)}, domainticket.Closed{At: at(time.Hour)})
	require.Equal(t, ticket.Row{}, row)
	require.Empty(t, ticket.Contribute(row))
}
