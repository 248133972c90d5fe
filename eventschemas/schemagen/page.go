package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/eventschemas"
)

//go:embed events.md.tmpl
var pageText string

var pageTemplate = template.Must(template.New("events.md").Parse(pageText))

// use says of an event type what its struct does not: what emits it and who
// reads it beside the projections, which the source tells.
type use struct {
	stream  string   // name of its stream
	by      []string // types of the commands that emit it
	when    string   // on what condition, beside the command
	readers []string
}

const (
	ticketStream = "`fl.ticket-<uuid>`"
	ownDecider   = "its own decider"
)

// uses has an entry for every event type.
var uses = map[string]use{
	"ticket.registered.v1":              onTicket("", "ticket.register", "ticket.import_row"),
	"ticket.accepted.v1":                onTicket("", "ticket.accept", "ticket.import_row"),
	"ticket.assigned.v1":                onTicket("", "ticket.assign", "ticket.import_row"),
	"ticket.level_changed.v1":           onTicket("", "ticket.change_level", "ticket.import_row"),
	"ticket.paused.v1":                  onTicket("", "ticket.pause", "ticket.import_row"),
	"ticket.resumed.v1":                 onTicket("of a paused ticket", "ticket.resume", "ticket.arrive", "ticket.import_row"),
	"ticket.arrived.v1":                 onTicket("", "ticket.arrive", "ticket.import_row"),
	"ticket.resolved.v1":                onTicket("", "ticket.resolve", "ticket.import_row"),
	"ticket.signed_off.v1":              onTicket("", "ticket.sign_off", "ticket.import_row"),
	"ticket.closed.v1":                  onTicket("", "ticket.close", "ticket.import_row"),
	"ticket.reopened.v1":                onTicket("", "ticket.reopen", "ticket.import_row"),
	"ticket.source_verdict_recorded.v1": onTicket("", "ticket.import_row"),
	"ticket.judged.v1": onTicket("directly after the event that ended the clock",
		"ticket.accept", "ticket.arrive", "ticket.resolve", "ticket.sign_off", "ticket.close", "ticket.merge", "ticket.withdraw", "ticket.reject",
		"ticket.add_note", "ticket.rejudge", "ticket.import_row"),
	"ticket.pause_recorded.v1":    onTicket("", "ticket.record_pause"),
	"ticket.visit_needed.v1":      onTicket("", "ticket.find_visit_needed"),
	"ticket.arrival_agreed.v1":    onTicket("", "ticket.agree_arrival"),
	"ticket.zone_changed.v1":      onTicket("", "ticket.change_service_zone"),
	"ticket.retargeted.v1":        onTicket("", "ticket.retarget"),
	"ticket.merged.v1":            onTicket("", "ticket.merge"),
	"ticket.withdrawn.v1":         onTicket("", "ticket.withdraw"),
	"ticket.rejected.v1":          onTicket("", "ticket.reject"),
	"ticket.class_changed.v1":     onTicket("", "ticket.change_class"),
	"ticket.charge_recorded.v1":   onTicket("", "ticket.record_charge"),
	"ticket.followed.v1":          onTicket("", "ticket.follow"),
	"ticket.unfollowed.v1":        onTicket("", "ticket.unfollow"),
	"ticket.help_requested.v1":    onTicket("", "ticket.request_help"),
	"ticket.emergency_planned.v1": onTicket("", "ticket.plan_emergency"),
	"ticket.note_added.v1":        onTicket("", "ticket.add_note"),
	"ticket.updated.v1":           onTicket("if the customer was told", "ticket.add_note"),
	"ticket.escalated.v1":         onTicket("once a target, cycle and step", "ticket.escalate_if_due"),
	"ticket.due_corrected.v1":     onTicket("directly after a late fact or a strike", "ticket.accept", "ticket.arrive", "ticket.record_pause", "ticket.rejudge"),
	"record.struck.v1": {
		stream: "any, that of the struck event", by: []string{"record.strike"},
		readers: []string{"every fold of commands", "every projection, through the reader, which hands it the stream afresh"},
	},
	"policy.version_recorded.v1": {
		stream: "`fl.policy-<uuid>`", by: []string{"policy.record", "policy.import_notice"}, readers: []string{ownDecider, "domain/ticket, as the policy book of a command"},
	},
	"policy.version_approved.v1": {
		stream: "`fl.policy-<uuid>`", by: []string{"policy.approve"}, readers: []string{ownDecider, "domain/ticket, as the policy book of a command"},
	},
	"person.registered.v1": {
		stream: "`fl.person-<uuid>`", by: []string{"person.register", "person.import"}, readers: []string{ownDecider, "`record.strike`, for the second person"},
	},
	"team.registered.v1": {stream: "`fl.team-<uuid>`", by: []string{"team.register", "team.import"}, readers: []string{ownDecider}},
	"site.registered.v1": {
		stream: "`fl.site-<uuid>`", by: []string{"site.register"}, readers: []string{ownDecider, "`ticket.register` and `ticket.import_row`, for the zone"},
	},
	"site.policy_set_chosen.v1": {
		stream: "`fl.site-<uuid>`", by: []string{"site.choose_policy_set"}, readers: []string{ownDecider, "domain/ticket, as the policy book of a command"},
	},
	"view.saved.v1":   {stream: "`fl.view-<uuid>`", by: []string{"view.save", "view.change"}, readers: []string{ownDecider}},
	"view.deleted.v1": {stream: "`fl.view-<uuid>`", by: []string{"view.delete"}, readers: []string{ownDecider}},
	"claim.claimed.v1": {
		stream: "`fl.claim-<kind>-<hash>`", by: []string{"claim.take"}, when: "which `person.register` and `person.import` send first", readers: []string{ownDecider},
	},
	"process.opened.v1":    ofProcess("at the log's head when the manager first starts, and for each further part", "process.open"),
	"process.claimed.v1":   ofProcess("before a process keeps or sends anything for the manager", "process.claim"),
	"process.noticed.v1":   ofProcess("", "process.notice"),
	"process.begun.v1":     ofProcess("once a task", "process.begin"),
	"process.recorded.v1":  ofProcess("once a batch of commands", "process.record"),
	"process.continued.v1": ofProcess("as the last of a part", "process.continue"),
	"number.block_reserved.v1": {
		stream: "`fl.number-<site>-<kind>-<year>`", by: []string{"number.reserve"}, when: "which `ticket.register` sends when a process has no number left",
		readers: []string{ownDecider, "the process that reserved the block"},
	},
	"tool.registered.v1":             onTool("tool.register", "tool.import"),
	"loss.opened.v1":                 onLoss("loss.open", "loss.report_damage"),
	"loss.finding_made.v1":           onLoss("loss.find"),
	"loss.certified.v1":              onLoss("loss.certify"),
	"loss.assessed.v1":               onLoss("loss.assess"),
	"loss.replaced.v1":               onLoss("loss.replace"),
	"loss.requisitioned.v1":          onLoss("loss.requisition"),
	"loss.proposed.v1":               onLoss("loss.propose"),
	"loss.proposal_withdrawn.v1":     onLoss("loss.withdraw_proposal"),
	"loss.approved.v1":               onLoss("loss.approve"),
	"loss.points_recorded.v1":        onLoss("loss.record_points"),
	"loss.correction_requested.v1":   onLoss("loss.request_correction"),
	"loss.ended.v1":                  onLoss("loss.waive", "loss.confirm_correction", "loss.find_again"),
	"deduction.opened.v1":            onAccount("as the first of a year", "deduction.open", "deduction.enter"),
	"deduction.entered.v1":           onAccount("", "deduction.enter"),
	"deduction.posted.v1":            onAccount("", "deduction.post"),
	"deduction.cancelled.v1":         onAccount("", "deduction.cancel"),
	"deduction.closed.v1":            onAccount("as the last of a year, before the first command of a later one", "deduction.close"),
	"tool.issued.v1":                 onTool("tool.issue"),
	"tool.accepted.v1":               onTool("tool.accept"),
	"tool.refused.v1":                onTool("tool.refuse"),
	"tool.lent.v1":                   onTool("tool.lend"),
	"tool.returned.v1":               onTool("tool.return"),
	"tool.handed_over.v1":            onTool("tool.hand_over"),
	"tool.blocked.v1":                onTool("tool.block", "tool.return", "tool.inspect", "tool.report_fault"),
	"tool.cleared.v1":                onTool("tool.clear"),
	"tool.inspected.v1":              onTool("tool.inspect"),
	"tool.sent_to_repair.v1":         onTool("tool.send_to_repair"),
	"tool.reported_missing.v1":       onTool("tool.report_missing"),
	"tool.found.v1":                  onTool("tool.find"),
	"tool.scrapped.v1":               onTool("tool.scrap"),
	"tool.kept.v1":                   onTool("tool.keep"),
	"tool.released.v1":               onTool("tool.release"),
	"tool.exchanged.v1":              onTool("tool.settle"),
	"exchange.applied.v1":            onExchange("", "exchange.apply"),
	"exchange.approved.v1":           onExchange("", "exchange.approve"),
	"exchange.refused.v1":            onExchange("", "exchange.refuse"),
	"exchange.withdrawn.v1":          onExchange("", "exchange.withdraw", "exchange.cancel"),
	"exchange.surrendered.v1":        onExchange("", "exchange.surrender"),
	"exchange.inspected.v1":          onExchange("", "exchange.inspect"),
	"exchange.fault_found.v1":        onExchange("if the tool did not reach its life by human fault", "exchange.inspect"),
	"exchange.replacement_chosen.v1": onExchange("", "exchange.choose"),
	"exchange.reserved.v1":           onExchange("if both tools are kept", "exchange.reserve"),
	"exchange.reservation_failed.v1": onExchange("if a tool could not be kept", "exchange.reserve"),
	"exchange.completed.v1":          onExchange("", "exchange.complete"),
	"exchange.settled.v1":            onExchange("", "exchange.settle"),
	"tool.fault_reported.v1":         onTool("tool.report_fault"),
	"tool.repair_planned.v1":         onTool("tool.plan_repair"),
	"tool.repair_approved.v1":        onTool("tool.approve_repair"),
	"recall.reported.v1":             {stream: "`fl.recall-<uuid>`", by: []string{"recall.report"}, readers: []string{ownDecider, "process manager `recall`"}},
	"recall.decided.v1":              {stream: "`fl.recall-<uuid>`", by: []string{"recall.record"}, when: "which the process manager sends for each 100 tools", readers: []string{ownDecider}},
	"recall.closed.v1":               {stream: "`fl.recall-<uuid>`", by: []string{"recall.close"}, readers: []string{ownDecider}},
	"annual.listed.v1":               {stream: "`fl.annual-issue-<site>-<year>`", by: []string{"annual.list"}, readers: []string{ownDecider}},
	"annual.approved.v1":             {stream: "`fl.annual-issue-<site>-<year>`", by: []string{"annual.approve"}, readers: []string{ownDecider, "process manager `annual`"}},
	"annual.decided.v1":              {stream: "`fl.annual-issue-<site>-<year>`", by: []string{"annual.record"}, when: "which the process manager sends for each 100 tools", readers: []string{ownDecider}},
	"stocktake.started.v1":           onStocktake("stocktake.start"),
	"stocktake.listed.v1":            onStocktake("stocktake.list"),
	"stocktake.joined.v1":            onStocktake("stocktake.join"),
	"stocktake.counting_ended.v1":    onStocktake("stocktake.end_counting"),
	"stocktake.counted.v1":           onStocktake("stocktake.count"),
	"stocktake.differed.v1":          onStocktake("stocktake.count"),
	"stocktake.recount_ordered.v1":   onStocktake("stocktake.recount"),
	"stocktake.signed.v1":            onStocktake("stocktake.sign"),
	"stocktake.closed.v1":            onStocktake("stocktake.sign"),
	"stocktake.cancelled.v1":         onStocktake("stocktake.cancel"),
	"stocktake.scanned.v1":           {stream: "`fl.stocktake-<uuid>-<scanner>-<part>`", by: []string{"stocktake.scan"}, readers: []string{ownDecider, "`stocktake.count`, for the result"}},
	"stocktake.session_closed.v1":    {stream: "`fl.stocktake-<uuid>-<scanner>-<part>`", by: []string{"stocktake.close_session"}, readers: []string{ownDecider}},
	"inspection.planned.v1":          onPlan("inspection_plan.set"),
	"inspection.plan_ended.v1":       onPlan("inspection_plan.end"),
	"inspection.checked.v1":          onPlan("inspection_plan.check"),
	"inspection.called_back.v1":      onPlan("inspection_plan.call_back"),
	"inspection.placed.v1":           onPlan("inspection_plan.place"),
	"ledger.compared.v1":             {stream: "`fl.ledger-check-<uuid>`", by: []string{"ledger.compare"}, readers: []string{ownDecider}},
	"ledger.opened.v1":               {stream: "`fl.ledger-check-<uuid>`", by: []string{"ledger.compare"}, readers: []string{ownDecider}},
	"ledger.settled.v1":              {stream: "`fl.ledger-check-<uuid>`", by: []string{"ledger.settle"}, readers: []string{ownDecider}},
	"climate.recorded.v1":            {stream: "`fl.climate-<site>.<store>-<month>`", by: []string{"climate.record"}, readers: []string{ownDecider}},
	"climate.deviated.v1":            {stream: "`fl.climate-<site>.<store>-<month>`", by: []string{"climate.record"}, readers: []string{ownDecider}},
	"stock.opened.v1":                ofSupply("stock", "by the first movement of a part", "", "stock.open"),
	"stock.received.v1":              ofSupply("stock", "", "", "stock.receive"),
	"stock.issued.v1":                ofSupply("stock", "", "process manager `stock`", "stock.issue"),
	"stock.adjusted.v1":              ofSupply("stock", "", "", "stock.adjust"),
	"stock.fell_short.v1":            ofSupply("stock", "directly after a movement that leaves fewer than the minimum", "process manager `stock`", "stock.issue", "stock.adjust", "stock.receive"),
	"stock.continued.v1":             ofSupply("stock", "by the first movement of another month, or at 900 events", "", "stock.continue"),
	"demand.planned.v1":              ofSupply("demand", "", "", "demand.plan"),
	"demand.revised.v1":              ofSupply("demand", "", "", "demand.revise"),
	"demand.approved.v1":             ofSupply("demand", "", "", "demand.approve"),
	"demand.rejected.v1":             ofSupply("demand", "", "", "demand.reject"),
	"demand.taken.v1":                ofSupply("demand", "which `purchase.request` sends first", "", "demand.take"),
	"demand.given_back.v1":           ofSupply("demand", "which `purchase.reject` and `purchase.withdraw` send", "", "demand.give_back"),
	"need.entered.v1":                ofSupply("need", "which `purchase.quote` sends first", "", "need.enter"),
	"need.left.v1":                   ofSupply("need", "which `purchase.reject` and `purchase.withdraw` send", "", "need.leave"),
	"purchase.requested.v1":          ofSupply("purchase", "", "", "purchase.request"),
	"purchase.checked.v1":            ofSupply("purchase", "", "", "purchase.check"),
	"purchase.quoted.v1":             ofSupply("purchase", "", "", "purchase.quote"),
	"purchase.approved.v1":           ofSupply("purchase", "", "", "purchase.approve"),
	"purchase.rejected.v1":           ofSupply("purchase", "", "", "purchase.reject"),
	"purchase.withdrawn.v1":          ofSupply("purchase", "", "", "purchase.withdraw"),
	"purchase.ordered.v1":            ofSupply("purchase", "", "", "purchase.order"),
	"purchase.delivered.v1":          ofSupply("purchase", "which `acceptance.deliver` sends first", "", "purchase.deliver"),
	"purchase.taken_back.v1":         ofSupply("purchase", "", "", "purchase.take_back"),
	"acceptance.delivered.v1":        ofSupply("acceptance", "", "", "acceptance.deliver"),
	"acceptance.checked.v1":          ofSupply("acceptance", "", "", "acceptance.check"),
	"acceptance.tried.v1":            ofSupply("acceptance", "", "", "acceptance.try"),
	"acceptance.accepted.v1":         ofSupply("acceptance", "", "process manager `acceptance`", "acceptance.accept"),
	"acceptance.rejected.v1":         ofSupply("acceptance", "", "process manager `acceptance`", "acceptance.reject"),
	"scrap.requested.v1":             ofSupply("scrap", "", "", "scrap.request"),
	"scrap.approved.v1":              ofSupply("scrap", "", "process manager `scrap`", "scrap.approve"),
	"scrap.rejected.v1":              ofSupply("scrap", "", "", "scrap.reject"),
	"scrap.carried_out.v1":           ofSupply("scrap", "", "", "scrap.settle"),
	"scrap.failed.v1":                ofSupply("scrap", "", "", "scrap.settle"),
	"scrap.disposed.v1":              ofSupply("scrap", "", "", "scrap.dispose"),
	"person.posted.v1":               onPerson("person.post"),
	"person.team_changed.v1":         onPerson("person.change_team"),
	"person.left.v1":                 onPerson("person.leave"),
	"card.opened.v1":                 onCard("with the first command of a part", "card.enter", "card.close"),
	"card.entered.v1":                onCard("which `tool.issue`, `tool.lend`, `tool.hand_over` and `tool.register` send first", "card.enter"),
	"card.closed.v1":                 onCard("which `person.leave` sends first", "card.close"),
	"card.continued.v1":              onCard("as the last of a part", "card.continue"),
	"card.checked.v1":                onCard("", "card.check"),
	"kit.registered.v1":              onKit("kit.register"),
	"kit.tool_added.v1":              onKit("kit.add_tool"),
	"kit.tool_removed.v1":            onKit("kit.remove_tool"),
	"kit.issue_ordered.v1":           onKit("kit.issue"),
	"kit.return_ordered.v1":          onKit("kit.return"),
	"tool.booked.v1":                 onTool("tool.book"),
	"tool.booking_cancelled.v1":      onTool("tool.cancel_booking"),
	"tool.extended.v1":               onTool("tool.extend"),
	"tool.chased.v1":                 onTool("tool.chase_if_due"),
}

