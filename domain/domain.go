// Package domain holds what every decider shares: the refusal of a rule.
//
// Domain packages are pure: no clock, no I/O, no random numbers, no logging.
// Time, new ids and policies arrive inside the command. The rules are the
// catalogue in docs/rules.md; each refusal names the one that refused.
package domain

import "fmt"

// RuleError is the refusal of a command by a rule. It changes nothing.
// It is comparable by errors.As; the API answers it with 409.
type RuleError struct {
	Rule string         // id of the rule, "TKT-06"
	Key  string         // key of the text in the message catalogue, "ticket.not_open"
	Args map[string]any // values for the text; never personal data
}

// Error returns the machine form; people read the catalogue's text.
func (e *RuleError) Error() string {
	return fmt.Sprintf("refused by %s: %s", e.Rule, e.Key)
}

// Refuse returns a *RuleError for rule with the catalogue's key and
// name-value pairs for the text: Refuse("TKT-06", "ticket.not_open", "status", s).
// A pair without a value is a bug and panics.
func Refuse(rule, key string, pairs ...any) error {
	return &RuleError{Rule: rule, Key: key, Args: argsOf(pairs)}
}

func argsOf(pairs []any) map[string]any {
	if len(pairs)%2 != 0 {
		panic("domain: Refuse and Invalid need name-value pairs")
	}
	args := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return args
}

// InvalidError says that a field of a command is not acceptable on its own,
// before any state is looked at. The API answers it with 422.
type InvalidError struct {
	Pointer string         // JSON pointer into the request body, "/level"
	Rule    string         // id of the rule that asks for it, may be empty
	Key     string         // key of the text in the message catalogue
	Args    map[string]any // values for the text; never personal data
}

// Error returns the machine form; people read the catalogue's text.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("invalid %s: %s", e.Pointer, e.Key)
}

// Invalid returns an *InvalidError; pairs are as for Refuse.
func Invalid(pointer, rule, key string, pairs ...any) error {
	return &InvalidError{Pointer: pointer, Rule: rule, Key: key, Args: argsOf(pairs)}
}
