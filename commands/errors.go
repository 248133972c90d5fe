package commands

import (
	"errors"
	"fmt"
)

// Errors of a use case, beside *domain.RuleError (409) and *domain.InvalidError (422).
var (
	// ErrKeyReused says that the Idempotency-Key was used for another body: 422.
	ErrKeyReused = errors.New("idempotency key was used for another request")
	// ErrNotFound says that the aggregate does not exist, or may not be seen: 404.
	ErrNotFound = errors.New("not found")
	// ErrUnknownOutcome says that the store gave no answer: the command may or
	// may not have happened; the same request settles it: 503.
	ErrUnknownOutcome = errors.New("outcome unknown, repeat the request with the same key")
	// ErrBusy says that other writers kept winning: 503.
	ErrBusy = errors.New("too many writers on one stream")
	// ErrErased says that a personal field was erased: its key is destroyed.
	ErrErased = errors.New("personal field was erased")
)

// StaleError says that the aggregate is not at the revision the caller saw: 412.
type StaleError struct {
	Stream           string
	Expected, Actual int64
}

// Error tells both revisions.
func (e *StaleError) Error() string {
	return fmt.Sprintf("stream %s is at revision %d, caller saw %d", e.Stream, e.Actual, e.Expected)
}
