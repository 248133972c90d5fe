package commands_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
	"github.com/fieldledger/fieldledger/internal/outcomes"
)

// debtor registers somebody at a desk that deducts, and what they owe for a loss.
func debtor(t *testing.T, h *apptest.Harness, loss uuid.UUID) string {
	t.Helper()
	desk(t, h)
	as := func(person, key string) commands.Request {
		r := h.Request(key)
		r.Actor.Person = person
		return r
	}
	reg, err := h.App.Policies.Record(t.Context(), as("boss", "compensation"), commands.RecordPolicy{
		Site: "desk", Kind: policy.KindCompensation, EffectiveFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Reason: "first",
		Content: json.RawMessage(`{"method":"original_price","floor_ppm":50000,"payers":{"personal":"holder","shared":"shift","special":"shift_leader","pool":"holder"},` +
			`"hr_above_fen":100000,"cap_ppm":200000,"minimum_wage_fen":200000,"points":0}`),
	})
	require.NoError(t, err)
	_, err = h.App.Policies.Approve(t.Context(), as("gao", "approve"), reg.ID, commands.ApprovePolicy{Version: 1})
	require.NoError(t, err)
	person, err := h.App.People.Register(t.Context(), h.Request("li"), commands.RegisterPerson{
		Site: "desk", External: domain.ExternalKey{System: "hr", Key: "1001"}, Name: "Li", Roles: []string{},
	})
	require.NoError(t, err)
	enter(t, h.App, h, person.ID.String(), loss)
	return person.ID.String()
}

func enter(t *testing.T, app *commands.App, h *apptest.Harness, person string, loss uuid.UUID) {
	t.Helper()
	_, err := app.Deductions.Enter(t.Context(), h.Request("enter "+loss.String()), h.Clock.Now(), commands.EnterDebt{
		Site: "desk", Person: person, Loss: loss, Number: "L", AmountFen: 100_000,
	})
	require.NoError(t, err)
}

func wages(t *testing.T, h *apptest.Harness, key string, fen int64) commands.WageOutcome {
	t.Helper()
	out, err := h.App.Deductions.Post(t.Context(), h.Request(key), commands.PostWages{
		Site: "desk", System: "hr", Wages: []commands.Wage{{Key: "1001", Month: "2026-12", WageFen: fen}},
	})
	require.NoError(t, err)
	return out[0]
}

func types(t *testing.T, h *apptest.Harness, stream string) []string {
	t.Helper()
	var out []string
	for _, e := range events(t, h, stream) {
		out = append(out, e.Type)
	}
	return out
}

func TestLOS08TheRestIsCarriedOverTheYearsTurnAndDecembersWageIsStillCorrected(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	h.Clock.Advance(time.Date(2026, 12, 10, 1, 0, 0, 0, time.UTC).Sub(h.Clock.Now()))
	loss := uuid.UUID{15: 1}
	person := debtor(t, h, loss)
	require.Equal(t, []string{"deduction.opened.v1", "deduction.entered.v1"}, types(t, h, commands.AccountStream(person, 2026)))
	first := wages(t, h, "december", 210_000)
	require.EqualValues(t, 10_000, first.TakenFen)

	h.Clock.Advance(time.Date(2027, 1, 5, 1, 0, 0, 0, time.UTC).Sub(h.Clock.Now()))
	second := wages(t, h, "corrected", 205_000)
	require.Equal(t, commands.WagePosted, second.Result)
	require.EqualValues(t, 5_000, second.TakenFen)
	require.EqualValues(t, 95_000, second.OpenFen)
	require.Equal(t, []string{"deduction.opened.v1", "deduction.entered.v1", "deduction.posted.v1", "deduction.closed.v1"}, types(t, h, commands.AccountStream(person, 2026)))
	require.Equal(t, []string{"deduction.opened.v1", "deduction.posted.v1"}, types(t, h, commands.AccountStream(person, 2027)))
	require.Equal(t, commands.WageUnchanged, wages(t, h, "again", 205_000).Result)
	enter(t, h.App, h, person, loss) // sent again after the turn
	require.Len(t, types(t, h, commands.AccountStream(person, 2027)), 2, "the same loss is no second debt")
}

// dying ends at the n-th append.
type dying struct {
	commands.EventStore
	left int
}

var errDied = errors.New("the process died")

func (d *dying) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	if d.left--; d.left < 0 {
		return 0, errDied
	}
	return d.EventStore.Append(ctx, stream, expected, events)
}

func TestLOS08AYearThatTurnsWhileTheProcessDiesTurnsOnce(t *testing.T) {
	t.Parallel()
	h := apptest.New(t)
	h.Clock.Advance(time.Date(2026, 12, 10, 1, 0, 0, 0, time.UTC).Sub(h.Clock.Now()))
	person := debtor(t, h, uuid.UUID{15: 1})
	h.Clock.Advance(time.Date(2027, 1, 5, 1, 0, 0, 0, time.UTC).Sub(h.Clock.Now()))
	for _, n := range []int{0, 1, 1} { // before closing, before opening, before the debt
		app := commands.New(commands.Ports{
			Store: &dying{h.Store, n}, Outcomes: outcomes.New(h.Pool, h.Clock), Vault: h.Vault, Clock: h.Clock, IDs: h.IDs, Log: h.Log,
		})
		_, err := app.Deductions.Enter(t.Context(), h.Request("two"), h.Clock.Now(), commands.EnterDebt{
			Site: "desk", Person: person, Loss: uuid.UUID{15: 2}, Number: "M", AmountFen: 7,
		})
		require.Error(t, err)
	}
	_, err := h.App.Deductions.Enter(t.Context(), h.Request("two"), h.Clock.Now(), commands.EnterDebt{
		Site: "desk", Person: person, Loss: uuid.UUID{15: 2}, Number: "M", AmountFen: 7,
	})
	require.NoError(t, err)
	require.Equal(t, []string{"deduction.opened.v1", "deduction.entered.v1", "deduction.closed.v1"}, types(t, h, commands.AccountStream(person, 2026)))
	require.Equal(t, []string{"deduction.opened.v1", "deduction.entered.v1"}, types(t, h, commands.AccountStream(person, 2027)))
	require.EqualValues(t, 100_007, wages(t, h, "december", 0).OpenFen)
}
