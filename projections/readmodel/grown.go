package readmodel

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// shorten replaces each list of a closed version's values that the next version
// goes on with by its length (ADR 0028). after are the values of the next one.
func (e *entity[R]) shorten(closed []any, s *state[R], after []any) error {
	for i := range e.codec.cols {
		c := &e.codec.cols[i]
		if !c.grows {
			continue
		}
		row := reflect.ValueOf(s.row)
		list := s.values[i]
		if s.loaded { // as PostgreSQL spaced it
			var err error
			if list, err = c.value(row); err != nil {
				return err
			}
		}
		if goesOn(list.(string), after[i].(string)) {
			closed[i] = strconv.Itoa(row.Field(c.field).Len())
		}
	}
	return nil
}

// goesOn reports that the list after begins with the elements of before. Both
// are json as this package writes it.
func goesOn(before, after string) bool {
	open, closes := strings.CutSuffix(before, "]")
	rest, begins := strings.CutPrefix(after, open)
	switch {
	case !closes || !begins:
		return false
	case open == "[":
		return true
	}
	return rest[0] == ',' || rest == "]"
}

// versionList is sqlTable.selectList of versions, closed ones or current, with
// lists that were shortened whole again; NULL for the columns without.
func (e *entity[R]) versionList(schema, alias string, without ...string) string {
	return e.current.selectWith(alias, without, func(c *column, name string) string {
		if !c.grows {
			return name
		}
		return fmt.Sprintf(`CASE jsonb_typeof(%[1]s) WHEN 'number' THEN jsonb_path_query_array(coalesce(
			(SELECT f.%[2]s FROM %[3]s f WHERE f.id = %[5]s.id AND f.from_number > %[5]s.from_number AND %[6]s ORDER BY f.from_number LIMIT 1),
			(SELECT f.%[2]s FROM %[4]s f WHERE f.id = %[5]s.id)), '$[0 to $last]', jsonb_build_object('last', %[1]s::bigint - 1)) ELSE %[1]s END`,
			name, quote(c.name), quote(schema, e.history.name), quote(schema, e.Name), alias, whole("f", c))
	})
}

// whole is the condition that a closed version has its list whole.
func whole(alias string, c *column) string {
	return fmt.Sprintf("jsonb_typeof(%s.%s) = 'array'", alias, quote(c.name))
}

// grownIndexes find the next version whose list is whole: few are.
func (e *entity[R]) grownIndexes(schema string) []string {
	var out []string
	for i := range e.codec.cols {
		if c := &e.codec.cols[i]; c.grows {
			out = append(out, fmt.Sprintf("CREATE INDEX ON %s (id, from_number) WHERE %s", quote(schema, e.history.name), whole(e.history.name, c)))
		}
	}
	return out
}
