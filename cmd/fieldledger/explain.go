package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
	"github.com/fieldledger/fieldledger/internal/messages"
)

type explainCmd struct {
	Ticket string `arg:"" optional:"" help:"Number or id of a ticket; else a figure is explained."`
	AsOf   string `help:"Log number or RFC 3339 time; now if empty."`
	Lang   string `enum:"en,zh" default:"en" help:"Language of the texts."`

	Now             bool `help:"Ticket: beside what is on record, what the policies that hold by now say of that time."`
	PolicyVersion   int  `help:"Ticket: beside what is on record, what this version of the SLA policy says."`
	CalendarVersion int  `help:"Ticket: beside what is on record, what this version of the calendar says."`

	Site       string `help:"Figure: code of the site."`
	From       string `help:"Figure: first day the tickets were opened on."`
	To         string `help:"Figure: last day."`
	Target     string `default:"resolution" help:"Figure: first_contact, remote_resolution, arrival, resolution or next_update."`
	Measure    string `default:"breached" help:"Figure: met, breached, running, withdrawn, no_target, cases, gross_s, ..."`
	Team       string `help:"Figure: only of a team id."`
	Technician string `help:"Figure: only of a person id."`
	Level      int    `help:"Figure: only of a level."`
}

// Run explains a ticket's verdicts or a figure from the read models as they are.
func (c explainCmd) Run(ctx context.Context, cfg *Config, t *terminal) error {
	at, err := parseAsOf(c.AsOf)
	if err != nil {
		return err
	}
	if c.under() && (c.AsOf != "" || c.Ticket == "") {
		return errors.New("--now, --policy-version and --calendar-version: are of a ticket by what is on record now")
	}
	s, err := open(ctx, cfg, cfg.logger(t), tuning{})
	if err != nil {
		return err
	}
	err = s.during(ctx, func(ctx context.Context) error {
		if err := s.settle(ctx); err != nil {
			return err
		}
		if c.Ticket == "" {
			return s.explainFigure(ctx, t, c, at)
		}
		id, err := s.ticketID(ctx, at, c.Ticket)
		if err != nil {
			return fmt.Errorf("find ticket %s: %w", c.Ticket, err)
		}
		if err := s.explainTicket(ctx, t, at, id, c.Lang); err != nil || !c.under() {
			return err
		}
		return s.explainUnder(ctx, t, c, id)
	})
	return errors.Join(err, s.close())
}

// under reports whether other rules are asked for.
func (c explainCmd) under() bool { return c.Now || c.PolicyVersion != 0 || c.CalendarVersion != 0 }

func parseAsOf(text string) (api.AsOf, error) {
	if text == "" {
		return api.AsOf{}, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		return api.AsOf{Number: &n}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return api.AsOf{}, errors.New("--as-of: is a log number or a time like 2026-03-01T00:00:00Z")
	}
	return api.AsOf{Time: &at}, nil
}

func (s *system) ticketID(ctx context.Context, at api.AsOf, text string) (uuid.UUID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	return s.side.ByNumber(ctx, at, text)
}

const clockLayout = "2006-01-02 15:04:05"

// explainTicket prints a ticket's history and what each verdict rests on;
// errRed if the spans of one do not add up.
func (s *system) explainTicket(ctx context.Context, t *terminal, at api.AsOf, id uuid.UUID, lang string) error {
	text := func(key string, args map[string]any) string { return messages.Text(lang, key, args) }
	events, _, snap, err := s.side.History(ctx, at, id, api.Page{Limit: math.MaxInt32})
	if err != nil {
		return err
	}
	card, _, err := s.side.Get(ctx, at, id)
	if err != nil {
		return err
	}
	t.printf("%s\n", text("explain.ticket", map[string]any{"number": card.Number, "site": card.Site, "as_of": snap.Number}))
	for _, e := range events {
		struck := ""
		if e.StruckBy != nil {
			struck = "  " + text("explain.struck", map[string]any{"number": *e.StruckBy})
		}
		t.printf("  %7d  @%-3d %s  %s%s\n", e.Number, e.Revision, e.OccurredAt.UTC().Format(clockLayout), e.Type, struck)
	}
	verdicts, _, err := s.side.Explain(ctx, at, id)
	if err != nil {
		return err
	}
	red := false
	for _, v := range verdicts {
		t.explainVerdict(v, text)
		red = red || !v.AddsUp
	}
	if red {
		return fmt.Errorf("explain: spans do not add up: %w", errRed)
	}
	return nil
}

