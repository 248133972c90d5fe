package auth

import (
	"slices"

	"github.com/fieldledger/fieldledger/domain/role"
)

// groups are names for several roles, so that a policy speaks of one.
func groups() map[string][]string {
	return map[string][]string{
		"staff":         role.Staff(),
		"desk":          {"clerk", "director"},
		"store":         {"storekeeper", "shift_leader"},
		"counting":      {"storekeeper", "shift_leader", "manager", "director"}, // CHK-01
		"checking":      {"equipment", "process"},                               // INS-08, INS-09
		"lead":          {"director", "manager"},
		"figures":       {"director", "manager", "hr", "accountant", "auditor", "admin"},
		"approver":      {"manager", "gm"},                                                                                         // POL-05; of a set that asks for the GM only the GM (POL-09)
		"losses":        {"storekeeper", "manager", "hr", "accountant", "auditor", "gm", "director", "crew_head", "workshop_head"}, // LOS-02: who acts on a loss sees it
		"deductions":    {"manager", "hr", "accountant", "auditor"},
		"payroll":       {"hr", "accountant"}, // AUD-08: who sees wages
		"assessor":      {"storekeeper", "manager"},
		"loss_approver": {"manager", "hr", "gm"},
		"corrector":     {"manager", "hr"},
		// STK-02, STK-08, STK-11: whose signature a site's policy of purchasing may ask for.
		"signer": {
			"director", "manager", "gm", "department_head", "leader_in_charge", "board_member", "deputy_mine_director", "equipment", "process",
			"inspection", "workshop_head",
		},
		"buyer":     {"purchasing", "manager"},
		"inspector": {"equipment", "process", "inspection", "storekeeper", "manager"}, // STK-04
		"contact":   {"clerk", "director", "technician", "manager", "admin"},
	}
}

// knownRoles keeps the roles that exist; others give no right. A group is no role.
func knownRoles(claimed []string) []string {
	known := []string{}
	for _, r := range role.All() {
		if slices.Contains(claimed, r) {
			known = append(known, r)
		}
	}
	return known
}
