package main

import (
	"errors"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/internal/messages"
)

// told returns the refusal or fault in err as its text for people; any other
// error as it is.
func told(err error, lang string) error {
	var rule *domain.RuleError
	var invalid *domain.InvalidError
	switch {
	case errors.As(err, &rule):
		return errors.New(rule.Rule + ": " + messages.Text(lang, rule.Key, rule.Args))
	case errors.As(err, &invalid):
		return errors.New(invalid.Pointer + ": " + messages.Text(lang, invalid.Key, invalid.Args))
	}
	return err
}
