package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// commandOn is a command on a ticket and how it is answered; status 0 is 200.
type commandOn struct {
	name, command, body string
	status              int
	rule, key, pointer  string
}

// run gives commands to one ticket in turn. What is refused writes nothing.
func (f *fixture) run(path, tag string, commands []commandOn, roles ...string) {
	f.t.Helper()
	for _, c := range commands {
		before := f.events()
		r := f.post(path+"/"+c.command, c.body, map[string]string{"If-Match": tag}, roles...)
		if c.status == 0 {
			require.Equal(f.t, http.StatusOK, r.status, "%s %s: %s", c.command, c.name, r.body)
			require.Contains(f.t, r.body, `"changed":true`, c.command)
			require.Greater(f.t, f.events(), before, c.command)
			tag = r.header.Get("ETag")
			continue
		}
		require.Equal(f.t, c.status, r.status, "%s %s: %s", c.command, c.name, r.body)
		p := r.problem(f.t)
		require.Equal(f.t, []string{c.rule, c.key, c.pointer}, []string{p.Rule, p.Key, p.Pointer}, "%s %s", c.command, c.name)
		require.Equal(f.t, before, f.events(), "%s %s", c.command, c.name)
	}
}

func TestTKT11AVisitItsTimeAndItsZoneAreRecordedByCommands(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	r := f.post("/v1/tickets", strings.Replace(newTicket, `{`, `{"service_zone":"town",`, 1), nil, "clerk")
	require.Equal(t, http.StatusCreated, r.status, r.body)
	f.run(r.header.Get("Location"), r.header.Get("ETag"), []commandOn{
		{command: "accept", body: `{}`},
		{command: "visit-needed", body: `{}`},
		{"in the past", "arrival-agreement", `{"arrival_by":"2026-03-02T03:00:00Z","set_by":"customer"}`, 422, "SLA-02", "ticket.arrival_in_past", "/arrival_by"},
		{"of nobody", "arrival-agreement", `{"arrival_by":"2026-03-03T03:00:00Z","set_by":"desk"}`, 422, "", "body.invalid", "/set_by"},
		{command: "arrival-agreement", body: `{"arrival_by":"2026-03-03T03:00:00Z","set_by":"customer"}`},
		{command: "arrival-agreement", body: `{"arrival_by":"2026-03-03T05:00:00Z","set_by":"agreed"}`},
		{"without a reason", "service-zone", `{"zone":"suburb"}`, 422, "", "body.invalid", "/reason"},
		{command: "service-zone", body: `{"zone":"suburb","reason":"地址写错"}`},
		{command: "arrive", body: `{}`},
		{"after the arrival", "arrival-agreement", `{"arrival_by":"2026-03-03T06:00:00Z","set_by":"agreed"}`, 409, "TKT-06", "ticket.on_site", ""},
		{command: "resolve", body: `{}`},
		{"after the end", "visit-needed", `{}`, 409, "TKT-06", "ticket.not_open", ""},
	}, "director")
}

func TestTKT13PausesAreEnteredAfterwardsAndEndedOneByOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	f.clock.Advance(4 * time.Hour)
	f.run(path, tag, []commandOn{
		{"before the call", "recorded-pauses", `{"from":"2026-03-02T03:00:00Z","to":"2026-03-02T05:00:00Z","reason":"parts","clocks":["resolution"],"late_reason":"没有网络"}`, 422, "TKT-13", "ticket.pause_before_call", "/from"},
		{"not over", "recorded-pauses", `{"from":"2026-03-02T07:00:00Z","to":"2026-03-02T09:00:00Z","reason":"parts","clocks":["resolution"],"late_reason":"没有网络"}`, 422, "TKT-13", "ticket.pause_not_over", "/to"},
		{"without a reason for being late", "recorded-pauses", `{"from":"2026-03-02T05:00:00Z","to":"2026-03-02T06:00:00Z","reason":"parts","clocks":["resolution"]}`, 422, "", "body.invalid", "/late_reason"},
		{command: "recorded-pauses", body: `{"from":"2026-03-02T05:00:00Z","to":"2026-03-02T06:00:00Z","reason":"parts","clocks":["resolution"],"evidence":"等水泵","late_reason":"没有网络"}`},
		{"of first contact", "pause", `{"reason":"customer","clocks":["first_contact"]}`, 409, "SLA-06", "ticket.first_contact_runs_on", ""},
		{command: "pause", body: `{"reason":"parts","clocks":["arrival","resolution","next_update"]}`},
		{"of no clock", "resume", `{"clocks":[]}`, 422, "", "body.invalid", "/clocks"},
		{command: "resume", body: `{"clocks":["arrival"]}`},
		{command: "resume", body: `{}`},
	}, "director")
}