func (t *terminal) explainVerdict(v api.VerdictExplanation, text func(string, map[string]any) string) {
	due := "-"
	if v.DueAt != nil {
		due = v.DueAt.UTC().Format(clockLayout)
	}
	t.printf("%s\n", text("explain.verdict", map[string]any{
		"target": string(v.Target), "cycle": v.Cycle, "verdict": string(v.Verdict), "clock": v.Clock,
		"start": v.StartAt.UTC().Format(clockLayout), "due": due, "limit": v.LimitS,
	}))
	for _, sp := range v.Spans {
		t.printf("    %s  %s  %-8s %8d s\n", sp.From.UTC().Format(clockLayout), sp.To.UTC().Format(clockLayout), sp.Kind, sp.Seconds)
	}
	t.printf("    %s\n", text("explain.sums", map[string]any{"gross": v.GrossS, "paused": v.PausedS, "net": v.NetS, "add_up": yes(v.AddsUp)}))
	for _, in := range v.Inputs {
		t.printf("    <- %d @%d %s\n", in.Number, in.Revision, in.Type)
	}
}

// explainUnder prints what each clock of a ticket counts for on record beside
// what it would count for under the asked rules, and the spans of those (SLA-10).
func (s *system) explainUnder(ctx context.Context, t *terminal, c explainCmd, id uuid.UUID) error {
	text := func(key string, args map[string]any) string { return messages.Text(c.Lang, key, args) }
	stored, err := s.store.ReadStream(ctx, commands.StreamOf("ticket", id), 0)
	if err != nil {
		return fmt.Errorf("read ticket %s: %w", id, err)
	}
	events, err := commands.TicketEvents(stored)
	if err != nil {
		return err
	}
	card, _, err := s.side.Get(ctx, api.AsOf{}, id)
	if err != nil {
		return err
	}
	versions, err := s.app.Policies.Versions(ctx, card.Site)
	if err != nil {
		return err
	}
	var v commands.Versions
	for _, chosen := range []struct {
		kind   policy.Kind
		number int
		ref    **domain.PolicyRef
	}{{policy.KindSLA, c.PolicyVersion, &v.SLA}, {policy.KindCalendar, c.CalendarVersion, &v.Calendar}} {
		if *chosen.ref = api.VersionRef(versions, chosen.kind, card.Site, chosen.number); *chosen.ref == nil && chosen.number != 0 {
			return errors.New(text("param.version", map[string]any{"name": string(chosen.kind), "version": chosen.number}))
		}
	}
	under, err := s.app.Tickets.JudgeUnder(ctx, operator(""), id, v)
	if err != nil {
		return told(err, c.Lang)
	}
	record := ticket.CasesOnRecord(events, s.clock.Now())
	var rows [][]string
	for _, k := range under {
		rows = append(rows, []string{string(k.Target), number(k.Cycle), partOf(k.Counterpart(record)), partOf(&k)})
	}
	for _, k := range record {
		if k.Counterpart(under) == nil {
			rows = append(rows, []string{string(k.Target), number(k.Cycle), partOf(&k), partOf(nil)})
		}
	}
	t.table([]string{text("preview.target", nil), text("preview.cycle", nil), text("preview.as_judged", nil), text("preview.under", nil)}, rows)
	for _, k := range under {
		if j := k.Judged; len(j.Spans) > 0 {
			t.printf("%s, %d: %s\n", k.Target, k.Cycle, text("explain.sums", map[string]any{
				"gross": j.GrossS, "paused": j.PausedS, "net": j.NetS, "add_up": yes(j.GrossS == j.PausedS+j.NetS),
			}))
			for _, sp := range api.SpansOf(j) {
				t.printf("    %s  %s  %-8s %8d s\n", sp.From.UTC().Format(clockLayout), sp.To.UTC().Format(clockLayout), sp.Kind, sp.Seconds)
			}
		}
	}
	return nil
}

func yes(b bool) string {
	if b {
		return "="
	}
	return "≠"
}

// explainFigure prints the events behind a figure and their sum.
func (s *system) explainFigure(ctx context.Context, t *terminal, c explainCmd, at api.AsOf) error {
	cell := api.SLACell{
		Site: c.Site, From: domain.Day(c.From), To: domain.Day(c.To), Target: api.TargetName(c.Target), Measure: api.Measure(c.Measure),
	}
	for value, into := range map[*string]**uuid.UUID{&c.Team: &cell.Team, &c.Technician: &cell.Technician} {
		if *value == "" {
			continue
		}
		id, err := uuid.Parse(*value)
		if err != nil {
			return errors.New("--team and --technician: are ids")
		}
		*into = &id
	}
	if c.Level != 0 {
		cell.Level = &c.Level
	}
	facts, snap, err := s.side.ExplainFigure(ctx, at, cell, api.Page{Limit: math.MaxInt32})
	if err != nil {
		return err
	}
	for _, f := range facts.Facts {
		t.printf("  %7d  %s  %s  %+d\n", f.Number, f.EventId, f.TicketId, f.Delta)
	}
	t.printf("%s\n", messages.Text(c.Lang, "explain.figure", map[string]any{"sum": facts.Sum, "count": len(facts.Facts), "as_of": snap.Number}))
	return nil
}
