// Package losses is the read model of what is lost and what is paid for it:
// the card of each loss, each person's account of deductions, and one line for
// whatever changed either.
//
// It folds events only, by the domain's own folds; it never calls out, reads
// no clock and no policy and opens no sealed field: wages stay sealed. It
// answers as of a log number. The rules are LOS-01 to LOS-12, AUD-04 and
// AUD-05 in docs/rules.md; ADR 0023.
package losses

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Name of the projection; Version is raised whenever a fold or a table changes.
const (
	Name    = "losses"
	Version = 1
)

// Projection returns the tables of losses and deductions.
func Projection() readmodel.Projection {
	return readmodel.Projection{Name: Name, Version: Version, Tables: []readmodel.Table{Losses(), Events(), Accounts(), Lines()}}
}

// Row is a loss as lists and cards show it. Times are UTC, amounts fen.
type Row struct {
	Number     string                    `db:"number"`
	Status     loss.Status               `db:"status"`
	Tool       uuid.UUID                 `db:"tool"`
	LostOn     domain.Day                `db:"lost_on"`
	Persons    []string                  `db:"persons,json"` // who had the tool, reported it, pays or would
	Revisions  int64                     `db:"revisions"`    // of the stream, struck ones included
	Points     int64                     `db:"points"`
	ProposedAt int64                     `db:"proposed_at"` // revision of the proposal that waits
	LastAt     time.Time                 `db:"last_at"`
	Opened     loss.Opened               `db:"opened,json"`
	Finding    *loss.FindingMade         `db:"finding,json"`
	Certified  *loss.Certified           `db:"certified,json"`
	Assessed   *loss.Assessed            `db:"assessed,json"`
	Replaced   *loss.Replaced            `db:"replaced,json"`
	Bought     *loss.Requisitioned       `db:"bought,json"`
	Proposal   *loss.AmountProposed      `db:"proposal,json"`
	Approved   *loss.AmountApproved      `db:"approved,json"`
	Given      *loss.PointsRecorded      `db:"given,json"` // points of appraisal
	Correction *loss.CorrectionRequested `db:"correction,json"`
	Ended      *loss.Ended               `db:"ended,json"`
}

// Losses is the model behind every list and card of losses.
func Losses() readmodel.Model[Row] {
	return readmodel.Model[Row]{
		Name: "loss", Category: "loss", Evolve: Evolve,
		Indexes: []string{
			`CREATE INDEX ON {{.schema}}.loss (site, lost_on, id)`,                        // every list
			`CREATE INDEX ON {{.schema}}.loss (tool)`,                                     // the losses of a tool
			`CREATE INDEX ON {{.schema}}.loss USING gin (persons jsonb_path_ops)`,         // a person's own
			`CREATE INDEX ON {{.schema}}.loss_history USING gin (persons jsonb_path_ops)`, // as of the past
		},
	}
}

