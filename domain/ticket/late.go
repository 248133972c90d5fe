package ticket

import (
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// late returns when a command says that it happened, and why it comes late.
func late(c Command) (domain.Instant, string) {
	switch c := any(c).(type) { // of a few
	case Accept:
		return c.At, c.LateReason
	case Arrive:
		return c.At, c.LateReason
	case Resolve:
		return c.At, c.LateReason
	default:
		return domain.Instant{}, ""
	}
}

// decideLate decides a command on the ticket as it stood when it happened,
// enters the fact in its place, and judges again what that changes (SLA-05).
func decideLate(s State, c Command, at domain.Instant) ([]Event, error) {
	if at.Before(s.CycleAt) { // a cycle that is over is opened again by a strike, which takes two
		return nil, domain.Refuse("SLA-05", "ticket.cycle_over", "at", at, "started", domain.At(s.CycleAt))
	}
	past := draft{state: s.asOf(at), late: true}
	if _, err := past.decide(c); err != nil {
		return nil, err
	}
	d := draft{state: s}
	for _, e := range past.events {
		if !Follows(e) {
			d.add(e)
		}
	}
	if len(d.events) == 0 { // TKT-02
		return nil, nil
	}
	if err := d.rejudge(bookOf(c), at, CauseLateFact); err != nil {
		return nil, err
	}
	return d.events, nil
}

func bookOf(c Command) *policy.Book {
	switch c := any(c).(type) { // of a few
	case Accept:
		return c.Book
	case Arrive:
		return c.Book
	case Resolve:
		return c.Book
	default:
		return nil
	}
}

// reason returns why a fact comes late, nothing if it does not.
func (d *draft) reason(given string) string {
	if !d.late {
		return ""
	}
	return given
}
