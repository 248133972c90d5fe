package ticket

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// Class is the service class, by which a ticket is charged or not (TKT-05).
type Class string

// The classes. The empty one means that it was not said yet.
const (
	ClassPaid     Class = "A"
	ClassContract Class = "B" // charged as the maintenance contract says
	ClassWarranty Class = "C" // free
	ClassInternal Class = "D" // no customer pays
)

func (c Class) known() bool {
	switch c {
	case ClassPaid, ClassContract, ClassWarranty, ClassInternal:
		return true
	}
	return false
}

// Work is what a charge is for.
type Work string

// The kinds of work.
const (
	WorkTelephone Work = "telephone" // never charged (TKT-22)
	WorkOnSite    Work = "on_site"
	WorkTravel    Work = "travel"
	WorkParts     Work = "parts"
)

func (w Work) known() bool {
	switch w {
	case WorkTelephone, WorkOnSite, WorkTravel, WorkParts:
		return true
	}
	return false
}

// changeClass moves the ticket to another service class, with a reason (TKT-05).
func (d *draft) changeClass(c ChangeClass) error {
	switch {
	case !c.Class.known():
		return classUnknown(c.Class)
	case c.Reason == "":
		return domain.Invalid("/reason", "TKT-05", "ticket.reason_missing")
	case c.Class == d.state.Class: // TKT-02
		return nil
	case d.dropped():
		return domain.Refuse("TKT-06", "ticket.not_open", "status", string(d.state.Status))
	case !c.Class.charged() && d.state.ChargedFen > 0:
		return domain.Refuse("TKT-05", "ticket.charged", "class", string(c.Class))
	}
	act := policy.ActClass
	if d.state.Class.charged() && !c.Class.charged() {
		act = policy.ActFree
	}
	by, err := d.decides(c.Book, act, 0, c.Roles, c.At)
	if err != nil {
		return err
	}
	d.add(ClassChanged{At: c.At, From: d.state.Class, To: c.Class, Reason: c.Reason, Role: by.Role, Policy: by.Policy})
	return nil
}

// decides asks the matrix of the ticket's site whether somebody with these
// roles decides an act of the team that has the ticket (POL-10).
func (d *draft) decides(book *policy.Book, act policy.Act, fen int64, roles []string, at domain.Instant) (policy.Decided, error) {
	unit := ""
	if d.state.Team != uuid.Nil {
		unit = d.state.Team.String()
	}
	return book.Decides(d.state.Site, unit, act, fen, roles, at.Time)
}

func classUnknown(c Class) error {
	return domain.Invalid("/class", "TKT-05", "ticket.class_unknown", "class", string(c))
}

// charged reports whether work of the class may be charged at all (S4-6).
func (c Class) charged() bool { return c == ClassPaid || c == ClassContract }

// dropped reports whether the ticket ended without the work being done.
func (d *draft) dropped() bool {
	switch d.state.Status {
	case StatusMerged, StatusWithdrawn, StatusRejected:
		return true
	default:
		return false
	}
}

// recordCharge records what is charged for work on the ticket.
func (d *draft) recordCharge(c RecordCharge) error {
	if err := c.check(); err != nil {
		return err
	}
	e := ChargeRecorded{At: c.At, AmountFen: c.AmountFen, Work: c.Work, Voucher: c.Voucher, Reason: c.Reason}
	switch {
	case d.state.charges(e): // TKT-02
		return nil
	case d.dropped():
		return domain.Refuse("TKT-06", "ticket.not_open", "status", string(d.state.Status))
	case c.At.Before(d.state.OpenedAt):
		return domain.Refuse("AUD-01", "ticket.time_backwards", "at", c.At, "last", domain.At(d.state.OpenedAt))
	case d.state.Class == "":
		return domain.Refuse("TKT-05", "ticket.class_missing")
	case !d.state.Class.charged(): // TKT-05
		return domain.Refuse("TKT-05", "ticket.class_free", "class", string(d.state.Class))
	case c.Work == WorkTelephone || !d.state.wentOut(): // TKT-22
		return domain.Refuse("TKT-22", "ticket.telephone_free")
	}
	by, err := d.decides(c.Book, policy.ActCharge, c.AmountFen, c.Roles, c.At)
	if err != nil {
		return err
	}
	e.Role, e.Policy = by.Role, by.Policy
	d.add(e)
	return nil
}

func (c RecordCharge) check() error {
	switch {
	case c.At.IsZero():
		return domain.Invalid("/at", "AUD-01", "ticket.time_missing")
	case c.AmountFen <= 0:
		return domain.Invalid("/amount_fen", "TKT-05", "ticket.amount_not_positive")
	case !c.Work.known():
		return domain.Invalid("/work", "TKT-22", "ticket.work_unknown", "work", string(c.Work))
	case c.Reason == "":
		return domain.Invalid("/reason", "TKT-05", "ticket.reason_missing")
	}
	return nil
}

// wentOut reports whether a visit was found needed or somebody was at the
// customer's, in any cycle. Without either all help was by telephone (TKT-22).
func (s State) wentOut() bool {
	return slices.ContainsFunc(s.Facts(), func(f Fact) bool {
		switch any(f.Event).(type) { // of a few
		case VisitNeeded, Arrived:
			return true
		default:
			return false
		}
	})
}

// charges reports whether the same charge is on record.
func (s State) charges(e ChargeRecorded) bool {
	return slices.ContainsFunc(s.Facts(), func(f Fact) bool {
		had, ok := f.Event.(ChargeRecorded)
		return ok && had.At.Equal(e.At.Time) && had.AmountFen == e.AmountFen && had.Work == e.Work && had.Voucher == e.Voucher && had.Reason == e.Reason
	})
}
