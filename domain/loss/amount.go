package loss

import (
	"slices"
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Bounds within which every product of an assessment or a split fits an int64.
const (
	MostFen    = 1_000_000_000_000 // ten thousand million yuan
	mostWeight = 1_000
	mostPayers = 200
	million    = 1_000_000
)

// valued fills the terms of an assessment of a tool by a method (LOS-03, LOS-04).
func valued(c policy.Compensation, t Tool, lostOn domain.Day) (Assessed, error) {
	a := Assessed{Method: c.Method, PriceFen: t.PriceFen, AmountFen: t.PriceFen}
	if fen, listed := c.StandardOf(t.Kind); listed { // LOS-03
		a.Method, a.AmountFen = StandardAmount, fen
		return a, nil
	}
	if c.Method == policy.OriginalPrice { // LOS-03
		return a, nil
	}
	if t.LifeMonths == 0 { // POL-08: there is no life to go by
		return a, domain.Refuse("POL-08", "loss.life_missing", "kind", t.Kind)
	}
	used, err := wholeMonths(t.PurchasedOn, lostOn)
	if err != nil {
		return a, err
	}
	life := int64(t.LifeMonths)
	a.UsedMonths, a.LifeMonths = used, life
	a.LeftFen = halfUp(t.PriceFen*max(0, life-used), life) // LOS-04
	a.FloorFen = halfUp(t.PriceFen*c.FloorPPM, million)
	a.AmountFen = max(a.LeftFen, a.FloorFen)
	return a, nil
}

// halfUp returns n / d rounded half up; n is not negative, d is positive.
func halfUp(n, d int64) int64 {
	q, r := n/d, n%d
	if r >= d-r {
		q++
	}
	return q
}

// wholeMonths counts the whole months from one civil day to another. The last
// day of a month completes a month begun on a day that it does not have.
func wholeMonths(from, to domain.Day) (int64, error) {
	f, err := time.Parse(time.DateOnly, string(from))
	if err != nil {
		return 0, domain.Refuse("LOS-04", "loss.purchase_unknown")
	}
	t, err := time.Parse(time.DateOnly, string(to))
	if err != nil {
		return 0, domain.Refuse("LOS-04", "loss.purchase_unknown")
	}
	n := int64(t.Year()-f.Year())*12 + int64(t.Month()) - int64(f.Month())
	if last := t.AddDate(0, 0, 1).Day() == 1; t.Day() < f.Day() && !last {
		n--
	}
	return max(0, n), nil
}

// Split divides an amount among payers by their weights, to the fen: each gets
// the whole fen of the part, and what remains goes one fen each to the first
// persons in the order of their ids (LOS-05). The shares are in that order.
func Split(amountFen int64, payers []Payer) []Share {
	sorted := slices.Clone(payers)
	slices.SortFunc(sorted, func(a, b Payer) int { return strings.Compare(a.Person, b.Person) })
	total := int64(0)
	for _, p := range sorted {
		total += p.Weight
	}
	shares := make([]Share, len(sorted))
	rest := amountFen
	for i, p := range sorted {
		part := amountFen / total * p.Weight
		part += amountFen % total * p.Weight / total
		shares[i] = Share{p.Person, part}
		rest -= part
	}
	for i := range shares {
		if rest == 0 {
			break
		}
		shares[i].AmountFen++
		rest--
	}
	return shares
}
