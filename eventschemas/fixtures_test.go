package eventschemas_test

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/card"
	"github.com/fieldledger/fieldledger/domain/claim"
	"github.com/fieldledger/fieldledger/domain/kit"
	"github.com/fieldledger/fieldledger/domain/number"
	"github.com/fieldledger/fieldledger/domain/person"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/process"
	"github.com/fieldledger/fieldledger/domain/record"
	"github.com/fieldledger/fieldledger/domain/site"
	"github.com/fieldledger/fieldledger/domain/sla"
	"github.com/fieldledger/fieldledger/domain/team"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/domain/tool"
	"github.com/fieldledger/fieldledger/domain/view"
)

var (
	cardEntry  = card.Entry{Tool: id("tool"), Number: "W-1", Kind: "wrench", Revision: 3, EnteredAt: nine}
	toolHolder = tool.Holder{Kind: tool.Person, Who: id("li").String()}

	nine    = domain.At(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)) // 09:00 in Shanghai
	ten     = domain.At(nine.Add(time.Hour))
	eleven  = domain.At(nine.Add(2*time.Hour + 250*time.Millisecond))
	desk    = domain.PolicyRef{ID: id("desk"), Version: 3, Hash: hash}
	hours   = domain.PolicyRef{ID: id("hours"), Version: 1, Hash: hash}
	hash    = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	targets = []ticket.Target{
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
	"ticket.class_changed.v1":     ticket.ClassChanged{At: ten, From: ticket.ClassPaid, To: ticket.ClassWarranty, Reason: "within warranty"},
	"ticket.charge_recorded.v1":   ticket.ChargeRecorded{At: ten, AmountFen: 12000, Work: ticket.WorkOnSite, Voucher: "V-1", Reason: "one hour"},
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
		Content: json.RawMessage(`{"chases":[{"after_hours":0,"tell":["borrower","store"]}],"check_days":7,` +
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
		ApprovedBy: id("wang").String(), Policy: desk,
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
	"tool.issued.v1":         tool.Issued{At: nine, To: toolHolder, ApprovedBy: id("wang").String(), Scope: []tool.Holder{toolHolder}, Policy: desk},
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
	"tool.booked.v1": tool.Booked{At: nine, Booking: tool.Booking{
		ID: id("booking"), To: toolHolder, From: ten, Until: eleven, Purpose: "pump 3", Responsible: id("li").String(),
	}, Policy: desk},
	"tool.booking_cancelled.v1": tool.BookingCancelled{At: ten, Booking: id("booking"), By: id("li").String(), Reason: "not needed"},
	"tool.extended.v1":          tool.Extended{At: ten, Until: eleven, By: id("wang").String(), Reason: "not done", Chases: []tool.Chase{{At: eleven, Tell: []string{"store"}}}, Policy: desk},
	"tool.chased.v1":            tool.Chased{At: eleven, Due: ten, Step: 1, Tell: []string{"borrower", "manager"}, Holder: toolHolder, Responsible: id("li").String(), Store: "main"},
	"tool.found.v1":             tool.Found{At: eleven, Store: "main"},
	"tool.scrapped.v1":          tool.Scrapped{At: eleven, Reason: "worn", Keeper: id("li").String(), ApprovedBy: id("wang").String()},
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
