package commands

import (
	"context"
	"maps"

	"github.com/google/uuid"
)

// Names tells people what ids stand for.
type Names struct{ *useCases }

// Known returns args with the ids in them by the names that people use: the
// staff number of a person, the code of a team, the number of a tool. An id
// that has none, and one that cannot be read now, stays as it is: a refusal
// must not fail for the want of a name. Names of persons are not told.
func (n *Names) Known(ctx context.Context, args map[string]any) map[string]any {
	told := args
	for _, arg := range []string{"who", "person", "tool"} {
		text, _ := args[arg].(string)
		id, err := uuid.Parse(text)
		if err != nil {
			continue
		}
		if name := n.of(ctx, arg, id); name != "" {
			told = maps.Clone(told)
			told[arg] = name
		}
	}
	return told
}

func (n *Names) of(ctx context.Context, arg string, id uuid.UUID) string {
	if arg == "tool" {
		st, err := Current(ctx, n.x, toolDecider(), StreamOf("tool", id))
		if err != nil {
			return ""
		}
		return st.Number
	}
	if st, err := Current(ctx, n.x, personDecider(), StreamOf("person", id)); err == nil && len(st.External) > 0 {
		return st.External[0].Key
	}
	if st, err := Current(ctx, n.x, teamDecider(), StreamOf("team", id)); err == nil {
		return st.Code
	}
	return ""
}
