package tool

import (
	"strings"

	"github.com/fieldledger/fieldledger/domain"
)

func block(s State, c Block) ([]Event, error) {
	switch {
	case !c.Reason.known():
		return nil, domain.Invalid("/reason", "TOL-18", "tool.block_unknown", "reason", string(c.Reason))
	case s.Standing == StandingScrapped:
		return nil, domain.Refuse("TOL-18", "tool.scrapped")
	case s.Blocked == c.Reason, s.Failed && c.Reason == BlockFailed: // TKT-02
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
	case s.Blocked == BlockFailed: // nothing else is wrong, and only an inspection that it passes puts it to use again
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
	case !c.On.Valid():
		return nil, domain.Invalid("/on", "INS-01", "tool.day_malformed")
	case strings.TrimSpace(c.Inspector) == "":
		return nil, domain.Invalid("/inspector", "INS-01", "tool.signer_missing")
	case c.On > c.Today:
		return nil, domain.Invalid("/on", "INS-01", "tool.inspected_ahead", "today", string(c.Today))
	case s.Standing == StandingScrapped:
		return nil, domain.Refuse("INS-01", "tool.scrapped")
	case !c.Passed:
		next = ""
	case next == "" && kind.InspectMonths == 0: // POL-08: there is no period to go by
		return nil, domain.Invalid("/next", "POL-08", "tool.period_missing", "kind", s.Kind)
	case next == "":
		next = c.On.MonthsAfter(kind.InspectMonths)
	case !next.Valid() || next <= c.On:
		return nil, domain.Invalid("/next", "INS-01", "tool.next_wrong")
	}
	e := Inspected{At: c.At, On: c.On, Passed: c.Passed, Inspector: c.Inspector, Label: c.Label, Policy: ref}
	if c.Passed {
		e.Next = &next
	}
	if c.Passed || s.Blocked != "" || c.On < s.InspectedOn {
		return []Event{e}, nil
	}
	return []Event{e, Blocked{At: c.At, Reason: BlockFailed}}, nil
}
