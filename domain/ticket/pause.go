package ticket

import (
	"slices"
	"strconv"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func (d *draft) pause(c Pause) error {
	if len(c.Clocks) == 0 {
		c.Clocks = []TargetName{Resolution}
	}
	if err := c.check(); err != nil {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	if d.state.Status == StatusPaused && d.state.Pause == c.Reason && d.stopped(c.Clocks) { // TKT-02
		return nil
	}
	d.add(Paused(c)) // TKT-13
	return nil
}

func (c Pause) check() error {
	switch {
	case c.Reason == "":
		return domain.Invalid("/reason", "TKT-13", "ticket.pause_reason_missing")
	case !c.Reason.known():
		return domain.Invalid("/reason", "TKT-13", "ticket.pause_reason_unknown", "reason", string(c.Reason))
	}
	for i, name := range c.Clocks {
		if name != FirstContact && name != Resolution {
			return domain.Invalid("/clocks/"+strconv.Itoa(i), "TKT-13", "ticket.clock_unknown", "clock", string(name))
		}
		if slices.Contains(c.Clocks[:i], name) {
			return domain.Invalid("/clocks/"+strconv.Itoa(i), "TKT-13", "ticket.clock_repeated", "clock", string(name))
		}
	}
	if c.Reason == WaitingCustomer && slices.Contains(c.Clocks, FirstContact) {
		return domain.Refuse("SLA-06", "ticket.first_contact_runs_on")
	}
	return nil
}

// stopped reports whether each of the named clocks stands already, or has ended.
func (d *draft) stopped(names []TargetName) bool {
	for _, name := range names {
		c := d.state.Resolution
		if name == FirstContact {
			c = d.state.First
		}
		if c.Running() && c.PausedAt.IsZero() {
			return false
		}
	}
	return true
}

func (d *draft) resume(c Resume) error {
	if err := d.open(); err != nil {
		return err
	}
	return d.resumed(c.At, c.Book)
}

// resumed ends a pause, if there is one, and says what is due when now.
func (d *draft) resumed(at domain.Instant, book *policy.Book) error {
	if d.state.Status != StatusPaused { // TKT-02
		return nil
	}
	targets, err := resumedTargets(book, d.state, at.Time)
	if err != nil {
		return err
	}
	d.add(Resumed{At: at, Targets: targets})
	return nil
}
