package tool

import (
	"strings"

	"github.com/fieldledger/fieldledger/domain"
)

// RepairResult is what a repairer says of a tool.
type RepairResult string

// The results.
const (
	Repaired     RepairResult = "repaired"
	BeyondRepair RepairResult = "beyond_repair" // it comes back damaged
)

// RepairDone is how a repair ended, and for how much.
type RepairDone struct {
	Result  RepairResult `json:"result"`
	CostFen int64        `json:"cost_fen"` // CNY
}

// RepairStage is how far a repair has come (TOL-11).
type RepairStage string

// The stages. The empty one means that nothing is reported or planned.
const (
	FaultOpen      RepairStage = "reported"
	RepairOpen     RepairStage = "planned"
	RepairAgreed   RepairStage = "approved"
	RepairUnderWay RepairStage = "sent"
)

// Repair is what is reported of a tool and planned for it.
type Repair struct {
	Stage       RepairStage
	PlannedBy   string // person id
	Repairer    string
	EstimateFen int64
}

// ReportFault says at once that a tool is damaged, whoever has it (TOL-11).
type ReportFault struct {
	At   domain.Instant `json:"at"`
	By   string         `json:"by"`   // person id
	Note string         `json:"note"` // no personal data
}

// PlanRepair says who is to repair a blocked tool, and for about how much (TOL-11).
type PlanRepair struct {
	At          domain.Instant `json:"at"`
	By          string         `json:"by"` // person id
	Repairer    string         `json:"repairer"`
	EstimateFen int64          `json:"estimate_fen"`
}

// ApproveRepair agrees to the plan as it stands (TOL-11).
type ApproveRepair struct {
	At          domain.Instant `json:"at"`
	By          string         `json:"by"`           // person id
	EstimateFen int64          `json:"estimate_fen"` // the amount that was seen
}

func (ReportFault) command()   {}
func (PlanRepair) command()    {}
func (ApproveRepair) command() {}

// FaultReported says that a tool is damaged (TOL-11). Type tool.fault_reported.v1.
type FaultReported struct {
	At     domain.Instant `json:"at"`
	By     string         `json:"by"`     // person id of who signs
	Note   string         `json:"note"`   // no personal data
	Holder Holder         `json:"holder"` // who had it
	// Other says that who reports it is not who had it.
	Other      bool   `json:"other"`
	LateReason string `json:"late_reason,omitempty"` // no personal data
}

// RepairPlanned says who is to repair a tool (TOL-11). Type tool.repair_planned.v1.
type RepairPlanned struct {
	At          domain.Instant `json:"at"`
	By          string         `json:"by"`                    // person id of who signs
	Repairer    string         `json:"repairer"`              // code
	EstimateFen int64          `json:"estimate_fen"`          // CNY
	LateReason  string         `json:"late_reason,omitempty"` // no personal data
}

// RepairApproved agrees to a plan (TOL-11). Type tool.repair_approved.v1.
type RepairApproved struct {
	At          domain.Instant `json:"at"`
	By          string         `json:"by"`                    // person id of who signs
	Repairer    string         `json:"repairer"`              // of the plan
	EstimateFen int64          `json:"estimate_fen"`          // of the plan, CNY
	LateReason  string         `json:"late_reason,omitempty"` // no personal data
}

func (FaultReported) event()  {}
func (RepairPlanned) event()  {}
func (RepairApproved) event() {}

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e FaultReported) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e RepairPlanned) EnteredLate() bool { return e.LateReason != "" }

// EnteredLate reports that the fact was entered after what followed it (TOL-03).
func (e RepairApproved) EnteredLate() bool { return e.LateReason != "" }

// reportFault takes a tool out of use at once (TOL-11, TOL-18).
func reportFault(s State, c ReportFault) ([]Event, error) {
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-11", "tool.signer_missing")
	case strings.TrimSpace(c.Note) == "":
		return nil, domain.Invalid("/note", "TOL-11", "tool.fault_missing")
	case s.Standing == StandingScrapped, s.Standing == StandingMissing:
		return nil, domain.Refuse("TOL-11", "tool.nobody_has_it", "standing", string(s.Standing))
	case s.Repair.Stage != "": // TKT-02
		return nil, nil
	}
	events := []Event{FaultReported{
		At: c.At, By: c.By, Note: c.Note, Holder: s.Holder, Other: s.Holder.Kind == Person && s.Holder.Who != c.By,
	}}
	if s.Blocked == "" || s.Blocked == BlockFailed { // TOL-18: a passed inspection does not mend it
		events = append(events, Blocked{At: c.At, Reason: BlockFault})
	}
	return events, nil
}

