package ticket

import (
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

// requestHelp records that a technician could not answer and reported it at
// once; the customer has to know (TKT-12).
func (d *draft) requestHelp(c RequestHelp) error {
	switch {
	case c.To != TechnicalDepartment && c.To != Superior:
		return domain.Invalid("/to", "TKT-12", "ticket.help_unknown", "to", string(c.To))
	case !c.CustomerTold:
		return domain.Invalid("/customer_told", "TKT-12", "ticket.customer_not_told")
	}
	if err := d.open(); err != nil {
		return err
	}
	d.add(HelpRequested{At: c.At, By: c.By, To: c.To, Note: c.Note})
	return nil
}

// planEmergency records the plan for an emergency (TKT-12). That the
// leadership group is called is a step of escalation, taken at once (SLA-08).
func (d *draft) planEmergency(c PlanEmergency) error {
	if c.Plan.IsZero() {
		return domain.Invalid("/plan", "TKT-12", "ticket.plan_missing")
	}
	if err := d.open(); err != nil {
		return err
	}
	rules := policy.SLA{}
	if v, ok := c.Book.InForce(policy.KindSLA, d.state.Site, c.At.Time); ok {
		rules = v.SLA()
	}
	if !rules.Emergency(int(d.state.Level)) {
		return domain.Refuse("TKT-12", "ticket.no_emergency", "level", int(d.state.Level))
	}
	d.add(EmergencyPlanned{At: c.At, By: c.By, Plan: c.Plan})
	return nil
}
