package policy

import (
	"encoding/json"
	"errors"
	"slices"
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

// check returns one *domain.InvalidError for each fault, joined.
func (c Codes) check() error {
	return errors.Join(slices.Concat(
		repeated("kinds", "TKT-03", c.Kinds), repeated("problems", "TKT-03", c.Problems), repeated("solutions", "TKT-03", c.Solutions),
	)...)
}
