// Package role is the one list of roles that people have in the system.
//
// It says which roles there are, never what one may do: that is asked of the
// policies of authorization, and of the policy of a site that names whose
// signature it needs. It is pure. The rules are ORG-01 and ORG-07 in docs/rules.md.
package role

import "slices"

// CustomerLink is who asks on a customer's behalf: no staff.
const CustomerLink = "customer_link"

// All returns the roles of ORG-01 and ORG-07 in a fixed order. The caller may change the list.
func All() []string {
	return []string{
		"clerk", "director", "technician", "storekeeper", "shift_leader", "crew_head", "manager", "hr",
		"accountant", "auditor", "admin", "gm",
		"department_head", "leader_in_charge", "board_member", "deputy_mine_director", "equipment", "process", "inspection", "purchasing", "workshop_head",
		CustomerLink,
	}
}

// Staff returns the roles whose signature can be asked for: all but the
// customer's (ORG-01). The caller may change the list.
func Staff() []string {
	return slices.DeleteFunc(All(), func(r string) bool { return r == CustomerLink })
}