func onExchange(when string, by ...string) use {
	return use{stream: "`fl.exchange-<uuid>`", by: by, when: when, readers: []string{ownDecider, "`commands/process`, the manager `exchange`"}}
}

func onLoss(by ...string) use {
	return use{stream: "`fl.loss-<uuid>`", by: by, readers: []string{ownDecider, "the process manager `loss`"}}
}

func onAccount(when string, by ...string) use {
	return use{stream: "`fl.deduction-account-<person>-<year>`", by: by, when: when, readers: []string{ownDecider}}
}

func onTool(by ...string) use {
	return use{stream: "`fl.tool-<uuid>`", by: by, readers: []string{ownDecider}}
}

func ofProcess(when string, by ...string) use {
	return use{stream: "`fl.process-<manager>-<part>`", by: by, when: when, readers: []string{ownDecider}}
}

func onTicket(when string, by ...string) use {
	return use{stream: ticketStream, by: by, when: when, readers: []string{ownDecider}}
}

// meanings says what fields mean whose struct leaves it to their name: by
// struct and name, else by name.
var meanings = map[string]string{
	"ticket.LevelChanged.from":      "level before",
	"ticket.LevelChanged.to":        "level after",
	"ticket.LevelChanged.reason":    "why; `import` for imported rows",
	"ticket.LevelChanged.at":        "when it happened",
	"ticket.Reopened.reason":        "why; `import` for imported rows",
	"ticket.Reopened.targets":       "agreed times of the new cycle's clock",
	"ticket.Span.from":              "start, included",
	"ticket.Span.to":                "end, not included",
	"site.Registered.name":          "name of the site",
	"team.Registered.name":          "name of the team",
	"team.Registered.code":          "the team's key at its site",
	"person.Registered.name":        "the person's name",
	"process.Task.input":            "the event that it is about",
	"process.Task.act_at":           "not acted on before",
	"process.Input.stream":          "its stream",
	"process.Input.event_id":        "its id",
	"process.Input.revision":        "its revision there",
	"process.Noticed.input":         "the event",
	"process.Outcome.result":        "what it came to",
	"record.Struck.second_person":   "id of the person who agreed, not the actor",
	"number.BlockReserved.to":       "included",
	"eventschemas.Actor.issuer":     "issuer of the token, `fieldledger` for the program itself",
	"eventschemas.Actor.subject":    "who it is at the issuer",
	"eventschemas.Actor.roles":      "roles that the token gave",
	"eventschemas.CommandRef.type":  "what was asked for, `ticket.assign`",
	"eventschemas.Source.system":    "name of the source system",
	"policy.SLATarget.level":        "fault level, 1 to 4 (TKT-04)",
	"policy.VersionRecorded.author": "who wrote it",
	"policy.VersionRecorded.reason": "why",
	"site.PolicySetChosen.reason":   "why",
	"domain.PolicyRef.id":           "id of the policy",
	"calendar.Week.mon":             "hours of a Monday, from and to by the clock on the wall; `24:00` is legal as the end, an end at or before the start lies on the next day",
	"calendar.Week.tue":             "as `mon`",
	"calendar.Week.wed":             "as `mon`",
	"calendar.Week.thu":             "as `mon`",
	"calendar.Week.fri":             "as `mon`",
	"calendar.Week.sat":             "as `mon`",
	"calendar.Week.sun":             "as `mon`",
	"policy":                        "policy version that agreed the time",
	"calendar":                      "policy version of the calendar that it counts by",
	"at":                            "when it happened",
	"brand":                         "maker",
	"code":                          "of the kind of tools, or of the item that is kept in stock",
	"count":                         "pieces",
	"item":                          "code of the item",
	"line":                          "its place in the plan, from 0",
	"lines":                         "what is needed",
	"lot":                           "code of the lot",
	"name":                          "what it is called",
	"number":                        "marked on it",
	"ok":                            "whether it is as it should be",
	"passed":                        "whether it is good",
	"pieces":                        "how many",
	"purchase":                      "id of the purchase",
	"quote":                         "number of the quote, from 1",
	"short":                         "it is reported short of its minimum already",
	"signed":                        "who signs, and in which role",
	"spec":                          "size or model",
	"store":                         "code of the store",
	"supplier":                      "who would deliver it",
	"unit_price_fen":                "of one piece",
	"what":                          "size, appearance, fit or another",
	"approver":                      "who approved it, `\"\"` for nobody; never the author (POL-05)",
	"cycle":                         "of the clock; 1 was the first",
	"effective_from":                "from when on it is in force",
	"external":                      "what other systems call it",
	"limit_s":                       "agreed time of the clock",
	"note":                          "free text",
	"phone":                         "phone number",
	"resolved_at":                   "when the source says that it was resolved",
	"signer":                        "name of who signed",
	"sla_met":                       "whether the source says that its own target was met",
	"start_at":                      "when the clock started",
	"targets":                       "agreed times",
}

