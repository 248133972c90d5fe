package deduction

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// ErrOver says that another year's account goes on with this one.
var ErrOver = errors.New("the account of the next year goes on")

// MostFen bounds a wage and a debt, so that every product fits an int64.
const (
	MostFen = 1_000_000_000_000 // ten thousand million yuan
	million = 1_000_000
)

// Decide returns the events that c causes in state s, in order.
// No events and no error means that c asks for what already holds (TKT-02).
// A *domain.RuleError means that a rule refused c, a *domain.InvalidError that
// a field of c is not acceptable in itself, ErrOver that the account of a
// later year decides; s is not changed.
func Decide(s State, c Command) ([]Event, error) {
	if o, ok := c.(Open); ok {
		return open(s, o)
	}
	if k, ok := c.(Close); ok {
		return closeYear(s, k)
	}
	if s.Over {
		return nil, ErrOver
	}
	switch c := c.(type) {
	case Enter:
		return enter(s, c)
	case Post:
		return post(s, c)
	case Cancel:
		return cancel(s, c)
	case Open, Close:
		// they are decided before
	}
	return nil, fmt.Errorf("deduction: unknown command %T", c)
}

func open(s State, c Open) ([]Event, error) {
	switch {
	case s.Year != 0: // TKT-02
		return nil, nil
	case !c.Before.Over || c.Before.Person != c.Person || c.Before.Year >= c.Year:
		return nil, fmt.Errorf("account of %d does not follow that of %d", c.Year, c.Before.Year)
	}
	return []Event{Opened{At: c.At, Person: c.Person, Year: c.Year, Debts: c.Before.Debts, Months: c.Before.carried(c.Year)}}, nil
}

func closeYear(s State, c Close) ([]Event, error) {
	if s.Year == 0 || s.Over { // TKT-02
		return nil, nil
	}
	return []Event{Closed{At: c.At, Year: s.Year}}, nil
}

func enter(s State, c Enter) ([]Event, error) {
	if _, known := s.Debt(c.Loss); known { // TKT-02
		return nil, nil
	}
	if c.AmountFen < 0 || c.AmountFen > MostFen {
		return nil, domain.Refuse("LOS-08", "loss.amount_out_of_range", "most", int64(MostFen))
	}
	if c.AmountFen == 0 { // nothing is owed
		return nil, nil
	}
	var events []Event
	if s.Year == 0 {
		events = append(events, Opened{At: c.At, Person: c.Person, Year: c.Year, Debts: []Debt{}, Months: []Posting{}})
	}
	return append(events, Entered{At: c.At, Loss: c.Loss, Number: c.Number, From: c.From, AmountFen: c.AmountFen}), nil
}

// CapFen returns what a month's wage gives at most: a share of it, and no more
// than leaves the minimum (LOS-08).
func CapFen(wageFen, capPPM, minimumFen int64) int64 {
	return max(0, min(wageFen*capPPM/million, wageFen-minimumFen))
}

func post(s State, c Post) ([]Event, error) {
	i, again := s.month(c.Month)
	switch {
	case s.Year == 0: // nothing was ever owed
		return nil, nil
	case !domain.IsMonth(string(c.Month)):
		return nil, domain.Invalid("/month", "LOS-08", "loss.month_malformed")
	case c.WageFen < 0 || c.WageFen > MostFen:
		return nil, domain.Invalid("/wage_fen", "LOS-08", "loss.amount_out_of_range", "most", int64(MostFen))
	case again && s.Months[i].Digest == c.Digest: // TKT-02: the same row again
		return nil, nil
	case c.Month < Month(strconv.Itoa(s.Year-1)+"-01"):
		return nil, domain.Refuse("LOS-08", "loss.month_too_old", "month", string(c.Month))
	}
	v, ok := c.Book.InForce(policy.KindCompensation, c.Site, c.At.Time)
	if !ok {
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindCompensation))
	}
	r := v.Compensation()
	if r.MinimumWageFen == 0 { // POL-08: it is not known what has to be left
		return nil, domain.Refuse("POL-08", "loss.minimum_wage_missing")
	}
	e := Posted{
		At: c.At, Month: c.Month, Wage: c.Wage, Digest: c.Digest, CapPPM: r.CapPPM, MinimumFen: r.MinimumWageFen, Again: again,
		Entries: s.entries(c.Month, CapFen(c.WageFen, r.CapPPM, r.MinimumWageFen)), Policy: v.Ref(),
	}
	after := s.posted(e)
	e.OpenFen = after.OpenFen()
	if i, ok := after.month(c.Month); ok {
		e.TakenFen = after.Months[i].deducted()
	}
	return []Event{e}, nil
}

// deducted returns what a month gave for all losses.
func (p Posting) deducted() int64 {
	sum := int64(0)
	for _, t := range p.Taken {
		sum += t.DeductedFen
	}
	return sum
}

// kept returns what of that was not given back.
func (p Posting) kept() int64 {
	sum := p.deducted()
	for _, t := range p.Taken {
		sum -= t.RefundedFen
	}
	return sum
}

// entries are what a month gives beside what it gave before, under a cap:
// oldest loss first, or, where it gave too much, back for the newest first (LOS-08).
func (s State) entries(month Month, capFen int64) []Entry {
	var before Posting
	if i, ok := s.month(month); ok {
		before = s.Months[i]
	}
	out := []Entry{}
	if over := before.kept() - capFen; over > 0 {
		for _, t := range slices.Backward(before.Taken) {
			if back := min(over, t.DeductedFen-t.RefundedFen); back > 0 {
				out = append(out, Entry{Loss: t.Loss, Number: s.number(t.Loss), AmountFen: -back})
				over -= back
			}
		}
		return out
	}
	room := capFen - before.deducted()
	for _, d := range s.Debts {
		if take := min(room, d.OpenFen()); take > 0 && d.From <= month && !d.Ended {
			out = append(out, Entry{Loss: d.Loss, Number: d.Number, AmountFen: take})
			room -= take
		}
	}
	return out
}

func (s State) number(loss uuid.UUID) string {
	d, _ := s.Debt(loss)
	return d.Number
}

func cancel(s State, c Cancel) ([]Event, error) {
	d, known := s.Debt(c.Loss)
	if !known { // nothing is owed
		return nil, nil
	}
	e := Cancelled{At: c.At, Loss: c.Loss, Number: d.Number, How: c.How, CancelledFen: d.OpenFen(), Month: c.Month}
	if c.Refund { // LOS-09
		e.RefundFen = d.DeductedFen - d.RefundedFen
	}
	if d.Ended && e.RefundFen == 0 { // TKT-02
		return nil, nil
	}
	return []Event{e}, nil
}

// MonthOf returns the month of a civil day.
func MonthOf(d domain.Day) Month {
	if len(d) < len("2006-01") {
		return ""
	}
	return Month(d[:len("2006-01")])
}
