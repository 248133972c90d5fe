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

// FieldWage is the sealed field of a wage.
const FieldWage = "wage"

// Wage is what a person earned in a month, as payroll says.
type Wage struct {
	Key     string          `json:"key"` // of the person in the other system
	Month   deduction.Month `json:"month"`
	WageFen int64           `json:"wage_fen"`
}

// WageResult says what became of a row of wages.
type WageResult string

// What may become of it.
const (
	WagePosted    WageResult = "posted"
	WageUnchanged WageResult = "unchanged" // the same wage was posted before
	WageNoAccount WageResult = "no_account"
	WageUnknown   WageResult = "unknown_person"
	WageErased    WageResult = "erased_person"
	WageRefused   WageResult = "refused"
)

// WageOutcome is what became of a row of wages. Amounts are fen.
type WageOutcome struct {
	Wage
	Person   uuid.UUID // the zero id if it is not known
	Result   WageResult
	Rule     string // that refused it
	TakenFen int64  // that the month gives, all together
	OpenFen  int64  // that is carried over
	Written  Result // of its command; the zero Result where none was sent, or it was refused
}

// LastWritten is the result after which everything that the rows wrote can be
// read; the zero Result if no row came to an account.
func LastWritten(rows []WageOutcome) Result {
	var last Result
	for _, o := range rows {
		if o.Written.Stream != "" && (o.Written.Changed || !last.Changed) {
			last = o.Written
		}
	}
	return last
}

// PostWages is what payroll says of a site.
type PostWages struct {
	Site   string // code
	System string // whose keys name the persons
	Wages  []Wage
}

// Post deducts from the wages of months what is owed, row by row (LOS-08). A
// row that was posted before changes nothing, a corrected one makes the
// difference. An error leaves rows undone: the same call goes on with them.
func (d *Deductions) Post(ctx context.Context, r Request, in PostWages) ([]WageOutcome, error) {
	if !r.sees(in.Site) {
		return nil, ErrNotFound
	}
	zone, err := d.sites.zone(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	out := make([]WageOutcome, 0, len(in.Wages))
	for _, w := range in.Wages {
		o, err := d.post(ctx, r, in, w, zone)
		if err != nil {
			return out, fmt.Errorf("post wage of %s: %w", w.Month, err)
		}
		out = append(out, o)
	}
	return out, nil
}

func (d *Deductions) post(ctx context.Context, r Request, in PostWages, w Wage, zone *time.Location) (WageOutcome, error) {
	o := WageOutcome{Wage: w, Result: WageUnknown}
	held, err := Current(ctx, d.x, claimDecider(), claimStream("person", in.Site, in.System, w.Key))
	if err != nil || held.Holder == uuid.Nil {
		return o, err
	}
	o.Person = held.Holder
	before, err := d.account(ctx, held.Holder.String())
	if err != nil {
		return o, err
	}
	if before.Year == 0 {
		o.Result = WageNoAccount
		return o, nil
	}
	res, err := d.postOne(ctx, r, in.Site, held.Holder, w, zone)
	rule, refused := errors.AsType[*domain.RuleError](err)
	invalid, faulty := errors.AsType[*domain.InvalidError](err)
	switch {
	case refused:
		o.Result, o.Rule = WageRefused, rule.Rule
	case faulty:
		o.Result, o.Rule = WageRefused, invalid.Rule
	case errors.Is(err, ErrErased):
		o.Result = WageErased
	case err != nil:
		return o, err
	case res.Changed:
		o.Result = WagePosted
	default:
		o.Result = WageUnchanged
	}
	o.Written = res
	after, err := d.account(ctx, held.Holder.String())
	o.TakenFen, o.OpenFen = after.TakenFen(w.Month), after.OpenFen()
	return o, err
}

func (d *Deductions) postOne(ctx context.Context, r Request, site string, person uuid.UUID, w Wage, zone *time.Location) (Result, error) {
	first, next, ok := domain.MonthIn(string(w.Month), zone)
	if !ok || first.After(d.Clock.Now()) {
		return Result{}, domain.Invalid("/month", "LOS-08", "loss.month_malformed")
	}
	at := next.Add(-time.Millisecond) // the month's own policy holds (POL-02)
	if now := d.Clock.Now(); at.After(now) {
		at = now
	}
	r.Key += "/" + person.String() + "/" + string(w.Month)
	call, err := d.call(r, "deduction.post", person.String(), nil, w)
	if err != nil {
		return Result{}, err
	}
	call.OccurredAt, call.Site = domain.At(at), site
	return d.do(ctx, call, person.String(), func(ctx context.Context, _ int, _, _ domain.Day) (deduction.Command, error) {
		book, err := d.policies.Book(ctx, site)
		if err != nil {
			return nil, err
		}
		fen := strconv.FormatInt(w.WageFen, 10)
		sealed, err := d.Vault.Seal(ctx, person, FieldWage, fen)
		return deduction.Post{
			At: call.OccurredAt, Site: site, Month: w.Month, WageFen: w.WageFen, Wage: sealed, Book: book,
			Digest: d.Vault.Digest([]byte("wage\x00" + person.String() + "\x00" + string(w.Month) + "\x00" + fen)),
		}, err
	})
}
