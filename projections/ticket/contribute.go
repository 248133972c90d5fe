package ticket

import (
	"strconv"

	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/projections/readmodel"
)

// Dims are by what the SLA figures are told apart, beside site and period.
type Dims struct {
	Team       string `db:"team"`       // team id, "" for none
	Technician string `db:"technician"` // person id, "" for none
	Level      string `db:"level"`
	Kind       string `db:"kind"`     // ticket type (TKT-23)
	Problem    string `db:"problem"`  // "" for none
	Solution   string `db:"solution"` // of the present cycle, "" before
}

// Measures are the figures that a ticket adds to, in the order of Contribute.
// The five parts of each target add up to its judgements and running clocks (SLA-09).
var Measures = []string{
	"contact_met", "contact_breached", "contact_running", "contact_withdrawn", "contact_no_target",
	"resolution_met", "resolution_breached", "resolution_running", "resolution_withdrawn", "resolution_no_target",
	"cases", "first_resolved", "active_again", "gross_s", "paused_s", "net_s", "within_gross", "within_net",
	"level_differs", "level_changed", "reassigned_3", "source_unresolved", "source_met", "source_breached",
	"remote_met", "remote_breached", "remote_running", "remote_withdrawn", "remote_no_target",
	"arrival_met", "arrival_breached", "arrival_running", "arrival_withdrawn", "arrival_no_target",
	"update_met", "update_breached", "update_running", "update_withdrawn", "update_no_target",
	"dropped",
}

// prefixes are how the measures of each target begin.
var prefixes = map[ticket.TargetName]string{
	ticket.FirstContact: "contact_", ticket.RemoteResolution: "remote_", ticket.Arrival: "arrival_",
	ticket.Resolution: "resolution_", ticket.NextUpdate: "update_",
}

// Prefix returns how the measures of a target begin: "contact_".
func Prefix(name ticket.TargetName) string { return prefixes[name] }

// DueColumn returns the column that says when a target is due while its
// clock runs and does not stand; those of a ticket that has ended are empty (SLA-13).
func DueColumn(name ticket.TargetName) string { return prefixes[name] + "due_at" }

// Contribute returns what a ticket adds to the figures of the day it was opened. Pure.
func Contribute(r Row) []readmodel.Contribution {
	if !r.exists() {
		return nil
	}
	values := append(r.FirstContact.parts(), r.Resolution.parts()...)
	values = append(values, 1)
	values = append(values, r.firstResolution()...)
	values = append(values, flag(r.Level != r.FirstLevel), flag(r.LevelChanges > 0))
	values = append(values, r.sourceParts()...)
	values = append(values, r.Remote.parts()...)
	values = append(values, r.Arrival.parts()...)
	values = append(values, r.Update.parts()...)
	values = append(values, flag(r.First == nil && r.dropped()))
	return []readmodel.Contribution{{Day: r.OpenedOn, Dims: DimsOf(r), Values: values}}
}

// DimsOf returns by what the figures of a ticket are told apart.
func DimsOf(r Row) Dims {
	d := Dims{Level: strconv.Itoa(r.Level), Kind: r.Kind, Problem: r.Problem, Solution: r.Solution}
	if team := r.Team; team != [16]byte{} {
		d.Team = team.String()
	}
	if person := r.Technician; person != [16]byte{} {
		d.Technician = person.String()
	}
	return d
}

// parts are the five parts of a target: met, breached, running, withdrawn, no
// target (SLA-09). A clock counts as running until its verdict is there. A cycle for which nothing was agreed counts as no target.
func (c Clock) parts() []int64 {
	return []int64{
		c.Met, c.Breached, flag(c.Verdict == "" && c.Agreed), c.Withdrawn, c.NoTarget + flag(c.Verdict == "" && !c.Agreed),
	}
}

func (r Row) firstResolution() []int64 {
	f := r.First
	if f == nil {
		return make([]int64, 7)
	}
	return []int64{
		1, flag(r.ActiveAgain), f.GrossS, f.PausedS, f.NetS,
		flag(f.LimitS > 0 && f.GrossS <= f.LimitS), flag(f.LimitS > 0 && f.NetS <= f.LimitS),
	}
}

// dropped reports whether the ticket was merged, withdrawn or rejected (TKT-17).
func (r Row) dropped() bool {
	switch ticket.Status(r.Status) {
	case ticket.StatusMerged, ticket.StatusWithdrawn, ticket.StatusRejected:
		return true
	default:
		return false
	}
}

func (r Row) sourceParts() []int64 {
	s := r.Source
	if s == nil {
		return make([]int64, 4)
	}
	ended := r.Status == string(ticket.StatusClosed) || r.Status == string(ticket.StatusSignedOff)
	return []int64{
		flag(s.Reassignments != nil && *s.Reassignments >= 3),
		flag(s.ResolvedAt == nil && ended),
		flag(s.SLAMet != nil && *s.SLAMet),
		flag(s.SLAMet != nil && !*s.SLAMet),
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
