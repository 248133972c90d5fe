// Package custody is the read model of tools: who has each, who had it at any
// time past, and whether it may be used.
//
// It folds events only; it never calls out and never reads a clock or a
// policy. It answers in both senses of time: as of a log number (what was
// known then) and at an instant (what held then). The rules are TOL-03,
// CHK-03, INS-02 and AUD-04 in docs/rules.md.
package custody

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Name of the projection; Version is raised whenever a fold or a table changes.
const (
	Name    = "custody"
	Version = 7
)

// ChaseDue is the condition of a lent tool that is to be asked for by $1,
// ChaseAhead that of one later than that; both are served by one index (TOL-09).
const (
	ChaseDue   = "next_chase_at IS NOT NULL AND next_chase_at <= $1"
	ChaseAhead = "next_chase_at IS NOT NULL AND next_chase_at > $1"
	ChaseOrder = "next_chase_at"
)

// Projection returns the tables of tools.
func Projection() readmodel.Projection {
	return readmodel.Projection{Name: Name, Version: Version, Tables: []readmodel.Table{Table(), Exchanges(), Recalls(), Annuals(), Kits(), Cards(), Approvals()}}
}

// Row is a tool as lists and cards show it. Times are UTC, amounts fen.
type Row struct {
	Number       string         `db:"number"`
	Kind         string         `db:"kind"`
	Category     string         `db:"category"`
	Name         string         `db:"name"`
	Spec         string         `db:"spec"`
	Brand        string         `db:"brand"`
	Batch        string         `db:"batch"`
	PriceFen     int64          `db:"price_fen"`
	PurchasedOn  domain.Day     `db:"purchased_on"`
	LifeMonths   int            `db:"life_months"`
	Use          string         `db:"use"`
	Home         string         `db:"home"`
	Standing     string         `db:"standing"`
	Holder       string         `db:"holder"`      // as HolderText
	Since        time.Time      `db:"since"`       // since when it has this custodian
	Offer        string         `db:"offer"`       // to whom it is offered, as HolderText; "" for nobody
	Until        *time.Time     `db:"until"`       // when it is due back
	Purpose      string         `db:"purpose"`     // of the present loan
	Responsible  string         `db:"responsible"` // person id, who answers for it
	Chases       []tool.Chase   `db:"chases,json"`
	Chased       int            `db:"chased"`        // how many of them were taken
	NextChaseAt  *time.Time     `db:"next_chase_at"` // the next one
	Bookings     []tool.Booking `db:"bookings,json"` // to come
	BookedFrom   *time.Time     `db:"booked_from"`   // the first of them
	Scope        []string       `db:"scope,json"`    // who may hold it, as HolderText; none: anybody
	Blocked      string         `db:"blocked"`
	NextOn       *domain.Day    `db:"next_on"` // last day on which it may be used
	Custody      []Span         `db:"custody,grows"`
	Results      []Result       `db:"results,grows"` // of its inspections, in the order of their days
	Kept         uuid.UUID      `db:"kept,null"`     // exchange through which it is read (EXC-06)
	KeptAs       string         `db:"kept_as"`
	Used         bool           `db:"used"`        // worn but sound (EXC-03)
	Surrendered  bool           `db:"surrendered"` // EXC-05
	RegisteredAt time.Time      `db:"registered_at"`
	LastAt       time.Time      `db:"last_at"` // of the newest fact
	Fault        string         `db:"fault"`   // what was reported of it, "" if nothing is
	Repair       string         `db:"repair"`  // how far its repair has come, "" if none is planned (TOL-11)
	PlannedBy    string         `db:"planned_by"`
	Repairer     string         `db:"repairer"` // of the plan
	EstimateFen  int64          `db:"estimate_fen"`
	RepairsFen   int64          `db:"repairs_fen"`   // what all its repairs have cost
	ApprovedBy   string         `db:"approved_by"`   // person id; of the issue through which it is held
	Approval     uuid.UUID      `db:"approval,null"` // id of the approval by which that was said
	SignedBy     string         `db:"signed_by"`     // person id of who signed for it
}

// HolderText is a custodian as one text, "person:<uuid>".
func HolderText(h tool.Holder) string {
	if h.Kind == "" || h.Kind == tool.Nobody {
		return string(h.Kind)
	}
	return string(h.Kind) + ":" + h.Who
}

