package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldledger/fieldledger/api"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/messages"
)

// slaReport prints the service levels of a site by month and by level: first
// contact and resolution, and of the other targets those that were agreed.
func (s *system) slaReport(ctx context.Context, t *terminal, site, lang string, from, to domain.Day) error {
	text := func(key string) string { return messages.Text(lang, key, nil) }
	for _, part := range []struct {
		target api.TargetName
		group  api.SLAGroup
	}{
		{api.FirstContact, api.SLAGroupPeriod},
		{api.RemoteResolution, api.SLAGroupPeriod},
		{api.Arrival, api.SLAGroupPeriod},
		{api.Resolution, api.SLAGroupPeriod},
		{api.Resolution, api.SLAGroupLevel},
		{api.NextUpdate, api.SLAGroupPeriod},
	} {
		rows, snap, err := s.side.SLA(ctx, api.AsOf{}, api.SLAQuery{
			Site: site, From: from, To: to, Target: part.target, GroupBy: part.group, Grain: api.GrainMonth,
		})
		if err != nil {
			return fmt.Errorf("report service levels: %w", err)
		}
		if part.target != api.FirstContact && part.target != api.Resolution && !slices.ContainsFunc(rows, agreed) {
			continue
		}
		t.printf("%s\n", messages.Text(lang, "report.title", map[string]any{
			"target": string(part.target), "site": site, "from": string(from), "to": string(to), "as_of": snap.Number,
		}))
		headers := []string{text("report.group." + string(part.group))}
		for _, h := range []string{"cases", "met", "breached", "running", "withdrawn", "no_target", "met_share"} {
			headers = append(headers, text("report."+h))
		}
		if part.target == api.Resolution {
			for _, h := range []string{"never_resolved", "active_again", "gross_h", "paused_h", "net_h"} {
				headers = append(headers, text("report."+h))
			}
		}
		lines := make([][]string, 0, len(rows))
		for _, r := range rows {
			lines = append(lines, slaLine(part.target, r))
		}
		t.table(headers, lines)
	}
	return nil
}

// agreed reports whether a target was agreed for any ticket of a row.
func agreed(r api.SLARow) bool { return r.Met+r.Breached+r.Running+r.Withdrawn > 0 }

func slaLine(target api.TargetName, r api.SLARow) []string {
	name := ""
	switch {
	case r.Period != nil:
		name = *r.Period
	case r.Level != nil:
		name = number(*r.Level)
	}
	line := []string{
		name, number(r.Cases), number(r.Met), number(r.Breached), number(r.Running), number(r.Withdrawn), number(r.NoTarget),
		percent(r.Met, r.Met+r.Breached+r.Running+r.Withdrawn+r.NoTarget),
	}
	if target == api.Resolution {
		const hour = 3600
		line = append(line, number(r.NeverResolved), number(r.ActiveAgain), number(r.GrossS/hour), number(r.PausedS/hour), number(r.NetS/hour))
	}
	return line
}
