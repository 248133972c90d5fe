package tool

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Chase is when a lent tool is asked for, and whom that tells (TOL-09).
type Chase struct {
	At   domain.Instant `json:"at"`
	Tell []string       `json:"tell"` // borrower, store, manager
}

// Extended lets a loan run longer (TOL-09). Type tool.extended.v1.
type Extended struct {
	At     domain.Instant   `json:"at"`
	Until  domain.Instant   `json:"until"`  // when it is due back now
	By     string           `json:"by"`     // person id of who allowed it
	Reason string           `json:"reason"` // no personal data
	Chases []Chase          `json:"chases"` // when it is asked for if it is not back
	Policy domain.PolicyRef `json:"policy"` // of tools, in force then
}

// Chased says that a lent tool is not back in time, and who is told (TOL-09). Type tool.chased.v1.
type Chased struct {
	At          domain.Instant `json:"at"`
	Due         domain.Instant `json:"due"`         // when it was due back
	Step        int            `json:"step"`        // of the loan's chases, from 0
	Tell        []string       `json:"tell"`        // borrower, store, manager
	Holder      Holder         `json:"holder"`      // who has it
	Responsible string         `json:"responsible"` // person id of who answers for it
	Store       string         `json:"store"`       // code of its home
}

// Extend lets a loan run longer.
type Extend struct {
	At     domain.Instant `json:"at"`
	Until  domain.Instant `json:"until"`
	By     string         `json:"by"`     // person id
	Reason string         `json:"reason"` // no personal data
	Book   *policy.Book   `json:"-"`
}

// ChaseIfDue asks for a lent tool if that step is due. At is our clock's.
type ChaseIfDue struct {
	At   domain.Instant `json:"at"`
	Due  domain.Instant `json:"due"`  // of the loan that is meant
	Step int            `json:"step"` // from 0
}

func extend(s State, c Extend) ([]Event, error) {
	r, ref, err := rules(c.Book, s.Site, c.At)
	switch {
	case err != nil:
		return nil, err
	case c.By == "":
		return nil, domain.Invalid("/by", "TOL-09", "tool.signer_missing")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "TOL-09", "tool.reason_missing")
	case s.Standing != StandingLent:
		return nil, domain.Refuse("TOL-09", "tool.not_lent", "standing", string(s.Standing))
	case c.Until.Equal(s.Until): // TKT-02
		return nil, nil
	case !c.Until.After(s.Until) || !c.Until.After(c.At.Time):
		return nil, domain.Invalid("/until", "TOL-09", "tool.until_passed")
	}
	if err := s.unbooked(c.At, c.Until, uuid.Nil, c.At); err != nil {
		return nil, err
	}
	e := Extended{At: c.At, Until: c.Until, By: c.By, Reason: c.Reason, Policy: ref}
	e.Chases = chasesOf(r, c.Until)
	return []Event{e}, nil
}

// chasesOf are the steps of asking for what is due back at an instant.
func chasesOf(r policy.Tools, until domain.Instant) []Chase {
	var out []Chase
	for _, c := range r.Chases {
		out = append(out, Chase{At: domain.At(until.Add(time.Duration(c.AfterHours) * time.Hour)), Tell: c.Tell})
	}
	return out
}

// chaseIfDue tells once a step, in their order; what came back or was extended
// meanwhile is not asked for.
func chaseIfDue(s State, c ChaseIfDue) ([]Event, error) {
	if s.Standing != StandingLent || !s.Until.Equal(c.Due.Time) || c.Step < s.Chased || c.Step >= len(s.Chases) || s.Chases[c.Step].At.After(c.At.Time) {
		return nil, nil
	}
	return []Event{Chased{
		At: domain.At(later(c.At.Time, s.LastAt)), Due: c.Due, Step: c.Step, Tell: s.Chases[c.Step].Tell, Holder: s.Holder, Responsible: s.Responsible, Store: s.Home,
	}}, nil
}

// NextChase returns the next step of asking for a lent tool; false if there is none.
func (s State) NextChase() (Chase, int, bool) {
	if s.Standing != StandingLent || s.Chased >= len(s.Chases) {
		return Chase{}, 0, false
	}
	return s.Chases[s.Chased], s.Chased, true
}
