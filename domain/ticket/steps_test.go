package ticket_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// decide is ticket.Decide without the steps of targets, which the tests below
// are about: in all others they would hide what a case says.
func decide(s ticket.State, c ticket.Command) ([]ticket.Event, error) {
	events, err := ticket.Decide(s, c)
	for i, e := range events {
		v := reflect.New(reflect.TypeOf(e)).Elem()
		v.Set(reflect.ValueOf(e))
		f := v.FieldByName("Targets")
		if !f.IsValid() {
			continue
		}
		targets := slices.Clone(f.Interface().([]ticket.Target))
		for n := range targets {
			targets[n].Steps = nil
		}
		f.Set(reflect.ValueOf(targets))
		events[i] = v.Interface().(ticket.Event)
	}
	return events, err
}

// commanded is a ticket after commands, which must hold.
func commanded(t *testing.T, commands ...ticket.Command) ticket.State {
	t.Helper()
	var s ticket.State
	for _, c := range commands {
		events, err := ticket.Decide(s, c)
		require.NoError(t, err)
		for _, e := range events {
			s = ticket.Evolve(s, e)
		}
	}
	return s
}

func stepsOf(s ticket.State) []ticket.Step { return s.Clock(ticket.Resolution).Target.Steps }

func TestTargetsSayWhenToEscalate(t *testing.T) {
	t.Parallel()
	call := command(2, at(2, "09:00")) // resolution: 8 working hours
	parts := ticket.Pause{At: at(2, "10:00"), Reason: ticket.WaitingParts}
	late := ticket.RecordPause{
		At: at(3, "16:00"), From: at(3, "09:00"), To: at(3, "10:00"), Reason: ticket.WaitingParts, LateReason: "told late", Book: book,
	}
	for name, c := range map[string]struct {
		commands []ticket.Command
		want     []ticket.Step
	}{
		"SLA-08 at 75, 100 and 150 percent of the limit": {
			[]ticket.Command{call},
			[]ticket.Step{{Percent: 75, At: at(2, "15:00")}, {Percent: 100, At: at(2, "17:00")}, {Percent: 150, At: at(3, "11:00")}},
		},
		"SLA-08 a pause that is over moves them": {
			[]ticket.Command{call, parts, ticket.Resume{At: at(2, "12:00"), Book: book}},
			[]ticket.Step{{Percent: 75, At: at(2, "17:00")}, {Percent: 100, At: at(3, "09:00")}, {Percent: 150, At: at(3, "13:00")}},
		},
		"SLA-07 another level has others, counted from the call; TKT-12 an emergency calls at once": {
			[]ticket.Command{call, ticket.ChangeLevel{At: at(2, "10:00"), Level: 1, Reason: "all stand", Book: book}},
			[]ticket.Step{{Percent: 0, At: at(2, "09:00")}, {Percent: 75, At: at(2, "12:00")}, {Percent: 100, At: at(2, "13:00")}, {Percent: 150, At: at(2, "15:00")}},
		},
		"SLA-08 a pause entered late moves what comes after it, though the due time is past": {
			[]ticket.Command{call, late},
			[]ticket.Step{{Percent: 75, At: at(2, "15:00")}, {Percent: 100, At: at(2, "17:00")}, {Percent: 150, At: at(3, "12:00")}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, stepsOf(commanded(t, c.commands...)))
		})
	}
}

func TestSLA08AStruckPauseMovesTheStepsBackThoughTheDueTimeStays(t *testing.T) {
	t.Parallel()
	call := command(2, at(2, "09:00"))
	before := commanded(t, call)
	s := commanded(t, call, ticket.Pause{At: at(3, "09:00"), Reason: ticket.WaitingParts}, ticket.Resume{At: at(3, "10:00"), Book: book})
	require.Equal(t, at(3, "12:00"), stepsOf(s)[2].At)

	var struck ticket.State // without the pause and the resumption
	events, err := ticket.Decide(ticket.State{}, call)
	require.NoError(t, err)
	for _, e := range events {
		struck = ticket.Evolve(struck, e)
	}
	struck.Clocks[slices.Index(ticket.TargetNames(), ticket.Resolution)].Target = s.Clock(ticket.Resolution).Target // as a fold that keeps what later events said
	again, err := ticket.Decide(struck, ticket.Rejudge{At: at(3, "10:30"), Cause: ticket.CauseStrike, Book: book})
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, stepsOf(before), again[0].(ticket.DueCorrected).Targets[0].Steps)
	require.Equal(t, stepsOf(before), stepsOf(ticket.Evolve(struck, again[0])))
}

func TestSLA08NobodyIsToldOfAnImportedTicket(t *testing.T) {
	t.Parallel()
	row := ticket.ImportRow{
		At: at(2, "09:00"), Site: "desk", Zone: "-03:00", External: domain.ExternalKey{System: "old", Key: "1"}, Level: 2,
		Channel: ticket.Phone, Kind: "fault", Status: ticket.StatusRegistered, Book: book,
	}
	s := commanded(t, row)
	require.True(t, s.Clock(ticket.Resolution).Running())
	require.Empty(t, stepsOf(s))
	events, err := ticket.Decide(s, ticket.EscalateIfDue{At: domain.At(at(2, "09:00").Add(240 * time.Hour)), Target: ticket.Resolution, Percent: 75, Book: book})
	require.NoError(t, err)
	require.Empty(t, events)
	s = commanded(t, row, ticket.ChangeLevel{At: at(2, "10:00"), Level: 1, Reason: "all stand", Book: book})
	require.Empty(t, stepsOf(s), "nor after a command")
}
