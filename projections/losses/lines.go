package losses

import (
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Kind says what a line of an account is.
type Kind string

// The kinds of lines.
const (
	Carried   Kind = "carried" // a year begins
	Entered   Kind = "entered"
	Posted    Kind = "posted"
	Corrected Kind = "corrected" // the month had another wage before
	Cancelled Kind = "cancelled"
	Closed    Kind = "closed" // a year ends
)

// Line is one event of an account. Amounts are fen.
type Line struct {
	Actor        string            `db:"actor"`
	Person       uuid.UUID         `db:"person"`
	Kind         Kind              `db:"kind"`
	Month        string            `db:"month"`        // whose wage it is about; "" for none
	Entries      []deduction.Entry `db:"entries,json"` // by loss: what is owed, deducted, or with a minus goes back
	CancelledFen int64             `db:"cancelled_fen"`
	RefundFen    int64             `db:"refund_fen"`
	TakenFen     int64             `db:"taken_fen"` // that the month gives, all together
	OpenFen      int64             `db:"open_fen"`  // that is carried over
	CapPPM       int64             `db:"cap_ppm"`
	MinimumFen   int64             `db:"minimum_fen"`
	Wage         domain.Sealed     `db:"wage,json"`
	Policy       domain.PolicyRef  `db:"policy,json"`
}

// Lines is the log of deduction accounts: what a payslip is explained by, and
// what payroll is told.
func Lines() readmodel.Log[Line] {
	return readmodel.Log[Line]{
		Name: "deduction_line", Category: "deduction", Row: line,
		Indexes: []string{
			`CREATE INDEX ON {{.schema}}.deduction_line (person, month, number)`, // a person's month
			`CREATE INDEX ON {{.schema}}.deduction_line (site, month, number)`,   // a month for payroll
		},
	}
}

func line(rec eventschemas.Record) (*Line, error) {
	l := &Line{Actor: rec.Envelope.Actor.Person, Person: personOf(rec.Stream), Entries: []deduction.Entry{}}
	switch e := rec.Event.(type) {
	case deduction.Opened:
		l.Kind = Carried
		for _, d := range e.Debts {
			if d.OpenFen() > 0 {
				l.Entries = append(l.Entries, deduction.Entry{Loss: d.Loss, Number: d.Number, AmountFen: d.OpenFen()})
				l.OpenFen += d.OpenFen()
			}
		}
	case deduction.Entered:
		l.Kind, l.Month = Entered, string(e.From)
		l.Entries = append(l.Entries, deduction.Entry{Loss: e.Loss, Number: e.Number, AmountFen: e.AmountFen})
	case deduction.Posted:
		l.Kind, l.Month, l.Entries = Posted, string(e.Month), e.Entries
		if e.Again {
			l.Kind = Corrected
		}
		l.TakenFen, l.OpenFen, l.CapPPM, l.MinimumFen, l.Wage, l.Policy = e.TakenFen, e.OpenFen, e.CapPPM, e.MinimumFen, e.Wage, e.Policy
	case deduction.Cancelled:
		l.Kind, l.Month, l.CancelledFen, l.RefundFen = Cancelled, string(e.Month), e.CancelledFen, e.RefundFen
		l.Entries = append(l.Entries, deduction.Entry{Loss: e.Loss, Number: e.Number, AmountFen: -e.RefundFen})
	case deduction.Closed:
		l.Kind = Closed
	case record.Struck:
		return nil, nil //nolint:nilnil // the struck line stays; the account shows what holds
	default:
		return nil, readmodel.Unknown(rec)
	}
	return l, nil
}

// personOf returns whose account a stream is, fl.deduction-account-<person>-<year>.
func personOf(stream string) uuid.UUID {
	name := strings.TrimPrefix(stream, "fl.deduction-account-")
	if cut := strings.LastIndexByte(name, '-'); cut > 0 {
		name = name[:cut]
	}
	id, err := uuid.Parse(name)
	if err != nil {
		return uuid.Nil
	}
	return id
}
