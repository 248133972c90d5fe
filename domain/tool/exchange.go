package tool

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
)

// moves reports whether c changes who has a tool, or may have it: nothing
// does while an exchange keeps it. What only marks it goes on.
func moves(c Command) bool {
	switch c.(type) {
	case Block, Clear, Inspect, ReportFault, PlanRepair, ApproveRepair, CancelBooking, Extend, ChaseIfDue, Keep, Release, Settle:
		return false
	case Register, Issue, Accept, Refuse, Lend, Return, HandOver, SendToRepair, ReportMissing, Find, Scrap, Reserve, EnterLate:
	}
	return true
}

// settles reports whether c enters what was decided in the exchange's stream:
// it comes with the time of that, though a mark of the tool may be later.
func settles(c Command) bool {
	switch c.(type) {
	case Release, Settle:
		return true
	case Register, Issue, Accept, Refuse, Lend, Return, HandOver, Block, Clear, Inspect, SendToRepair, ReportMissing, Find, Scrap, Keep, EnterLate,
		ReportFault, PlanRepair, ApproveRepair, Reserve, CancelBooking, Extend, ChaseIfDue:
	}
	return false
}

// OfExchange reports whether an event of a tool is half of what an exchange's
// stream decided: it cannot be taken back here alone (EXC-06).
func OfExchange(e any) bool {
	switch e.(type) {
	case Kept, Released, Exchanged:
		return true
	}
	return false
}

func (s State) kept() error {
	return domain.Refuse("EXC-06", "tool.kept", "exchange", s.KeptBy.String())
}

// keep reserves a tool, unless anything contradicts the exchange (EXC-06).
func keep(s State, c Keep) ([]Event, error) {
	switch {
	case c.Exchange == uuid.Nil:
		return nil, domain.Invalid("/exchange", "EXC-06", "tool.exchange_missing")
	case !c.Part.known():
		return nil, domain.Invalid("/part", "EXC-06", "tool.part_unknown", "part", string(c.Part))
	case s.KeptBy == c.Exchange: // TKT-02
		return nil, nil
	case s.KeptBy != uuid.Nil:
		return nil, s.kept()
	}
	if c.Part == PartOld {
		if s.Standing != StandingIssued || s.Holder != c.Holder {
			return nil, domain.Refuse("EXC-06", "tool.held_by", "standing", string(s.Standing), "holder", string(s.Holder.Kind), "who", s.Holder.Who)
		}
		return []Event{Kept{At: c.At, Exchange: c.Exchange, Part: c.Part}}, nil
	}
	if err := recipient(c.Holder); err != nil {
		return nil, err
	}
	r, kind, _, err := s.givable(c.Book, c.At, c.Today)
	switch {
	case err != nil:
		return nil, err
	case kind.StoreKept: // TOL-10
		return nil, domain.Refuse("TOL-10", "tool.only_lent", "kind", s.Kind)
	}
	if err := s.meantFor(r, taker{c.Holder, c.Posts, c.Team}, s.Scope); err != nil {
		return nil, err
	}
	if err := s.unbooked(c.At, domain.Instant{}, uuid.Nil, c.At); err != nil { // TOL-09
		return nil, err
	}
	return []Event{Kept{At: c.At, Exchange: c.Exchange, Part: c.Part}}, nil
}

func release(s State, c Release) ([]Event, error) {
	if s.KeptBy != c.Exchange || c.Exchange == uuid.Nil { // TKT-02
		return nil, nil
	}
	return []Event{Released(c)}, nil
}

func settle(s State, c Settle) ([]Event, error) {
	switch {
	case s.KeptBy != c.Exchange || c.Exchange == uuid.Nil:
		return nil, domain.Refuse("EXC-06", "tool.not_kept")
	case s.KeptAs == PartOld && c.Holder.Kind != Store, s.KeptAs == PartNew && !c.Holder.Kind.takes():
		return nil, domain.Invalid("/holder", "EXC-06", "tool.holder_unknown", "holder", string(c.Holder.Kind))
	}
	return []Event{Exchanged{At: c.At, Exchange: c.Exchange, Part: s.KeptAs, From: s.Holder, Holder: c.Holder}}, nil
}

// traded returns s after an event of an exchange.
func (s State) traded(e Event) State {
	switch e := any(e).(type) { // of a few
	case Kept:
		s.KeptBy, s.KeptAs = e.Exchange, e.Part
		return s.at(e.At)
	case Released:
		s.KeptBy, s.KeptAs = uuid.Nil, ""
		return s.at(e.At)
	case Exchanged:
		s.KeptBy, s.KeptAs = uuid.Nil, ""
		s.Surrendered = e.Part == PartOld // EXC-05
		return s.with(e.At, standingOf(e.Holder), e.Holder)
	}
	return s
}
