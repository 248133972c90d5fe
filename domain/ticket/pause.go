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
	return checkClocks(c.Reason, c.Clocks)
}

// checkClocks refuses clocks that there are not, and to stop first contact
// for the customer (SLA-06).
func checkClocks(reason PauseReason, clocks []TargetName) error {
	for i, name := range clocks {
		if name.place() < 0 {
			return domain.Invalid("/clocks/"+strconv.Itoa(i), "TKT-13", "ticket.clock_unknown", "clock", string(name))
		}
		if slices.Contains(clocks[:i], name) {
			return domain.Invalid("/clocks/"+strconv.Itoa(i), "TKT-13", "ticket.clock_repeated", "clock", string(name))
		}
	}
	if reason == WaitingCustomer && slices.Contains(clocks, FirstContact) {
		return domain.Refuse("SLA-06", "ticket.first_contact_runs_on")
	}
	return nil
}

// stopped reports whether each of the named clocks stands already, or has ended.
func (d *draft) stopped(names []TargetName) bool {
	for _, name := range names {
		if c := d.state.Clock(name); c.Running() && !c.Stands() {
			return false
		}
	}
	return true
}

func (d *draft) resume(c Resume) error {
	if err := checkClocks("", c.Clocks); err != nil {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	return d.resumed(c.At, c.Book, c.Clocks...)
}

// resumed ends the pause of the named clocks, of all if none is named, and
// says what is due when now.
func (d *draft) resumed(at domain.Instant, book *policy.Book, clocks ...TargetName) error {
	if d.state.Status != StatusPaused || len(clocks) > 0 && !d.stands(clocks) { // TKT-02
		return nil
	}
	if !d.stands(others(clocks)) { // none is left to stand: the ticket is at work again
		clocks = nil
	}
	return d.set(book, Resumed{At: at, Clocks: clocks})
}

// others returns the targets that are not named.
func others(names []TargetName) []TargetName {
	return slices.DeleteFunc(TargetNames(), func(name TargetName) bool { return slices.Contains(names, name) })
}

// stands reports whether any of the named clocks stands.
func (d *draft) stands(names []TargetName) bool {
	return slices.ContainsFunc(names, func(name TargetName) bool { return d.state.Clock(name).Stands() })
}

// recordPause enters a pause afterwards. It moves what runs and has judged
// again what it changes (SLA-05).
func (d *draft) recordPause(c RecordPause) error {
	if len(c.Clocks) == 0 {
		c.Clocks = []TargetName{Resolution}
	}
	if err := (Pause{Reason: c.Reason, Clocks: c.Clocks}).check(); err != nil {
		return err
	}
	switch {
	case c.LateReason == "":
		return domain.Invalid("/late_reason", "TKT-13", "ticket.reason_missing")
	case !c.From.Before(c.To.Time) || c.To.After(c.At.Time):
		return domain.Invalid("/to", "TKT-13", "ticket.pause_not_over")
	case c.From.Before(d.state.OpenedAt):
		return domain.Invalid("/from", "TKT-13", "ticket.pause_before_call")
	}
	e := PauseRecorded{
		At: c.At, From: c.From, To: c.To, Reason: c.Reason, Clocks: c.Clocks, Evidence: c.Evidence, LateReason: c.LateReason,
	}
	if d.onRecord(e) { // TKT-02
		return nil
	}
	if err := d.set(c.Book, e); err != nil {
		return err
	}
	return d.rejudge(c.Book, c.At, CauseLateFact)
}

// onRecord reports whether the same pause was entered before.
func (d *draft) onRecord(e PauseRecorded) bool {
	return slices.ContainsFunc(d.state.Facts(), func(f Fact) bool {
		p, ok := f.Event.(PauseRecorded)
		return ok && p.From.Equal(e.From.Time) && p.To.Equal(e.To.Time) && p.Reason == e.Reason && slices.Equal(p.Clocks, e.Clocks)
	})
}
