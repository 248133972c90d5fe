package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/fieldledger/fieldledger/domain"
)

// decode reads one closed object. A fault names the member that does not
// belong there, or whose value is of another form, and says where it is if
// there is one of that name.
func decode(raw json.RawMessage, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil && !dec.More() {
		return nil
	}
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil:
	case errors.As(err, &typed) && typed.Field != "":
		return domain.Invalid("/content", "POL-01", "policy.member_form", "member", typed.Field, "value", typed.Value)
	default:
		if member, ok := unknownMember(err); ok {
			return domain.Invalid("/content"+placeOf(raw, member), "POL-01", "policy.member_unknown", "member", member)
		}
	}
	return domain.Invalid("/content", "POL-01", "policy.content_malformed")
}

// unknownMember reads the name of the member that the decoder does not know;
// it says so in words only.
func unknownMember(err error) (string, bool) {
	quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field ")
	if !ok {
		return "", false
	}
	member, unquoteErr := strconv.Unquote(quoted)
	return member, unquoteErr == nil
}

// placeOf is the JSON pointer of the one member of a name; "" if there are several.
func placeOf(raw json.RawMessage, member string) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return ""
	}
	found := placesOf(v, "", member)
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

func placesOf(v any, at, member string) []string {
	var found []string
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			here := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			if name == member {
				found = append(found, here)
			}
			found = append(found, placesOf(inner, here, member)...)
		}
	case []any:
		for i, inner := range v {
			found = append(found, placesOf(inner, at+"/"+strconv.Itoa(i), member)...)
		}
	}
	return found
}
