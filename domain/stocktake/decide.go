package stocktake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

const (
	// ListLimit is how many entries of a list one event holds.
	ListLimit = 500
	// SessionLimit is how many events a scanner's stream holds before the next part.
	SessionLimit = 900

	mostSessions    = 500  // of one count
	mostDifferences = 5000 // beyond that something else is wrong than the tools
	mostExpected    = 100_000
)

// Decide returns the events that c causes in state s, in order.
// No events and no error means that c asks for what already holds (TKT-02).
// A *domain.RuleError means that a rule refused c, a *domain.InvalidError
// that a field of c is not acceptable in itself; s is not changed.
func Decide(s State, c Command) ([]Event, error) {
	if _, first := c.(Start); !first && s.Phase == "" {
		return nil, domain.Refuse("CHK-01", "stock.unknown")
	}
	switch c := c.(type) {
	case Start:
		return start(s, c)
	case List:
		return list(s, c)
	case Join:
		return join(s, c)
	case EndCounting:
		return endCounting(s, c)
	case Count:
		return count(s, c)
	case Recount:
		return recount(s, c)
	case Sign:
		return sign(s, c)
	case Cancel:
		return cancel(s, c)
	}
	return nil, fmt.Errorf("stocktake: unknown command %T", c)
}

// in refuses what only a count in a phase can undergo.
func (s State) in(phases ...Phase) error {
	if slices.Contains(phases, s.Phase) {
		return nil
	}
	return domain.Refuse("CHK-01", "stock.wrong_phase", "phase", string(s.Phase))
}

func start(s State, c Start) ([]Event, error) {
	if s.Phase != "" {
		return nil, domain.Refuse("CHK-01", "stock.exists")
	}
	v, ok := c.Book.InForce(policy.KindKeeping, c.Site, c.At.Time)
	switch {
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "stock.time_missing")
	case c.By == "":
		return nil, domain.Invalid("/by", "CHK-01", "stock.person_missing")
	case !ok:
		return nil, domain.Refuse("POL-08", "policy.kind_not_loaded", "kind", string(policy.KindKeeping))
	case c.Expected > mostExpected:
		return nil, domain.Refuse("CHK-01", "stock.too_many", "most", mostExpected)
	}
	if err := c.Scope.check(c.Book, c.Site, c.At); err != nil {
		return nil, err
	}
	return []Event{Started{
		At: c.At, Site: c.Site, Scope: c.Scope, AsOf: c.AsOf, Expected: c.Expected, By: c.By,
		NextBy: c.Today.MonthsAfter(v.Keeping().StocktakeMonths), Policy: v.Ref(),
	}}, nil
}

func (s Scope) check(book *policy.Book, site string, at domain.Instant) error {
	switch s.Kind {
	case OfStore:
		v, ok := book.InForce(policy.KindTools, site, at.Time)
		if !ok || !v.Tools().HasStore(s.Who) {
			return domain.Invalid("/scope/who", "CHK-01", "tool.store_unknown", "store", s.Who)
		}
		return nil
	case OfTeam:
		if _, err := uuid.Parse(s.Who); err == nil {
			return nil
		}
	case OfSite:
		if s.Who == "" {
			return nil
		}
	}
	return domain.Invalid("/scope", "CHK-01", "stock.scope_unknown", "kind", string(s.Kind))
}

func list(s State, c List) ([]Event, error) {
	if c.Part < s.Parts { // TKT-02
		return nil, nil
	}
	if err := s.in(Listing); err != nil {
		return nil, err
	}
	left := s.Total - len(s.Expected)
	if c.Part > s.Parts || len(c.Tools) != min(left, ListLimit) {
		return nil, domain.Refuse("CHK-01", "stock.list_differs")
	}
	return []Event{Listed(c)}, nil
}

func join(s State, c Join) ([]Event, error) {
	if c.Scanner == "" {
		return nil, domain.Invalid("/by", "CHK-01", "stock.person_missing")
	}
	if err := s.in(Scanning); err != nil {
		return nil, err
	}
	switch {
	case c.Part == s.Current(c.Scanner) && c.Part > 0: // TKT-02
		return nil, nil
	case c.Part != s.last(c.Scanner)+1:
		return nil, domain.Refuse("CHK-01", "stock.session_unknown")
	case len(s.Sessions) >= mostSessions:
		return nil, domain.Refuse("CHK-01", "stock.too_many_sessions", "most", mostSessions)
	}
	return []Event{Joined{At: c.At, Scanner: c.Scanner, Part: c.Part, Round: s.Round}}, nil
}

func endCounting(s State, c EndCounting) ([]Event, error) {
	if s.Phase == Ended { // TKT-02
		return nil, nil
	}
	if err := s.in(Scanning); err != nil {
		return nil, err
	}
	if c.By == "" {
		return nil, domain.Invalid("/by", "CHK-01", "stock.person_missing")
	}
	return []Event{CountingEnded(c)}, nil
}

func recount(s State, c Recount) ([]Event, error) {
	if err := s.in(Resulted); err != nil {
		return nil, err
	}
	numbers := slices.Clone(c.Numbers)
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "CHK-01", "stock.person_missing")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "CHK-01", "tool.reason_missing")
	case len(numbers) == 0 || len(numbers) > ListLimit || numbers[0] == "":
		return nil, domain.Invalid("/numbers", "CHK-01", "stock.numbers_wrong", "most", ListLimit)
	}
	return []Event{RecountOrdered{At: c.At, By: c.By, Round: s.Round + 1, Numbers: numbers, Reason: c.Reason}}, nil
}

// sign takes one of two signatures under one result, by two persons; the
// second one closes the count (CHK-01).
func sign(s State, c Sign) ([]Event, error) {
	switch {
	case c.By == "":
		return nil, domain.Invalid("/by", "CHK-01", "stock.person_missing")
	case c.As != Storekeeper && c.As != Manager:
		return nil, domain.Invalid("/as", "CHK-01", "stock.signer_unknown", "signer", string(c.As))
	case s.Signed[c.As] == c.By && c.Digest == s.Result.Digest: // TKT-02
		return nil, nil
	}
	if err := s.in(Resulted); err != nil {
		return nil, err
	}
	switch {
	case c.Digest != s.Result.Digest:
		return nil, domain.Refuse("CHK-01", "stock.other_result")
	case s.Signed[c.As] != "":
		return nil, domain.Refuse("CHK-01", "stock.signed_already", "signer", string(c.As))
	}
	signed := Signed(c)
	for _, by := range s.Signed {
		if by == c.By { // two persons, whatever their accounts
			return nil, domain.Refuse("CHK-01", "stock.same_person")
		}
		return []Event{signed, Closed{At: c.At, Digest: c.Digest}}, nil
	}
	return []Event{signed}, nil
}

func cancel(s State, c Cancel) ([]Event, error) {
	switch {
	case s.Phase == GivenUp: // TKT-02
		return nil, nil
	case s.Phase == Done:
		return nil, s.in()
	case c.By == "":
		return nil, domain.Invalid("/by", "CHK-01", "stock.person_missing")
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "CHK-01", "tool.reason_missing")
	}
	return []Event{Cancelled(c)}, nil
}
