package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// rulesPlace is where a page of a comparison ended, and by which rules: a later
// page by others would not go on with the list.
type rulesPlace struct {
	Rules string `json:"r"`
	After string `json:"a"`
}

// CompareSLA answers the figures of a period as judged and under chosen rules,
// and the cases that differ (SLA-10).
func (s *Server) CompareSLA(ctx context.Context, in CompareSLARequestObject) (CompareSLAResponseObject, error) {
	p := in.Params
	if err := s.see(ctx, p.Site); err != nil {
		return nil, err
	}
	q := ComparisonQuery{From: domain.Day(p.From), To: domain.Day(p.To), Target: or(p.Target)}
	if err := checkPeriod(q.From, q.To); err != nil {
		return nil, err
	}
	l, err := s.listing(ctx, p.AsOf, p.MinPosition, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	rules, name, err := s.rules(ctx, p.Site, p.PolicyVersion, p.CalendarVersion)
	if err != nil {
		return nil, err
	}
	q.Sites = []SiteRules{{Site: p.Site, After: rules}}
	c, seen, next, err := s.comparePage(ctx, l, q, name)
	if err != nil {
		return nil, err
	}
	out := SLAComparison{
		AsOf: seen, AskedAt: domain.At(c.AskedAt), Policy: RefOf(rules.SLA), Calendar: RefOf(rules.Calendar),
		Cases: make([]ComparedCase, len(c.Cases)), Next: next,
	}
	spans := or(p.Spans)
	for i, d := range c.Cases {
		of := d.Either()
		out.Cases[i] = ComparedCase{
			Site: d.Site, TicketId: d.TicketID, Number: d.Number, Target: TargetName(of.Target), Cycle: of.Cycle,
			AsJudged: verdictUnder(d.Before, spans), Under: verdictUnder(d.After, spans),
		}
	}
	if l.page.After == "" {
		targets := make([]ComparedTarget, len(c.Targets))
		for i, f := range c.Targets {
			targets[i] = ComparedTarget{Target: f.Target, AsJudged: slaParts(f.Before), Under: slaParts(f.After), Differing: f.Differing}
		}
		out.Targets, out.Differing = &targets, &c.Differing
	}
	return CompareSLA200JSONResponse(out), nil
}

// comparePage asks for a page of a comparison. A cursor is good only while the
// rules have the same name.
func (s *Server) comparePage(ctx context.Context, l listing, q ComparisonQuery, rules string) (Comparison, Snapshot, *string, error) {
	page := l.page
	if page.After != "" {
		var at rulesPlace
		if err := json.Unmarshal([]byte(page.After), &at); err != nil || at.Rules != rules || at.After == "" {
			return Comparison{}, Snapshot{}, nil, ErrBadCursor
		}
		page.After = at.After
	}
	c, seen, err := s.KPIs.Compare(ctx, l.at, q, page)
	if err != nil || c.Next == "" {
		return c, seen, nil, err
	}
	b, err := json.Marshal(rulesPlace{rules, c.Next})
	if err != nil {
		return c, seen, nil, fmt.Errorf("encode place: %w", err)
	}
	return c, seen, s.next(ctx, l, string(b), seen), nil
}

// rules returns the rules of a site with chosen versions, and a name that tells
// them from all others.
func (s *Server) rules(ctx context.Context, site string, sla, calendar *int) (Rules, string, error) {
	versions, err := s.App.Policies.Versions(ctx, site)
	if err != nil {
		return Rules{}, "", err
	}
	var r Rules
	if r.SLA, err = version(versions, policy.KindSLA, site, "policy_version", sla); err != nil {
		return r, "", err
	}
	if r.Calendar, err = version(versions, policy.KindCalendar, site, "calendar_version", calendar); err != nil {
		return r, "", err
	}
	if r.Book, _, err = s.App.Policies.Books(ctx, site, commands.Draft{}); err != nil {
		return r, "", err
	}
	return r, nameOf(versions, r.SLA, r.Calendar), nil
}

// nameOf is a short digest of whatever tells rules apart; fullName a whole one.
func nameOf(parts ...any) string { return fullName(parts...)[:2*macSize] }

func fullName(parts ...any) string {
	h := sha256.New()
	for _, part := range parts {
		b, err := json.Marshal(part)
		if err != nil {
			panic(err) // policies and references always encode
		}
		h.Write(append(b, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// verdictUnder tells what a clock counts for, nil for nothing.
func verdictUnder(c *ticket.Case, spans bool) *VerdictUnder {
	if c == nil {
		return nil
	}
	j := c.Judged
	v := VerdictUnder{
		Target: TargetName(c.Target), Cycle: c.Cycle, Verdict: SLAPart(c.Part), Clock: string(j.Clock), LimitS: j.LimitS,
		StartAt: j.StartAt, DueAt: j.DueAt, ReachedAt: j.ReachedAt, GrossS: j.GrossS, PausedS: j.PausedS, NetS: j.NetS,
		Spans: []Span{}, Policy: RefOf(j.Policy), Calendar: RefOf(j.Calendar),
	}
	if spans {
		v.Spans = SpansOf(j)
	}
	return &v
}

const million = 1_000_000

func slaParts(n PartCounts) SLAParts {
	p := SLAParts{
		Met: n[ticket.PartMet], Breached: n[ticket.PartBreached], Running: n[ticket.PartRunning],
		Withdrawn: n[ticket.PartWithdrawn], NoTarget: n[ticket.PartNoTarget],
	}
	p.Total = p.Met + p.Breached + p.Running + p.Withdrawn + p.NoTarget
	if p.Total > 0 {
		share := p.Met * million / p.Total
		p.MetPpm = &share
	}
	return p
}
