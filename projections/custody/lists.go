package custody

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain/annual"
	"github.com/fieldledger/fieldledger/domain/recall"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Recall is quality trouble with what became of each tool (TOL-12).
type Recall struct {
	At        time.Time       `db:"at"`
	By        string          `db:"by_person"` // person id
	Tool      string          `db:"tool_id"`   // "" for a batch
	Kind      string          `db:"kind"`
	Batch     string          `db:"batch"`
	Report    string          `db:"report"`
	Decisions []tool.Decision `db:"decisions,grows"`
	ClosedAt  *time.Time      `db:"closed_at"`
	ClosedBy  string          `db:"closed_by"`
	Finding   string          `db:"finding"`
}

// Recalls is the model of recalls.
func Recalls() readmodel.Model[Recall] {
	return readmodel.Model[Recall]{
		Name: "recall", Category: "recall", Evolve: evolveRecall,
		Indexes: []string{`CREATE INDEX ON {{.schema}}.recall (site, at, id)`}, // the list (TOL-12)
	}
}

func evolveRecall(r Recall, rec eventschemas.Record) (Recall, error) {
	e, ok := rec.Event.(recall.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	switch e := any(e).(type) { // of the events alone
	case recall.Reported:
		return Recall{At: e.At.Time, By: e.By, Tool: e.Tool, Kind: e.Kind, Batch: e.Batch, Report: e.Report, Decisions: []tool.Decision{}}, nil
	case recall.Decided:
		r.Decisions = append(slices.Clip(r.Decisions), e.Decisions...)
	case recall.Closed:
		r.ClosedAt, r.ClosedBy, r.Finding = &e.At.Time, e.By, e.Finding
	}
	return r, nil
}

// Annual is the annual issue of a site and year (TOL-13).
type Annual struct {
	Year  int          `db:"year"`
	Lists []AnnualList `db:"lists,json"`
}

// AnnualList is one list with what became of each tool.
type AnnualList struct {
	List       string          `json:"list"`
	By         string          `json:"by"`
	ApprovedBy string          `json:"approved_by"` // "" for nobody yet
	Rows       []annual.Row    `json:"rows"`
	Decisions  []tool.Decision `json:"decisions"`
}

// Annuals is the model of annual issues.
func Annuals() readmodel.Model[Annual] {
	return readmodel.Model[Annual]{Name: "annual", Category: "annual", Evolve: evolveAnnual}
}

func evolveAnnual(r Annual, rec eventschemas.Record) (Annual, error) {
	e, ok := rec.Event.(annual.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	switch e := any(e).(type) { // of the events alone
	case annual.Listed:
		r.Year = e.Year
		r.Lists = append(slices.Clip(r.Lists), AnnualList{List: e.List, By: e.By, Rows: e.Rows, Decisions: []tool.Decision{}})
	case annual.Approved:
		r.Lists = changed(r.Lists, e.List, func(l *AnnualList) { l.ApprovedBy = e.By })
	case annual.Decided:
		r.Lists = changed(r.Lists, e.List, func(l *AnnualList) { l.Decisions = append(slices.Clip(l.Decisions), e.Decisions...) })
	}
	return r, nil
}

// changed returns the lists with one of them changed.
func changed(lists []AnnualList, name string, change func(l *AnnualList)) []AnnualList {
	out := slices.Clone(lists)
	for i := range out {
		if out[i].List == name {
			change(&out[i])
		}
	}
	return out
}
