package keeping

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/custody"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Tool is a tool with what its inspections, losses and wear say over time.
// Times are UTC, amounts fen.
type Tool struct {
	Number        string       `db:"number"`
	Kind          string       `db:"kind"`
	Category      string       `db:"category"`
	Name          string       `db:"name"`
	Spec          string       `db:"spec"`
	PriceFen      int64        `db:"price_fen"`
	Home          string       `db:"home"`
	Standing      string       `db:"standing"`
	Holder        string       `db:"holder"` // as custody.HolderText
	Since         time.Time    `db:"since"`  // since when it has this custodian
	Blocked       string       `db:"blocked"`
	Failed        bool         `db:"failed"`        // its last inspection, whatever else it is blocked for (INS-06)
	NextOn        *domain.Day  `db:"next_on"`       // last day on which it may be used
	Inspected     bool         `db:"inspected"`     // it is subject to inspection
	Custody       []Held       `db:"custody,grows"` // oldest first
	Kept          uuid.UUID    `db:"kept,null"`     // exchange through which it is read (EXC-06)
	KeptAs        string       `db:"kept_as"`
	Inspections   []Inspection `db:"inspections,grows"` // in the order of their days
	Incidents     []Incident   `db:"incidents,grows"`
	LapsedFrom    *domain.Day  `db:"lapsed_from"` // first day on which it may have been in use past its last day, in any zone
	LapsedTo      *domain.Day  `db:"lapsed_to"`   // last such day
	FirstIncident *time.Time   `db:"first_incident"`
	LastIncident  *time.Time   `db:"last_incident"`
	RegisteredAt  time.Time    `db:"registered_at"`
	LastAt        time.Time    `db:"last_at"` // of the newest fact
}

// Mark names the event of a fact.
type Mark struct {
	At       domain.Instant `json:"at"`
	Revision uint64         `json:"revision"`
	Event    uuid.UUID      `json:"event"`
}

// Held is a stretch of custody: from an instant until the next one begins.
type Held struct {
	Mark
	Holder string `json:"holder"` // as custody.HolderText
}

// Inspection is a result (INS-01).
type Inspection struct {
	Mark
	On        domain.Day `json:"on"`
	Next      domain.Day `json:"next"` // last day on which the tool may be used; "" if it failed
	Inspector string     `json:"inspector"`
	Label     string     `json:"label"`
}

// Incident is a loss or wear (CHK-02).
type Incident struct {
	Mark
	What string `json:"what"` // lost, found, worn, damaged, failed, repair or scrapped
}

// Tools is the model of tools.
func Tools() readmodel.Model[Tool] {
	return readmodel.Model[Tool]{
		Name: "kept_tool", Category: "tool", Evolve: evolveTool, Refold: refoldTool,
		Indexes: []string{
			`CREATE UNIQUE INDEX ON {{.schema}}.kept_tool (site, number, id)`,                                       // numbers of a count
			`CREATE INDEX ON {{.schema}}.kept_tool (site, lapsed_from) WHERE lapsed_from IS NOT NULL`,               // use past inspection (INS-02)
			`CREATE INDEX ON {{.schema}}.kept_tool (site, last_incident) WHERE last_incident IS NOT NULL`,           // monthly statistics (CHK-02)
			`CREATE INDEX ON {{.schema}}.kept_tool (site, kind, number) WHERE inspected AND standing <> 'scrapped'`, // inspections due (INS-01)
			`CREATE INDEX ON {{.schema}}.kept_tool (site, number) WHERE failed AND standing = 'in_store'`,           // to be moved out (INS-06)
		},
	}
}