// HolderOf reads what HolderText wrote.
func HolderOf(text string) tool.Holder {
	kind, who, _ := strings.Cut(text, ":")
	return tool.Holder{Kind: tool.HolderKind(kind), Who: who}
}

// Table is the model behind every list and card of tools.
func Table() readmodel.Model[Row] {
	return readmodel.Model[Row]{
		Name: "tool", Category: "tool", Evolve: Evolve, Refold: Refold, Stretches: Row.stretches,
		Indexes: []string{
			`CREATE INDEX ON {{.schema}}.tool (site, number, id)`,                                                     // every list
			`CREATE INDEX ON {{.schema}}.tool (site, next_on) WHERE next_on IS NOT NULL`,                              // inspections due
			`CREATE INDEX ON {{.schema}}.tool (site, until, id) WHERE until IS NOT NULL`,                              // loans to chase
			`CREATE INDEX ON {{.schema}}.tool (next_chase_at, id) WHERE next_chase_at IS NOT NULL`,                    // timers
			`CREATE INDEX ON {{.schema}}.tool (site, booked_from) WHERE booked_from IS NOT NULL`,                      // bookings to come
			`CREATE INDEX ON {{.schema}}.tool (site, batch) WHERE batch <> ''`,                                        // recall of a batch (TOL-12)
			`CREATE INDEX ON {{.schema}}.tool (site, kind, spec, (NOT used), number, id) WHERE standing = 'in_store'`, // what may replace one (EXC-03)
			`CREATE INDEX ON {{.schema}}.tool (site, blocked) WHERE blocked <> '' `,                                   // out of use
			`CREATE INDEX ON {{.schema}}.tool (site, repair) WHERE repair <> ''`,                                      // repairs to plan, approve, await
		},
	}
}

