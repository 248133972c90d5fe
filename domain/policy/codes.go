package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/fieldledger/fieldledger/domain"
)

// MarshalJSON writes missing lists as [].
func (c Codes) MarshalJSON() ([]byte, error) {
	type plain Codes
	for _, list := range []*[]Code{&c.Kinds, &c.Problems, &c.Solutions} {
		if *list == nil {
			*list = []Code{}
		}
	}
	return json.Marshal(plain(c))
}

// Allows reports whether a list of codes allows one: it is empty, or has it.
func Allows(list []Code, code string) bool {
	for _, c := range list {
		if c.Code == code {
			return true
		}
	}
	return len(list) == 0
}

// named returns one *domain.InvalidError for each entry that lacks a name in
// one of the languages, joined: a form shows the reader's own.
func (c Codes) named() error {
	var faults []error
	for _, l := range []struct {
		name  string
		codes []Code
	}{{"kinds", c.Kinds}, {"problems", c.Problems}, {"solutions", c.Solutions}} {
		for i, code := range l.codes {
			at := "/content/" + l.name + "/" + strconv.Itoa(i)
			if code.Name == "" {
				faults = append(faults, domain.Invalid(at+"/name", "TKT-03", "policy.code_nameless", "code", code.Code))
			}
			if code.NameZH == "" {
				faults = append(faults, domain.Invalid(at+"/name_zh", "TKT-03", "policy.code_nameless", "code", code.Code))
			}
		}
	}
	return errors.Join(faults...)
}

// check returns one *domain.InvalidError for each fault, joined.
func (c Codes) check() error {
	return errors.Join(slices.Concat(
		repeated("kinds", "TKT-03", c.Kinds), repeated("problems", "TKT-03", c.Problems), repeated("solutions", "TKT-03", c.Solutions),
	)...)
}
