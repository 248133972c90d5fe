package api_test

import (
	"net/url"
	"strings"

	"github.com/fieldledger/fieldledger/api"
)

// queries are wrong query parameters.
func (p *place) queries() map[string]refusal {
	technician, manager := p.technician, p.f.token("manager")
	out := map[string]refusal{
		"an unknown parameter":  {method: "GET", path: "/v1/tickets?colour=red", status: 400, key: "param.unknown"},
		"valid time":            {method: "GET", path: "/v1/tickets?at=2026-01-01T00:00:00Z", status: 400, key: "param.at_not_offered"},
		"a parameter twice":     {method: "GET", path: "/v1/tickets?limit=1&limit=2", status: 400, key: "param.repeated"},
		"a limit of 0":          {method: "GET", path: "/v1/tickets?limit=0", status: 400, key: "param.invalid"},
		"a huge limit":          {method: "GET", path: "/v1/tickets?limit=1000000000", status: 400, key: "param.invalid"},
		"a limit that is none":  {method: "GET", path: "/v1/tickets?limit=ten", status: 400, key: "param.invalid"},
		"a bad boolean":         {method: "GET", path: "/v1/tickets?overdue=1", status: 400, key: "param.invalid"},
		"a bad status":          {method: "GET", path: "/v1/tickets?status=" + secret, status: 400, key: "param.invalid"},
		"a bad as_of":           {method: "GET", path: "/v1/tickets?as_of=tomorrow", status: 400, key: "param.as_of"},
		"an as_of without zone": {method: "GET", path: "/v1/tickets?as_of=2026-03-02T04:00:00", status: 400, key: "param.as_of"},
		"a negative as_of":      {method: "GET", path: "/v1/tickets?as_of=-1", status: 400, key: "param.as_of"},
		"a padded as_of":        {method: "GET", path: "/v1/tickets?as_of=007", status: 400, key: "param.as_of"},
		"a bad cursor":          {method: "GET", path: "/v1/tickets?cursor=AAAA", status: 400, key: "param.cursor"},
		"a bad min_position":    {method: "GET", path: "/v1/tickets?min_position=AAAA", status: 400, key: "param.min_position"},
		"a bad query":           {method: "GET", path: "/v1/tickets?site=%zz", status: 400, key: "param.malformed"},
		"a body on GET":         {method: "GET", path: "/v1/tickets", body: `{}`, status: 400, key: "body.not_taken"},
		"a day that is not":     {method: "GET", path: "/v1/kpis/sla?site=hq&from=2026-02-30&to=2026-03-01&target=resolution", token: p.f.token("manager"), status: 400, key: "param.day"},
		"a period turned round": {method: "GET", path: "/v1/kpis/sla?site=hq&from=2026-02-02&to=2026-02-01&target=resolution", token: p.f.token("manager"), status: 400, key: "param.period"},
		"KPI without a site":    {method: "GET", path: "/v1/kpis/sla?from=2026-02-01&to=2026-02-01&target=resolution", token: p.f.token("manager"), status: 400, key: "param.missing"},
		"KPI of another site":   {method: "GET", path: "/v1/kpis/sla?site=hq&from=2026-02-01&to=2026-02-01&target=resolution", token: p.f.tokenAt([]string{"north"}, "manager"), status: 404, key: "problem.not_found"},
		"KPI for a technician":  {method: "GET", path: "/v1/kpis/sla?site=hq&from=2026-02-01&to=2026-02-01&target=resolution", token: technician, status: 403, key: "problem.forbidden"},

		"a semicolon":                  {method: "GET", path: "/v1/tickets?limit=1;limit=2", status: 400, key: "param.malformed"},
		"a half escape":                {method: "GET", path: "/v1/tickets?site=%e", status: 400, key: "param.malformed"},
		"an empty name":                {method: "GET", path: "/v1/tickets?=1", status: 400, key: "param.unknown"},
		"a name in capitals":           {method: "GET", path: "/v1/tickets?LIMIT=1", status: 400, key: "param.unknown"},
		"a list of names":              {method: "GET", path: "/v1/tickets?status[]=closed", status: 400, key: "param.unknown"},
		"a nested name":                {method: "GET", path: "/v1/tickets?filter[status]=closed", status: 400, key: "param.unknown"},
		"a name with a control":        {method: "GET", path: "/v1/tickets?a%1b=1", status: 400, key: "param.unknown"},
		"a name of no UTF-8":           {method: "GET", path: "/v1/tickets?%ff=1", status: 400, key: "param.unknown"},
		"a huge name":                  {method: "GET", path: "/v1/tickets?" + strings.Repeat("a", 5000) + "=1", status: 400, key: "param.unknown"},
		"a query to a write":           {path: "/v1/tickets?dry_run=true", body: newTicket, status: 400, key: "param.unknown"},
		"as_of to a write":             {path: "/v1/tickets?as_of=1", body: newTicket, status: 400, key: "param.unknown"},
		"a query to health":            {method: "GET", path: "/v1/health?verbose=1", token: "-", status: 400, key: "param.unknown"},
		"two views":                    {method: "GET", path: "/v1/tickets?view=mine&view=closed", status: 400, key: "param.repeated"},
		"a cursor twice":               {method: "GET", path: "/v1/tickets?cursor=a&cursor=a", status: 400, key: "param.repeated"},
		"min_position of another kind": {method: "GET", path: "/v1/tickets?min_position=" + p.cursor(), status: 400, key: "param.min_position"},
		"a position as a cursor":       {method: "GET", path: "/v1/tickets?cursor=" + p.position(), status: 400, key: "param.cursor"},
		"a period of 100 years":        {method: "GET", path: "/v1/kpis/sla?site=hq&from=1926-01-01&to=2026-01-01&target=resolution", token: manager, status: 400, key: "param.period"},
		"a figure of the year 0":       {method: "GET", path: "/v1/kpis/sla?site=hq&from=0000-01-01&to=0000-01-02&target=resolution", token: manager, status: 400, key: "param.day"},
		"a reason with an override":    {method: "DELETE", path: "/v1/subjects/" + subject.String() + "?reason=%E2%80%AE", token: p.f.token("admin"), header: map[string]string{"Idempotency-Key": "e"}, status: 400, key: "param.text"},
		"no reason":                    {method: "DELETE", path: "/v1/subjects/" + subject.String(), token: p.f.token("admin"), header: map[string]string{"Idempotency-Key": "e"}, status: 400, key: "param.missing"},
		"feed of a bad site":           {method: "GET", path: "/v1/changes?site=HQ", status: 400, key: "param.invalid"},
		"feed of another's site":       {method: "GET", path: "/v1/changes?site=hq", token: p.f.tokenAt([]string{"north"}, "clerk"), status: 404, key: "problem.not_found"},
		"feed as of":                   {method: "GET", path: "/v1/changes?as_of=1", status: 400, key: "param.unknown"},
	}
	for parameter, values := range map[string][]string{
		"sort":        {"", "id", "customer", "called_at,number", "called_at desc", "--called_at", "+called_at", "CALLED_AT", "number;DROP TABLE ticket", "(select 1)", "opened_at", "1"},
		"view":        {"", "all", "sleeping", "Mine", "mine' OR '1'='1", "mine--"},
		"status":      {"", "open", "closed' OR '1'='1", "*", "paused,closed"},
		"level":       {"", "0", "5", "1.0", "1e0", "01", "+1", "-0", "1 OR 1=1", "99999999999999999999", "１"},
		"limit":       {"", "-1", "501", "1.0", "5e1", "0x10", "9223372036854775808", "50 "},
		"overdue":     {"", "TRUE", "yes", "0", "null", "true "},
		"technician":  {"", "me", "1 OR 1=1", "{" + lin.String() + "}", "urn:uuid:" + lin.String(), strings.ReplaceAll(lin.String(), "-", "")},
		"team":        {"none", lin.String() + "'"},
		"saved":       {"", "mine", "{" + lin.String() + "}", lin.String() + "'--"},
		"site":        {"", "HQ", "hq'--", "../hq", "*", "hq,north", strings.Repeat("a", 33), "总部"},
		"kind":        {"", strings.Repeat("k", 65)},
		"problem":     {"", strings.Repeat("k", 65)},
		"opened_from": {"", "2026-3-2", "2026/03/02", "2026-03-02T00:00:00Z", "today"},
		"as_of":       {strings.Repeat("1", 41)},
		"cursor":      {strings.Repeat("A", 1001)},
	} {
		for _, v := range values {
			out[parameter+"="+v] = refusal{method: "GET", path: "/v1/tickets?" + parameter + "=" + url.QueryEscape(v), status: 400, key: "param.invalid"}
		}
	}
	for _, parameter := range []string{"kind", "problem", "site", "as_of", "cursor", "sort"} {
		for name, v := range map[string]string{"NUL": "%00", "no UTF-8": "%ff", "escape": "%1b", "override": "%E2%80%AE"} {
			out[name+" in "+parameter] = refusal{method: "GET", path: "/v1/tickets?" + parameter + "=a" + v, status: 400, key: "param.text"}
		}
	}
	for _, v := range []string{
		"", "0x1", "1.0", "1e3", "+1", " 1", "9223372036854775808", "2026-03-02", "2026-02-30T00:00:00Z", "2026-03-02t04:00:00z", "2026-03-02T04:00:00,5Z",
		"0000-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1 OR 1=1", "1;SELECT 1", "now()", "infinity", "yesterday",
	} {
		out["as_of="+v] = refusal{method: "GET", path: "/v1/tickets?as_of=" + url.QueryEscape(v), status: 400, key: "param.as_of"}
	}
	for _, v := range []string{"2026-02-30", "2026-13-01", "0000-00-00", "0000-01-01", "1899-12-31"} {
		out["opened_to="+v] = refusal{method: "GET", path: "/v1/tickets?opened_to=" + v, status: 400, key: "param.day"}
	}
	for _, v := range []string{"", "!!", "AAAA", "%2e%2e", "eyJsIjoiIn0", "1' OR '1'='1", strings.Repeat("A", 999)} {
		out["cursor="+v] = refusal{method: "GET", path: "/v1/tickets?cursor=" + url.QueryEscape(v), status: 400, key: "param.cursor"}
	}
	return out
}

// cursor is a good cursor of a list of tickets.
func (p *place) cursor() string {
	return *decode[api.TicketPage](p.f.t, p.f.get("/v1/tickets?limit=1", "clerk")).Next
}

// position is a good position of a write.
func (p *place) position() string {
	return p.f.post("/v1/tickets", newTicket, nil, "clerk").header.Get("Fieldledger-Position")
}