// page is what the template shows.
type page struct {
	Index    []group
	Events   []entry
	Parts    []entry
	Enums    []enum
	Envelope entry
	EnvParts []entry
}

type group struct {
	Category, Stream string
	Events           []entry
}

// entry is an event type or a struct in one.
type entry struct {
	Name, Go, Says, Stream, Emitted, Read, Example string
	Fields                                         []field
	Newest                                         bool
}

type field struct{ Name, Type, Meaning string }

type enum struct {
	Name, Says string
	Values     []constant
}

// Anchor is where a link to the entry goes.
func (e entry) Anchor() string {
	return strings.ToLower(strings.NewReplacer(".", "", " ", "-").Replace(e.Name))
}

// Anchor is where a link to the enumeration goes.
func (e enum) Anchor() string { return entry{Name: e.Name}.Anchor() }

// pageOf writes docs/events.md.
func pageOf(root string) ([]byte, error) {
	s, err := readSources(root)
	if err != nil {
		return nil, err
	}
	w := &pageWriter{sources: s, root: root}
	p := page{}
	for _, t := range eventschemas.Types() {
		e, err := w.event(t)
		if err != nil {
			return nil, err
		}
		p.Events = append(p.Events, e)
		category, _, _ := strings.Cut(t.Name, ".")
		if n := len(p.Index); n == 0 || p.Index[n-1].Category != category {
			p.Index = append(p.Index, group{Category: category, Stream: e.Stream})
		}
		p.Index[len(p.Index)-1].Events = append(p.Index[len(p.Index)-1].Events, e)
	}
	if p.Parts, err = w.drain(); err != nil {
		return nil, err
	}
	envelope := reflect.TypeFor[eventschemas.Envelope]()
	if p.Envelope.Fields, err = w.fields(envelope); err != nil {
		return nil, err
	}
	if p.EnvParts, err = w.drain(); err != nil {
		return nil, err
	}
	p.Enums = w.enums()
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write events page: %w", err)
	}
	return b.Bytes(), nil
}

