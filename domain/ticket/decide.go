package ticket

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/calendar"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// reopenWithin is how long after its end a ticket may be reopened (TKT-16).
const reopenWithin = 30 * 24 * time.Hour

// Decide returns the events that c causes in state s, in order.
// No events and no error means that c asks for what already holds (TKT-02).
// A *domain.RuleError means that a rule refused c, a *domain.InvalidError
// that a field of c is not acceptable in itself; s is not changed.
func Decide(s State, c Command) ([]Event, error) {
	if at, reason, book := late(c); reason != "" && at.Before(s.LastAt) {
		return decideLate(s, c, at, book)
	}
	d := draft{state: s}
	at, err := d.decide(c)
	if err != nil {
		return nil, err
	}
	if len(d.events) > 0 && ordered(c) {
		if err := inOrder(s, at); err != nil {
			return nil, err
		}
	}
	return d.events, nil
}

// inOrder refuses what would have happened before the ticket's last fact (AUD-01).
func inOrder(s State, at domain.Instant) error {
	if at.IsZero() {
		return domain.Invalid("/at", "AUD-01", "ticket.time_missing")
	}
	if at.Before(s.LastAt) {
		return domain.Refuse("AUD-01", "ticket.time_backwards", "at", at, "last", domain.At(s.LastAt))
	}
	return nil
}

// ordered reports whether a command makes facts that follow the others in
// time. Rows of imports come in their own order; the rest says something
// about the ticket without moving it on.
func ordered(c Command) bool {
	switch c := any(c).(type) { // of a few
	case ImportRow, RecordPause, RecordCharge, Follow, Unfollow, Rejudge, EscalateIfDue:
		return false
	case AddNote:
		return c.ToCustomer
	default:
		return true
	}
}

// draft collects the events of one decision and the state after them.
type draft struct {
	state  State
	events []Event
	late   bool // it decides on the ticket as it stood in the past
}

// decide adds the events of c and returns when they happened.
func (d *draft) decide(c Command) (domain.Instant, error) {
	if d.state.Status == "" {
		if err := mustCreate(c); err != nil {
			return domain.Instant{}, err
		}
	}
	switch c := c.(type) {
	case Register:
		return c.At, d.register(c)
	case Accept:
		return c.At, d.accept(c)
	case Assign:
		return c.At, d.assign(c)
	case ChangeLevel:
		return c.At, d.changeLevel(c)
	case ChangeClass:
		return c.At, d.changeClass(c)
	case RecordCharge:
		return c.At, d.recordCharge(c)
	case Follow:
		return c.At, d.follow(c)
	case Unfollow:
		return c.At, d.unfollow(c)
	case ChangeServiceZone:
		return c.At, d.changeZone(c)
	case Retarget:
		return c.At, d.retarget(c)
	case Pause:
		return c.At, d.pause(c)
	case Resume:
		return c.At, d.resume(c)
	case RecordPause:
		return c.At, d.recordPause(c)
	case FindVisitNeeded:
		return c.At, d.findVisitNeeded(c)
	case AgreeArrival:
		return c.At, d.agreeArrival(c)
	case Arrive:
		return c.At, d.arrive(c)
	case AddNote:
		return c.At, d.addNote(c)
	case RequestHelp:
		return c.At, d.requestHelp(c)
	case PlanEmergency:
		return c.At, d.planEmergency(c)
	case Resolve:
		return c.At, d.resolve(c)
	case SignOff:
		return c.At, d.signOff(c)
	case Close:
		return c.At, d.close(c)
	case Merge:
		return c.At, d.merge(c)
	case Withdraw:
		return c.At, d.withdraw(c)
	case Reject:
		return c.At, d.reject(c)
	case Reopen:
		return c.At, d.reopen(c)
	case Rejudge:
		return c.At, d.rejudge(c.Book, c.At, c.Cause)
	case EscalateIfDue:
		return c.At, d.escalate(c)
	case ImportRow:
		return c.At, d.importRow(c)
	}
	return domain.Instant{}, fmt.Errorf("ticket: unknown command %T", c)
}