func planRepair(s State, c PlanRepair) ([]Event, error) {
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-11", "tool.signer_missing")
	case strings.TrimSpace(c.Repairer) == "":
		return nil, domain.Invalid("/repairer", "TOL-11", "tool.repairer_missing")
	case c.EstimateFen < 0:
		return nil, domain.Invalid("/estimate_fen", "TOL-11", "tool.price_negative")
	case s.Standing == StandingScrapped, s.Standing == StandingMissing:
		return nil, domain.Refuse("TOL-11", "tool.nobody_has_it", "standing", string(s.Standing))
	case s.Blocked == "":
		return nil, domain.Refuse("TOL-11", "tool.nothing_to_repair")
	case s.Repair.Stage == RepairUnderWay:
		return nil, domain.Refuse("TOL-11", "tool.repair_under_way")
	case s.Repair.Stage != FaultOpen && s.Repair.Repairer == c.Repairer && s.Repair.EstimateFen == c.EstimateFen: // TKT-02
		return nil, nil
	}
	return []Event{RepairPlanned{At: c.At, By: c.By, Repairer: c.Repairer, EstimateFen: c.EstimateFen}}, nil
}

func approveRepair(s State, c ApproveRepair) ([]Event, error) {
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-11", "tool.signer_missing")
	case s.Repair.Stage == RepairAgreed && s.Repair.EstimateFen == c.EstimateFen: // TKT-02
		return nil, nil
	case s.Repair.Stage != RepairOpen:
		return nil, domain.Refuse("TOL-11", "tool.repair_not_planned", "stage", string(s.Repair.Stage))
	case s.Repair.PlannedBy == c.By:
		return nil, domain.Refuse("TOL-11", "tool.approves_own")
	case s.Repair.EstimateFen != c.EstimateFen:
		return nil, domain.Refuse("TOL-11", "tool.estimate_changed", "estimate_fen", s.Repair.EstimateFen)
	}
	return []Event{RepairApproved{At: c.At, By: c.By, Repairer: s.Repair.Repairer, EstimateFen: s.Repair.EstimateFen}}, nil
}

// sendable refuses to send a tool whose fault was reported, or whose repair is
// planned, before the plan is approved, or to another repairer (TOL-11).
func (s State) sendable(repairer string) error {
	switch {
	case s.Repair.Stage == "":
		return nil
	case s.Repair.Stage != RepairAgreed:
		return domain.Refuse("TOL-11", "tool.repair_unapproved", "stage", string(s.Repair.Stage))
	case s.Repair.Repairer != repairer:
		return domain.Refuse("TOL-11", "tool.repairer_not_planned", "repairer", s.Repair.Repairer)
	}
	return nil
}

// repaired refuses a result that is none, or is missing after a planned repair (TOL-11).
func (s State) repaired(d *RepairDone) error {
	switch {
	case d == nil && s.Repair.Stage == RepairUnderWay:
		return domain.Invalid("/repair", "TOL-11", "tool.repair_result_missing")
	case d == nil:
		return nil
	case s.Holder.Kind != Repairer:
		return domain.Refuse("TOL-11", "tool.not_in_repair", "standing", string(s.Standing))
	case d.Result != Repaired && d.Result != BeyondRepair:
		return domain.Invalid("/repair/result", "TOL-11", "tool.repair_result_unknown", "result", string(d.Result))
	case d.CostFen < 0:
		return domain.Invalid("/repair/cost_fen", "TOL-11", "tool.price_negative")
	}
	return nil
}

// mended returns s after an event of a repair.
func (s State) mended(e Event) State {
	switch e := any(e).(type) { // of a few
	case FaultReported:
		s.Repair = Repair{Stage: FaultOpen}
		return s.at(e.At)
	case RepairPlanned:
		s.Repair = Repair{Stage: RepairOpen, PlannedBy: e.By, Repairer: e.Repairer, EstimateFen: e.EstimateFen}
		return s.at(e.At)
	case RepairApproved:
		s.Repair.Stage = RepairAgreed
		return s.at(e.At)
	}
	return s
}
