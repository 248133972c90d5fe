package process

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// after returns the steps after one (zero: from the start), at most limit.
func after(steps []uuid.UUID, last uuid.UUID, limit int) []uuid.UUID {
	from := 0
	if last != uuid.Nil {
		from = slices.Index(steps, last) + 1
	}
	return steps[from:min(from+limit, len(steps))]
}

// idOf is the id of the aggregate whose stream it is.
func idOf(category, stream string) (uuid.UUID, error) {
	text, found := strings.CutPrefix(stream, "fl."+category+"-")
	id, err := uuid.Parse(text)
	if err != nil || !found {
		return uuid.Nil, fmt.Errorf("stream %s is that of no %s", stream, category)
	}
	return id, nil
}
