package custody

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Exchange is an exchange of old for new as lists and cards show it.
type Exchange struct {
	Status        string     `db:"status"`
	Applicant     string     `db:"applicant"` // person id
	Keeper        string     `db:"keeper"`    // as HolderText
	Old           uuid.UUID  `db:"old_tool"`
	OldNumber     string     `db:"old_number"`
	New           uuid.UUID  `db:"new_tool,null"` // chosen last
	NewNumber     string     `db:"new_number"`
	WantedKind    string     `db:"wanted_kind"`
	WantedSpec    string     `db:"wanted_spec"`
	Reason        string     `db:"reason"`
	NeedsApproval bool       `db:"needs_approval"`
	ApprovedBy    string     `db:"approved_by"`
	InsteadOfLoss uuid.UUID  `db:"instead_of_loss,null"`
	Store         string     `db:"store"` // of the surrender
	Outcome       string     `db:"outcome"`
	Repairer      string     `db:"repairer"`
	ScrapNote     string     `db:"scrap_note"`
	HumanFault    bool       `db:"human_fault"`
	LifeReached   bool       `db:"life_reached"`
	KeeperPays    bool       `db:"keeper_pays"` // EXC-04
	EndReason     string     `db:"end_reason"`  // of a refusal or withdrawal
	AppliedAt     time.Time  `db:"applied_at"`
	CompletedAt   *time.Time `db:"completed_at"`
	Completion    uuid.UUID  `db:"completion,null"` // event
	Moves         []Moved    `db:"moves,json"`
	LastAt        time.Time  `db:"last_at"` // of the newest fact
}

// Moved says who has a tool since an exchange is completed.
type Moved struct {
	Tool   uuid.UUID `json:"tool"`
	Holder string    `json:"holder"` // as HolderText
}

// Exchanges is the model of exchanges. It is in the projection of the tools,
// so that one checkpoint says how far both are: what a completed exchange has
// moved is never seen on one tool alone (EXC-06).
func Exchanges() readmodel.Model[Exchange] {
	return readmodel.Model[Exchange]{
		Name: "exchange", Category: "exchange", Evolve: evolveExchange,
		Indexes: []string{
			`CREATE INDEX ON {{.schema}}.exchange (site, applied_at, id)`,                                                // every list
			`CREATE INDEX ON {{.schema}}.exchange (id) WHERE status = 'completed'`,                                       // not settled yet
			`CREATE INDEX ON {{.schema}}.exchange_history (span, from_number) WHERE status = 'completed'`,                // not settled then
			`CREATE INDEX ON {{.schema}}.exchange (site, status, applied_at) WHERE status NOT IN ('settled', 'refused')`, // what is open
		},
	}
}

func evolveExchange(r Exchange, rec eventschemas.Record) (Exchange, error) {
	e, ok := rec.Event.(exchange.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if _, first := e.(exchange.Applied); !first && r.Status == "" {
		return r, nil // its application was struck: nothing is left to show (AUD-02)
	}
	if _, done := e.(exchange.Completed); done {
		r.Completion = rec.ID
	}
	return r.after(e), nil
}

// after returns r after e: the domain's own fold says where the exchange stands then.
func (r Exchange) after(e exchange.Event) Exchange {
	switch e := any(e).(type) { // of those that say more than that
	case exchange.Applied:
		r = appliedFor(e)
	case exchange.Approved:
		r.ApprovedBy = e.By
	case exchange.Refused:
		r.EndReason = e.Reason
	case exchange.Withdrawn:
		r.EndReason = e.Reason
	case exchange.Surrendered:
		r.Store = e.Store
	case exchange.Inspected:
		r.Outcome, r.Repairer, r.ScrapNote, r.HumanFault, r.LifeReached = string(e.Outcome), e.Repairer, e.ScrapNote, e.HumanFault, e.LifeReached
	case exchange.FaultFound:
		r.KeeperPays = true
	case exchange.ReplacementChosen:
		r.New, r.NewNumber = e.New.Tool, e.New.Number
	case exchange.Completed:
		r.CompletedAt = &e.At.Time
		for _, m := range e.Moves {
			r.Moves = append(slices.Clip(r.Moves), Moved{Tool: m.Tool, Holder: HolderText(m.To)})
		}
	case exchange.Reserved, exchange.ReservationFailed, exchange.Settled:
	}
	s := exchange.Evolve(exchange.State{Status: exchange.Status(r.Status), InsteadOfLoss: r.InsteadOfLoss, LastAt: r.LastAt}, e)
	r.Status, r.LastAt = string(s.Status), s.LastAt
	return r
}

func appliedFor(e exchange.Applied) Exchange {
	r := Exchange{
		Applicant: e.By, Keeper: HolderText(e.Keeper), Old: e.Old.Tool, OldNumber: e.Old.Number, WantedKind: e.Wanted.Kind, WantedSpec: e.Wanted.Spec,
		Reason: e.Reason, NeedsApproval: e.NeedsApproval, AppliedAt: e.At.Time,
	}
	if e.InsteadOfLoss != nil {
		r.InsteadOfLoss = *e.InsteadOfLoss
	}
	return r
}

// Exchanged is what a completed exchange will enter into the stream of a tool
// that it keeps; false if it moved no such tool (EXC-06).
func (r Exchange) Exchanged(id, kept uuid.UUID, as tool.Part, from tool.Holder) (tool.Exchanged, bool) {
	i := slices.IndexFunc(r.Moves, func(m Moved) bool { return m.Tool == id })
	if r.CompletedAt == nil || kept == uuid.Nil || i < 0 {
		return tool.Exchanged{}, false
	}
	return tool.Exchanged{At: domain.At(*r.CompletedAt), Exchange: kept, Part: as, From: from, Holder: HolderOf(r.Moves[i].Holder)}, true
}

// Through returns the row of a tool that an exchange keeps as it is read
// through that exchange: once that is completed, just as its own stream will
// have it (EXC-06). revision is that of the row.
func (r Row) Through(id uuid.UUID, x Exchange, revision int64) Row {
	if e, ok := x.Exchanged(id, r.Kept, tool.Part(r.KeptAs), HolderOf(r.Holder)); ok {
		return r.after(e, uint64(revision)) //nolint:gosec // not negative
	}
	return r
}