func evolveTool(r Tool, rec eventschemas.Record) (Tool, error) {
	e, ok := rec.Event.(tool.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if _, first := e.(tool.Registered); !first && r.Standing == "" {
		return r, nil // its registration was struck: nothing is left to show (AUD-02)
	}
	return r.after(e, rec.Revision, rec.ID).lapsed(), nil
}

// refoldTool returns the row of the events that stand, in the order in which
// they happened.
func refoldTool(recs []eventschemas.Record) (Tool, error) { return custody.InOrder(recs, evolveTool) }

// Through returns the row of a tool that an exchange keeps as it is read
// through that exchange, as custody has it (EXC-06). The event is that of the
// completion. revision is that of the row.
func (r Tool) Through(id uuid.UUID, x custody.Exchange, revision int64) Tool {
	if e, ok := x.Exchanged(id, r.Kept, tool.Part(r.KeptAs), custody.HolderOf(r.Holder)); ok {
		return r.after(e, uint64(revision), x.Completion).lapsed() //nolint:gosec // not negative
	}
	return r
}

// after returns r after e: the domain's own fold says where the tool is then.
func (r Tool) after(e tool.Event, revision uint64, id uuid.UUID) Tool {
	if e, ok := e.(tool.Registered); ok {
		r = Tool{
			Number: e.Number, Kind: e.Kind, Category: e.Category, Name: e.Name, Spec: e.Spec, PriceFen: e.PriceFen, Home: e.Home, RegisteredAt: e.At.Time,
			Inspected: policy.InspectedCategory(e.Category), Inspections: []Inspection{}, Incidents: []Incident{},
		}
	}
	before := r.state()
	s := tool.After(before, e)
	r.Standing, r.Blocked, r.Failed, r.NextOn, r.LastAt = string(s.Standing), string(s.Blocked), s.Failed, nil, s.LastAt
	if s.NextOn != "" {
		r.NextOn = &s.NextOn
	}
	r.Kept, r.KeptAs = s.KeptBy, string(s.KeptAs)
	since := domain.At(s.LastAt)
	if x, ok := e.(tool.Exchanged); ok { // a mark may be later than the completion
		since = x.At
	}
	if s.Holder != before.Holder {
		text := custody.HolderText(s.Holder)
		r.Holder, r.Since = text, since.Time
		r.Custody = append(slices.Clip(r.Custody), Held{Mark{since, revision, id}, text})
	}
	return r.noted(e, revision, id)
}

// noted adds what e says of inspections, loss and wear.
func (r Tool) noted(e tool.Event, revision uint64, id uuid.UUID) Tool {
	happened := func(at domain.Instant, what string) Tool {
		r.Incidents = append(slices.Clip(r.Incidents), Incident{Mark{at, revision, id}, what})
		if r.FirstIncident == nil || at.Before(*r.FirstIncident) {
			r.FirstIncident = &at.Time
		}
		if r.LastIncident == nil || at.After(*r.LastIncident) {
			r.LastIncident = &at.Time
		}
		return r
	}
	switch e := any(e).(type) { // of a few
	case tool.Inspected:
		i := Inspection{Mark: Mark{e.At, revision, id}, On: e.On, Inspector: e.Inspector, Label: e.Label}
		if e.Next != nil {
			i.Next = *e.Next
		}
		r.Inspected = true
		r.Inspections = append(slices.Clip(r.Inspections), i)
		slices.SortStableFunc(r.Inspections, func(a, b Inspection) int { return compareDays(a.On, b.On) })
		if !e.Passed {
			return happened(e.At, "failed")
		}
	case tool.Returned:
		if e.Condition != tool.Good {
			return happened(e.At, string(e.Condition))
		}
	case tool.ReportedMissing:
		return happened(e.LostAt, "lost")
	case tool.Found:
		return happened(e.At, "found")
	case tool.SentToRepair:
		return happened(e.At, "repair")
	case tool.Scrapped:
		return happened(e.At, "scrapped")
	}
	return r
}

func compareDays(a, b domain.Day) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// state is what the fold of the domain needs to go on.
func (r Tool) state() tool.State {
	s := tool.State{
		Standing: tool.Standing(r.Standing), Holder: custody.HolderOf(r.Holder), Blocked: tool.BlockReason(r.Blocked), LastAt: r.LastAt,
		KeptBy: r.Kept, KeptAs: tool.Part(r.KeptAs), Failed: r.Failed,
	}
	if n := len(r.Inspections); n > 0 {
		s.InspectedOn = r.Inspections[n-1].On
	}
	if r.NextOn != nil {
		s.NextOn = *r.NextOn
	}
	return s
}
