package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
)

func TestPOL01WhatAContentDoesNotHoldIsNamed(t *testing.T) {
	t.Parallel()
	for content, want := range map[string][]string{
		`{"items":[],"minimums":[{"store":"main","item":"bit","least":3}]}`: {"policy.member_unknown", "/content/minimums/0/least", "least"},
		`{"colour":1}`: {"policy.member_unknown", "/content/colour", "colour"},
		`{"a/b~c":1}`:  {"policy.member_unknown", "/content/a~1b~0c", "a/b~c"},
		`{"demand":[{"x":1}],"purchase":[{"x":2}]}`: {"policy.member_unknown", "/content", "x"},
		`{"split_window_days":"90"}`:                {"policy.member_form", "/content", "split_window_days"},
		`{"items":[]} {}`:                           {"policy.content_malformed", "/content", ""},
		`[`:                                         {"policy.content_malformed", "/content", ""},
	} {
		_, _, err := policy.Canonical(policy.KindPurchasing, json.RawMessage(content))
		var fault *domain.InvalidError
		require.ErrorAs(t, err, &fault, content)
		member, _ := fault.Args["member"].(string)
		require.Equal(t, want, []string{fault.Key, fault.Pointer, member}, content)
	}
}
