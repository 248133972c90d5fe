package policy

import "slices"

// Approval says what a version needs before it is in force; none if empty.
type Approval string

// The approvals.
const (
	SecondPerson   Approval = "second_person"   // of anybody but the author, who has the right (POL-05)
	GeneralManager Approval = "general_manager" // of the GM, with publication (POL-09)
)

// rule returns the rule that asks for the approval.
func (a Approval) rule() string {
	if a == GeneralManager {
		return "POL-09"
	}
	return "POL-05"
}

// RoleGM is the role that gives the approval GeneralManager.
const RoleGM = "gm"

// Set is a set of policies that follows the regulations of some sources (POL-07).
type Set struct {
	Name     string
	Sources  []string // of docs/rules.md, the first named wins
	Approval Approval // what each of its versions needs, of whatever kind
}

// Sets returns the sets that docs/rules.md names (POL-07). A site may follow one of its
// own name too; that follows no source. The caller may change the list.
func Sets() []Set {
	return []Set{
		{Name: "software-vendor", Sources: []string{"S1", "S3", "S6"}},
		{Name: "appliance-service", Sources: []string{"S4", "S6", "S7"}, Approval: GeneralManager},
		{Name: "mine", Sources: []string{"S2"}},
		{Name: "workshop", Sources: []string{"S5"}},
		{Name: "plant", Sources: []string{"S9", "S13"}},
		{Name: "power-station", Sources: []string{"S12"}},
		{Name: "dealer", Sources: []string{"S11", "S4", "S7"}},
	}
}

// LegalSet reports whether name can name a set: 1 to 40 small letters, digits
// and hyphens, the first one no hyphen.
func LegalSet(name string) bool {
	for i, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-' && i > 0:
		default:
			return false
		}
	}
	return len(name) >= 1 && len(name) <= 40
}

// needs returns what a version of kind needs, in a set or of a site that
// follows it. The GM is a second person too.
func (k kindTable) needs(kind Kind, set string) Approval {
	sets := Sets()
	if i := slices.IndexFunc(sets, func(s Set) bool { return s.Name == set }); i >= 0 && sets[i].Approval != "" {
		return sets[i].Approval // POL-09
	}
	if k[kind].money {
		return SecondPerson // POL-05
	}
	return ""
}
