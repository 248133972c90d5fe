package eventschemas

import (
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"

	"github.com/fieldledger/fieldledger/domain/acceptance"
	"github.com/fieldledger/fieldledger/domain/annual"
	"github.com/fieldledger/fieldledger/domain/approval"
	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/claim"
	"github.com/fieldledger/fieldledger/domain/climate"
	"github.com/fieldledger/fieldledger/domain/deduction"
	"github.com/fieldledger/fieldledger/domain/demand"
	"github.com/fieldledger/fieldledger/domain/exchange"
	"github.com/fieldledger/fieldledger/domain/inspectionplan"
	"github.com/fieldledger/fieldledger/domain/kit"
	"github.com/fieldledger/fieldledger/domain/ledgercheck"
	"github.com/fieldledger/fieldledger/domain/loss"
	"github.com/fieldledger/fieldledger/domain/need"
	"github.com/fieldledger/fieldledger/domain/number"
	"github.com/fieldledger/fieldledger/domain/person"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/domain/purchase"
	"github.com/fieldledger/fieldledger/domain/recall"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/scrap"
	"github.com/fieldledger/fieldledger/domain/site"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/supervision"
	"github.com/fieldledger/fieldledger/domain/team"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/domain/view"
)

// eventTypes is the registry: one line per event type and version. A name
// never changes and is never used again for something else.
var eventTypes = []eventType{
	newest[ticket.Registered]("ticket.registered.v1"),
	newest[ticket.Accepted]("ticket.accepted.v1"),
	newest[ticket.Assigned]("ticket.assigned.v1"),
	newest[ticket.LevelChanged]("ticket.level_changed.v1"),
	newest[ticket.Paused]("ticket.paused.v1"),
	newest[ticket.Resumed]("ticket.resumed.v1"),
	newest[ticket.Arrived]("ticket.arrived.v1"),
	newest[ticket.Resolved]("ticket.resolved.v1"),
	newest[ticket.SignedOff]("ticket.signed_off.v1"),
	newest[ticket.Closed]("ticket.closed.v1"),
	newest[ticket.Reopened]("ticket.reopened.v1"),
	newest[ticket.Judged]("ticket.judged.v1"),
	newest[ticket.PauseRecorded]("ticket.pause_recorded.v1"),
	newest[ticket.VisitNeeded]("ticket.visit_needed.v1"),
	newest[ticket.ArrivalAgreed]("ticket.arrival_agreed.v1"),
	newest[ticket.DueCorrected]("ticket.due_corrected.v1"),
	newest[ticket.ZoneChanged]("ticket.zone_changed.v1"),
	newest[ticket.Retargeted]("ticket.retargeted.v1"),
	newest[ticket.NoteAdded]("ticket.note_added.v1"),
	newest[ticket.HelpRequested]("ticket.help_requested.v1"),
	newest[ticket.EmergencyPlanned]("ticket.emergency_planned.v1"),
	newest[ticket.Followed]("ticket.followed.v1"),
	newest[ticket.Unfollowed]("ticket.unfollowed.v1"),
	newest[ticket.ClassChanged]("ticket.class_changed.v1"),
	newest[ticket.ChargeRecorded]("ticket.charge_recorded.v1"),
	newest[ticket.Updated]("ticket.updated.v1"),
	newest[ticket.Escalated]("ticket.escalated.v1"),
	newest[ticket.Merged]("ticket.merged.v1"),
	newest[ticket.CallWithdrawn]("ticket.withdrawn.v1"),
	newest[ticket.Rejected]("ticket.rejected.v1"),
	newest[ticket.SourceVerdictRecorded]("ticket.source_verdict_recorded.v1"),
	newest[record.Struck]("record.struck.v1"),
	newest[policy.VersionRecorded]("policy.version_recorded.v1"),
	newest[policy.VersionApproved]("policy.version_approved.v1"),
	newest[person.Registered]("person.registered.v1"),
	newest[person.Posted]("person.posted.v1"),
	newest[person.TeamChanged]("person.team_changed.v1"),
	newest[person.Left]("person.left.v1"),
	newest[card.Opened]("card.opened.v1"),
	newest[card.Entered]("card.entered.v1"),
	newest[card.Closed]("card.closed.v1"),
	newest[card.Continued]("card.continued.v1"),
	newest[card.Checked]("card.checked.v1"),
	newest[kit.Registered]("kit.registered.v1"),
	newest[kit.ToolAdded]("kit.tool_added.v1"),
	newest[kit.ToolRemoved]("kit.tool_removed.v1"),
	newest[kit.IssueOrdered]("kit.issue_ordered.v1"),
	newest[kit.ReturnOrdered]("kit.return_ordered.v1"),
	newest[team.Registered]("team.registered.v1"),
	newest[site.Registered]("site.registered.v1"),
	newest[site.PolicySetChosen]("site.policy_set_chosen.v1"),
	newest[view.Saved]("view.saved.v1"),
	newest[view.Deleted]("view.deleted.v1"),
	newest[claim.Claimed]("claim.claimed.v1"),
	newest[number.BlockReserved]("number.block_reserved.v1"),
	newest[tool.Registered]("tool.registered.v1"),
	newest[tool.Issued]("tool.issued.v1"),
	newest[tool.Accepted]("tool.accepted.v1"),
	newest[tool.Refused]("tool.refused.v1"),
	newest[tool.Lent]("tool.lent.v1"),
	newest[tool.Returned]("tool.returned.v1"),
	newest[tool.HandedOver]("tool.handed_over.v1"),
	newest[tool.Blocked]("tool.blocked.v1"),
	newest[tool.Cleared]("tool.cleared.v1"),
	newest[tool.Inspected]("tool.inspected.v1"),
	newest[tool.SentToRepair]("tool.sent_to_repair.v1"),
	newest[tool.ReportedMissing]("tool.reported_missing.v1"),
	newest[tool.Found]("tool.found.v1"),
	newest[tool.Scrapped]("tool.scrapped.v1"),
	newest[tool.Kept]("tool.kept.v1"),
	newest[tool.Released]("tool.released.v1"),
	newest[tool.Exchanged]("tool.exchanged.v1"),
	newest[approval.Requested]("approval.requested.v1"),
	newest[approval.Given]("approval.given.v1"),
	newest[approval.Refused]("approval.refused.v1"),
	newest[approval.Withdrawn]("approval.withdrawn.v1"),
	newest[approval.Used]("approval.used.v1"),
	newest[exchange.Applied]("exchange.applied.v1"),
	newest[exchange.Approved]("exchange.approved.v1"),
	newest[exchange.Refused]("exchange.refused.v1"),
	newest[exchange.Withdrawn]("exchange.withdrawn.v1"),
	newest[exchange.Surrendered]("exchange.surrendered.v1"),
	newest[exchange.Inspected]("exchange.inspected.v1"),
	newest[exchange.FaultFound]("exchange.fault_found.v1"),
	newest[exchange.ReplacementChosen]("exchange.replacement_chosen.v1"),
	newest[exchange.Reserved]("exchange.reserved.v1"),
	newest[exchange.ReservationFailed]("exchange.reservation_failed.v1"),
	newest[exchange.Completed]("exchange.completed.v1"),
	newest[exchange.Settled]("exchange.settled.v1"),
	newest[loss.Opened]("loss.opened.v1"),
	newest[loss.FindingMade]("loss.finding_made.v1"),
	newest[loss.Certified]("loss.certified.v1"),
	newest[loss.Assessed]("loss.assessed.v1"),
	newest[loss.Replaced]("loss.replaced.v1"),
	newest[loss.Requisitioned]("loss.requisitioned.v1"),
	newest[loss.AmountProposed]("loss.proposed.v1"),
	newest[loss.ProposalWithdrawn]("loss.proposal_withdrawn.v1"),
	newest[loss.AmountApproved]("loss.approved.v1"),
	newest[loss.PointsRecorded]("loss.points_recorded.v1"),
	newest[loss.CorrectionRequested]("loss.correction_requested.v1"),
	newest[loss.ReplacementGiven]("loss.replacement_given.v1"),
	newest[loss.Ended]("loss.ended.v1"),
	newest[deduction.Opened]("deduction.opened.v1"),
	newest[deduction.Entered]("deduction.entered.v1"),
	newest[deduction.Posted]("deduction.posted.v1"),
	newest[deduction.Cancelled]("deduction.cancelled.v1"),
	newest[deduction.Closed]("deduction.closed.v1"),
	newest[tool.FaultReported]("tool.fault_reported.v1"),
	newest[tool.RepairPlanned]("tool.repair_planned.v1"),
	newest[tool.RepairApproved]("tool.repair_approved.v1"),
	newest[recall.Reported]("recall.reported.v1"),
	newest[recall.Decided]("recall.decided.v1"),
	newest[recall.Closed]("recall.closed.v1"),
	newest[annual.Listed]("annual.listed.v1"),
	newest[annual.Approved]("annual.approved.v1"),
	newest[annual.Decided]("annual.decided.v1"),
	newest[stocktake.Started]("stocktake.started.v1"),
	newest[stocktake.Listed]("stocktake.listed.v1"),
	newest[stocktake.Joined]("stocktake.joined.v1"),
	newest[stocktake.CountingEnded]("stocktake.counting_ended.v1"),
	newest[stocktake.Counted]("stocktake.counted.v1"),
	newest[stocktake.Differed]("stocktake.differed.v1"),
	newest[stocktake.RecountOrdered]("stocktake.recount_ordered.v1"),
	newest[stocktake.Signed]("stocktake.signed.v1"),
	newest[stocktake.Closed]("stocktake.closed.v1"),
	newest[stocktake.Cancelled]("stocktake.cancelled.v1"),
	newest[stocktake.Scanned]("stocktake.scanned.v1"),
	newest[stocktake.SessionClosed]("stocktake.session_closed.v1"),
	newest[inspectionplan.Set]("inspection.planned.v1"),
	newest[inspectionplan.Ended]("inspection.plan_ended.v1"),
	newest[inspectionplan.Checked]("inspection.checked.v1"),
	newest[inspectionplan.CalledBack]("inspection.called_back.v1"),
	newest[inspectionplan.Placed]("inspection.placed.v1"),
	newest[climate.Recorded]("climate.recorded.v1"),
	newest[climate.Deviated]("climate.deviated.v1"),
	newest[ledgercheck.Compared]("ledger.compared.v1"),
	newest[ledgercheck.Opened]("ledger.opened.v1"),
	newest[ledgercheck.Settled]("ledger.settled.v1"),
	newest[supervision.DutySet]("supervision.duty_set.v1"),
	newest[supervision.Recorded]("supervision.recorded.v1"),
	newest[supervision.Settled]("supervision.settled.v1"),
	newest[stock.Opened]("stock.opened.v1"),
	newest[stock.Received]("stock.received.v1"),
	newest[stock.Issued]("stock.issued.v1"),
	newest[stock.Adjusted]("stock.adjusted.v1"),
	newest[stock.FellShort]("stock.fell_short.v1"),
	newest[stock.Continued]("stock.continued.v1"),
	newest[demand.Planned]("demand.planned.v1"),
	newest[demand.Revised]("demand.revised.v1"),
	newest[demand.Approved]("demand.approved.v1"),
	newest[demand.Rejected]("demand.rejected.v1"),
	newest[demand.Taken]("demand.taken.v1"),
	newest[demand.GivenBack]("demand.given_back.v1"),
	newest[need.Entered]("need.entered.v1"),
	newest[need.Left]("need.left.v1"),
	newest[purchase.Requested]("purchase.requested.v1"),
	newest[purchase.Checked]("purchase.checked.v1"),
	newest[purchase.Quoted]("purchase.quoted.v1"),
	newest[purchase.Approved]("purchase.approved.v1"),
	newest[purchase.Rejected]("purchase.rejected.v1"),
	newest[purchase.Withdrawn]("purchase.withdrawn.v1"),
	newest[purchase.Ordered]("purchase.ordered.v1"),
	newest[purchase.Delivered]("purchase.delivered.v1"),
	newest[purchase.TakenBack]("purchase.taken_back.v1"),
	newest[acceptance.Delivered]("acceptance.delivered.v1"),
	newest[acceptance.Checked]("acceptance.checked.v1"),
	newest[acceptance.Tried]("acceptance.tried.v1"),
	newest[acceptance.Accepted]("acceptance.accepted.v1"),
	newest[acceptance.Rejected]("acceptance.rejected.v1"),
	newest[scrap.Requested]("scrap.requested.v1"),
	newest[scrap.Approved]("scrap.approved.v1"),
	newest[scrap.Rejected]("scrap.rejected.v1"),
	newest[scrap.CarriedOut]("scrap.carried_out.v1"),
	newest[scrap.Failed]("scrap.failed.v1"),
	newest[scrap.Disposed]("scrap.disposed.v1"),
	newest[tool.Booked]("tool.booked.v1"),
	newest[tool.BookingCancelled]("tool.booking_cancelled.v1"),
	newest[tool.Extended]("tool.extended.v1"),
	newest[tool.Chased]("tool.chased.v1"),
	newest[process.Opened]("process.opened.v1"),
	newest[process.Claimed]("process.claimed.v1"),
	newest[process.Noticed]("process.noticed.v1"),
	newest[process.Begun]("process.begun.v1"),
	newest[process.Recorded]("process.recorded.v1"),
	newest[process.Continued]("process.continued.v1"),
}

