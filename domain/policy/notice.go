package policy

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
)

// ImportNotice adds the days of a year's notice to a calendar (ORG-03).
type ImportNotice struct {
	Site          string               `json:"site"`
	Set           string               `json:"set,omitempty"`
	Follows       string               `json:"follows,omitempty"` // as of RecordVersion
	EffectiveFrom domain.Instant       `json:"effective_from"`
	Author        string               `json:"author"`
	Year          int                  `json:"year"`
	Source        string               `json:"source"` // where the notice says so
	Days          []calendar.NoticeDay `json:"days"`
	Hours         []calendar.Hours     `json:"hours"` // of a make-up workday; none: those of the week's first open day
}

func (ImportNotice) command() {}

// notice decides the calendar that holds at the start of effect with the days
// added, and so each one that takes effect after it. A calendar that has them
// all already stays as it is (TKT-02).
func (k kindTable) notice(s State, c ImportNotice) ([]Event, error) {
	switch {
	case s.Last.Version == 0:
		return nil, domain.Refuse("ORG-03", "policy.notice_without_calendar", "site", orDash(c.Site), "set", orDash(c.Set))
	case c.Source == "":
		return nil, domain.Invalid("/source", "ORG-03", "policy.reason_missing")
	}
	var out []Event
	for _, base := range basesAt(s.Versions, c.EffectiveFrom) {
		var content calendar.Content
		if err := json.Unmarshal(base.Content, &content); err != nil {
			return nil, fmt.Errorf("read calendar version %d: %w", base.Version, err)
		}
		raw, err := json.Marshal(content.Noticed(c.Days, c.Hours))
		if err != nil {
			return nil, fmt.Errorf("encode calendar: %w", err)
		}
		if _, hash, err := Canonical(KindCalendar, raw); err != nil || hash == base.Hash { // TKT-02
			if err != nil {
				return nil, err
			}
			continue
		}
		from := c.EffectiveFrom
		if base.EffectiveFrom.After(from.Time) {
			from = base.EffectiveFrom
		}
		events, err := k.record(s, RecordVersion{
			Kind: KindCalendar, Name: s.Last.Name, Site: c.Site, Set: c.Set, Follows: c.Follows, EffectiveFrom: from,
			Author: c.Author, Reason: fmt.Sprintf("%d: %s", c.Year, c.Source), Content: raw,
		})
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			s = Evolve(s, e)
		}
		out = append(out, events...)
	}
	return out, nil
}

// basesAt returns the version that takes effect last until an instant, or if
// none does the first one, and each that does later, in order; drafts too: what is
// approved in the end has the days.
func basesAt(versions []Recorded, at domain.Instant) []VersionRecorded {
	sorted := make([]VersionRecorded, 0, len(versions))
	for _, v := range versions {
		sorted = append(sorted, v.Version)
	}
	slices.SortStableFunc(sorted, func(a, b VersionRecorded) int { return a.EffectiveFrom.Compare(b.EffectiveFrom.Time) })
	var out []VersionRecorded
	for _, v := range sorted {
		n := len(out)
		switch {
		case n > 0 && (!v.EffectiveFrom.After(at.Time) || v.EffectiveFrom.Equal(out[n-1].EffectiveFrom.Time)):
			out[n-1] = v // it replaces the one before
		default:
			out = append(out, v)
		}
	}
	return out
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
