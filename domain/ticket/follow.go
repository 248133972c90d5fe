package ticket

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// maxFollowers keeps the stream short: who follows is among its events.
const maxFollowers = 50

// follow puts the ticket on a person's list (TKT-15).
func (d *draft) follow(c Follow) error {
	if err := checkPerson(c.At, c.Person); err != nil {
		return err
	}
	switch {
	case slices.Contains(d.state.Followers, c.Person): // TKT-02
		return nil
	case len(d.state.Followers) >= maxFollowers:
		return domain.Refuse("TKT-15", "ticket.too_many_followers", "most", maxFollowers)
	}
	d.add(Followed(c))
	return nil
}

// unfollow takes the ticket off a person's list.
func (d *draft) unfollow(c Unfollow) error {
	if err := checkPerson(c.At, c.Person); err != nil {
		return err
	}
	if slices.Contains(d.state.Followers, c.Person) { // TKT-02
		d.add(Unfollowed(c))
	}
	return nil
}

func checkPerson(at domain.Instant, person uuid.UUID) error {
	switch {
	case at.IsZero():
		return domain.Invalid("/at", "AUD-01", "ticket.time_missing")
	case person == uuid.Nil:
		return domain.Invalid("/person", "TKT-15", "ticket.person_missing")
	}
	return nil
}

func (s State) followed(person uuid.UUID) State {
	s = s.unfollowed(person)
	s.Followers = append(slices.Clone(s.Followers), person)
	return s
}

// unfollowed leaves nil where nobody follows.
func (s State) unfollowed(person uuid.UUID) State {
	var left []uuid.UUID
	for _, p := range s.Followers {
		if p != person {
			left = append(left, p)
		}
	}
	s.Followers = left
	return s
}