// pageWriter collects the structs and enumerations that fields lead to.
type pageWriter struct {
	*sources
	root  string
	parts []reflect.Type // structs met, in order
	done  int            // of parts, already shown
	met   []reflect.Type // enumerations met, in order
}

func typeName(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

func shortName(t reflect.Type) string { return path.Base(t.PkgPath()) + "." + t.Name() }

func (w *pageWriter) event(t eventschemas.TypeInfo) (entry, error) {
	u, ok := uses[t.Name]
	if !ok {
		return entry{}, fmt.Errorf("say in uses who emits and who reads %s", t.Name)
	}
	fields, err := w.fields(t.Go)
	if err != nil {
		return entry{}, err
	}
	examples, err := filepath.Glob(filepath.Join(w.root, "eventschemas", "testdata", t.Name+"*.json"))
	if err != nil || len(examples) == 0 {
		return entry{}, fmt.Errorf("%s has no example in testdata: %w", t.Name, err)
	}
	decider, _, _ := strings.Cut(t.Name, ".")
	emitted := "`" + strings.Join(u.by, "`, `") + "` (domain/" + decider + ")"
	if u.when != "" {
		emitted += ", " + u.when
	}
	readers := slices.Clone(u.readers)
	projections := w.readers[typeName(t.Go)]
	slices.Sort(projections)
	readers = append(readers, projections...)
	return entry{
		Name: t.Name, Go: shortName(t.Go), Newest: t.Newest, Stream: u.stream, Fields: fields, Example: shortest(examples),
		Says:    strings.TrimSpace(strings.ReplaceAll(w.types[typeName(t.Go)], "Type "+t.Name+".", "")),
		Emitted: emitted,
		Read:    strings.Join(readers, "; "),
	}, nil
}

// shortest is the name of the plain example, without a variant's name in it.
func shortest(paths []string) string {
	return filepath.Base(slices.MinFunc(paths, func(a, b string) int { return cmp.Compare(len(a), len(b)) }))
}

// drain shows the structs that were met since the last time.
func (w *pageWriter) drain() ([]entry, error) {
	var out []entry
	for ; w.done < len(w.parts); w.done++ {
		t := w.parts[w.done]
		fields, err := w.fields(t)
		if err != nil {
			return nil, err
		}
		out = append(out, entry{Name: shortName(t), Says: w.types[typeName(t)], Fields: fields})
	}
	return out, nil
}

func (w *pageWriter) enums() []enum {
	out := make([]enum, len(w.met))
	for i, t := range w.met {
		out[i] = enum{Name: shortName(t), Says: w.types[typeName(t)], Values: w.constants[typeName(t)]}
	}
	return out
}

func (w *pageWriter) fields(t reflect.Type) ([]field, error) {
	var out []field
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		form, err := w.form(t, f)
		if err != nil {
			return nil, fmt.Errorf("field %v.%s: %w", t, f.Name, err)
		}
		meaning := w.meaning(t, f, name)
		if meaning == "" {
			return nil, fmt.Errorf("field %v.%s has no comment", t, f.Name)
		}
		if u := unit(name); u != "" {
			form += ", " + u
		}
		if options == "omitempty" {
			form += ", may be absent"
		}
		out = append(out, field{Name: name, Type: form, Meaning: strings.ReplaceAll(meaning, "|", `\|`)})
	}
	return out, nil
}

