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
		colEvent:           {"event", "event", "string", false, "row_key"},
		colAt:              {"at", "time:timestamp", "date", false, "row_time"},
		colActivity:        {"activity", "concept:name", "string", false, ""},
		colStatus:          {"status", "status", "string", false, ""},
		colStage:           {"stage", "stage", "string", false, "status"},
		colLevel:           {"level", "level", "int", false, "level"},
		colTeam:            {"team", "org:group", "string", false, "team"},
		colTechnician:      {"technician", "org:resource", "string", false, "technician"},
		colOpened:          {"opened_at", "opened_at", "date", true, "opened_time"},
		colKind:            {"kind", "kind", "string", true, "kind"},
		colProblem:         {"problem", "problem", "string", true, "problem"},
		colChannel:         {"channel", "channel", "string", true, "channel"},
		colClaimResolved:   {"claim_resolved_at", "claim_resolved_at", "date", false, "source_resolved_time"},
		colClaimMet:        {"claim_sla_met", "claim_sla_met", "boolean", false, "source_sla_met"},
		colClaimReassigned: {"claim_reassignments", "claim_reassignments", "int", false, "source_reassignments"},
		colJudged:          {"judged", "judged", "string", false, ""},
		colCustomer:        {"customer", "customer", "string", true, "customer"},
		colPhone:           {"phone", "phone", "string", true, ""},
		colText:            {"text", "text", "string", true, ""},
		colNote:            {"note", "note", "string", false, ""},
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
