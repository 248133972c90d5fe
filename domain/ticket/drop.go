package ticket

import (
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// merge ends a duplicate; its clocks are withdrawn (TKT-17).
func (d *draft) merge(c Merge) error {
	switch {
	case c.Into == uuid.Nil:
		return domain.Invalid("/into", "TKT-17", "ticket.into_missing")
	case c.Into == c.Ticket:
		return domain.Invalid("/into", "TKT-17", "ticket.into_itself")
	case d.state.Status == StatusMerged && d.state.Into == c.Into: // TKT-02
		return nil
	}
	if err := d.open(); err != nil {
		return err
	}
	return d.happen(c.Book, Merged{At: c.At, Into: c.Into})
}

// withdraw ends a ticket whose customer took the call back. What was due by
// then stays breached (SLA-13).
func (d *draft) withdraw(c Withdraw) error {
	if done, err := d.drop(StatusWithdrawn, c.Reason); done || err != nil {
		return err
	}
	return d.happen(c.Book, CallWithdrawn{At: c.At, Reason: c.Reason})
}

// reject ends a ticket that is none of the desk's. What was due by then stays
// breached (SLA-13).
func (d *draft) reject(c Reject) error {
	if done, err := d.drop(StatusRejected, c.Reason); done || err != nil {
		return err
	}
	return d.happen(c.Book, Rejected{At: c.At, Reason: c.Reason})
}

// drop reports whether the ticket has ended in that way already (TKT-02).
func (d *draft) drop(st Status, reason string) (bool, error) {
	if reason == "" {
		return false, domain.Invalid("/reason", "TKT-06", "ticket.reason_missing")
	}
	if d.state.Status == st {
		return true, nil
	}
	return false, d.open()
}

// coded refuses a code that the lists in force do not have (TKT-03).
func (d *draft) coded(book *policy.Book, site string, at domain.Instant, kind, problem, solution string) error {
	v, ok := book.InForce(policy.KindCodes, site, at.Time)
	if !ok {
		return nil
	}
	lists := v.Codes()
	for _, c := range []struct {
		pointer, code string
		list          []policy.Code
	}{{"/kind", kind, lists.Kinds}, {"/problem", problem, lists.Problems}, {"/solution", solution, lists.Solutions}} {
		if c.code != "" && !policy.Allows(c.list, c.code) {
			return domain.Invalid(c.pointer, "TKT-03", "ticket.code_unknown", "code", c.code)
		}
	}
	return nil
}
