package main

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
	"loss.replacement_given.v1":      onLoss("loss.give"),
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
	"approval.requested.v1":          onApproval("", "approval.request"),
	"approval.given.v1":              onApproval("once a signature", "approval.give"),
	"approval.refused.v1":            onApproval("", "approval.refuse"),
	"approval.withdrawn.v1":          onApproval("", "approval.withdraw"),
	"approval.used.v1":               onApproval("which `tool.issue`, `tool.hand_over`, `tool.scrap` and `stock.adjust` send first where they name an approval", "approval.use"),
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
	"supervision.duty_set.v1":        {stream: "`fl.ledger-duty-<uuid>`", by: []string{"supervision.set_duty"}, readers: []string{ownDecider, "`supervision.record`, for who may"}},
	"supervision.recorded.v1":        {stream: "`fl.ledger-supervision-<uuid>`", by: []string{"supervision.record"}, readers: []string{ownDecider}},
	"supervision.settled.v1":         {stream: "`fl.ledger-supervision-<uuid>`", by: []string{"supervision.settle"}, readers: []string{ownDecider}},
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

func onApproval(when string, by ...string) use {
	return use{stream: "`fl.approval-<uuid>`", by: by, when: when, readers: []string{ownDecider, "the use cases that need an approval"}}
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
