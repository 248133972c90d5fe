package tool

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Booking is a claim on a tool for a time to come (TOL-09).
type Booking struct {
	ID          uuid.UUID      `json:"id"`          // booking id
	To          Holder         `json:"to"`          // for whom
	From        domain.Instant `json:"from"`        // included
	Until       domain.Instant `json:"until"`       // not included
	Purpose     string         `json:"purpose"`     // what for
	Responsible string         `json:"responsible"` // person id
}

// Booked keeps a tool for a person or team for a time to come (TOL-09). Type tool.booked.v1.
type Booked struct {
	At      domain.Instant   `json:"at"`
	Booking Booking          `json:"booking"` // who, when and what for
	Policy  domain.PolicyRef `json:"policy"`  // of tools, in force then
}

// BookingCancelled gives a booking up (TOL-09). Type tool.booking_cancelled.v1.
type BookingCancelled struct {
	At      domain.Instant `json:"at"`
	Booking uuid.UUID      `json:"booking"` // booking id
	By      string         `json:"by"`      // person id
	Reason  string         `json:"reason"`  // no personal data
}

// Reserve books a tool for a time to come (TOL-09).
type Reserve struct {
	At      domain.Instant `json:"at"`
	Booking Booking        `json:"booking"`
	Book    *policy.Book   `json:"-"`
}

// CancelBooking gives a booking up.
type CancelBooking struct {
	At      domain.Instant `json:"at"`
	Booking uuid.UUID      `json:"booking"`
	By      string         `json:"by"`
	Reason  string         `json:"reason"` // no personal data
}

// mostBookings is how many bookings to come a tool has, so that its stream keeps its length.
const mostBookings = 50

func reserve(s State, c Reserve) ([]Event, error) {
	b := c.Booking
	if err := recipient(b.To); err != nil {
		return nil, err
	}
	switch {
	case !b.From.Before(b.Until.Time) || b.From.Before(c.At.Time):
		return nil, domain.Invalid("/from", "TOL-09", "tool.booking_times")
	case strings.TrimSpace(b.Purpose) == "":
		return nil, domain.Invalid("/purpose", "TOL-09", "tool.purpose_missing")
	case b.Responsible == "":
		return nil, domain.Invalid("/responsible", "TOL-09", "tool.responsible_missing")
	}
	_, ref, err := rules(c.Book, s.Site, c.At)
	if err != nil {
		return nil, err
	}
	if !s.bookable() { // TOL-14
		return nil, domain.Refuse("TOL-14", "tool.held_by", "standing", string(s.Standing), "holder", string(s.Holder.Kind), "who", s.Holder.Who)
	}
	if s.Standing == StandingLent && b.From.Before(s.Until) {
		return nil, domain.Refuse("TOL-09", "tool.lent_until", "who", s.Holder.Who, "until", domain.At(s.Until))
	}
	if err := s.unbooked(b.From, b.Until, uuid.Nil, c.At); err != nil {
		return nil, err
	}
	if len(s.coming(c.At)) >= mostBookings {
		return nil, domain.Refuse("TOL-09", "tool.too_many_bookings", "most", mostBookings)
	}
	return []Event{Booked{At: c.At, Booking: b, Policy: ref}}, nil
}

// bookable reports whether somebody else can have the tool after its present custodian.
func (s State) bookable() bool {
	return s.Standing == StandingInStore || s.Standing == StandingLent || s.Standing == StandingInRepair
}

func cancelBooking(s State, c CancelBooking) ([]Event, error) {
	switch {
	case strings.TrimSpace(c.Reason) == "":
		return nil, domain.Invalid("/reason", "TOL-09", "tool.reason_missing")
	case slices.Contains(s.Cancelled, c.Booking): // TKT-02
		return nil, nil
	case s.booking(c.Booking) == nil:
		return nil, domain.Refuse("TOL-09", "tool.booking_unknown")
	}
	return []Event{BookingCancelled(c)}, nil
}

// pickUp refuses a loan that does not go by the booking that it names.
func (s State) pickUp(c Lend) error {
	if c.Booking == uuid.Nil {
		return nil
	}
	b := s.booking(c.Booking)
	switch {
	case b == nil || !c.At.Before(b.Until.Time):
		return domain.Refuse("TOL-09", "tool.booking_unknown")
	case b.To != c.To:
		return domain.Refuse("TOL-09", "tool.booking_of_other", "who", b.To.Who)
	}
	return nil
}

// unbooked refuses a time that somebody else has booked; the end is the zero
// Instant for ever. own is the booking that is picked up.
func (s State) unbooked(from, until domain.Instant, own uuid.UUID, now domain.Instant) error {
	for _, b := range s.coming(now) {
		if b.ID != own && (until.IsZero() || b.From.Before(until.Time)) && from.Before(b.Until.Time) {
			return domain.Refuse("TOL-09", "tool.booked_by", "who", b.To.Who, "from", b.From, "until", b.Until)
		}
	}
	return nil
}

// coming returns the bookings that are not over.
func (s State) coming(now domain.Instant) []Booking {
	return slices.DeleteFunc(slices.Clone(s.Bookings), func(b Booking) bool { return !b.Until.After(now.Time) })
}

func (s State) booking(id uuid.UUID) *Booking {
	i := slices.IndexFunc(s.Bookings, func(b Booking) bool { return b.ID == id })
	if i < 0 {
		return nil
	}
	return &s.Bookings[i]
}

// booked returns s after an event about its bookings; those that are over are forgotten.
func (s State) booked(e Event) State {
	switch e := any(e).(type) { // of a few
	case Booked:
		s.Bookings = append(s.coming(e.At), e.Booking)
		return s.at(e.At)
	case BookingCancelled:
		s.Cancelled = append(slices.Clip(s.Cancelled), e.Booking)
		return s.unclaimed(e.Booking).at(e.At)
	}
	return s
}

func (s State) unclaimed(id uuid.UUID) State {
	s.Bookings = slices.DeleteFunc(slices.Clone(s.Bookings), func(b Booking) bool { return b.ID == id })
	return s
}
