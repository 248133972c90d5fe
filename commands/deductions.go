package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
)

func deductionDecider() Decider[deduction.State, deduction.Command, deduction.Event] {
	return Decider[deduction.State, deduction.Command, deduction.Event]{
		Name: "deduction", Version: "deduction/1", Decide: deduction.Decide,
		Evolve: func(s deduction.State, _ uint64, e deduction.Event) deduction.State { return deduction.Evolve(s, e) },
	}
}

// Deductions are the use cases of deduction accounts, one a person over all
// losses (LOS-08). Errors are those of Execute.
type Deductions struct {
	*useCases
	policies *Policies
	sites    *Sites
}

// AccountStream returns the stream of a person's account of a year.
func AccountStream(person string, year int) string {
	return "fl.deduction-account-" + person + "-" + strconv.Itoa(year)
}

// back is how many years an account may rest before it goes on.
const back = 10

// newest returns the account of the latest year of a person, the zero State if
// there is none.
func (d *Deductions) newest(ctx context.Context, person string, year int) (deduction.State, error) {
	for y := year + 1; y >= year-back; y-- {
		f, err := currentFold(afresh(ctx), d.x, deductionDecider(), AccountStream(person, y)) // another process may have posted
		if err != nil || f.state.Year != 0 {
			return f.state, err
		}
	}
	return deduction.State{}, nil
}

// account returns a person's account as it is now.
func (d *Deductions) account(ctx context.Context, person string) (deduction.State, error) {
	return d.newest(ctx, person, d.Clock.Now().UTC().Year())
}

// live returns the stream of the account that decides now: at the turn of the
// year it closes the old one and opens the new one with what is carried over.
// Both commands have ids of the account and year, so that a repeat after a
// crash goes on where it ended.
func (d *Deductions) live(ctx context.Context, call Call, person string, year int) (string, error) {
	s, err := d.newest(ctx, person, year)
	switch {
	case err != nil:
		return "", err
	case s.Year == 0 || s.Year >= year && !s.Over:
		return AccountStream(person, max(s.Year, year)), nil
	}
	year = max(year, s.Year+1)
	if !s.Over {
		if err := d.turn(ctx, call, "deduction.close", person, s.Year, deduction.Close{At: call.OccurredAt}); err != nil {
			return "", err
		}
		if s, err = Current(ctx, d.x, deductionDecider(), AccountStream(person, s.Year)); err != nil {
			return "", err
		}
	}
	return AccountStream(person, year), d.turn(ctx, call, "deduction.open", person, year, deduction.Open{
		At: call.OccurredAt, Person: person, Year: year, Before: s,
	})
}

func (d *Deductions) turn(ctx context.Context, call Call, operation, person string, year int, c deduction.Command) error {
	actor := System("deduction-account")
	key := person + "/" + strconv.Itoa(year)
	_, err := Execute(ctx, d.x, deductionDecider(), AccountStream(person, year), Given(Call{
		ID: d.IDs.Command(actor.Issuer+"\x00"+actor.Subject, operation, key), Type: operation, Digest: d.Vault.Digest([]byte(operation + " " + key)),
		Site: call.Site, Actor: actor, OccurredAt: call.OccurredAt, Correlation: call.Correlation, Causation: call.Causation,
	}, c))
	return err
}

// do runs a command on the account that decides now. build gets its year, and the civil days
// at the site of the command, and of today.
func (d *Deductions) do(ctx context.Context, call Call, person string, build func(ctx context.Context, year int, on, today domain.Day) (deduction.Command, error)) (Result, error) {
	zone, err := d.sites.zone(ctx, call.Site)
	if err != nil {
		return Result{}, err
	}
	today := domain.DayOf(d.Clock.Now(), zone)
	year, err := strconv.Atoi(string(today[:4]))
	if err != nil {
		return Result{}, fmt.Errorf("year of %s: %w", today, err)
	}
	for range attempts { // a year may turn meanwhile
		stream, err := d.live(ctx, call, person, year)
		if err != nil {
			return Result{}, err
		}
		res, err := Execute(ctx, d.x, deductionDecider(), stream, Step[deduction.Command]{
			Call: call, Make: func(ctx context.Context, _ Stream) (deduction.Command, error) {
				return build(ctx, year, domain.DayOf(call.OccurredAt.Time, zone), today)
			},
		})
		if !errors.Is(err, deduction.ErrOver) {
			return res, err
		}
		d.x.cache.Remove(cacheKey("deduction", stream))
	}
	return Result{}, fmt.Errorf("account of %s: %w", person, ErrBusy)
}

// EnterDebt is what a person owes for a loss.
type EnterDebt struct {
	Site      string    `json:"site"` // code
	Person    string    `json:"person"`
	Loss      uuid.UUID `json:"loss"`
	Number    string    `json:"number"` // of the loss
	AmountFen int64     `json:"amount_fen"`
}

// Enter enters what a person owes; it is deducted from the wages of the month
// of at and later ones (LOS-08).
func (d *Deductions) Enter(ctx context.Context, r Request, at time.Time, in EnterDebt) (Result, error) {
	call, err := d.call(r, "deduction.enter", in.Person, &at, in)
	if err != nil {
		return Result{}, err
	}
	call.Site = in.Site
	return d.do(ctx, call, in.Person, func(_ context.Context, year int, on, _ domain.Day) (deduction.Command, error) {
		return deduction.Enter{
			At: call.OccurredAt, Person: in.Person, Year: year, Loss: in.Loss, Number: in.Number, From: deduction.MonthOf(on), AmountFen: in.AmountFen,
		}, nil
	})
}

// CancelDebt ends the deductions for a loss.
type CancelDebt struct {
	Site   string        `json:"site"` // code
	Person string        `json:"person"`
	Loss   uuid.UUID     `json:"loss"`
	How    deduction.How `json:"how"`
	Refund bool          `json:"refund"`
}

// Cancel ends the deductions for a loss; what was deducted goes back with the
// wage of the present month at the site: that of an earlier one, in which the
// tool was found, is paid already (LOS-09).
func (d *Deductions) Cancel(ctx context.Context, r Request, at time.Time, in CancelDebt) (Result, error) {
	call, err := d.call(r, "deduction.cancel", in.Person, &at, in)
	if err != nil {
		return Result{}, err
	}
	call.Site = in.Site
	return d.do(ctx, call, in.Person, func(_ context.Context, _ int, _, today domain.Day) (deduction.Command, error) {
		return deduction.Cancel{At: call.OccurredAt, Loss: in.Loss, How: in.How, Refund: in.Refund, Month: deduction.MonthOf(today)}, nil
	})
}
