package eventschemas_test

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
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
	"github.com/fieldledger/fieldledger/domain/sla"
	"github.com/fieldledger/fieldledger/domain/stock"
	"github.com/fieldledger/fieldledger/domain/stocktake"
	"github.com/fieldledger/fieldledger/domain/supervision"
	"github.com/fieldledger/fieldledger/domain/team"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/domain/view"
)

var (
	cardEntry  = card.Entry{Tool: id("tool"), Number: "W-1", Kind: "wrench", Revision: 3, EnteredAt: nine}
	toolHolder = tool.Holder{Kind: tool.Person, Who: id("li").String()}
	toolStore  = tool.Holder{Kind: tool.Store, Who: "main"}
	oldItem    = exchange.Item{
		Tool: id("old"), Number: "W-1", Model: exchange.Model{Kind: "wrench", Spec: "27 mm"}, PriceFen: 3500, PurchasedOn: "2025-11-03",
		LifeMonths: 36, Used: true,
	}

	decisions = []tool.Decision{{Row: 1, Tool: id("tool").String(), Holder: toolHolder, Result: tool.Declined, Rule: "TOL-14"}}
	signature = approval.Signature{Role: "gm", By: id("wang").String()}
	nine      = domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)) // 09:00 in Shanghai
	ten       = domain.At(nine.Add(time.Hour))
	eleven    = domain.At(nine.Add(2*time.Hour + 250*time.Millisecond))
	desk      = domain.PolicyRef{ID: id("desk"), Version: 3, Hash: hash}
	hours     = domain.PolicyRef{ID: id("hours"), Version: 1, Hash: hash}
	hash      = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	targets   = []ticket.Target{
		{
			Name: ticket.FirstContact, Clock: sla.Working, LimitS: 1800, StartAt: nine, DueAt: ten, Policy: desk, Calendar: hours,
			Steps: []ticket.Step{{Percent: 75, At: nine}, {Percent: 100, At: ten}},
		},
		{Name: ticket.Resolution, Clock: sla.Wall, LimitS: 14400, StartAt: nine, DueAt: eleven, Policy: desk, Calendar: hours},
	}
)

var input = process.Input{Number: 4711, EventID: id("event"), Stream: "fl.policy-" + id("desk").String(), Revision: 2, Type: "policy.version_recorded.v1"}

func id(name string) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte(name)) }

func sealed(text string) domain.Sealed {
	return domain.Sealed{Subject: id("caller"), Key: "1805234721", Ciphertext: []byte(text)}
}

