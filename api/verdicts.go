package api

import (
	"context"
	"slices"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// under returns the verdicts on a ticket as judged under the versions that
// were asked for, nil if none was (SLA-10).
func (s *Server) under(ctx context.Context, t SealedTicket, p ExplainTicketParams) (*[]VerdictUnder, error) {
	if p.PolicyVersion == nil && p.CalendarVersion == nil && !or(p.Now) {
		return nil, nil //nolint:nilnil // it was not asked for
	}
	if p.AsOf != nil {
		return nil, badParameter("as_of", "param.as_of_versions")
	}
	versions, err := s.App.Policies.Choosable(ctx, t.Site)
	if err != nil {
		return nil, err
	}
	var v commands.Versions
	if v.SLA, err = version(versions, policy.KindSLA, t.Site, "policy_version", p.PolicyVersion); err != nil {
		return nil, err
	}
	if v.Calendar, err = version(versions, policy.KindCalendar, t.Site, "calendar_version", p.CalendarVersion); err != nil {
		return nil, err
	}
	cases, err := s.App.Tickets.JudgeUnder(ctx, request(ctx, ""), t.Id, v)
	if err != nil {
		return nil, err
	}
	out := make([]VerdictUnder, len(cases))
	for i := range cases {
		out[i] = *verdictUnder(&cases[i], true)
	}
	return &out, nil
}

// version finds a version by the number that a parameter names.
func version(all []policy.Recorded, kind policy.Kind, site, parameter string, number *int) (*domain.PolicyRef, error) {
	if number == nil {
		return nil, nil //nolint:nilnil // what is in force
	}
	ref := VersionRef(all, kind, site, *number)
	if ref == nil {
		return nil, badParameter(parameter, "param.version", "version", *number)
	}
	return ref, nil
}

// VersionRef names a version by its number: of the site's own policy of that
// kind, or if it has none, of its set's, else of the one for every site
// (POL-06); nil if there is none. All are those of Policies.Choosable.
func VersionRef(all []policy.Recorded, kind policy.Kind, site string, number int) *domain.PolicyRef {
	set := ""
	own := func(r policy.Recorded) bool {
		return r.Version.Kind == kind && r.Version.Site == site && r.Version.Set == set
	}
	if !slices.ContainsFunc(all, own) {
		site = ""
		if i := slices.IndexFunc(all, func(r policy.Recorded) bool { return r.Version.Kind == kind && r.Version.Set != "" }); i >= 0 {
			set = all[i].Version.Set
		}
	}
	i := slices.IndexFunc(all, func(r policy.Recorded) bool { return own(r) && r.Version.Version == number })
	if i < 0 {
		return nil
	}
	return &domain.PolicyRef{ID: all[i].ID, Version: number, Hash: all[i].Version.Hash}
}

// SpansOf returns the spans of a judgement; seconds are rounded up, as the
// judgement's sums are.
func SpansOf(j ticket.Judged) []Span {
	const second = 1000 // milliseconds
	out := make([]Span, len(j.Spans))
	for i, sp := range j.Spans {
		ms := sp.To.Sub(sp.From.Time).Milliseconds()
		out[i] = Span{From: sp.From, To: sp.To, Kind: SpanKind(sp.Kind), Seconds: (ms + second - 1) / second}
	}
	return out
}

// RefOf returns what names a policy version, nil for none.
func RefOf(p *domain.PolicyRef) *PolicyRef {
	if p == nil {
		return nil
	}
	return &PolicyRef{Id: p.ID, Version: p.Version, Hash: p.Hash}
}