var events = mustRegistry(eventTypes)

// eventType is one name of the registry.
type eventType struct {
	name   string
	goType reflect.Type
	decode func([]byte) (any, error)
	// next is set on versions that are no longer written: a pure function to
	// the struct of the following version.
	next func(any) any
	to   reflect.Type // what next returns
}

// newest registers the struct that is written today under name.
func newest[T any](name string) eventType {
	return eventType{name: name, goType: reflect.TypeFor[T](), decode: decodeAs[T]}
}

// older registers a version that is only read, with its way to the following
// version. up must be pure: same input, same output, nothing else asked.
func older[T, Next any](name string, up func(T) Next) eventType {
	t := newest[T](name)
	t.to = reflect.TypeFor[Next]()
	t.next = func(old any) any { return up(old.(T)) }
	return t
}

func decodeAs[T any](data []byte) (any, error) {
	var v T
	if err := json.Unmarshal(data, &v, wire); err != nil {
		return nil, err
	}
	return v, nil
}

// registry finds event types by name and by Go type.
type registry struct {
	byName map[string]*eventType
	byGo   map[reflect.Type]*eventType
}

// newRegistry indexes types. Every name and every struct occurs once, and
// every older version must reach a newest one.
func newRegistry(types []eventType) (*registry, error) {
	r := &registry{byName: make(map[string]*eventType, len(types)), byGo: make(map[reflect.Type]*eventType, len(types))}
	for i := range types {
		t := &types[i]
		if r.byName[t.name] != nil || r.byGo[t.goType] != nil {
			return nil, fmt.Errorf("event type %s of %v is registered twice", t.name, t.goType)
		}
		r.byName[t.name], r.byGo[t.goType] = t, t
	}
	for i := range types {
		steps := 0
		for t := &types[i]; t.next != nil; steps++ {
			if t = r.byGo[t.to]; t == nil || steps > len(types) {
				return nil, fmt.Errorf("upcasters of %s lead to no newest version", types[i].name)
			}
		}
	}
	return r, nil
}

