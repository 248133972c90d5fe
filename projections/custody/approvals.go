package custody

import (
	"slices"
	"time"

	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Approval is the approval of an issue, a hand-over, a scrapping or a stock
// correction (TOL-16, ADR 0027).
type Approval struct {
	Standing    string          `db:"standing"`
	Act         string          `db:"act"`
	Covers      approval.Covers `db:"covers,json"`
	RequestedBy string          `db:"requested_by"` // person id
	Reason      string          `db:"reason"`
	Needs       []string        `db:"needs,json"` // roles, in order
	Waits       string          `db:"waits"`      // role whose signature is next, "" for none
	Recipient   string          `db:"recipient"`  // as HolderText, "" for nobody
	Signed      []ApprovalSign  `db:"signed,json"`
	Signers     []string        `db:"signers,json"` // person ids of who signed
	Uses        []ApprovalUse   `db:"uses,json"`
	EndedBy     string          `db:"ended_by"` // person id of who refused or withdrew it
	EndReason   string          `db:"end_reason"`
	Until       *time.Time      `db:"until"` // good until then
	RequestedAt time.Time       `db:"requested_at"`
	LastAt      time.Time       `db:"last_at"`
}

// ApprovalSign is one signature and the event by which it was given.
type ApprovalSign struct {
	Role     string    `json:"role"`
	By       string    `json:"by"` // person id
	At       time.Time `json:"at"`
	Revision uint64    `json:"revision"`
}

// ApprovalUse is one use and the event by which it was claimed.
type ApprovalUse struct {
	approval.Use
	Claimed uint64 `json:"claimed"` // revision in the approval's stream
}

// Approvals is the model of approvals.
func Approvals() readmodel.Model[Approval] {
	return readmodel.Model[Approval]{Name: "approval", Category: "approval", Evolve: evolveApproval, Indexes: []string{
		`CREATE INDEX ON {{.schema}}.approval (site, requested_at, id)`,                      // every list
		`CREATE INDEX ON {{.schema}}.approval (site, waits, requested_at) WHERE waits <> ''`, // what waits for a role
		`CREATE INDEX ON {{.schema}}.approval_history (span, from_number) WHERE waits <> ''`, // and waited then
	}}
}

func evolveApproval(r Approval, rec eventschemas.Record) (Approval, error) {
	e, ok := rec.Event.(approval.Event)
	if !ok {
		return r, readmodel.Unknown(rec)
	}
	if _, first := e.(approval.Requested); !first && r.Standing == "" {
		return r, nil // its request was struck: nothing is left to show (AUD-02)
	}
	s := approval.Evolve(r.state(), e)
	switch e := e.(type) {
	case approval.Requested:
		r = Approval{
			Act: string(e.Covers.Act), Covers: e.Covers, RequestedBy: e.By, Reason: e.Reason, Needs: filled(e.Needs), Signed: []ApprovalSign{},
			Signers: []string{}, Uses: []ApprovalUse{}, RequestedAt: e.At.Time, LastAt: e.At.Time,
		}
		if e.Covers.To != nil {
			r.Recipient = HolderText(*e.Covers.To)
		}
	case approval.Given:
		r.Signed = append(slices.Clip(r.Signed), ApprovalSign{Role: e.Signed.Role, By: e.Signed.By, At: e.At.Time, Revision: rec.Revision})
		r.Signers, r.LastAt = append(slices.Clip(r.Signers), e.Signed.By), e.At.Time
		if e.Until != nil {
			r.Until = &e.Until.Time
		}
	case approval.Refused:
		r.EndedBy, r.EndReason, r.LastAt = e.By, e.Reason, e.At.Time
	case approval.Withdrawn:
		r.EndedBy, r.EndReason, r.LastAt = e.By, e.Reason, e.At.Time
	case approval.Used:
		r.Uses, r.LastAt = usesOf(r.Uses, s.Uses, rec.Revision), e.Use.At.Time
	}
	r.Standing, r.Waits = string(s.Standing), s.Needs()
	return r, nil
}

// usesOf are the uses that count, each with the event that claimed it.
func usesOf(before []ApprovalUse, now []approval.Use, revision uint64) []ApprovalUse {
	out := make([]ApprovalUse, len(now))
	for i, u := range now {
		out[i] = ApprovalUse{u, revision}
		if k := slices.IndexFunc(before, func(b ApprovalUse) bool {
			return b.Command == u.Command && b.Stream == u.Stream && b.Revision == u.Revision
		}); k >= 0 {
			out[i].Claimed = before[k].Claimed
		}
	}
	return out
}

// state is what the fold of the domain needs to go on.
func (r Approval) state() approval.State {
	s := approval.State{Standing: approval.Standing(r.Standing), Asked: approval.Requested{Covers: r.Covers, Needs: r.Needs}}
	for _, sign := range r.Signed {
		s.Signed = append(s.Signed, approval.Signature{Role: sign.Role, By: sign.By})
	}
	for _, u := range r.Uses {
		s.Uses = append(s.Uses, u.Use)
	}
	return s
}