// mustCreate refuses every command on a ticket that does not exist but those that open it.
func mustCreate(c Command) error {
	_, registers := c.(Register)
	_, imports := c.(ImportRow)
	_, rejudges := c.(Rejudge) // nothing is left to judge
	if registers || imports || rejudges {
		return nil
	}
	return domain.Refuse("TKT-06", "ticket.unknown")
}

// add appends e without judging anything.
func (d *draft) add(e Event) {
	d.events = append(d.events, e)
	d.state = Evolve(d.state, e)
}

// set appends e with the targets that it sets.
func (d *draft) set(book *policy.Book, e Event) error {
	e, err := d.filled(book, e)
	if err == nil {
		d.add(e)
	}
	return err
}

func (d *draft) filled(book *policy.Book, e Event) (Event, error) {
	site := d.state.Site
	if r, ok := e.(Registered); ok {
		site = r.Site
	}
	return law{book: book, site: site}.filled(d.state, e)
}

// happen appends e with its targets, and a judgement on each clock that it ended (SLA-05).
func (d *draft) happen(book *policy.Book, e Event) error {
	done := len(d.state.Done)
	if err := d.set(book, e); err != nil {
		return err
	}
	l := law{book: book, site: d.state.Site}
	for _, c := range d.state.Done[done:] {
		j, err := l.judge(c)
		if err != nil {
			return err
		}
		if j != nil {
			d.add(*j)
		}
	}
	return nil
}

// open refuses what only an open ticket can undergo (TKT-06).
func (d *draft) open() error {
	if !d.state.Status.Open() {
		return domain.Refuse("TKT-06", "ticket.not_open", "status", string(d.state.Status))
	}
	return nil
}

func (d *draft) register(c Register) error {
	if d.state.Status != "" {
		return domain.Refuse("TKT-01", "ticket.exists")
	}
	switch {
	case c.Kind == "":
		return domain.Invalid("/kind", "TKT-03", "ticket.kind_missing")
	case c.Number == "":
		return domain.Invalid("/number", "TKT-01", "ticket.number_missing")
	case c.Channel == Other || !c.Channel.known():
		return domain.Invalid("/channel", "TKT-01", "ticket.channel_unknown", "channel", string(c.Channel))
	}
	if err := d.coded(c.Book, c.Site, c.At, c.Kind, c.Problem, ""); err != nil {
		return err
	}
	return d.registerAs(c)
}

// registerAs opens the ticket with what both desk and import must have.
func (d *draft) registerAs(c Register) error {
	if c.At.IsZero() {
		return domain.Invalid("/at", "AUD-01", "ticket.time_missing")
	}
	if !c.Level.known() {
		return levelUnknown(c.Level)
	}
	if c.Class != "" && !c.Class.known() {
		return classUnknown(c.Class)
	}
	zone, err := calendar.LoadZone(c.Zone)
	if err != nil {
		return domain.Invalid("/zone", "ORG-03", "calendar.zone_unknown", "zone", c.Zone)
	}
	return d.set(c.Book, Registered{
		At: c.At, Site: c.Site, OpenedOn: domain.DayOf(c.At.Time, zone), Number: c.Number, External: c.External,
		Channel: c.Channel, Kind: c.Kind, Problem: c.Problem, Level: c.Level, ServiceZone: c.ServiceZone, Class: c.Class,
		Customer: c.Customer, Phone: c.Phone, Text: c.Text,
	})
}

func levelUnknown(l Level) error {
	return domain.Invalid("/level", "TKT-04", "ticket.level_unknown", "level", int(l))
}

func (d *draft) accept(c Accept) error {
	if err := d.open(); err != nil {
		return err
	}
	if d.state.Clock(FirstContact).Reached { // TKT-02
		return nil
	}
	return d.happen(c.Book, Accepted{At: c.At, LateReason: d.reason(c.LateReason)})
}

func (d *draft) assign(c Assign) error {
	if c.Team == uuid.Nil && c.Technician == uuid.Nil {
		return domain.Invalid("/team", "TKT-08", "ticket.nobody_assigned")
	}
	if err := d.open(); err != nil {
		return err
	}
	d.assigned(c)
	return nil
}