func mustRegistry(types []eventType) *registry {
	r, err := newRegistry(types)
	if err != nil {
		panic("eventschemas: " + err.Error())
	}
	return r
}

// decode reads data as typ and takes it to the newest version.
func (r *registry) decode(typ string, data []byte) (any, error) {
	t := r.byName[typ]
	if t == nil {
		return nil, &UnknownTypeError{Type: typ}
	}
	event, err := t.decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", typ, err)
	}
	for t.next != nil {
		event = t.next(event)
		t = r.byGo[t.to]
	}
	return event, nil
}

// TypeInfo describes one event type and version.
type TypeInfo struct {
	Name       string       // "ticket.registered.v1"
	Go         reflect.Type // the struct, never a pointer
	SchemaHash string       // hex SHA-256 of its schema file
	Newest     bool         // it is written today; false for versions that are only read
}

// Zero returns the zero value of the type's struct, as Decode would hand it
// out: for tests that every fold and projector handles or names each type.
func (t TypeInfo) Zero() any { return reflect.Zero(t.Go).Interface() }

// Types lists every event type of the registry, in its order.
func Types() []TypeInfo {
	out := make([]TypeInfo, len(eventTypes))
	for i, t := range eventTypes {
		out[i] = TypeInfo{Name: t.name, Go: t.goType, SchemaHash: schemaHash(t.name), Newest: t.next == nil}
	}
	return out
}