func TestSLA05WhatHappenedEarlierIsEnteredLateWithAReason(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	f.clock.Advance(4 * time.Hour)
	f.run(path, tag, []commandOn{
		{command: "level", body: `{"level":1,"reason":"全楼停暖"}`},
		{"at no time", "accept", `{"late_reason":"没有网络"}`, 422, "", "body.invalid", "/at"},
		{"before the last entry", "accept", `{"at":"2026-03-02T05:00:00Z"}`, 409, "AUD-01", "ticket.time_backwards", ""},
		{command: "accept", body: `{"at":"2026-03-02T05:00:00Z","late_reason":"没有网络"}`},
		{"at no time", "arrive", `{"late_reason":"没有网络"}`, 422, "", "body.invalid", "/at"},
		{command: "arrive", body: `{"at":"2026-03-02T06:00:00Z","late_reason":"没有网络"}`},
		{"at no time", "resolve", `{"late_reason":"没有网络"}`, 422, "", "body.invalid", "/at"},
		{command: "resolve", body: `{"at":"2026-03-02T07:00:00Z","late_reason":"没有网络"}`},
	}, "director")
}

func TestSLA05FindingsAgreementsAssignmentsAndUpdatesAreEnteredLate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	f.clock.Advance(4 * time.Hour)
	one := `"team":"` + uuid.NewString() + `"`
	f.run(path, tag, []commandOn{
		{command: "assign", body: `{` + one + `}`},
		{"at no time", "visit-needed", `{"late_reason":"没有网络"}`, 422, "", "body.invalid", "/at"},
		{"before the call", "visit-needed", `{"at":"2026-03-01T05:00:00Z","late_reason":"没有网络"}`, 409, "SLA-05", "ticket.before_call", ""},
		{command: "visit-needed", body: `{"at":"2026-03-02T05:00:00Z","late_reason":"没有网络"}`},
		{command: "arrival-agreement", body: `{"at":"2026-03-02T06:00:00Z","arrival_by":"2026-03-02T07:00:00Z","set_by":"agreed","late_reason":"没有网络"}`},
		{command: "notes", body: `{"at":"2026-03-02T06:30:00Z","text":"已告知客户","to_customer":true,"late_reason":"没有网络"}`},
		{command: "assign", body: `{"at":"2026-03-02T05:30:00Z","technician":"` + uuid.NewString() + `","late_reason":"没有网络"}`},
		{command: "rejection", body: `{"reason":"不是我们的产品"}`},
		{command: "reopen", body: `{"reason":"是我们的"}`},
		{"before it was rejected", "resolve", `{"at":"2026-03-02T07:00:00Z","late_reason":"没有网络"}`, 409, "SLA-05", "ticket.dropped_since", ""},
		{command: "accept", body: `{"at":"2026-03-02T04:30:00Z","late_reason":"没有网络"}`},
	}, "director")
}

func TestTKT06ATicketEndsByWithdrawalRejectionOrMerge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	kept, _ := f.ticket()
	into := `{"into":"` + strings.TrimPrefix(kept, "/v1/tickets/") + `"}`
	f.run(path, tag, []commandOn{
		{"without a text", "notes", `{"text":""}`, 422, "", "body.invalid", "/text"},
		{command: "notes", body: `{"text":"客户催了一次"}`},
		{command: "notes", body: `{"text":"已告知客户","to_customer":true}`},
		{"of what there is not", "merge", `{"into":"` + uuid.NewString() + `"}`, 422, "TKT-17", "ticket.into_unknown", "/into"},
		{command: "merge", body: into},
		{"after the end", "withdrawal", `{"reason":"客户自行修好"}`, 409, "TKT-06", "ticket.not_open", ""},
	}, "clerk")
	merged := `{"into":"` + strings.TrimPrefix(path, "/v1/tickets/") + `"}`
	path, tag = f.ticket()
	f.run(path, tag, []commandOn{
		{"without a reason", "withdrawal", `{}`, 422, "", "body.invalid", "/reason"},
		{"into a duplicate", "merge", merged, 409, "TKT-17", "ticket.merged", ""},
		{command: "withdrawal", body: `{"reason":"客户自行修好"}`},
		{"after the end", "rejection", `{"reason":"不是我们的产品"}`, 409, "TKT-06", "ticket.not_open", ""},
	}, "clerk")
	path, tag = f.ticket()
	f.run(path, tag, []commandOn{
		{command: "rejection", body: `{"reason":"不是我们的产品"}`},
		{"after the end", "merge", into, 409, "TKT-06", "ticket.not_open", ""},
	}, "clerk")
}

func TestORG01ATechnicianEndsNoTicketAndEntersNoPauseAfterwards(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.site()
	path, tag := f.ticket()
	for command, body := range map[string]string{
		"withdrawal": `{"reason":"x"}`, "rejection": `{"reason":"x"}`, "merge": `{"into":"` + uuid.NewString() + `"}`,
		"service-zone":    `{"zone":"town","reason":"x"}`,
		"recorded-pauses": `{"from":"2026-03-02T03:00:00Z","to":"2026-03-02T05:00:00Z","reason":"parts","clocks":["resolution"],"late_reason":"x"}`,
	} {
		r := f.post(path+"/"+command, body, map[string]string{"If-Match": tag}, "technician")
		require.Equal(t, http.StatusForbidden, r.status, command)
	}
	f.run(path, tag, []commandOn{
		{command: "visit-needed", body: `{}`},
		{command: "arrival-agreement", body: `{"arrival_by":"2026-03-03T03:00:00Z","set_by":"agreed"}`},
		{command: "notes", body: `{"text":"明天带泵去"}`},
	}, "technician")
}