// fixtures are realistic events, at least one of every type that is written
// today. The files in testdata are their wire form; an older version keeps
// its file when its struct moves on.
var fixtures = map[string]any{
	"ticket.registered.v1": ticket.Registered{
		At: nine, OpenedOn: "2026-03-02", Number: "SH-2026-000123", Channel: ticket.Phone, Kind: "fault", Problem: "P12", Level: 2,
		Customer: sealed("name"), Phone: sealed("phone"), Text: sealed("no picture <since> Monday & no sound"), Targets: targets,
	},
	"ticket.registered.v1.imported": ticket.Registered{
		At: nine, OpenedOn: "2026-03-02", Number: "INC0000045", External: &domain.ExternalKey{System: "servicenow-demo", Key: "INC0000045"},
		Channel: ticket.Other, Kind: "fault", Level: 4,
	},
	"ticket.accepted.v1":      ticket.Accepted{At: nine},
	"ticket.assigned.v1":      ticket.Assigned{At: nine, Team: id("team"), Technician: id("li")},
	"ticket.level_changed.v1": ticket.LevelChanged{At: ten, From: 3, To: 1, Reason: "whole floor is down", Targets: targets[1:]},
	"ticket.paused.v1": ticket.Paused{
		At: ten, Reason: ticket.WaitingParts, Clocks: []ticket.TargetName{ticket.Resolution}, Evidence: sealed("photo 12"),
	},
	"ticket.resumed.v1":    ticket.Resumed{At: eleven, Targets: targets[1:]},
	"ticket.arrived.v1":    ticket.Arrived{At: ten},
	"ticket.resolved.v1":   ticket.Resolved{At: eleven, Solution: "S03", Note: sealed("board changed")},
	"ticket.signed_off.v1": ticket.SignedOff{At: eleven, Signer: sealed("signer")},
	"ticket.closed.v1":     ticket.Closed{At: eleven},
	"ticket.reopened.v1":   ticket.Reopened{At: eleven, Cycle: 2, Reason: "fails again", Targets: targets},
	"ticket.judged.v1": ticket.Judged{
		At: eleven, Target: ticket.Resolution, Cycle: 1, Verdict: ticket.Met, StartAt: nine, ReachedAt: &eleven, DueAt: &eleven,
		Clock: sla.Wall, LimitS: 14400, GrossS: 7200, PausedS: 3600, NetS: 3600,
		Spans:  []ticket.Span{{From: nine, To: ten, Kind: ticket.Counted}, {From: ten, To: eleven, Kind: ticket.PausedCount}},
		Policy: &desk, Calendar: &hours, Inputs: []uint64{0, 1, 4},
	},
	"ticket.judged.v1.no_target": ticket.Judged{
		At: eleven, Target: ticket.FirstContact, Cycle: 1, Verdict: ticket.NoTarget, StartAt: nine, ReachedAt: &eleven,
		Clock: sla.Working, GrossS: 7200, NetS: 7200, Inputs: []uint64{0},
	},
	"ticket.judged.v1.again": ticket.Judged{
		At: eleven, Target: ticket.Arrival, Cycle: 1, Verdict: ticket.Breached, StartAt: nine, ReachedAt: &eleven, DueAt: &ten,
		Clock: sla.Wall, LimitS: 3600, GrossS: 7201, NetS: 7201, Spans: []ticket.Span{{From: nine, To: eleven, Kind: ticket.Counted}},
		Policy: &desk, Calendar: &hours, Inputs: []uint64{0, 9}, Cause: ticket.CauseLateFact, Replaces: new(uint64(4)),
	},
	"ticket.accepted.v1.late": ticket.Accepted{At: nine, LateReason: "the book was not at hand"},
	"ticket.resumed.v1.one":   ticket.Resumed{At: eleven, Clocks: []ticket.TargetName{ticket.NextUpdate}},
	"ticket.pause_recorded.v1": ticket.PauseRecorded{
		At: eleven, From: nine, To: ten, Reason: ticket.WaitingCustomer, Clocks: []ticket.TargetName{ticket.Resolution},
		Evidence: sealed("gate log"), LateReason: "told by phone", Targets: targets[1:],
	},
	"ticket.visit_needed.v1": ticket.VisitNeeded{At: ten, Targets: []ticket.Target{
		{Name: ticket.Arrival, Clock: sla.Wall, LimitS: 86400, StartAt: ten, DueAt: eleven, Policy: desk, Calendar: hours},
	}},
	"ticket.arrival_agreed.v1": ticket.ArrivalAgreed{At: ten, ArrivalBy: eleven, SetBy: ticket.SetByCustomer, Targets: []ticket.Target{
		{Name: ticket.Arrival, Clock: sla.Wall, LimitS: 7201, StartAt: nine, DueAt: eleven, Policy: desk, Calendar: hours, AgreedFor: &eleven},
	}},
	"ticket.due_corrected.v1":     ticket.DueCorrected{At: ten, Cause: ticket.CauseStrike, Targets: targets[1:]},
	"ticket.zone_changed.v1":      ticket.ZoneChanged{At: ten, From: "town", To: "suburb", Reason: "wrong address", Targets: targets[1:]},
	"ticket.retargeted.v1":        ticket.Retargeted{At: ten, Policy: desk, Targets: targets[1:]},
	"ticket.class_changed.v1":     ticket.ClassChanged{At: ten, From: ticket.ClassPaid, To: ticket.ClassWarranty, Reason: "within warranty", Role: "director", Policy: new(desk)},
	"ticket.charge_recorded.v1":   ticket.ChargeRecorded{At: ten, AmountFen: 12000, Work: ticket.WorkOnSite, Voucher: "V-1", Reason: "one hour", Role: "technician", Policy: new(desk)},
	"ticket.followed.v1":          ticket.Followed{At: ten, Person: uuid.UUID{15: 7}},
	"ticket.unfollowed.v1":        ticket.Unfollowed{At: ten, Person: uuid.UUID{15: 7}},
	"ticket.help_requested.v1":    ticket.HelpRequested{At: ten, By: id("li").String(), To: ticket.TechnicalDepartment, Note: sealed("unknown error code")},
	"ticket.emergency_planned.v1": ticket.EmergencyPlanned{At: ten, By: id("wang").String(), Plan: sealed("main pipe first")},
	"ticket.note_added.v1":        ticket.NoteAdded{At: ten, Text: sealed("door code")},
	"ticket.updated.v1": ticket.Updated{At: ten, Text: sealed("part comes on Friday"), Targets: []ticket.Target{
		{Name: ticket.NextUpdate, Clock: sla.Working, LimitS: 14400, StartAt: ten, DueAt: eleven, Policy: desk, Calendar: hours},
	}},
	"ticket.escalated.v1": ticket.Escalated{
		At: ten, Target: ticket.Resolution, Cycle: 1, StartedBy: 0, Percent: 75, To: "technician", PastAt: nine, Policy: desk,
	},
	"ticket.merged.v1":    ticket.Merged{At: ten, Into: id("other")},
	"ticket.withdrawn.v1": ticket.CallWithdrawn{At: ten, Reason: "works again"},
	"ticket.rejected.v1":  ticket.Rejected{At: ten, Reason: "not our product"},
	"policy.version_recorded.v1.codes": policy.VersionRecorded{
		Kind: policy.KindCodes, Name: "codes", Site: "SH", Version: 1, EffectiveFrom: nine, Author: "li", Approver: "wang",
		Reason: "first", Hash: hash,
		Content: json.RawMessage(`{"kinds":[{"code":"fault","name":"Fault"}],"problems":[],"solutions":[]}`),
	},
	"policy.version_recorded.v1.tools": policy.VersionRecorded{
		Kind: policy.KindTools, Name: "tools", Site: "SH", Version: 1, EffectiveFrom: nine, Author: "li", Approver: "wang",
		Reason: "first", Hash: hash,
		Content: json.RawMessage(`{"approvals":[{"act":"issue","hours":72,"needs":["manager"]}],"chases":[{"after_hours":0,"tell":["borrower","store"]}],"check_days":7,` +
			`"entitlements":[{"count":2,"kind":"gloves","post":"electrician"}],"issue_approval":"manager","kinds":[{"category":"safety","code":"gloves","inspect_months":6,"life_months":0,"name":"gloves","store_kept":false}],` +
			`"passing":"forbidden","special_keepers":["shift_leader"],"stores":[{"code":"main","name":"main store"}]}`),
	},
	"policy.version_recorded.v1.ladder": policy.VersionRecorded{
		Kind: policy.KindSLA, Name: "sla", Site: "SH", Version: 4, EffectiveFrom: nine, Author: "li", Approver: "wang",
		Reason: "running ones too", Hash: hash,
		Content: json.RawMessage(`{"applies_to":"running","calendar":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","escalation":[{"percent":80,"to":"director"}],` +
			`"targets":[{"agreed_arrival":"replaces","clock":"wall","from":"visit_needed","level":1,"limit_s":14400,"name":"arrival","zone":"town"}]}`),
	},
	"ticket.source_verdict_recorded.v1": ticket.SourceVerdictRecorded{At: eleven, ResolvedAt: &eleven, SLAMet: new(false)},
	"record.struck.v1": record.Struck{
		Revision: 4, EventID: id("event"), Reason: "wrong ticket", SecondPerson: id("wang").String(),
	},
	"policy.version_recorded.v1": policy.VersionRecorded{
		Kind: policy.KindSLA, Name: "desk", Site: "SH", Version: 3, EffectiveFrom: nine, Author: "li", Approver: "wang",
		Reason: "contract of 2026", Hash: hash,
		Content: json.RawMessage(`{"calendar":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","targets":[{"level":1,"name":"resolution","clock":"wall","limit_s":14400}]}`),
	},
	"policy.version_recorded.v1.calendar": policy.VersionRecorded{
		Kind: policy.KindCalendar, Name: "desk-hours", Site: "SH", Version: 1, EffectiveFrom: nine, Author: "li", Approver: "wang",
		Reason: "first", Hash: hash,
		Content: json.RawMessage(`{"days":{"2026-10-01":[],"2026-10-10":[["08:30","17:30"]]},"week":{"fri":[["08:30","17:30"]],` +
			`"mon":[["08:30","12:00"],["13:00","17:30"]],"sat":[],"sun":[],"thu":[["08:30","17:30"]],` +
			`"tue":[["08:30","17:30"]],"wed":[["08:30","17:30"]]},"zone":"Asia/Shanghai"}`),
	},
	"policy.version_recorded.v1.draft": policy.VersionRecorded{
		Kind: policy.KindCodes, Name: "codes", Set: "appliance-service", Version: 1, EffectiveFrom: nine, Author: "li", Approval: policy.GeneralManager,
		Reason: "first", Hash: hash,
		Content: json.RawMessage(`{"kinds":[{"code":"fault","name":"Fault","name_zh":"故障"}],"problems":[],"solutions":[]}`),
	},
	"policy.version_approved.v1": policy.VersionApproved{At: ten, Version: 1, Hash: hash, Approver: id("wang").String(), PublishedAt: eleven},
	"site.policy_set_chosen.v1":  site.PolicySetChosen{At: ten, Set: "appliance-service", EffectiveFrom: nine, Reason: "takes over the house rules"},
	"person.registered.v1": person.Registered{
		At: nine, Name: sealed("Li Lei"), Phone: sealed("13800138000"), Team: id("team"), Roles: []string{"technician"},
		External: []domain.ExternalKey{{System: "servicenow-demo", Key: "Resolver 42"}},
	},
	"team.registered.v1": team.Registered{
		At: nine, Code: "DESK", Name: "Service desk", External: []domain.ExternalKey{{System: "servicenow-demo", Key: "Group 70"}},
	},
	"site.registered.v1": site.Registered{At: nine, Code: "SH", Name: "Shanghai", Zone: "Asia/Shanghai"},
	"view.saved.v1": view.Saved{
		At: nine, Owner: id("li"), Name: "waiting for parts", SharedWith: "SH", Order: "due_at", Filter: []view.Param{{Name: "level", Value: "1"}, {Name: "status", Value: "paused"}},
	},
	"view.deleted.v1":        view.Deleted{At: ten},
	"claim.claimed.v1":       claim.Claimed{Kind: "person", Holder: id("li"), KeyHash: hash},
	"person.posted.v1":       person.Posted{At: nine, Posts: []string{"fitter", "shift_leader"}, Since: nine},
	"person.team_changed.v1": person.TeamChanged{At: nine, Team: id("team"), Since: nine},
	"person.left.v1":         person.Left{At: eleven},
	"card.opened.v1":         card.Opened{At: nine, Holder: toolHolder, Part: 2, Entries: []card.Entry{cardEntry}, Duty: id("wang").String()},
	"card.entered.v1": card.Entered{
		At: nine, Entry: cardEntry, Gone: []uuid.UUID{id("tool")}, Line: &policy.Entitlement{Post: "fitter", Kind: "wrench", Count: 2},
		ApprovedBy: id("wang").String(), Approval: new(id("approval")), Policy: desk,
	},
	"card.checked.v1": card.Checked{
		At: ten, ID: id("check"), Kind: card.ShiftCheck, OnDuty: id("li").String(), By: id("wang").String(), Found: []uuid.UUID{id("tool")},
		Damaged: []uuid.UUID{}, Missing: []uuid.UUID{id("tool2")}, NextBy: eleven,
	},
	"kit.registered.v1":     kit.Registered{At: nine, Number: "K-1", Name: "电工箱", Store: "main", Tools: []uuid.UUID{id("tool"), id("tool2")}},
	"kit.tool_added.v1":     kit.ToolAdded{At: nine, Tool: id("tool")},
	"kit.tool_removed.v1":   kit.ToolRemoved{At: nine, Tool: id("tool"), Reason: "worn"},
	"kit.issue_ordered.v1":  kit.IssueOrdered{At: ten, Order: id("order"), To: toolHolder, Tools: []uuid.UUID{id("tool"), id("tool2")}},
	"kit.return_ordered.v1": kit.ReturnOrdered{At: eleven, Order: id("order"), Store: "main", By: id("li").String(), Tools: []uuid.UUID{id("tool")}, Short: []uuid.UUID{id("tool2")}},
	"card.closed.v1":        card.Closed{At: eleven},
	"card.continued.v1":     card.Continued{At: eleven},
	"tool.registered.v1": tool.Registered{
		At: nine, Site: "SH", Number: "W-0042", Kind: "torque-wrench", Category: "measuring", Name: "torque wrench", Spec: "40-200 Nm", Brand: "Tohnichi",
		Batch: "2025-11", PriceFen: 135050, PurchasedOn: "2025-11-03", LifeMonths: 60, Use: tool.Shared, Home: "main",
		Holder: tool.Holder{Kind: tool.Store, Who: "main"}, Policy: desk,
	},
	"tool.issued.v1":         tool.Issued{At: nine, To: toolHolder, ApprovedBy: id("wang").String(), Approval: new(id("approval")), Scope: []tool.Holder{toolHolder}, Policy: desk},
	"tool.accepted.v1":       tool.Accepted{At: ten, Holder: toolHolder, By: id("li").String()},
	"tool.refused.v1":        tool.Refused{At: ten, By: id("li").String(), Reason: "scale unreadable"},
	"tool.lent.v1":           tool.Lent{At: nine, Holder: toolHolder, Until: eleven, Purpose: "pump 3", Responsible: id("li").String(), Booking: new(id("booking")), Chases: []tool.Chase{{At: eleven, Tell: []string{"borrower", "store"}}}, Policy: desk},
	"tool.returned.v1":       tool.Returned{At: eleven, From: toolHolder, Store: "main", By: id("wang").String(), Condition: tool.Worn, Other: true},
	"tool.handed_over.v1":    tool.HandedOver{At: ten, From: toolHolder, Holder: tool.Holder{Kind: tool.Team, Who: id("team").String()}, By: id("wang").String(), Reason: "shift", Policy: desk},
	"tool.blocked.v1":        tool.Blocked{At: ten, Reason: tool.BlockFault, Note: "ratchet slips"},
	"tool.cleared.v1":        tool.Cleared{At: eleven, By: id("wang").String(), Note: "oiled"},
	"tool.inspected.v1":      tool.Inspected{At: ten, On: "2026-03-02", Passed: true, Next: new(domain.Day("2026-09-02")), Inspector: id("wang").String(), Label: "A-17", Policy: desk},
	"tool.sent_to_repair.v1": tool.SentToRepair{At: ten, Holder: tool.Holder{Kind: tool.Repairer, Who: "R1"}},
	"tool.reported_missing.v1": tool.ReportedMissing{
		At: eleven, LostAt: ten, Place: "sump 2", Circumstances: sealed("fell in"), By: id("li").String(), OnDuty: id("wang").String(), From: toolHolder,
	},
	"loss.opened.v1": loss.Opened{
		At: eleven, Site: "SH", Number: "W-0042-20260302-3fa2", Cause: loss.Missing, Holder: loss.Holder{Kind: "person", Who: id("li").String()},
		ReportedBy: id("li").String(), LostAt: ten, LostOn: "2026-03-02", Place: "sump 2", Circumstances: sealed("fell in"), Report: id("event"),
		Tool: loss.Tool{ID: id("tool"), Number: "W-0042", Kind: "wrench", Use: "personal", PriceFen: 135050, PurchasedOn: "2025-11-03", LifeMonths: 60},
	},
	"loss.finding_made.v1": loss.FindingMade{
		At: eleven, By: id("wang").String(), Payers: []loss.Payer{{Person: id("li").String(), Weight: 1}}, Witnesses: []string{id("zhao").String()},
		Reason: sealed("left it open"), Replace: "2026-03-05", Policy: desk,
	},
	"loss.certified.v1": loss.Certified{At: eleven, By: id("zhao").String(), Certificate: "C-7"},
	"loss.assessed.v1": loss.Assessed{
		At: eleven, By: id("wang").String(), Method: "value_left", PriceFen: 135050, UsedMonths: 3, LifeMonths: 60, LeftFen: 128298, FloorFen: 6753,
		AmountFen: 128298, Policy: desk,
	},
	"loss.replaced.v1":      loss.Replaced{At: eleven, By: id("wang").String(), Number: "W-0099"},
	"loss.requisitioned.v1": loss.Requisitioned{At: eleven, By: id("wang").String(), CostFen: 140000},
	"loss.proposed.v1": loss.AmountProposed{
		At: eleven, By: id("wang").String(), AmountFen: 128298, Shares: []loss.Share{{Person: id("li").String(), AmountFen: 128298}}, NeedsHR: true, Policy: desk,
	},
	"loss.proposal_withdrawn.v1": loss.ProposalWithdrawn{At: eleven, By: id("wang").String()},
	"loss.approved.v1": loss.AmountApproved{
		At: eleven, By: id("hr").String(), Proposal: 3, Number: "W-0042-20260302-3fa2", AmountFen: 128298, Shares: []loss.Share{{Person: id("li").String(), AmountFen: 128298}},
	},
	"loss.points_recorded.v1": loss.PointsRecorded{
		At: eleven, By: id("wang").String(), Person: id("zhao").String(), Points: 50, Circumstances: sealed("the shift stood"), Policy: desk,
	},
	"loss.correction_requested.v1": loss.CorrectionRequested{At: eleven, By: id("wang").String(), Reason: "it lay in the box", Consequences: hash},
	"loss.approved.v1.by_policy": loss.AmountApproved{
		At: eleven, By: id("hr").String(), Proposal: 3, Number: "W-0042-20260302-3fa2", AmountFen: 128298, Shares: []loss.Share{{Person: id("li").String(), AmountFen: 128298}}, Policy: &desk,
	},
	"loss.replacement_given.v1": loss.ReplacementGiven{At: eleven, By: id("li").String(), Exchange: id("exchange")},
	"loss.ended.v1": loss.Ended{
		At: eleven, How: loss.ByCorrection, By: id("hr").String(), Second: id("wang").String(), Reason: "it lay in the box", Number: "W-0042-20260302-3fa2",
		Persons: []string{id("li").String()}, Refund: true, Points: 50,
	},
	"deduction.opened.v1": deduction.Opened{
		At: eleven, Person: id("li").String(), Year: 2026,
		Debts:  []deduction.Debt{{Loss: id("loss"), Number: "W-0042-20260302-3fa2", From: "2025-12", AmountFen: 128298, DeductedFen: 60000}},
		Months: []deduction.Posting{{Month: "2025-12", Digest: hash, Taken: []deduction.Taken{{Loss: id("loss"), DeductedFen: 60000}}}},
	},
	"deduction.entered.v1": deduction.Entered{At: eleven, Loss: id("loss"), Number: "W-0042-20260302-3fa2", From: "2026-03", AmountFen: 128298},
	"deduction.posted.v1": deduction.Posted{
		At: eleven, Month: "2026-03", Wage: sealed("300000"), Digest: hash, CapPPM: 200000, MinimumFen: 269000, Again: true,
		Entries:  []deduction.Entry{{Loss: id("loss"), Number: "W-0042-20260302-3fa2", AmountFen: 31000}},
		TakenFen: 31000, OpenFen: 97298, Policy: desk,
	},
	"deduction.cancelled.v1": deduction.Cancelled{
		At: eleven, Loss: id("loss"), Number: "W-0042-20260302-3fa2", How: "found", CancelledFen: 97298, RefundFen: 31000, Month: "2026-04",
	},
	"deduction.closed.v1": deduction.Closed{At: eleven, Year: 2026},
	"policy.version_recorded.v1.compensation": policy.VersionRecorded{
		Kind: policy.KindCompensation, Name: "compensation", Site: "SH", Version: 1, EffectiveFrom: nine, Author: "li", Approval: policy.SecondPerson,
		Reason: "first", Hash: hash,
		Content: json.RawMessage(`{"cap_ppm":200000,"floor_ppm":50000,"hr_above_fen":100000,"method":"value_left","minimum_wage_fen":269000,` +
			`"payers":{"personal":"holder","pool":"holder","shared":"shift","special":"shift_leader"},"points":0,"replacement":{"days":3,"lowers":false}}`),
	},
	"policy.version_recorded.v1.compensation_standard": policy.VersionRecorded{
		Kind: policy.KindCompensation, Name: "compensation", Site: "SH", Version: 2, EffectiveFrom: nine, Author: "li", Approval: policy.SecondPerson,
		Reason: "the standard", Hash: hash,
		Content: json.RawMessage(`{"cap_ppm":200000,"excuse":"good_cause","floor_ppm":50000,"hr_above_fen":100000,"method":"value_left","minimum_wage_fen":269000,` +
			`"payers":{"personal":"holder","pool":"holder","shared":"shift","special":"shift_leader"},"points":0,"standard":{"lines":[{"amount_fen":8000,"kind":"wrench"}]}}`),
	},
	"tool.booked.v1": tool.Booked{At: nine, Booking: tool.Booking{
		ID: id("booking"), To: toolHolder, From: ten, Until: eleven, Purpose: "pump 3", Responsible: id("li").String(),
	}, Policy: desk},
	"tool.booking_cancelled.v1": tool.BookingCancelled{At: ten, Booking: id("booking"), By: id("li").String(), Reason: "not needed"},
	"tool.extended.v1":          tool.Extended{At: ten, Until: eleven, By: id("wang").String(), Reason: "not done", Chases: []tool.Chase{{At: eleven, Tell: []string{"store"}}}, Policy: desk},
	"tool.chased.v1":            tool.Chased{At: eleven, Due: ten, Step: 1, Tell: []string{"borrower", "manager"}, Holder: toolHolder, Responsible: id("li").String(), Store: "main"},
	"tool.found.v1":             tool.Found{At: eleven, Store: "main"},
	"tool.scrapped.v1":          tool.Scrapped{At: eleven, Reason: "worn", Keeper: id("li").String(), ApprovedBy: id("wang").String(), Approval: new(id("approval")), Request: new(id("scrap"))},
	"tool.returned.v1.late":     tool.Returned{At: ten, From: toolHolder, Store: "main", By: id("li").String(), Condition: tool.Good, LateReason: "the book was not at hand"},

	"tool.kept.v1":      tool.Kept{At: ten, Exchange: id("exchange"), Part: tool.PartOld},
	"tool.released.v1":  tool.Released{At: ten, Exchange: id("exchange")},
	"tool.exchanged.v1": tool.Exchanged{At: eleven, Exchange: id("exchange"), Part: tool.PartOld, From: toolHolder, Holder: toolStore},
	"approval.requested.v1": approval.Requested{
		At: nine, Site: "SH", By: id("li").String(), Reason: "second fitter", Needs: []string{"manager"}, Hours: 72, Policy: desk,
		Covers: approval.Covers{Act: approval.Issue, Tools: []uuid.UUID{id("tool")}, Pieces: 1, To: &toolHolder, Scope: []tool.Holder{toolHolder}},
	},
	"approval.requested.v1.stock": approval.Requested{
		At: nine, Site: "SH", By: id("li").String(), Reason: "count", Needs: []string{"manager"}, Policy: desk,
		Covers: approval.Covers{
			Act: approval.AdjustStock, Tools: []uuid.UUID{}, Pieces: 1, Scope: []tool.Holder{},
			Stock: &approval.Correction{Store: "main", Item: "bit-8", Lot: "L1", Condition: stock.New, Delta: -1},
		},
	},
	"approval.given.v1":     approval.Given{At: ten, Signed: approval.Signature{Role: "manager", By: id("wang").String()}, Complete: true, Until: &eleven},
	"approval.refused.v1":   approval.Refused{At: ten, By: id("wang").String(), Reason: "has two"},
	"approval.withdrawn.v1": approval.Withdrawn{At: ten, By: id("li").String(), Reason: "not needed"},
	"approval.used.v1": approval.Used{At: eleven, Void: []uuid.UUID{id("other")}, Use: approval.Use{
		Command: id("command"), Stream: "fl.tool-" + id("tool").String(), Revision: 4, Tool: new(id("tool")), By: id("zhao").String(), At: eleven,
	}},
	"exchange.applied.v1": exchange.Applied{
		At: nine, Site: "SH", By: id("li").String(), Old: oldItem, Keeper: toolHolder, Reason: "jaws worn", Wanted: oldItem.Model, Policy: desk,
	},
	"exchange.applied.v1.lost": exchange.Applied{
		At: nine, Site: "SH", By: id("li").String(), Old: oldItem, Keeper: toolHolder, Reason: "fell into the sump",
		Wanted: exchange.Model{Kind: "wrench", Spec: "30 mm"}, NeedsApproval: true, InsteadOfLoss: new(id("loss")), Policy: desk,
	},
	"exchange.approved.v1":    exchange.Approved{At: ten, By: id("wang").String()},
	"exchange.refused.v1":     exchange.Refused{At: ten, By: id("wang").String(), Reason: "still good"},
	"exchange.withdrawn.v1":   exchange.Withdrawn{At: ten, By: id("li").String(), Reason: "too heavy", Tools: []uuid.UUID{id("old"), id("new")}},
	"exchange.surrendered.v1": exchange.Surrendered{At: ten, By: id("wang").String(), Giver: id("li").String(), Store: "main"},
	"exchange.inspected.v1": exchange.Inspected{
		At: ten, By: id("wang").String(), Outcome: exchange.NoValue, Tool: id("old"), Keeper: toolHolder, ScrapNote: "jaw broken off",
		NoteBy: id("li").String(), HumanFault: true,
	},
	"exchange.inspected.v1.repair": exchange.Inspected{
		At: ten, By: id("wang").String(), Outcome: exchange.Repairable, Tool: id("old"), Keeper: toolHolder, Repairer: "R1", LifeReached: true,
	},
	"exchange.fault_found.v1": exchange.FaultFound{
		At: ten, Tool: id("old"), Number: "W-1", Kind: "wrench", Keeper: toolHolder, PriceFen: 3500, PurchasedOn: "2025-11-03",
		LifeMonths: 36, On: "2026-03-02", By: id("wang").String(), Finding: "used as a hammer", Policy: desk,
	},
	"exchange.replacement_chosen.v1": exchange.ReplacementChosen{
		At: ten, By: id("wang").String(), New: exchange.Item{Tool: id("new"), Number: "W-2", Model: oldItem.Model, PriceFen: 3600, PurchasedOn: "2026-01-05"},
		Old: new(id("old")), Keeper: toolHolder, Worn: new(id("worn")), Declined: "scale unreadable",
	},
	"exchange.reserved.v1":           exchange.Reserved{At: ten},
	"exchange.reservation_failed.v1": exchange.ReservationFailed{At: ten, Missing: []uuid.UUID{id("new")}, Tools: []uuid.UUID{id("old"), id("new")}},
	"exchange.completed.v1": exchange.Completed{
		At: eleven, By: id("li").String(), Moves: []exchange.Move{{Tool: id("old"), To: toolStore}, {Tool: id("new"), To: toolHolder}},
	},
	"exchange.settled.v1":     exchange.Settled{At: eleven},
	"tool.fault_reported.v1":  tool.FaultReported{At: ten, By: id("li").String(), Note: "ratchet slips", Holder: toolHolder},
	"tool.repair_planned.v1":  tool.RepairPlanned{At: ten, By: id("wang").String(), Repairer: "R1", EstimateFen: 5000},
	"tool.repair_approved.v1": tool.RepairApproved{At: eleven, By: id("li").String(), Repairer: "R1", EstimateFen: 5000},
	"tool.returned.v1.repaired": tool.Returned{
		At: eleven, From: tool.Holder{Kind: tool.Repairer, Who: "R1"}, Store: "main", Condition: tool.Good, Repair: &tool.RepairDone{Result: tool.Repaired, CostFen: 4800},
	},
	"recall.reported.v1": recall.Reported{At: nine, Site: "SH", By: id("li").String(), Kind: "torque-wrench", Batch: "2025-11", Report: "scale drifts"},
	"recall.decided.v1":  recall.Decided{At: ten, Part: 1, Decisions: decisions},
	"recall.closed.v1":   recall.Closed{At: eleven, By: id("wang").String(), Finding: "maker takes them back"},
	"annual.listed.v1":   annual.Listed{At: nine, Site: "SH", Year: 2026, List: "crew 1", By: id("li").String(), Rows: []annual.Row{{To: toolHolder, Kind: "wrench", Count: 2}, {To: toolHolder, Tool: id("tool").String(), Count: 1}}},
	"annual.approved.v1": annual.Approved{At: ten, List: "crew 1", By: id("wang").String()},
	"annual.decided.v1":  annual.Decided{At: ten, List: "crew 1", Part: 1, Decisions: decisions},
	"policy.version_recorded.v1.keeping": policy.VersionRecorded{
		Kind: policy.KindKeeping, Name: "keeping", Site: "SH", Version: 1, EffectiveFrom: nine, Author: "li", Reason: "first", Hash: hash,
		Content: json.RawMessage(`{"checks":[{"kind":"","months":1,"purpose":"random","sample":20}],"climate":{"high_tenths_c":350,"humidity_percent":80,"low_tenths_c":-150},` +
			`"places":[{"code":"E-07","conditions":"dry","conditions_zh":"干燥","keeper_needed":true,"kinds":["earthing-wire"],"rack":true,"store":"main"}],"stocktake_months":1}`),
	},
	"stocktake.started.v1": stocktake.Started{
		At: nine, Site: "SH", Scope: stocktake.Scope{Kind: stocktake.OfStore, Who: "main"}, AsOf: 4711, Expected: 2, By: id("wang").String(), NextBy: "2026-04-02", Policy: desk,
	},
	"stocktake.listed.v1":         stocktake.Listed{At: nine, Tools: []stocktake.Expected{{Tool: id("tool"), Number: "W-0042", Holder: tool.Holder{Kind: tool.Store, Who: "main"}}}},
	"stocktake.joined.v1":         stocktake.Joined{At: nine, Scanner: id("li").String(), Part: 1, Round: 1},
	"stocktake.counting_ended.v1": stocktake.CountingEnded{At: ten, By: id("wang").String()},
	"stocktake.counted.v1": stocktake.Counted{
		At: ten, Round: 1, AsOf: 4800, Sessions: []stocktake.Session{{Scanner: id("li").String(), Part: 1, Round: 1, Scans: 1}}, Found: 1, Missing: 1, Items: 1, Digest: hash,
	},
	"stocktake.differed.v1": stocktake.Differed{Round: 1, Items: []stocktake.Difference{
		{Kind: stocktake.Missing, Tool: id("tool"), Number: "W-0042", Holder: tool.Holder{Kind: tool.Store, Who: "main"}, Home: "main", Revision: 4},
		{Kind: stocktake.Unknown, Number: "N-0007", Holder: tool.Holder{Kind: tool.Nobody}, Scanner: id("li").String(), Place: "shelf 3", BelongsTo: []string{"BJ", "GZ"}},
	}},
	"stocktake.recount_ordered.v1": stocktake.RecountOrdered{At: ten, By: id("wang").String(), Round: 2, Numbers: []string{"W-0042"}, Reason: "look again"},
	"stocktake.signed.v1":          stocktake.Signed{At: eleven, By: id("wang").String(), As: stocktake.Storekeeper, Digest: hash},
	"stocktake.closed.v1":          stocktake.Closed{At: eleven, Digest: hash},
	"stocktake.cancelled.v1":       stocktake.Cancelled{At: eleven, By: id("wang").String(), Reason: "fire drill"},
	"stocktake.scanned.v1": stocktake.Scanned{
		Stocktake: id("stocktake"), Scanner: id("li").String(), Part: 1, Round: 1, Scans: []stocktake.Scan{{At: nine, Number: "W-0042", Condition: stocktake.Sound, Place: "shelf 3"}},
	},
	"stocktake.session_closed.v1": stocktake.SessionClosed{At: ten, Stocktake: id("stocktake")},
	"inspection.planned.v1": inspectionplan.Set{
		At: nine, Site: "SH", Kind: "gloves", Purpose: inspectionplan.Random, Months: 1, Sample: 20, From: "2026-03-02", Reason: "yearly plan", Policy: &desk,
	},
	"inspection.plan_ended.v1": inspectionplan.Ended{At: ten, Purpose: inspectionplan.Random, Reason: "no such tools any more"},
	"inspection.checked.v1": inspectionplan.Checked{
		At: ten, On: "2026-03-02", Purpose: inspectionplan.Maintenance, By: id("li").String(), Supervisor: id("wang").String(),
		Tools: []inspectionplan.Finding{{Tool: id("tool"), Number: "W-0042", Found: "dry", Settled: "oiled"}},
	},
	"inspection.called_back.v1": inspectionplan.CalledBack{
		At: ten, Today: "2026-03-02", AsOf: 4711, Tools: []inspectionplan.Overdue{{Tool: id("tool"), Number: "W-0042", LastDay: "2026-03-01", Told: toolHolder}},
	},
	"inspection.placed.v1": inspectionplan.Placed{
		At: ten, Place: "E-07", Keeper: id("wang").String(), Tools: []inspectionplan.Lying{{Tool: id("tool"), Number: "E-07"}}, Policy: desk,
	},
	"ledger.compared.v1": ledgercheck.Compared{At: nine, Site: "SH", With: ledgercheck.Finance, Reference: "assets 2026-02", AsOf: 4711, By: id("wang").String(), Ours: 2, Theirs: 2, Agree: 1, Items: 1},
	"ledger.opened.v1":   ledgercheck.Opened{Items: []ledgercheck.Item{{Kind: ledgercheck.Price, Number: "W-0042", Tool: id("tool"), OursFen: 135050, TheirsFen: 135000}}},
	"ledger.settled.v1":  ledgercheck.Settled{At: ten, By: id("wang").String(), Number: "W-0042", How: "invoice says 1350.50"},
	"supervision.duty_set.v1": supervision.DutySet{
		At: nine, Site: "SH", Answers: "workshop_head", Supervisors: []string{"equipment_officer", "technician"}, Months: 1, From: "2026-03-02", Reason: "S5", Policy: new(desk),
	},
	"supervision.recorded.v1": supervision.Recorded{
		At: nine, Site: "SH", Ledger: tool.Holder{Kind: tool.Store, Who: "main"}, On: "2026-03-02", By: id("li").String(), Post: "technician", Findings: []string{"W-7 is not entered"},
	},
	"supervision.settled.v1": supervision.Settled{At: ten, By: id("wang").String(), Finding: 0, How: "entered"},
	"climate.recorded.v1":    climate.Recorded{At: nine, Site: "SH", Store: "main", TenthsC: -163, HumidityPercent: 81, By: id("wang").String(), Policy: desk},
	"climate.deviated.v1":    climate.Deviated{At: nine, Store: "main", What: climate.Cold, Read: -163, Limit: -150, Note: "heater on"},
	"policy.version_recorded.v1.authority": policy.VersionRecorded{
		Kind: policy.KindAuthority, Name: "authority", Set: "dealer", Version: 1, EffectiveFrom: nine, Author: "li", Approval: policy.SecondPerson,
		Reason: "example", Hash: hash,
		Content: json.RawMessage(`{"lines":[{"act":"charge","from_fen":20000,"roles":["director"],"unit":"` + id("team").String() + `"}]}`),
	},
	"policy.version_recorded.v1.purchasing": policy.VersionRecorded{
		Kind: policy.KindPurchasing, Name: "purchasing", Set: "plant", Version: 1, EffectiveFrom: nine, Author: "li", Approval: policy.SecondPerson,
		Reason: "first", Hash: hash,
		Content: json.RawMessage(`{"acceptance":[{"approvals":["inspection"],"causes":[],"checks":[],"document":false,"from_fen":0,"new_kind":false,"trial":true,"variant":"special_tooling"}],"demand":[],` +
			`"items":[{"code":"bit-8","name":"drill bit","name_zh":"钻头","unit":"piece"}],"minimums":[{"item":"bit-8","order":20,"pieces":5,"store":"main","unit":"` + id("team").String() + `"}],` +
			`"purchase":[{"approvals":["leader_in_charge","gm"],"causes":[],"checks":["department_head"],"document":true,"from_fen":50000,"new_kind":true,"trial":false}],` +
			`"scrap":[{"approvals":["manager"],"causes":["expired"],"checks":[],"document":false,"from_fen":0,"new_kind":false,"trial":false}],"split_window_days":90}`),
	},
	"stock.opened.v1": stock.Opened{At: nine, Site: "SH", Store: "main", Item: "bit-8", Month: "2026-03", Part: 2, Lots: []stock.Lot{{Lot: "L1", Condition: stock.New, Pieces: 5}}},
	"stock.received.v1": stock.Received{
		At: nine, Lot: "L1", Condition: stock.New, Pieces: 5, UnitPriceFen: 1200, Origin: stock.FromAcceptance, Ref: id("acceptance").String(), By: id("li").String(), Policy: desk,
	},
	"stock.issued.v1": stock.Issued{
		At: ten, Taken: []stock.Lot{{Lot: "L1", Condition: stock.Worn, Pieces: 1}}, Pieces: 1, To: toolHolder, Purpose: "pump 3", By: id("wang").String(), Policy: desk,
	},
	"stock.adjusted.v1":   stock.Adjusted{At: ten, Lot: "L1", Condition: stock.New, Delta: -1, Reason: "broken", By: id("li").String(), ApprovedBy: id("wang").String(), Approval: new(id("approval")), Late: true},
	"stock.fell_short.v1": stock.FellShort{At: ten, Site: "SH", Store: "main", Item: "bit-8", Name: "drill bit 8", Balance: 4, Minimum: 5, Order: 20, Unit: id("team").String(), Policy: desk},
	"stock.continued.v1":  stock.Continued{At: eleven, Month: "2026-04", Part: 3, Lots: []stock.Lot{{Lot: "L1", Condition: stock.New, Pieces: 4}}, Short: true},
	"demand.planned.v1": demand.Planned{
		At: nine, Site: "SH", Unit: id("team").String(), For: "2026-Q2", By: id("li").String(), Needs: []string{"department_head"}, Policy: desk,
		Lines:     []demand.Line{{Variant: policy.ToolVariant, Code: "torque-wrench", Name: "torque wrench", Spec: "40-200 Nm", Count: 2, Reason: "two new fitters"}},
		Replacing: &demand.Replacing{Month: "2026-03", Part: 1, AsOf: 7, Tools: []uuid.UUID{id("tool"), id("spare")}},
	},
	"demand.revised.v1":    demand.Revised{At: ten, Lines: []demand.Line{{Variant: policy.Spare, Code: "seal", Count: 3, Reason: "pumps"}}, By: id("li").String(), Needs: []string{"department_head"}, Policy: desk},
	"demand.approved.v1":   demand.Approved{At: ten, Signed: signature, Complete: true},
	"demand.rejected.v1":   demand.Rejected{At: ten, By: id("wang").String(), Reason: "next quarter"},
	"demand.taken.v1":      demand.Taken{At: ten, Line: 1, Purchase: id("purchase").String(), Count: 2},
	"demand.given_back.v1": demand.GivenBack{At: ten, Line: 1, Purchase: id("purchase").String(), Count: 2},
	"need.entered.v1":      need.Entered{At: nine, Purchase: id("purchase").String(), Quote: 1, Fen: 45000, SumFen: 90000, Others: []string{id("other").String()}},
	"need.left.v1":         need.Left{At: ten, Purchase: id("purchase").String()},
	"purchase.requested.v1": purchase.Requested{
		At: nine, Site: "SH", Unit: id("team").String(), Variant: policy.ToolVariant, Code: "torque-wrench", Name: "torque wrench", Spec: "40-200 Nm", Count: 2, NewKind: true,
		Document: "SG-12", Reason: "two new fitters", Demand: id("demand").String(), Line: 1, By: id("li").String(), Checks: []string{"department_head"}, Policy: desk,
	},
	"purchase.checked.v1": purchase.Checked{At: ten, Signed: signature},
	"purchase.quoted.v1": purchase.Quoted{
		At: ten, Quote: 2, Supplier: "Tohnichi", UnitPriceFen: 45000, AmountFen: 90000, NeedFen: 90000, Others: []string{id("other").String()}, Split: true,
		By: id("wang").String(), Needs: []string{"leader_in_charge", "gm"}, Policy: desk,
	},
	"purchase.approved.v1":   purchase.Approved{At: eleven, Quote: 2, AmountFen: 90000, Signed: signature, Complete: true},
	"purchase.rejected.v1":   purchase.Rejected{At: eleven, By: id("wang").String(), Reason: "too dear"},
	"purchase.withdrawn.v1":  purchase.Withdrawn{At: eleven, By: id("li").String(), Reason: "found one"},
	"purchase.ordered.v1":    purchase.Ordered{At: eleven, Quote: 2, Reference: "PO-7", By: id("wang").String()},
	"purchase.delivered.v1":  purchase.Delivered{At: eleven, Acceptance: id("acceptance").String(), Count: 2},
	"purchase.taken_back.v1": purchase.TakenBack{At: eleven, Acceptance: id("acceptance").String(), Event: id("event").String(), Count: 1},
	"acceptance.delivered.v1": acceptance.Delivered{
		At: nine, Site: "SH", Purchase: id("purchase").String(), Unit: id("team").String(), Variant: policy.SpecialTooling, Code: "jig", Name: "jig", Spec: "for flange 80",
		Count: 2, UnitPriceFen: 45000, Note: "DN-3", Class: acceptance.Important, Buyers: []string{id("wang").String()}, By: id("li").String(), Needs: []string{"inspection"}, Trial: true, Policy: desk,
	},
	"acceptance.checked.v1": acceptance.Checked{At: ten, Signed: signature, Passed: true, Document: "DRW-9", Findings: []acceptance.Finding{{What: "size", OK: true, Note: "within 0.01 mm"}}},
	"acceptance.tried.v1":   acceptance.Tried{At: ten, Sheet: "IS-4", Samples: 5, Passed: true, By: id("li").String()},
	"acceptance.accepted.v1": acceptance.Accepted{
		At: eleven, Count: 1, Store: "main", Lot: "2026-03", Brand: "own", Use: tool.Special, Pieces: []acceptance.Piece{{Number: "J-1", Tool: id("tool").String()}},
		On: "2026-03-02", By: id("li").String(), Policy: desk,
	},
	"acceptance.rejected.v1": acceptance.Rejected{At: eleven, Count: 1, Reason: "cracked", By: id("li").String()},
	"scrap.requested.v1": scrap.Requested{
		At: nine, Site: "SH", Tool: id("tool").String(), Number: "W-0042", PriceFen: 135050, Cause: scrap.WornOut, Reason: "thread gone", By: id("li").String(),
		Needs: []string{"department_head", "equipment"}, Policy: desk,
	},
	"scrap.approved.v1":    scrap.Approved{At: ten, Signed: signature, Complete: true},
	"scrap.rejected.v1":    scrap.Rejected{At: ten, By: id("wang").String(), Reason: "repair it"},
	"scrap.carried_out.v1": scrap.CarriedOut{At: eleven},
	"scrap.failed.v1":      scrap.Failed{At: eleven, Standing: tool.StandingIssued},
	"scrap.disposed.v1":    scrap.Disposed{At: eleven, How: "sold as metal", ProceedsFen: 1500, By: id("wang").String()},
	"process.opened.v1": process.Opened{
		At: nine, Manager: "retarget", Part: 2, LiveFrom: 120, Number: 4711, EventID: id("event"), Epoch: 3, Open: []process.Task{
			{Input: input, ActAt: ten, AsOf: 4800, Done: 100, Last: id("ticket")},
		},
	},
	"process.claimed.v1": process.Claimed{At: nine, Epoch: 4},
	"process.noticed.v1": process.Noticed{At: nine, Input: input, ActAt: ten},
	"process.begun.v1":   process.Begun{At: ten, Input: id("event"), AsOf: 4800},
	"process.recorded.v1": process.Recorded{At: ten, Input: id("event"), From: 100, Complete: true, Outcomes: []process.Outcome{
		{Step: id("ticket"), Result: process.Accepted}, {Step: id("other"), Result: process.Refused, Rule: "TKT-06"},
	}},
	"process.continued.v1":     process.Continued{At: ten, Part: 3},
	"number.block_reserved.v1": number.BlockReserved{Kind: "ticket", From: 101, To: 200},
}
