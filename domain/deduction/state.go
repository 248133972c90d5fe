package deduction

import (
	"slices"
	"strconv"

	"github.com/google/uuid"
)

// State is an account of a person and year. The zero value is none.
type State struct {
	Person string
	Year   int
	Over   bool      // the next year's goes on
	Debts  []Debt    // in the order in which they were entered
	Months []Posting // by month
}

// Evolve returns s after e, or s after an event that was struck if e is nil.
// It never fails and never refuses: e has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Opened:
		return State{Person: e.Person, Year: e.Year, Debts: e.Debts, Months: e.Months}
	case Closed:
		s.Over = true
	case Entered:
		s.Debts = append(slices.Clip(s.Debts), Debt{Loss: e.Loss, Number: e.Number, From: e.From, AmountFen: e.AmountFen})
	case Posted:
		return s.posted(e)
	case Cancelled:
		return s.cancelled(e)
	}
	return s
}

func (s State) posted(e Posted) State {
	s.Debts, s.Months = slices.Clone(s.Debts), slices.Clone(s.Months)
	i, known := s.month(e.Month)
	if !known {
		s.Months = slices.Insert(s.Months, i, Posting{Month: e.Month, Taken: []Taken{}})
	}
	m := s.Months[i]
	m.Digest, m.Taken = e.Digest, slices.Clone(m.Taken)
	for _, entry := range e.Entries {
		t := slices.IndexFunc(m.Taken, func(t Taken) bool { return t.Loss == entry.Loss })
		if t < 0 {
			t = len(m.Taken)
			m.Taken = append(m.Taken, Taken{Loss: entry.Loss})
		}
		m.Taken[t].DeductedFen += entry.AmountFen
		if d := s.debt(entry.Loss); d >= 0 {
			s.Debts[d].DeductedFen += entry.AmountFen
			if s.Debts[d].Ended { // what comes back of it is owed no more
				s.Debts[d].CancelledFen -= entry.AmountFen
			}
		}
	}
	s.Months[i] = m
	return s
}

func (s State) cancelled(e Cancelled) State {
	i := s.debt(e.Loss)
	if i < 0 {
		return s
	}
	s.Debts, s.Months = slices.Clone(s.Debts), slices.Clone(s.Months)
	s.Debts[i].Ended = true
	s.Debts[i].CancelledFen += e.CancelledFen
	s.Debts[i].RefundedFen += e.RefundFen
	rest := e.RefundFen
	for m := len(s.Months) - 1; m >= 0 && rest > 0; m-- { // of the newest months first
		s.Months[m].Taken = slices.Clone(s.Months[m].Taken)
		for t := range s.Months[m].Taken {
			if k := &s.Months[m].Taken[t]; k.Loss == e.Loss {
				back := min(rest, k.DeductedFen-k.RefundedFen)
				k.RefundedFen += back
				rest -= back
			}
		}
	}
	return s
}

// month returns where a month is, or would be, and whether it is there.
func (s State) month(m Month) (int, bool) {
	return slices.BinarySearchFunc(s.Months, m, func(p Posting, m Month) int {
		switch {
		case p.Month < m:
			return -1
		case p.Month > m:
			return 1
		}
		return 0
	})
}

// debt returns where the debt for a loss is, -1 if there is none.
func (s State) debt(loss uuid.UUID) int {
	return slices.IndexFunc(s.Debts, func(d Debt) bool { return d.Loss == loss })
}

// Debt returns what is owed for a loss; false if nothing ever was.
func (s State) Debt(loss uuid.UUID) (Debt, bool) {
	if i := s.debt(loss); i >= 0 {
		return s.Debts[i], true
	}
	return Debt{}, false
}

// OpenFen returns what is still to be deducted for all losses.
func (s State) OpenFen() int64 {
	sum := int64(0)
	for _, d := range s.Debts {
		sum += d.OpenFen()
	}
	return sum
}

// carried returns the months whose wages may still be corrected in a year: its
// own and those of the year before.
func (s State) carried(year int) []Posting {
	first := Month(strconv.Itoa(year-1) + "-01")
	out := []Posting{}
	for _, m := range s.Months {
		if m.Month >= first {
			out = append(out, m)
		}
	}
	return out
}

// TakenFen returns what the wage of a month gives for all losses.
func (s State) TakenFen(m Month) int64 {
	if i, ok := s.month(m); ok {
		return s.Months[i].deducted()
	}
	return 0
}
