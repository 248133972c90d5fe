package keeping

import (
	"slices"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/supervision"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Duty is who answers for the tools of a site and who supervises its ledgers,
// one after the other (CHK-05).
type Duty struct {
	Sets []supervision.DutySet `db:"sets,json"` // in the order in which they were set
}

// On returns the duty that holds on a civil day, if one does: of those from the
// same day on the one that was set last.
func (d Duty) On(day domain.Day) (supervision.DutySet, bool) {
	var found supervision.DutySet
	for _, s := range d.Sets {
		if s.From <= day && s.From >= found.From {
			found = s
		}
	}
	return found, found.From != ""
}

// Duties is the model of duties.
func Duties() readmodel.Model[Duty] {
	return readmodel.Model[Duty]{
		Name: "ledger_duty", Category: "ledger-duty", Evolve: func(r Duty, rec eventschemas.Record) (Duty, error) {
			e, ok := rec.Event.(supervision.DutySet)
			if !ok {
				return r, readmodel.Unknown(rec)
			}
			r.Sets = append(slices.Clip(r.Sets), e)
			return r, nil
		},
		Indexes: []string{`CREATE INDEX ON {{.schema}}.ledger_duty (site)`}, // that of a site
	}
}

// Look is a look at a ledger (CHK-05).
type Look struct {
	Ledger   string     `db:"ledger"` // as custody.HolderText
	On       domain.Day `db:"looked_on"`
	By       string     `db:"looked_by"`
	Post     string     `db:"post"`
	Open     int        `db:"open_findings"`
	Findings []Finding  `db:"findings,json"`
}

// Finding is what a look found, and how it was settled.
type Finding struct {
	Found   string               `json:"found"`
	Settled *supervision.Settled `json:"settled,omitempty"`
}

// Looks is the model of looks at ledgers.
func Looks() readmodel.Model[Look] {
	return readmodel.Model[Look]{
		Name: "ledger_look", Category: "ledger-supervision", Evolve: evolveLook,
		Indexes: []string{`CREATE INDEX ON {{.schema}}.ledger_look (site, looked_on DESC, id)`}, // the list
	}
}

func evolveLook(r Look, rec eventschemas.Record) (Look, error) {
	switch e := rec.Event.(type) {
	case supervision.Recorded:
		r = Look{Ledger: custody.HolderText(e.Ledger), On: e.On, By: e.By, Post: e.Post, Open: len(e.Findings), Findings: []Finding{}}
		for _, f := range e.Findings {
			r.Findings = append(r.Findings, Finding{Found: f})
		}
	case supervision.Settled:
		if e.Finding >= len(r.Findings) {
			return r, nil // what it settles was struck (AUD-02)
		}
		r.Findings = slices.Clone(r.Findings)
		r.Findings[e.Finding].Settled = &e
		r.Open--
	default:
		return r, readmodel.Unknown(rec)
	}
	return r, nil
}