var onlyRule = regexp.MustCompile(`^[A-Z]{3}-\d\d$`)

// meaning is a field's own comment, else what its name stands for, else what
// its type says of itself. A comment that is only a rule id goes behind that.
func (w *pageWriter) meaning(t reflect.Type, f reflect.StructField, name string) string {
	own := afterName(f.Name, w.sources.fields[typeName(t)+"."+f.Name])
	if own != "" && !onlyRule.MatchString(own) {
		return wireNames(t, own)
	}
	says := cmp.Or(meanings[shortName(t)+"."+name], meanings[name], w.ofType(f.Type))
	if own != "" && !strings.Contains(says, own) {
		says += " (" + own + ")"
	}
	return says
}

// ofType is the first sentence of a type's own comment, without its name.
func (w *pageWriter) ofType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Name() == "" {
		t = t.Elem()
	}
	says, _, _ := strings.Cut(w.types[typeName(t)], ". ")
	return afterName(t.Name(), says)
}

// afterName is a comment without the Go name that it starts with.
func afterName(name, says string) string {
	for _, verb := range []string{" is ", " says ", " names ", " holds "} {
		if rest, ok := strings.CutPrefix(says, name+verb); ok {
			says = rest
		}
	}
	return strings.TrimSuffix(says, ".")
}

