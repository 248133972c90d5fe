// Package approval decides who signs next where several persons have to, one
// after the other, each in a role; and, as an aggregate of its own, what one
// approval of an issue, a hand-over, a scrapping or a stock correction stands
// for: who asked for it, who gave it, for which thing and recipient, and which
// command used it. An approval is used once, or as often as it says: its own
// stream decides that, before what it lets through is stored (ADR 0027).
//
// It is pure: no clock, no I/O. Four eyes are two persons: it compares person
// ids and never accounts, so that another account of a person is the same
// person. Which roles are needed is the policy's to say (STK-02, STK-08,
// STK-11, STK-12, POL-10). The rules are TOL-08, TOL-15, TOL-16 and STK-05 in
// docs/rules.md.
package approval

import (
	"slices"

	"github.com/fieldledger/fieldledger/domain"
)

// Signature is the word of one person in one role.
type Signature struct {
	Role string `json:"role"` // in which the person signs
	By   string `json:"by"`   // person id
}

// Signer is who wants to sign.
type Signer struct {
	Person string   `json:"person"` // person id
	Roles  []string `json:"roles"`
}

// Has reports whether the signer has a role.
func (s Signer) Has(role string) bool { return slices.Contains(s.Roles, role) }

// Next returns the role in which a person signs next of those needed, in
// order. A *domain.RuleError of rule says why the person does not: it is a
// matter of the person's own (own are the ids of who asked for it), it has the
// person's signature already, or the next signature is another role's. Nothing
// needed any more is ok == false.
func Next(rule string, needed []string, signed []Signature, by Signer, own ...string) (role string, ok bool, err error) {
	if len(signed) >= len(needed) {
		return "", false, nil
	}
	role = needed[len(signed)]
	switch {
	case by.Person == "":
		return "", false, domain.Refuse(rule, "approval.person_missing")
	case slices.Contains(own, by.Person):
		return "", false, domain.Refuse(rule, "approval.own")
	case slices.ContainsFunc(signed, func(s Signature) bool { return s.By == by.Person }):
		return "", false, domain.Refuse(rule, "approval.twice")
	case !by.Has(role):
		return "", false, domain.Refuse(rule, "approval.role_missing", "role", role)
	}
	return role, true, nil
}

// Concerned refuses, by a *domain.RuleError of rule, who may not end a matter:
// whoever has none of the roles that it needs, and is none of own, the ids of
// who asked for it.
func Concerned(rule string, needed []string, by Signer, own ...string) error {
	if slices.ContainsFunc(needed, by.Has) || slices.Contains(own, by.Person) {
		return nil
	}
	return domain.Refuse(rule, "approval.role_missing", "role", needed)
}
