package keeping

import (
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Count is a stocktake as lists show it (CHK-01).
type Count struct {
	ScopeKind   string              `db:"scope_kind"`
	Scope       string              `db:"scope"`
	FrozenAt    int64               `db:"frozen_at"` // log number
	Expected    int                 `db:"expected"`
	Phase       string              `db:"phase"`
	Round       int                 `db:"round"`
	StartedAt   time.Time           `db:"started_at"`
	StartedBy   string              `db:"started_by"`
	NextBy      domain.Day          `db:"next_by"`
	Result      *stocktake.Counted  `db:"result,json"`
	Signatures  map[string]string   `db:"signatures,json"` // person id by signer
	Scanners    []stocktake.Session `db:"scanners,json"`   // as they joined
	ClosedAt    *time.Time          `db:"closed_at"`
	ClosedEvent uuid.UUID           `db:"closed_event,null"`
}

// Counts is the model of stocktakes. Scanners' streams are of the same
// category and make no row.
func Counts() readmodel.Model[Count] {
	return readmodel.Model[Count]{
		Name: "stocktake", Category: "stocktake", Evolve: evolveCount,
		Indexes: []string{`CREATE INDEX ON {{.schema}}.stocktake (site, started_at DESC, id)`}, // the list
	}
}

func evolveCount(r Count, rec eventschemas.Record) (Count, error) {
	switch e := rec.Event.(type) {
	case stocktake.Scanned, stocktake.SessionClosed:
		return r, nil
	case stocktake.Event:
		return r.after(e, rec.ID), nil
	}
	return r, readmodel.Unknown(rec)
}

func (r Count) after(e stocktake.Event, id uuid.UUID) Count {
	switch e := e.(type) {
	case stocktake.Started:
		r = Count{
			ScopeKind: string(e.Scope.Kind), Scope: e.Scope.Who, FrozenAt: e.AsOf, Expected: e.Expected, Phase: string(stocktake.Listing), Round: 1,
			StartedAt: e.At.Time, StartedBy: e.By, NextBy: e.NextBy, Signatures: map[string]string{}, Scanners: []stocktake.Session{},
		}
		if e.Expected == 0 {
			r.Phase = string(stocktake.Scanning)
		}
	case stocktake.Listed:
		if (e.Part+1)*stocktake.ListLimit >= r.Expected {
			r.Phase = string(stocktake.Scanning)
		}
	case stocktake.Joined:
		r.Scanners = append(append([]stocktake.Session{}, r.Scanners...), stocktake.Session{Scanner: e.Scanner, Part: e.Part, Round: e.Round})
	case stocktake.CountingEnded:
		r.Phase = string(stocktake.Ended)
	case stocktake.Counted:
		r.Phase, r.Result, r.Signatures = string(stocktake.Resulted), &e, map[string]string{}
	case stocktake.Differed: // in the list of differences
	case stocktake.RecountOrdered:
		r.Phase, r.Round = string(stocktake.Scanning), e.Round
	case stocktake.Signed:
		r.Signatures = maps.Clone(r.Signatures)
		r.Signatures[string(e.As)] = e.By
	case stocktake.Closed:
		r.Phase, r.ClosedAt, r.ClosedEvent = string(stocktake.Done), &e.At.Time, id
	case stocktake.Cancelled:
		r.Phase = string(stocktake.GivenUp)
	}
	return r
}

// Difference is a part of a list of differences.
type Difference struct {
	Round int                    `db:"round"`
	Part  int                    `db:"part"`
	Items []stocktake.Difference `db:"items,json"`
}

// Differences is the log of what differed.
func Differences() readmodel.Log[Difference] {
	return readmodel.Log[Difference]{Name: "stocktake_difference", Category: "stocktake", Row: func(rec eventschemas.Record) (*Difference, error) {
		e, ok := rec.Event.(stocktake.Differed)
		if !ok {
			return nil, nil //nolint:nilnil // no row: it is no list of differences
		}
		return &Difference{Round: e.Round, Part: e.Part, Items: e.Items}, nil
	}}
}

// Scan is what one scanner found at once.
type Scan struct {
	Stocktake uuid.UUID        `db:"stocktake"`
	Scanner   string           `db:"scanner"`
	Part      int              `db:"part"`
	Round     int              `db:"round"`
	Scans     []stocktake.Scan `db:"scans,json"`
	Count     int              `db:"scanned"`
}

// Scans is the log of what was scanned.
func Scans() readmodel.Log[Scan] {
	return readmodel.Log[Scan]{
		Name: "stocktake_scan", Category: "stocktake", Row: func(rec eventschemas.Record) (*Scan, error) {
			e, ok := rec.Event.(stocktake.Scanned)
			if !ok {
				return nil, nil //nolint:nilnil // no row: nothing was scanned
			}
			return &Scan{Stocktake: e.Stocktake, Scanner: e.Scanner, Part: e.Part, Round: e.Round, Scans: e.Scans, Count: len(e.Scans)}, nil
		},
		Indexes: []string{`CREATE INDEX ON {{.schema}}.stocktake_scan (stocktake, number)`}, // a count's scans
	}
}

// Outcome is what became of some corrections of a count.
type Outcome struct {
	Input    uuid.UUID         `db:"input"` // id of the event that closed the count
	Outcomes []process.Outcome `db:"outcomes,json"`
}

// Outcomes is the log of what became of corrections: that of every process
// manager, found by the event that it acted on.
func Outcomes() readmodel.Log[Outcome] {
	return readmodel.Log[Outcome]{
		Name: "stocktake_outcome", Category: "process", Row: func(rec eventschemas.Record) (*Outcome, error) {
			e, ok := rec.Event.(process.Recorded)
			if !ok || rec.Envelope.Actor.Subject != "process/stocktake" {
				return nil, nil //nolint:nilnil // no row: no outcome of a count
			}
			return &Outcome{Input: e.Input, Outcomes: e.Outcomes}, nil
		},
		Indexes: []string{`CREATE INDEX ON {{.schema}}.stocktake_outcome (input, number)`}, // a count's outcomes
	}
}
