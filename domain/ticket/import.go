package ticket

import (
	"github.com/fieldledger/fieldledger/domain"
)

// importReason stands where a command would have given a reason.
const importReason = "import"

// importRow adds what a row of another desk's log says and the ticket does
// not hold yet. It judges nothing that happened as not allowed, and invents
// nothing that the row does not say: a ticket may end without having been
// resolved. The row may lie outside the order of time; it is then taken as
// the next thing that happened.
func (d *draft) importRow(c ImportRow) error {
	if c.At.IsZero() {
		return domain.Invalid("/at", "AUD-01", "ticket.time_missing")
	}
	if !c.Status.known() {
		return domain.Invalid("/status", "TKT-06", "ticket.status_unknown", "status", string(c.Status))
	}
	if c.Status == StatusPaused && !c.Pause.known() {
		return domain.Invalid("/pause", "TKT-13", "ticket.pause_reason_unknown", "reason", string(c.Pause))
	}
	if d.state.Status == "" {
		if err := d.importRegistration(c); err != nil {
			return err
		}
	}
	if c.Level.known() {
		change := ChangeLevel{At: c.At, Level: c.Level, Reason: importReason, Book: c.Book}
		if err := d.levelChanged(change); err != nil {
			return err
		}
	}
	d.assigned(Assign{At: c.At, Team: c.Team, Technician: c.Technician})
	if err := d.importStatus(c); err != nil {
		return err
	}
	d.importClaim(c)
	return nil
}

// importRegistration opens the ticket at the time of the call, or at the
// row's own time if the call is said to be later or not at all.
func (d *draft) importRegistration(c ImportRow) error {
	at := c.OpenedAt
	if at.IsZero() || at.After(c.At.Time) {
		at = c.At
	}
	channel := c.Channel
	if !channel.known() {
		channel = Other
	}
	external := c.External
	return d.registerAs(Register{
		At: at, Site: c.Site, Zone: c.Zone, Number: external.Key, External: &external, Channel: channel,
		Kind: c.Kind, Problem: c.Problem, Level: c.Level, Customer: c.Customer, Book: c.Book,
	})
}

// importStatus moves the ticket to the row's status.
func (d *draft) importStatus(c ImportRow) error {
	switch c.Status {
	case StatusRegistered, StatusAccepted, StatusAssigned, StatusOnSite:
		return d.importActive(c)
	case StatusPaused:
		if err := d.importReopened(c); err != nil {
			return err
		}
		if d.state.Status != StatusPaused || d.state.Pause != c.Pause {
			d.add(Paused{At: c.At, Reason: c.Pause, Clocks: []TargetName{Resolution}})
		}
		return nil
	case StatusResolved:
		return d.importResolved(c)
	case StatusSignedOff:
		if d.state.Status == StatusSignedOff || d.state.Status == StatusClosed {
			return nil
		}
		return d.happen(c.Book, SignedOff{At: c.At})
	case StatusClosed:
		if d.state.Status == StatusClosed {
			return nil
		}
		return d.happen(c.Book, Closed{At: c.At})
	case StatusMerged, StatusWithdrawn, StatusRejected: // no row says so
	}
	return nil
}

// importActive brings the ticket back to work, if it was not, and records
// first contact where the row implies it.
func (d *draft) importActive(c ImportRow) error {
	if err := d.importReopened(c); err != nil {
		return err
	}
	if err := d.resumed(c.At, c.Book); err != nil {
		return err
	}
	if c.Status == StatusRegistered {
		return nil
	}
	if !d.state.Clock(FirstContact).Reached {
		if err := d.happen(c.Book, Accepted{At: c.At}); err != nil {
			return err
		}
	}
	if c.Status == StatusOnSite && d.state.Status != StatusOnSite {
		return d.happen(c.Book, Arrived{At: c.At})
	}
	return nil
}

// importReopened starts a new cycle if the last one is over.
func (d *draft) importReopened(c ImportRow) error {
	if d.state.Status.Open() {
		return nil
	}
	return d.reopened(Reopen{At: c.At, Reason: importReason, Book: c.Book})
}

// importResolved records that the work is done, unless this cycle already had
// it done. A ticket that ended without is taken up again for it.
func (d *draft) importResolved(c ImportRow) error {
	if d.state.Resolved {
		return nil
	}
	if err := d.importReopened(c); err != nil {
		return err
	}
	return d.happen(c.Book, Resolved{At: c.At})
}

// importClaim keeps what the source says of itself, once.
func (d *draft) importClaim(c ImportRow) {
	if c.Claim == nil || d.state.Claim != nil && d.state.Claim.equal(*c.Claim) {
		return
	}
	d.add(SourceVerdictRecorded{
		At: c.At, ResolvedAt: c.Claim.ResolvedAt, SLAMet: c.Claim.SLAMet, Reassignments: c.Claim.Reassignments,
	})
}

func (c SourceClaim) equal(other SourceClaim) bool {
	sameTime := c.ResolvedAt == nil && other.ResolvedAt == nil ||
		c.ResolvedAt != nil && other.ResolvedAt != nil && c.ResolvedAt.Equal(other.ResolvedAt.Time)
	return sameTime && same(c.SLAMet, other.SLAMet) && same(c.Reassignments, other.Reassignments)
}

// same reports whether both say nothing, or the same.
func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