// assigned adds who works on it, if that is new (TKT-02).
func (d *draft) assigned(c Assign) {
	if c.Team != d.state.Team || c.Technician != d.state.Technician {
		d.add(Assigned{At: c.At, Team: c.Team, Technician: c.Technician, LateReason: d.reason(c.LateReason)}) // TKT-08
	}
}

func (d *draft) changeLevel(c ChangeLevel) error {
	switch {
	case !c.Level.known():
		return levelUnknown(c.Level)
	case c.Reason == "":
		return domain.Invalid("/reason", "TKT-04", "ticket.reason_missing")
	}
	if err := d.open(); err != nil {
		return err
	}
	return d.levelChanged(c)
}

// levelChanged adds the new level, if it is new (TKT-02), and its targets (SLA-07).
func (d *draft) levelChanged(c ChangeLevel) error {
	from := d.state.Level
	if c.Level == from {
		return nil
	}
	return d.set(c.Book, LevelChanged{At: c.At, From: from, To: c.Level, Reason: c.Reason})
}

func (d *draft) arrive(c Arrive) error {
	if err := d.open(); err != nil {
		return err
	}
	if d.state.Status == StatusOnSite { // TKT-02
		return nil
	}
	if !d.late { // what is entered late does not end a pause that was recorded
		if err := d.resumed(c.At, c.Book); err != nil { // work goes on
			return err
		}
	}
	if d.state.Active == StatusOnSite { // it was paused on site
		return nil
	}
	return d.happen(c.Book, Arrived{At: c.At, LateReason: d.reason(c.LateReason)})
}

func (d *draft) resolve(c Resolve) error {
	if d.state.Status == StatusResolved && c.Solution == d.state.Solution { // TKT-02
		return nil
	}
	if err := d.open(); err != nil {
		return err
	}
	if err := d.coded(c.Book, d.state.Site, c.At, "", "", c.Solution); err != nil {
		return err
	}
	return d.happen(c.Book, Resolved{At: c.At, Solution: c.Solution, Note: c.Note, LateReason: d.reason(c.LateReason)})
}

func (d *draft) signOff(c SignOff) error {
	switch {
	case d.state.Status == StatusSignedOff: // TKT-02
		return nil
	case d.state.Status == StatusClosed:
		return domain.Refuse("TKT-06", "ticket.closed")
	case d.state.Status != StatusResolved:
		return notResolved(d.state)
	}
	return d.happen(c.Book, SignedOff{At: c.At, Signer: c.Signer})
}

func (d *draft) close(c Close) error {
	switch {
	case d.state.Status == StatusClosed: // TKT-02
		return nil
	case d.state.Status != StatusResolved && d.state.Status != StatusSignedOff:
		return notResolved(d.state)
	}
	return d.happen(c.Book, Closed{At: c.At})
}

func notResolved(s State) error {
	return domain.Refuse("TKT-06", "ticket.not_resolved", "status", string(s.Status))
}

func (d *draft) reopen(c Reopen) error {
	switch {
	case c.Reason == "":
		return domain.Invalid("/reason", "TKT-16", "ticket.reason_missing")
	case d.state.Status.Open(): // TKT-02
		return nil
	case d.state.Status == StatusMerged: // its clocks run on in the other one
		return domain.Refuse("TKT-17", "ticket.merged", "into", d.state.Into.String())
	case c.At.After(d.state.EndedAt.Add(reopenWithin)):
		return domain.Refuse("TKT-16", "ticket.reopen_too_late", "ended", domain.At(d.state.EndedAt), "days", int(reopenWithin/(24*time.Hour)))
	}
	return d.reopened(c)
}

// reopened adds the next cycle; its clocks count from now, first contact only
// if it was never made (TKT-16).
func (d *draft) reopened(c Reopen) error {
	e := Reopened{At: c.At, Cycle: d.state.Cycle + 1, Reason: c.Reason}
	if c.SameFault {
		e.RepeatBy = d.state.Technician // a repeat repair (TKT-16)
	}
	return d.set(c.Book, e)
}
