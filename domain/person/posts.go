package person

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// Posted says which posts a person holds from an instant on, in place of those
// before (ORG-04). Type person.posted.v1.
type Posted struct {
	At    domain.Instant `json:"at"`
	Posts []string       `json:"posts"` // codes; none: without a post from then on
	Since domain.Instant `json:"since"` // from when on
}

// TeamChanged says in which team a person is from an instant on (ORG-04).
// Type person.team_changed.v1.
type TeamChanged struct {
	At    domain.Instant `json:"at"`
	Team  uuid.UUID      `json:"team"`  // team id, zero for none
	Since domain.Instant `json:"since"` // from when on
}

// Left says that a person is no more on the staff (TOL-07). Type person.left.v1.
type Left struct {
	At domain.Instant `json:"at"`
}

func (Posted) event()      {}
func (TeamChanged) event() {}
func (Left) event()        {}

// Post gives a person the posts held from an instant on.
type Post struct {
	At    domain.Instant `json:"at"`
	Posts []string       `json:"posts"`
	Since domain.Instant `json:"since"`
}

// ChangeTeam moves a person to another team from an instant on.
type ChangeTeam struct {
	At    domain.Instant `json:"at"`
	Team  uuid.UUID      `json:"team"`
	Since domain.Instant `json:"since"`
}

// Leave ends a person's time on the staff; the tool card is closed before (TOL-07).
type Leave struct {
	At domain.Instant `json:"at"`
}

func (Post) command()       {}
func (ChangeTeam) command() {}
func (Leave) command()      {}

// Posting is which posts a person holds from an instant on.
type Posting struct {
	Since domain.Instant
	Posts []string
}

// Move is in which team a person is from an instant on.
type Move struct {
	Since domain.Instant
	Team  uuid.UUID
}

// PostsAt returns the posts that a person held at an instant; of two facts
// from the same instant on, the one recorded later counts.
func (s State) PostsAt(at time.Time) []string {
	var found Posting
	for _, p := range s.Postings {
		if !p.Since.After(at) && !p.Since.Before(found.Since.Time) {
			found = p
		}
	}
	return found.Posts
}

// TeamAt returns the team that a person was in at an instant, zero for none.
func (s State) TeamAt(at time.Time) uuid.UUID {
	found := Move{Team: s.Team}
	for _, m := range s.Moves {
		if !m.Since.After(at) && !m.Since.Before(found.Since.Time) {
			found = m
		}
	}
	return found.Team
}

const mostFacts = 400 // of a person in a lifetime, so that no stream passes a thousand events

func decidePost(s State, c Post) ([]Event, error) {
	posts := append([]string{}, c.Posts...)
	slices.Sort(posts)
	switch {
	case c.At.IsZero() || c.Since.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "person.time_missing")
	case slices.ContainsFunc(posts, func(p string) bool { return strings.TrimSpace(p) == "" }):
		return nil, domain.Invalid("/posts", "ORG-04", "person.post_missing")
	case len(slices.Compact(slices.Clone(posts))) != len(posts):
		return nil, domain.Invalid("/posts", "ORG-04", "person.post_twice")
	case !s.LeftAt.IsZero():
		return nil, domain.Refuse("TOL-07", "person.left")
	case slices.Equal(s.PostsAt(c.Since.Time), posts) && !changesAfter(s.Postings, c.Since, func(p Posting) domain.Instant { return p.Since }): // TKT-02
		return nil, nil
	case len(s.Postings) >= mostFacts:
		return nil, domain.Refuse("ORG-04", "person.too_many_facts", "most", mostFacts)
	}
	return []Event{Posted{At: c.At, Posts: posts, Since: c.Since}}, nil
}

// changesAfter reports whether a fact begins after an instant: a fact entered
// late is then one of its own even if it says what held before.
func changesAfter[F any](facts []F, at domain.Instant, since func(F) domain.Instant) bool {
	return slices.ContainsFunc(facts, func(f F) bool { return since(f).After(at.Time) })
}

func decideTeam(s State, c ChangeTeam) ([]Event, error) {
	switch {
	case c.At.IsZero() || c.Since.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "person.time_missing")
	case !s.LeftAt.IsZero():
		return nil, domain.Refuse("TOL-07", "person.left")
	case s.TeamAt(c.Since.Time) == c.Team && !changesAfter(s.Moves, c.Since, func(m Move) domain.Instant { return m.Since }): // TKT-02
		return nil, nil
	case len(s.Moves) >= mostFacts:
		return nil, domain.Refuse("ORG-04", "person.too_many_facts", "most", mostFacts)
	}
	return []Event{TeamChanged(c)}, nil
}

func decideLeave(s State, c Leave) ([]Event, error) {
	switch {
	case c.At.IsZero():
		return nil, domain.Invalid("/at", "AUD-01", "person.time_missing")
	case !s.LeftAt.IsZero(): // TKT-02
		return nil, nil
	}
	return []Event{Left(c)}, nil
}
