package exportlog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/ticket"
)

// mapping writes the mapping file of the log: YAML whose values are JSON.
func (x *exporter) mapping() error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	s, versions := x.known.site, x.holding()
	line("# Mapping of a log that fieldledger exported as of log number %d.", x.report.Number)
	for _, what := range inexact(x.report.Inexact) {
		line("# Not exact: %s (%d).", what, x.report.Inexact[what])
	}
	line("version: 1\nsource: %s", quoted(x.Source))
	line("site: {code: %s, name: %s, zone: %s}", quoted(s.Code), quoted(s.Name), quoted(s.Zone))
	line("format: {type: %s}", x.Format)
	line("older_rows: keep # the order of the log is the order in which things were recorded\n\ncolumns:")
	for i, c := range x.columns {
		switch {
		case c.role == "" || !x.used[i] && i > colStage:
		case i == colEvent:
			line("  row_key: [%s]", quoted(c.nameIn(x.Format)))
		default:
			line("  %s: %s", c.role, quoted(c.nameIn(x.Format)))
		}
	}
	line("\ntimes:\n  layouts: [%s]\n\nstatuses:", quoted(layout))
	for _, status := range []ticket.Status{
		ticket.StatusRegistered, ticket.StatusAccepted, ticket.StatusOnSite, ticket.StatusResolved, ticket.StatusSignedOff, ticket.StatusClosed,
	} {
		line("  %s: {status: %s}", quoted(string(status)), status)
	}
	for _, reason := range []ticket.PauseReason{ticket.WaitingCustomer, ticket.WaitingParts, ticket.WaitingThirdParty, ticket.ForceMajeure} {
		line("  %s: {status: paused, pause: %s}", quoted(stagePaused(reason)), reason)
	}
	line("\nlevels: {\"1\": 1, \"2\": 2, \"3\": 3, \"4\": 4}\ndefault_level: 3\nchannels:")
	for _, c := range []ticket.Channel{ticket.Phone, ticket.Letter, ticket.InPerson, ticket.Email, ticket.Web, ticket.Other} {
		line("  %s: %s", c, c)
	}
	line("default_kind: fault\nverdicts: {\"true\": true, \"false\": false}")
	if err := policies(line, versions); err != nil {
		return err
	}
	if _, err := x.Mapping.Write([]byte(b.String())); err != nil {
		return fmt.Errorf("write mapping: %w", err)
	}
	return nil
}

func inexact(counts map[Inexact]int) []Inexact {
	all := make([]Inexact, 0, len(counts))
	for what := range counts {
		all = append(all, what)
	}
	slices.Sort(all)
	return all
}

// quoted is text as JSON, which YAML reads as it is.
func quoted(s string) string {
	b, _ := json.Marshal(s) // text always has a form
	return string(b)
}

// policies writes the versions that hold at the site, in the order in which
// they were recorded.
func policies(line func(format string, args ...any), versions []policy.Recorded) error {
	if len(versions) == 0 {
		return nil
	}
	line("\n# Recorded for the site if it has none of its own.\npolicies:")
	for _, v := range versions {
		content, err := contentOf(v.Version)
		if err != nil {
			return err
		}
		line("  - kind: %s\n    effective_from: %s\n    reason: %s\n    content: %s", v.Version.Kind,
			quoted(v.Version.EffectiveFrom.Format(time.RFC3339Nano)), quoted(v.Version.Reason), content)
	}
	return nil
}

// holding returns the SLA policies that hold at the site and the versions of
// the calendar that they go by. The site's own come before those of every site
// (POL-06), of which only what took effect before is left.
func (x *exporter) holding() []policy.Recorded {
	if x.layered() {
		return append(x.inTurn(policy.KindCalendar), x.inTurn(policy.KindSLA)...)
	}
	var out []policy.Recorded
	slas := x.ofKind(policy.KindSLA)
	if len(slas) == 0 {
		return x.ofKind(policy.KindCalendar)
	}
	calendar := calendarOf(slas[len(slas)-1])
	for _, v := range slas {
		if calendarOf(v) != calendar {
			x.report.Inexact[OtherCalendar]++
		}
	}
	for _, v := range x.known.versions {
		if v.ID == calendar && v.Version.Kind == policy.KindCalendar {
			out = append(out, v)
		}
	}
	return append(out, slas...)
}

// layered reports whether what holds at the site is more than its own
// versions before those of every site: it follows sets, versions wait for
// approval, or targets go by whatever calendar holds (POL-06, POL-09).
func (x *exporter) layered() bool {
	return len(x.known.follows) > 0 || slices.ContainsFunc(x.known.versions, func(v policy.Recorded) bool {
		return v.Version.Set == "" && (v.Version.Approval != "" || v.Version.Kind == policy.KindSLA && calendarOf(v) == uuid.Nil)
	})
}

// inTurn returns the versions of a kind that the site goes by in turn, each
// from when on it does.
func (x *exporter) inTurn(kind policy.Kind) []policy.Recorded {
	var starts []time.Time
	for _, v := range x.known.versions {
		if from, ok := v.InForceFrom(); ok {
			starts = append(starts, from)
		}
	}
	for _, f := range x.known.follows {
		starts = append(starts, f.From.Time)
	}
	slices.SortFunc(starts, time.Time.Compare)
	var out []policy.Recorded
	var last domain.PolicyRef
	for _, at := range starts {
		v, ok := x.book.InForce(kind, x.Site, at)
		if sla, agreed := x.book.InForce(policy.KindSLA, x.Site, at); kind == policy.KindCalendar && agreed {
			v, ok = x.book.CalendarOf(sla, x.Site, at)
		}
		if !ok || v.Ref() == last {
			continue
		}
		last = v.Ref()
		version := v.Recorded
		version.EffectiveFrom = domain.At(at)
		out = append(out, policy.Recorded{ID: v.ID, Version: version})
	}
	return out
}

func (x *exporter) ofKind(kind policy.Kind) []policy.Recorded {
	var ownFrom time.Time
	for _, v := range x.known.versions {
		from := v.Version.EffectiveFrom.Time
		if v.Version.Kind == kind && v.Version.Site == x.Site && (ownFrom.IsZero() || from.Before(ownFrom)) {
			ownFrom = from
		}
	}
	var out []policy.Recorded
	for _, v := range x.known.versions {
		own := v.Version.Site == x.Site
		if v.Version.Set != "" {
			continue
		}
		if v.Version.Kind == kind && (own || ownFrom.IsZero() || v.Version.EffectiveFrom.Before(ownFrom)) {
			out = append(out, v)
		}
	}
	return out
}

func calendarOf(v policy.Recorded) uuid.UUID {
	var s policy.SLA
	if err := json.Unmarshal(v.Version.Content, &s); err != nil {
		return uuid.Nil
	}
	return s.Calendar
}

// contentOf returns a version's content; the calendar of an SLA is the one of
// the site that it is imported into.
func contentOf(v policy.VersionRecorded) (string, error) {
	if v.Kind != policy.KindSLA {
		return string(v.Content), nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(v.Content, &members); err != nil {
		return "", fmt.Errorf("read policy %s version %s: %w", v.Name, strconv.Itoa(v.Version), err)
	}
	delete(members, "calendar")
	b, err := json.Marshal(members)
	if err != nil {
		return "", fmt.Errorf("encode policy %s: %w", v.Name, err)
	}
	return string(b), nil
}
