package exportlog

// The columns by their place in a row.
const (
	colTicket = iota
	colEvent
	colAt
	colActivity
	colStatus
	colStage
	colLevel
	colTeam
	colTechnician
	colOpened
	colKind
	colProblem
	colChannel
	colClaimResolved
	colClaimMet
	colClaimReassigned
	colJudged
	colCustomer
	colPhone
	colText
	colNote
)

// column is one column of CSV and one attribute of XES.
type column struct {
	csv   string // header
	xes   string // attribute key
	typ   string // element of XES: string, date, int, boolean
	trace bool   // an attribute of the trace: the same in each row of a ticket
	role  string // key under columns in a mapping; "" for one that is not imported
}

func columns() []column {
	return []column{
		colTicket:          {"ticket", "concept:name", "string", true, "ticket"},
		colEvent:           {"event", "fieldledger:event", "string", false, "row_key"},
		colAt:              {"at", "time:timestamp", "date", false, "row_time"},
		colActivity:        {"activity", "concept:name", "string", false, ""},
		colStatus:          {"status", "fieldledger:status", "string", false, ""},
		colStage:           {"stage", "fieldledger:stage", "string", false, "status"},
		colLevel:           {"level", "fieldledger:level", "int", false, "level"},
		colTeam:            {"team", "org:group", "string", false, "team"},
		colTechnician:      {"technician", "org:resource", "string", false, "technician"},
		colOpened:          {"opened_at", "fieldledger:opened_at", "date", true, "opened_time"},
		colKind:            {"kind", "fieldledger:kind", "string", true, "kind"},
		colProblem:         {"problem", "fieldledger:problem", "string", true, "problem"},
		colChannel:         {"channel", "fieldledger:channel", "string", true, "channel"},
		colClaimResolved:   {"claim_resolved_at", "fieldledger:claim_resolved_at", "date", false, "source_resolved_time"},
		colClaimMet:        {"claim_sla_met", "fieldledger:claim_sla_met", "boolean", false, "source_sla_met"},
		colClaimReassigned: {"claim_reassignments", "fieldledger:claim_reassignments", "int", false, "source_reassignments"},
		colJudged:          {"judged", "fieldledger:judged", "string", false, ""},
		colCustomer:        {"customer", "fieldledger:customer", "string", true, "customer"},
		colPhone:           {"phone", "fieldledger:phone", "string", true, ""},
		colText:            {"text", "fieldledger:text", "string", true, ""},
		colNote:            {"note", "fieldledger:note", "string", false, ""},
	}
}

// nameIn returns the name of a column as a mapping of a format has it.
func (c column) nameIn(format string) string {
	switch {
	case format == CSV:
		return c.csv
	case c.trace:
		return "trace:" + c.xes
	}
	return c.xes
}