var goNames = regexp.MustCompile(`\b(?:At|[A-Z][a-z]+[A-Z]\w*)\b`)

// wireNames writes the Go names of t's fields in a comment as they are on the wire.
func wireNames(t reflect.Type, comment string) string {
	return goNames.ReplaceAllStringFunc(comment, func(word string) string {
		f, ok := t.FieldByName(word)
		if !ok {
			return word
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return "`" + name + "`"
	})
}

// unit reads the unit in a name's end.
func unit(name string) string {
	for suffix, unit := range map[string]string{"_s": "seconds", "_fen": "fen (CNY)", "_ppm": "ppm"} {
		if strings.HasSuffix(name, suffix) {
			return unit
		}
	}
	return ""
}

// form names the wire form of a field.
func (w *pageWriter) form(t reflect.Type, f reflect.StructField) (string, error) {
	if t == reflect.TypeFor[policy.VersionRecorded]() && f.Name == "Content" {
		sla, err := w.formOf(reflect.TypeFor[policy.SLA]())
		if err != nil {
			return "", err
		}
		hours, err := w.formOf(reflect.TypeFor[calendar.Content]())
		if err != nil {
			return "", err
		}
		codes, err := w.formOf(reflect.TypeFor[policy.Codes]())
		return sla + ", " + hours + " or " + codes + ", by kind", err
	}
	return w.formOf(f.Type)
}

func (w *pageWriter) formOf(t reflect.Type) (string, error) {
	switch t {
	case reflect.TypeFor[domain.Instant]():
		return "instant", nil
	case reflect.TypeFor[domain.Day]():
		return "date", nil
	case reflect.TypeFor[uuid.UUID]():
		return "UUID", nil
	case reflect.TypeFor[json.RawMessage]():
		return "object", nil
	case reflect.TypeFor[[]byte]():
		return "base64", nil
	case reflect.TypeFor[ticket.Level]():
		return "integer, 1 to 4", nil
	case reflect.TypeFor[calendar.Hours]():
		return "pair of `\"HH:MM\"`", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.formOf(t.Elem())
	case reflect.String:
		return w.text(t), nil
	case reflect.Bool:
		return "true or false", nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "integer", nil
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		return "integer ≥ 0", nil
	case reflect.Slice:
		inner, err := w.formOf(t.Elem())
		return "list of " + inner, err
	case reflect.Map:
		key, err := w.formOf(t.Key())
		if err != nil {
			return "", err
		}
		inner, err := w.formOf(t.Elem())
		return "object: " + key + " → " + inner, err
	case reflect.Struct:
		if !slices.Contains(w.parts, t) {
			w.parts = append(w.parts, t)
		}
		return link(t), nil
	default:
		return "", fmt.Errorf("%v has no wire form", t)
	}
}

// text is the form of a string: an enumeration if its type has constants.
func (w *pageWriter) text(t reflect.Type) string {
	if len(w.constants[typeName(t)]) == 0 {
		return "string"
	}
	if !slices.Contains(w.met, t) {
		w.met = append(w.met, t)
	}
	return link(t)
}

func link(t reflect.Type) string {
	return "[" + shortName(t) + "](#" + entry{Name: shortName(t)}.Anchor() + ")"
}

func onStocktake(by ...string) use {
	return use{stream: "`fl.stocktake-<uuid>`", by: by, readers: []string{ownDecider}}
}

func onPlan(by ...string) use {
	return use{stream: "`fl.inspection-plan-<site>.<kind>`", by: by, readers: []string{ownDecider}}
}

// ofSupply is on a stream of stock, demand, purchase, acceptance or scrap.
func ofSupply(category, when, reader string, by ...string) use {
	u := use{stream: "`fl." + category + "-<uuid>`", by: by, when: when, readers: []string{ownDecider}}
	if category == "stock" {
		u.stream = "`fl.stock-<uuid>-<part>`"
	}
	if reader != "" {
		u.readers = append(u.readers, reader)
	}
	return u
}

func onPerson(by ...string) use {
	return use{stream: "`fl.person-<uuid>`", by: by, readers: []string{ownDecider, "`tool.issue`, for posts and team"}}
}

func onKit(by ...string) use {
	return use{stream: "`fl.kit-<uuid>`", by: by, readers: []string{ownDecider}}
}

func onCard(when string, by ...string) use {
	return use{stream: "`fl.card-<uuid>`", by: by, when: when, readers: []string{ownDecider}}
}
