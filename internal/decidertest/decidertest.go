// Package decidertest runs deciders on tables of given, when, then.
//
// It is for tests only and knows nothing of stores, clocks or any one
// decider. A case that expects a refusal names the rule that refuses, so the
// catalogue in docs/rules.md and the tests can be held against each other.
package decidertest

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
)

// Case is one sentence about a decider of commands C and events E. At most
// one of Then, Refused and Invalid is set; none means that nothing happens.
type Case[C, E any] struct {
	Name    string // a sentence that starts with a rule id
	Given   []E    // what happened before, oldest first
	When    C
	Then    []E    // the events of the decision, in order
	Refused string // id of the rule of the expected *domain.RuleError
	Invalid string // pointer of the expected *domain.InvalidError
	Key     string // key of the expected refusal or fault; any if empty
}

// Run runs each case in a parallel subtest. Besides the expectation it checks
// that decide does not change the state it was given, and that evolve takes
// every event decide returns.
func Run[C, E, S any](t *testing.T, decide func(S, C) ([]E, error), evolve func(S, E) S, cases []Case[C, E]) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			state := fold(evolve, c.Given)
			events, err := decide(state, c.When)
			require.True(t, reflect.DeepEqual(fold(evolve, c.Given), state), "decide changed the state it was given")
			if c.fails() {
				c.requireFailure(t, err)
				require.Empty(t, events)
				return
			}
			require.NoError(t, err)
			if len(c.Then) == 0 {
				require.Empty(t, events)
				return
			}
			require.Equal(t, c.Then, events)
			for _, e := range events {
				state = evolve(state, e)
			}
		})
	}
}

func fold[E, S any](evolve func(S, E) S, events []E) S {
	var s S
	for _, e := range events {
		s = evolve(s, e)
	}
	return s
}

func (c Case[C, E]) fails() bool { return c.Refused != "" || c.Invalid != "" }

func (c Case[C, E]) requireFailure(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	var key string
	if c.Refused != "" {
		var refusal *domain.RuleError
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, c.Refused, refusal.Rule)
		key = refusal.Key
	} else {
		var fault *domain.InvalidError
		require.ErrorAs(t, err, &fault)
		require.Equal(t, c.Invalid, fault.Pointer)
		key = fault.Key
	}
	if c.Key != "" {
		require.Equal(t, c.Key, key)
	}
}