// Evolve returns the row after rec. Pure.
func Evolve(r Row, rec eventschemas.Record) (Row, error) {
	e, ok := rec.Event.(loss.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if _, first := e.(loss.Opened); !first && r.Status == "" {
		return r, nil // its beginning was struck: nothing is left to show (AUD-02)
	}
	s := r.state(int64(rec.Revision)) //nolint:gosec // a revision fits
	r = r.after(loss.Evolve(s, e))
	switch e := any(e).(type) { // what the domain does not need to remember
	case loss.Certified:
		r.Certified = &e
	case loss.AmountApproved:
		r.Approved = &e
	case loss.PointsRecorded:
		r.Given = &e
	case loss.Ended:
		r.Ended = &e
	case loss.Opened, loss.FindingMade, loss.Assessed, loss.Replaced, loss.Requisitioned, loss.AmountProposed, loss.ProposalWithdrawn, loss.CorrectionRequested:
		// the state holds them
	case loss.ReplacementGiven:
		// the exchange shows it
	}
	return r, nil
}

// state is what the fold of the domain needs to go on at a revision.
func (r Row) state(revision int64) loss.State {
	return loss.State{
		Revision: revision, Status: r.Status, Opened: r.Opened, Finding: r.Finding, Assessed: r.Assessed, Replaced: r.Replaced, Bought: r.Bought,
		Proposal: r.Proposal, ProposedAt: r.ProposedAt, Shares: r.shares(), Correction: r.Correction, Points: r.Points, LastAt: r.LastAt,
	}
}

func (r Row) shares() []loss.Share {
	if r.Approved == nil {
		return nil
	}
	return r.Approved.Shares
}

func (r Row) after(s loss.State) Row {
	r.Number, r.Status, r.Tool, r.LostOn, r.Opened = s.Opened.Number, s.Status, s.Opened.Tool.ID, s.Opened.LostOn, s.Opened
	r.Finding, r.Assessed, r.Replaced, r.Bought, r.Proposal = s.Finding, s.Assessed, s.Replaced, s.Bought, s.Proposal
	r.ProposedAt, r.Correction, r.Points, r.LastAt, r.Revisions = s.ProposedAt, s.Correction, s.Points, s.LastAt, s.Revision
	r.Persons = concerned(s)
	return r
}

// concerned are the persons who see a loss as their own, in order.
func concerned(s loss.State) []string {
	out := []string{s.Opened.ReportedBy}
	if s.Opened.Holder.Kind == "person" {
		out = append(out, s.Opened.Holder.Who)
	}
	if s.Opened.Responsible != "" {
		out = append(out, s.Opened.Responsible)
	}
	if s.Finding != nil {
		for _, p := range s.Finding.Payers {
			out = append(out, p.Person)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// AmountFen returns what is to be paid as things stand; false before the assessment.
func (r Row) AmountFen() (int64, bool) { return r.state(0).AmountFen() }

// Happened says who made an event of a loss.
type Happened struct {
	Actor string `db:"actor"` // person id
}

// Events is the log of what happened to losses.
func Events() readmodel.Log[Happened] {
	return readmodel.Log[Happened]{Name: "loss_event", Category: "loss", Row: func(rec eventschemas.Record) (*Happened, error) {
		switch rec.Event.(type) {
		case loss.Event, record.Struck:
			return &Happened{Actor: rec.Envelope.Actor.Person}, nil
		}
		return nil, readmodel.Unknown(rec)
	}}
}

// Account is a person's account of a year. Amounts are fen.
type Account struct {
	Person  uuid.UUID           `db:"person"`
	Year    int64               `db:"year"`
	Over    bool                `db:"over"` // a later year's goes on
	OpenFen int64               `db:"open_fen"`
	Debts   []deduction.Debt    `db:"debts,json"`
	Months  []deduction.Posting `db:"months,json"`
}

// Accounts is the model of deduction accounts, a row a person and year.
func Accounts() readmodel.Model[Account] {
	return readmodel.Model[Account]{
		Name: "deduction_account", Category: "deduction", Evolve: evolveAccount,
		Indexes: []string{`CREATE INDEX ON {{.schema}}.deduction_account (person, year)`}, // a person's account
	}
}

func evolveAccount(r Account, rec eventschemas.Record) (Account, error) {
	e, ok := rec.Event.(deduction.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if o, first := e.(deduction.Opened); first {
		var err error
		if r.Person, err = uuid.Parse(o.Person); err != nil {
			return r, readmodel.Unknown(rec)
		}
	} else if r.Year == 0 {
		return r, nil // its beginning was struck
	}
	s := deduction.Evolve(deduction.State{Person: r.Person.String(), Year: int(r.Year), Over: r.Over, Debts: r.Debts, Months: r.Months}, e)
	r.Year, r.Over, r.OpenFen, r.Debts, r.Months = int64(s.Year), s.Over, s.OpenFen(), s.Debts, s.Months
	return r, nil
}
