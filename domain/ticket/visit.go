package ticket

import (
	"github.com/fieldledger/fieldledger/domain"
)

// findVisitNeeded records that the telephone cannot solve it (TKT-11).
func (d *draft) findVisitNeeded(c FindVisitNeeded) error {
	if err := d.open(); err != nil {
		return err
	}
	if !d.state.VisitAt.IsZero() || d.state.Active == StatusOnSite { // TKT-02
		return nil
	}
	return d.happen(c.Book, VisitNeeded{At: c.At, LateReason: d.reason(c.LateReason)})
}

// agreeArrival records an arrival time; it may be moved as often as it takes (SLA-02).
func (d *draft) agreeArrival(c AgreeArrival) error {
	switch {
	case c.SetBy != SetByCustomer && c.SetBy != SetByBoth:
		return domain.Invalid("/set_by", "SLA-02", "ticket.set_by_unknown", "set_by", string(c.SetBy))
	case !c.ArrivalBy.After(c.At.Time):
		return domain.Invalid("/arrival_by", "SLA-02", "ticket.arrival_in_past")
	}
	if err := d.open(); err != nil {
		return err
	}
	last := d.state.Agreed
	switch {
	case d.state.Active == StatusOnSite:
		return domain.Refuse("TKT-06", "ticket.on_site")
	case last != nil && last.ArrivalBy.Equal(c.ArrivalBy.Time) && last.SetBy == c.SetBy: // TKT-02
		return nil
	}
	return d.happen(c.Book, ArrivalAgreed{At: c.At, ArrivalBy: c.ArrivalBy, SetBy: c.SetBy, LateReason: d.reason(c.LateReason)})
}

// changeZone moves the customer to another service zone (SLA-07, SLA-11).
func (d *draft) changeZone(c ChangeServiceZone) error {
	switch {
	case c.Zone == "":
		return domain.Invalid("/zone", "SLA-11", "ticket.zone_missing")
	case c.Reason == "":
		return domain.Invalid("/reason", "SLA-07", "ticket.reason_missing")
	}
	if err := d.open(); err != nil {
		return err
	}
	if c.Zone == d.state.Zone { // TKT-02
		return nil
	}
	return d.set(c.Book, ZoneChanged{At: c.At, From: d.state.Zone, To: c.Zone, Reason: c.Reason})
}

// addNote adds a note, or an update of the customer. Either may come at any
// time: an ended ticket has no clock for it to move.
func (d *draft) addNote(c AddNote) error {
	if c.At.IsZero() {
		return domain.Invalid("/at", "AUD-01", "ticket.time_missing")
	}
	if c.Text.IsZero() {
		return domain.Invalid("/text", "TKT-01", "ticket.text_missing")
	}
	if !c.ToCustomer {
		d.add(NoteAdded{At: c.At, Text: c.Text})
		return nil
	}
	return d.happen(c.Book, Updated{At: c.At, Text: c.Text, LateReason: d.reason(c.LateReason)})
}
