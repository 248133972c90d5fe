package card

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// CheckKind says why shared tools were looked through.
type CheckKind string

// The kinds of checks.
const (
	ShiftCheck   CheckKind = "shift"   // the keys pass to the next shift (TOL-06)
	RegularCheck CheckKind = "regular" // weekly ⚙ (TOL-20)
)

// Checked says that every shared tool of a team was looked for (TOL-06,
// TOL-20). Type card.checked.v1.
type Checked struct {
	At      domain.Instant `json:"at"`
	ID      uuid.UUID      `json:"id"`      // check id
	Kind    CheckKind      `json:"kind"`    // shift or regular
	OnDuty  string         `json:"on_duty"` // person id of who answers for what is short: on duty until now
	By      string         `json:"by"`      // person id of who checked and signs; on duty from now on if the keys pass
	Found   []uuid.UUID    `json:"found"`   // tool ids
	Damaged []uuid.UUID    `json:"damaged"` // tool ids
	Missing []uuid.UUID    `json:"missing"` // tool ids
	NextBy  domain.Instant `json:"next_by"` // when the next one is due
}

func (Checked) event() {}

// Check looks through the shared tools of a team.
type Check struct {
	At      domain.Instant `json:"at"`
	Start   Start          `json:"start"`
	ID      uuid.UUID      `json:"id"`
	Kind    CheckKind      `json:"kind"`
	Giver   string         `json:"giver"` // person id of who hands over; of a shift only
	By      string         `json:"by"`    // person id
	Of      string         `json:"of"`    // id of By's team at that time, "" for none
	Found   []uuid.UUID    `json:"found"`
	Damaged []uuid.UUID    `json:"damaged"`
	Missing []uuid.UUID    `json:"missing"`
	Has     []Entry        `json:"has"` // what the team has at present, each to be named once
	NextBy  domain.Instant `json:"next_by"`
}

func (Check) command() {}

func check(s State, c Check) ([]Event, error) {
	opening := s.opening(c.At, c.Start)
	for _, e := range opening {
		s = Evolve(s, e)
	}
	duty := s.Duty
	if duty == "" {
		duty = c.Giver
	}
	named := slices.Concat(c.Found, c.Damaged, c.Missing)
	var left []string
	for _, e := range c.Has {
		if !slices.Contains(named, e.Tool) {
			left = append(left, e.Number)
		}
	}
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-06", "tool.signer_missing")
	case c.Kind != ShiftCheck && c.Kind != RegularCheck:
		return nil, domain.Invalid("/kind", "TOL-20", "card.check_unknown")
	case s.Closed:
		return nil, domain.Refuse("TOL-07", "card.closed", "who", s.Holder.Who)
	case len(left) > 0: // TOL-06: a hand-over that leaves a tool out hides a shortage
		return nil, domain.Refuse("TOL-06", "card.check_incomplete", "tools", left)
	case len(named) != len(c.Has):
		return nil, domain.Invalid("/found", "TOL-06", "card.not_on_card")
	case c.Kind == ShiftCheck && c.Giver == "":
		return nil, domain.Invalid("/giver", "TOL-06", "tool.signer_missing")
	case c.Kind == ShiftCheck && c.Giver == c.By:
		return nil, domain.Refuse("TOL-06", "card.same_shift")
	case c.Kind == ShiftCheck && c.Of != s.Holder.Who: // the next shift is of the team
		return nil, domain.Refuse("TOL-06", "tool.not_of_team", "who", s.Holder.Who)
	case c.Kind == ShiftCheck && s.Duty != "" && s.Duty != c.Giver:
		return nil, domain.Refuse("TOL-06", "card.not_on_duty", "who", s.Duty)
	case c.Kind == RegularCheck && duty == "":
		duty = c.By
	}
	return append(opening, Checked{
		At: c.At, ID: c.ID, Kind: c.Kind, OnDuty: duty, By: c.By, Found: c.Found, Damaged: c.Damaged, Missing: c.Missing, NextBy: c.NextBy,
	}), nil
}
