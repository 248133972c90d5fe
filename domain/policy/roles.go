package policy

import (
	"errors"
	"slices"
	"strconv"

	"github.com/fieldledger/fieldledger/domain/role"
)

// roles returns a fault for each role that a content names and nobody can
// have: what waits for its signature would wait for ever (POL-10). It is asked
// when a version is recorded; what is recorded stays readable.
func (c content) roles() error {
	out := &checker{}
	for i, a := range c.tools.Approvals {
		out.roles("/approvals/"+strconv.Itoa(i)+"/needs", "POL-10", a.Needs)
	}
	p := c.purchasing
	for _, list := range []struct {
		name, rule string
		routes     []Route
		beside     []string // whose signature counts too
	}{{"demand", "STK-01", p.Demand, nil}, {"purchase", "STK-11", p.Purchase, nil}, {"acceptance", "STK-04", p.Acceptance, []string{AnyUser}}, {"scrap", "STK-12", p.Scrap, nil}} {
		for i, r := range list.routes {
			at := "/" + list.name + "/" + strconv.Itoa(i)
			out.roles(at+"/checks", list.rule, r.Checks, list.beside...)
			out.roles(at+"/approvals", list.rule, r.Approvals, list.beside...)
		}
	}
	for i, l := range c.authority.Lines {
		out.roles("/lines/"+strconv.Itoa(i)+"/roles", "POL-10", l.Roles)
	}
	return errors.Join(out.faults...)
}

// roles adds a fault for each of a list that is no role of the staff.
func (c *checker) roles(at, rule string, named []string, beside ...string) {
	known := append(role.Staff(), beside...)
	for i, r := range named {
		if !slices.Contains(known, r) {
			c.fault(at+"/"+strconv.Itoa(i), rule, "policy.role_unknown", "role", r)
		}
	}
}