// Evolve returns the row after rec. Pure.
func Evolve(r Row, rec eventschemas.Record) (Row, error) {
	e, ok := rec.Event.(tool.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if _, first := e.(tool.Registered); !first && r.Standing == "" {
		return r, nil // its registration was struck: nothing is left to show (AUD-02)
	}
	return r.after(e, rec.Revision), nil
}

// Refold returns the row of the events that stand, after a strike or a fact
// that was entered late. Pure.
func Refold(recs []eventschemas.Record) (Row, error) { return InOrder(recs, Evolve) }

// InOrder folds the events of a tool in the order in which they happened. The
// error is that of evolve, or that an event is no tool's. Pure.
func InOrder[R any](recs []eventschemas.Record, evolve func(R, eventschemas.Record) (R, error)) (R, error) {
	var r R
	facts := make([]tool.Fact, 0, len(recs))
	at := make(map[uint64]eventschemas.Record, len(recs))
	for _, rec := range recs {
		e, ok := rec.Event.(tool.Event)
		if !ok {
			return r, readmodel.Unknown(rec)
		}
		facts, at[rec.Revision] = append(facts, tool.Fact{Revision: rec.Revision, Event: e}), rec
	}
	for _, f := range tool.InOrder(facts) {
		var err error
		if r, err = evolve(r, at[f.Revision]); err != nil {
			return r, err
		}
	}
	return r, nil
}

// after returns r after e: the domain's own fold says where the tool is then.
func (r Row) after(e tool.Event, revision uint64) Row {
	if e, ok := e.(tool.Registered); ok {
		r = registered(e)
	}
	before := r.state()
	s := tool.After(before, e)
	r = r.handedOut(e, s.Holder != before.Holder)
	r.Standing, r.Offer, r.Blocked = string(s.Standing), HolderText(s.Offer), string(s.Blocked)
	r.Until, r.NextOn, r.LastAt = nil, nil, s.LastAt
	r.Repair, r.PlannedBy, r.Repairer, r.EstimateFen = string(s.Repair.Stage), s.Repair.PlannedBy, s.Repair.Repairer, s.Repair.EstimateFen
	switch e := any(e).(type) { // what the state does not keep
	case tool.FaultReported:
		r.Fault = e.Note
	case tool.Inspected:
		r = r.inspected(e)
	case tool.Returned:
		if e.Repair != nil {
			r.RepairsFen += e.Repair.CostFen
		}
	}
	if s.Repair.Stage == "" {
		r.Fault = ""
	}
	if !s.Until.IsZero() {
		r.Until = &s.Until
	}
	if s.NextOn != "" {
		r.NextOn = &s.NextOn
	}
	r.Kept, r.KeptAs, r.Used, r.Surrendered = s.KeptBy, string(s.KeptAs), s.Used, s.Surrendered
	if x, ok := e.(tool.Exchanged); ok { // a mark may be later than the completion
		return r.held(s.Holder, x.At, revision)
	}
	r = r.promised(s, e)
	if s.Holder != before.Holder {
		return r.held(s.Holder, domain.At(s.LastAt), revision)
	}
	return r
}

// promised returns r with what is agreed on the tool: the loan, the bookings to come, and who may hold it.
func (r Row) promised(s tool.State, e tool.Event) Row {
	r.Responsible, r.Chases, r.Chased, r.Bookings = s.Responsible, filled(s.Chases), s.Chased, filled(s.Bookings)
	if lent, ok := e.(tool.Lent); ok {
		r.Purpose = lent.Purpose
	}
	if s.Standing != tool.StandingLent {
		r.Purpose = ""
	}
	r.NextChaseAt, r.BookedFrom = nil, nil
	if next, _, ok := s.NextChase(); ok {
		r.NextChaseAt = &next.At.Time
	}
	for _, b := range s.Bookings {
		if r.BookedFrom == nil || b.From.Before(*r.BookedFrom) {
			r.BookedFrom = &b.From.Time
		}
	}
	r.Scope = []string{}
	for _, h := range s.Scope {
		r.Scope = append(r.Scope, HolderText(h))
	}
	return r
}

// filled makes an empty list of none.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// handedOut keeps what an issue said, until the tool goes on to somebody else.
func (r Row) handedOut(e tool.Event, moved bool) Row {
	approved, approval := r.ApprovedBy, r.Approval
	if _, refused := e.(tool.Refused); refused || moved {
		r.ApprovedBy, r.Approval, r.SignedBy = "", uuid.Nil, ""
	}
	switch e := any(e).(type) {
	case tool.Issued:
		r.ApprovedBy, r.Approval = e.ApprovedBy, idOf(e.Approval) // TOL-16
	case tool.Accepted:
		r.ApprovedBy, r.Approval, r.SignedBy = approved, approval, e.By // TOL-04
	}
	return r
}

// idOf is the zero id for none.
func idOf(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// state is what the fold of the domain needs to go on.
func (r Row) state() tool.State {
	s := tool.State{
		Standing: tool.Standing(r.Standing), Holder: HolderOf(r.Holder), Offer: HolderOf(r.Offer), Blocked: tool.BlockReason(r.Blocked), LastAt: r.LastAt,
		KeptBy: r.Kept, KeptAs: tool.Part(r.KeptAs), Used: r.Used, Surrendered: r.Surrendered,
		Repair:   tool.Repair{Stage: tool.RepairStage(r.Repair), PlannedBy: r.PlannedBy, Repairer: r.Repairer, EstimateFen: r.EstimateFen},
		Bookings: r.Bookings, Chases: r.Chases, Chased: r.Chased, Responsible: r.Responsible,
	}
	for _, h := range r.Scope {
		s.Scope = append(s.Scope, HolderOf(h))
	}
	if r.Until != nil {
		s.Until = *r.Until
	}
	if r.NextOn != nil {
		s.NextOn = *r.NextOn
	}
	return s
}

func registered(e tool.Registered) Row {
	return Row{
		Number: e.Number, Kind: e.Kind, Category: e.Category, Name: e.Name, Spec: e.Spec, Brand: e.Brand, Batch: e.Batch,
		PriceFen: e.PriceFen, PurchasedOn: e.PurchasedOn, LifeMonths: e.LifeMonths, Use: string(e.Use), Home: e.Home, RegisteredAt: e.At.Time,
	}
}

// held returns r with another custodian from an instant on (TOL-03).
func (r Row) held(h tool.Holder, at domain.Instant, revision uint64) Row {
	text := HolderText(h)
	r.Holder, r.Since = text, at.Time
	r.Custody = append(slices.Clip(r.Custody), Span{From: at, Holder: text, Revision: revision})
	return r
}
