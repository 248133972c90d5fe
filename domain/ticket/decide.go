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
	d := draft{state: s}
	at, err := d.decide(c)
	if err != nil {
		return nil, err
	}
	if _, imported := c.(ImportRow); len(d.events) > 0 && !imported {
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

// draft collects the events of one decision and the state after them.
type draft struct {
	state  State
	events []Event
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
	case Pause:
		return c.At, d.pause(c)
	case Resume:
		return c.At, d.resume(c)
	case Arrive:
		return c.At, d.arrive(c)
	case Resolve:
		return c.At, d.resolve(c)
	case SignOff:
		return c.At, d.signOff(c)
	case Close:
		return c.At, d.close(c)
	case Reopen:
		return c.At, d.reopen(c)
	case ImportRow:
		return c.At, d.importRow(c)
	}
	return domain.Instant{}, fmt.Errorf("ticket: unknown command %T", c)
}

// mustCreate refuses every command on a ticket that does not exist but those that open it.
func mustCreate(c Command) error {
	_, registers := c.(Register)
	_, imports := c.(ImportRow)
	if registers || imports {
		return nil
	}
	return domain.Refuse("TKT-06", "ticket.unknown")
}

// add appends e without judging anything.
func (d *draft) add(e Event) {
	d.events = append(d.events, e)
	d.state = Evolve(d.state, e)
}

// happen appends e and a judgement on each clock that it ended (SLA-05).
func (d *draft) happen(book *policy.Book, e Event) error {
	before := d.state
	d.add(e)
	after := d.state
	for _, c := range []struct {
		name          TargetName
		before, after Clock
	}{
		{FirstContact, before.First, after.First},
		{Resolution, before.Resolution, after.Resolution},
	} {
		if !c.before.Running() || c.after.Running() {
			continue
		}
		j, err := judge(book, after.Site, c.name, c.after)
		if err != nil {
			return err
		}
		d.add(*j)
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
	zone, err := calendar.LoadZone(c.Zone)
	if err != nil {
		return domain.Invalid("/zone", "ORG-03", "calendar.zone_unknown", "zone", c.Zone)
	}
	targets, err := startTargets(c.Book, c.Site, c.Level, c.At.Time, FirstContact, Resolution) // TKT-07
	if err != nil {
		return err
	}
	d.add(Registered{
		At: c.At, Site: c.Site, OpenedOn: domain.DayOf(c.At.Time, zone), Number: c.Number, External: c.External,
		Channel: c.Channel, Kind: c.Kind, Problem: c.Problem, Level: c.Level,
		Customer: c.Customer, Phone: c.Phone, Text: c.Text, Targets: targets,
	})
	return nil
}

func levelUnknown(l Level) error {
	return domain.Invalid("/level", "TKT-04", "ticket.level_unknown", "level", int(l))
}

func (d *draft) accept(c Accept) error {
	if err := d.open(); err != nil {
		return err
	}
	if d.state.First.Reached { // TKT-02
		return nil
	}
	return d.happen(c.Book, Accepted{At: c.At})
}

func (d *draft) assign(c Assign) error {
	if c.Team == uuid.Nil && c.Technician == uuid.Nil {
		return domain.Invalid("/team", "TKT-08", "ticket.nobody_assigned")
	}
	if err := d.open(); err != nil {
		return err
	}
	d.assigned(c.At, c.Team, c.Technician)
	return nil
}

// assigned adds who works on it, if that is new (TKT-02).
func (d *draft) assigned(at domain.Instant, team, technician uuid.UUID) {
	if team != d.state.Team || technician != d.state.Technician {
		d.add(Assigned{At: at, Team: team, Technician: technician}) // TKT-08
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
	targets, err := levelTargets(c.Book, d.state, c.Level, c.At.Time)
	if err != nil {
		return err
	}
	d.add(LevelChanged{At: c.At, From: from, To: c.Level, Reason: c.Reason, Targets: targets})
	return nil
}

func (d *draft) arrive(c Arrive) error {
	if err := d.open(); err != nil {
		return err
	}
	if d.state.Status == StatusOnSite { // TKT-02
		return nil
	}
	if err := d.resumed(c.At, c.Book); err != nil { // work goes on
		return err
	}
	if d.state.Active == StatusOnSite { // it was paused on site
		return nil
	}
	return d.happen(c.Book, Arrived{At: c.At})
}

func (d *draft) resolve(c Resolve) error {
	if d.state.Status == StatusResolved && c.Solution == d.state.Solution { // TKT-02
		return nil
	}
	if err := d.open(); err != nil {
		return err
	}
	return d.happen(c.Book, Resolved{At: c.At, Solution: c.Solution, Note: c.Note})
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
	case d.state.Status.Open():
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
	case c.At.After(d.state.EndedAt.Add(reopenWithin)):
		return domain.Refuse("TKT-16", "ticket.reopen_too_late", "ended", domain.At(d.state.EndedAt), "days", int(reopenWithin/(24*time.Hour)))
	}
	return d.reopened(c)
}

// reopened adds the next cycle; its resolution clock counts from now, first
// contact does not start again (TKT-16).
func (d *draft) reopened(c Reopen) error {
	targets, err := startTargets(c.Book, d.state.Site, d.state.Level, c.At.Time, Resolution)
	if err != nil {
		return err
	}
	d.add(Reopened{At: c.At, Cycle: d.state.Cycle + 1, Reason: c.Reason, Targets: targets})
	return nil
}
