package ticket_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// drawCommand draws anything that may be asked of a ticket at an instant.
func drawCommand(t *rapid.T, when domain.Instant) ticket.Command {
	team := rapid.SampledFrom([]uuid.UUID{uuid.Nil, teamA, teamB}).Draw(t, "team")
	level := ticket.Level(rapid.IntRange(1, 4).Draw(t, "level"))
	reason := rapid.SampledFrom([]ticket.PauseReason{
		ticket.WaitingCustomer, ticket.WaitingParts, ticket.WaitingThirdParty, ticket.ForceMajeure,
	}).Draw(t, "reason")
	switch rapid.IntRange(0, 11).Draw(t, "command") {
	case 0:
		return ticket.Accept{At: when, Book: book}
	case 1:
		return ticket.Assign{At: when, Team: team, Technician: li}
	case 2:
		return ticket.ChangeLevel{At: when, Level: level, Reason: "r", Book: book}
	case 3:
		clocks := rapid.SampledFrom([][]ticket.TargetName{nil, {ticket.FirstContact}, {ticket.FirstContact, ticket.Resolution}}).Draw(t, "clocks")
		return ticket.Pause{At: when, Reason: reason, Clocks: clocks}
	case 4:
		return ticket.Resume{At: when, Book: book}
	case 5:
		return ticket.Arrive{At: when, Book: book}
	case 6:
		return ticket.Resolve{At: when, Solution: "s", Book: book}
	case 7:
		return ticket.SignOff{At: when, Book: book}
	case 8:
		return ticket.Close{At: when, Book: book}
	case 9:
		return ticket.Reopen{At: when, Reason: "r", Book: book}
	default:
		status := rapid.SampledFrom([]ticket.Status{
			ticket.StatusRegistered, ticket.StatusAccepted, ticket.StatusAssigned, ticket.StatusPaused, ticket.StatusOnSite,
			ticket.StatusResolved, ticket.StatusSignedOff, ticket.StatusClosed,
		}).Draw(t, "status")
		return row(when, status, because(reason), func(c *ticket.ImportRow) { c.Level, c.Team = level, team })
	}
}

// drawHistory draws a ticket's life and checks each step of it.
func drawHistory(t *rapid.T) []ticket.Event {
	now := at(2, "00:00").Add(time.Duration(rapid.Int64Range(0, 7*86_400_000).Draw(t, "call")) * time.Millisecond)
	level := ticket.Level(rapid.IntRange(1, 4).Draw(t, "level"))
	history, err := ticket.Decide(ticket.State{}, command(level, domain.At(now)))
	require.NoError(t, err)
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		now = now.Add(time.Duration(rapid.Int64Range(0, 2*86_400_000).Draw(t, "later")) * time.Millisecond)
		c := drawCommand(t, domain.At(now))
		before := fold(history)
		events, err := ticket.Decide(before, c)
		if _, imported := c.(ticket.ImportRow); imported {
			require.NoError(t, err, "a row is never refused")
		}
		require.Equal(t, before, fold(history), "deciding changes nothing")
		history = append(history, events...)
		if err == nil {
			again, err := ticket.Decide(fold(history), c)
			require.NoError(t, err)
			require.Empty(t, again, "TKT-02 asking again changes nothing: %#v", c)
		}
	}
	return history
}

func fold(events []ticket.Event) ticket.State {
	var s ticket.State
	for _, e := range events {
		s = ticket.Evolve(s, e)
	}
	return s
}

func TestWhateverHappensVerdictsHold(t *testing.T) { // SLA-05, SLA-06
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type key struct {
			name  ticket.TargetName
			cycle int
		}
		seen := map[key]bool{}
		cycle := 1
		for i, e := range drawHistory(t) {
			if r, ok := e.(ticket.Reopened); ok {
				require.Equal(t, cycle+1, r.Cycle, "cycles are dense")
				require.True(t, seen[key{ticket.Resolution, cycle}], "one cycle is open at a time: the last was judged")
				cycle = r.Cycle
			}
			if j, ok := e.(ticket.Judged); ok {
				require.False(t, seen[key{j.Target, j.Cycle}], "one verdict a target and cycle")
				seen[key{j.Target, j.Cycle}] = true
				requireSound(t, uint64(i), j)
			}
		}
		require.LessOrEqual(t, len(seen), cycle+1)
	})
}

// requireSound checks what holds for the verdict at a revision whatever happened before.
func requireSound(t *rapid.T, revision uint64, j ticket.Judged) {
	require.Less(t, slices.Max(j.Inputs), revision, "a verdict rests on what came before it")
	require.Equal(t, j.GrossS, j.PausedS+j.NetS)
	var gross, net time.Duration
	for i, s := range j.Spans {
		require.True(t, s.From.Before(s.To.Time))
		require.True(t, i == 0 || !s.From.Before(j.Spans[i-1].To.Time), "spans are disjoint and in order")
		gross += s.To.Sub(s.From.Time)
		if s.Kind == ticket.Counted {
			net += s.To.Sub(s.From.Time)
		}
	}
	require.Equal(t, roundedUp(gross), j.GrossS)
	require.Equal(t, roundedUp(net), j.NetS)
	switch j.Verdict {
	case ticket.Met:
		require.False(t, j.ReachedAt.After(j.DueAt.Time))
		require.LessOrEqual(t, j.NetS, j.LimitS)
	case ticket.Breached:
		if j.ReachedAt == nil {
			require.Equal(t, *j.DueAt, j.At) // SLA-13
			return
		}
		require.True(t, j.ReachedAt.After(j.DueAt.Time))
		require.GreaterOrEqual(t, max(j.NetS, j.GrossS), j.LimitS)
	case ticket.Withdrawn:
		require.Nil(t, j.ReachedAt)
	case ticket.NoTarget:
		require.Nil(t, j.DueAt)
		require.Zero(t, j.LimitS)
	}
}

func roundedUp(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return s
}

func TestAnyEventMayBeStruck(t *testing.T) { // AUD-02
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := drawHistory(t)
		struck := rapid.SliceOfN(rapid.Bool(), len(history), len(history)).Draw(t, "struck")
		var s ticket.State
		for i, e := range history {
			if struck[i] {
				e = nil
			}
			s = ticket.EvolveAt(s, uint64(i), e)
		}
		require.Equal(t, uint64(len(history)), s.Next, "struck revisions count")
		require.Equal(t, struck[0], s.Status == "", "without its registration a ticket does not exist")
		// The ticket goes on: the next row is taken, and its verdicts name revisions of this stream.
		now := domain.At(at(1, "00:00").AddDate(1, 0, 0))
		events, err := ticket.Decide(s, row(now, ticket.StatusResolved))
		require.NoError(t, err)
		for _, e := range events {
			if j, ok := e.(ticket.Judged); ok {
				for _, input := range j.Inputs {
					require.True(t, input >= uint64(len(history)) || !struck[input], "a verdict rests on nothing struck")
				}
			}
		}
	})
}
