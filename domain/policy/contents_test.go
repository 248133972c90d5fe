package policy_test

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/domain/policy"
)

// The page docs/policy-contents.md has an example of each kind, which is taken
// as it stands, and names every member.
func TestPOL01EveryMemberOfAContentIsOnItsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policy-contents.md")
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)```json\n(.*?)```")
	for kind, of := range map[policy.Kind]any{
		policy.KindTools: policy.Tools{}, policy.KindPurchasing: policy.Purchasing{}, policy.KindCompensation: policy.Compensation{},
		policy.KindKeeping: policy.Keeping{}, policy.KindAuthority: policy.Authority{},
	} {
		_, section, found := strings.Cut(string(page), "\n## "+string(kind)+"\n")
		require.True(t, found, kind)
		section, _, _ = strings.Cut(section, "\n## ")
		body := example.FindStringSubmatch(section)
		require.NotNil(t, body, kind)
		_, _, err := policy.Canonical(kind, json.RawMessage(body[1]))
		require.NoError(t, err, kind)
		for _, member := range members(reflect.TypeOf(of)) {
			require.Regexp(t, "[`\"]"+member+"[`\"]", section, "%s has %s", kind, member)
		}
	}
	require.Contains(t, members(reflect.TypeFor[policy.Keeping]()), "keeper_needed", "the search goes into what is nested")
}

// members are the names of the JSON members of a type and of what is in it.
func members(of reflect.Type) []string {
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for f := range of.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && f.IsExported() {
			names = append(append(names, name), members(f.Type)...)
		}
	}
	return names
}
