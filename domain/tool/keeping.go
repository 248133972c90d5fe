package tool

import (
	"strings"
	"time"

	"github.com/fieldledger/fieldledger/domain"
)

func block(s State, c Block) ([]Event, error) {
	switch {
	case !c.Reason.known():
		return nil, domain.Invalid("/reason", "TOL-18", "tool.block_unknown", "reason", string(c.Reason))
	case s.Standing == StandingScrapped:
		return nil, domain.Refuse("TOL-18", "tool.scrapped")
	case s.Blocked == c.Reason: // TKT-02
		return nil, nil
	}
	return []Event{Blocked{At: c.At, Reason: c.Reason, Note: c.Note}}, nil
}

func clearBlock(s State, c Clear) ([]Event, error) {
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-18", "tool.signer_missing")
	case s.Blocked == "": // TKT-02
		return nil, nil
	case s.Blocked == BlockFailed: // only an inspection that it passes puts it to use again
		return nil, domain.Refuse("INS-02", "tool.inspection_failed")
	}
	return []Event{Cleared{At: c.At, By: c.By, Note: c.Note}}, nil
}

// inspect records a result; what fails is out of use at once (INS-02), what
// passes may be used until its next date.
func inspect(s State, c Inspect) ([]Event, error) {
	r, ref, err := rules(c.Book, s.Site, c.At)
	if err != nil {
		return nil, err
	}
	kind, _ := r.Kind(s.Kind)
	next := c.Next
	switch {
	case !dated(c.On):
		return nil, domain.Invalid("/on", "INS-01", "tool.day_malformed")
	case strings.TrimSpace(c.Inspector) == "":
		return nil, domain.Invalid("/inspector", "INS-01", "tool.signer_missing")
	case s.Standing == StandingScrapped:
		return nil, domain.Refuse("INS-01", "tool.scrapped")
	case !c.Passed:
		next = ""
	case next == "" && kind.InspectMonths == 0: // POL-08: there is no period to go by
		return nil, domain.Invalid("/next", "POL-08", "tool.period_missing", "kind", s.Kind)
	case next == "":
		next = MonthsAfter(c.On, kind.InspectMonths)
	case !dated(next) || next <= c.On:
		return nil, domain.Invalid("/next", "INS-01", "tool.next_wrong")
	}
	e := Inspected{At: c.At, On: c.On, Passed: c.Passed, Inspector: c.Inspector, Label: c.Label, Policy: ref}
	if c.Passed {
		e.Next = &next
	}
	if c.Passed || s.Blocked == BlockFailed {
		return []Event{e}, nil
	}
	return []Event{e, Blocked{At: c.At, Reason: BlockFailed}}, nil
}

// MonthsAfter returns the day n months after d, the month's last if it has no
// such day; "" if d is no civil date.
func MonthsAfter(d domain.Day, n int) domain.Day {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return domain.Day(first.AddDate(0, 0, min(t.Day(), last)-1).Format(time.DateOnly))
}
