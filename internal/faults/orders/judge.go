package orders

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/apptest"
)

// Effects returns, for each command, the last revisions of the runs of events
// that it left in its stream: one for one effect.
func Effects(t *testing.T, h *apptest.Harness) map[uuid.UUID][]int64 {
	t.Helper()
	runs := map[uuid.UUID][]int64{}
	before := map[string]uuid.UUID{}
	_, err := h.Node.Scan(t.Context(), eventschemas.Position{}, "fl.ticket-", func(e eventschemas.Recorded) error {
		env, err := eventschemas.DecodeEnvelope(e.Meta)
		if err != nil {
			return err
		}
		id, revision := env.Command.ID, int64(e.Revision) //nolint:gosec // a revision fits
		if before[e.Stream] == id && e.Revision > 0 {
			runs[id][len(runs[id])-1] = revision
		} else {
			runs[id] = append(runs[id], revision)
		}
		before[e.Stream] = id
		return nil
	})
	require.NoError(t, err)
	return runs
}

// Judgement counts commands by what is wrong with them.
type Judgement struct {
	Commands, Sends                    int
	Changed, Held, Refused             int // by their answers
	TwoAnswers, TwoEffects, WrongState int
	Example                            string // of one that went wrong
}

// Judge holds what the senders heard against the runs of Effects.
func Judge(all []*Order, runs map[uuid.UUID][]int64) Judgement {
	var j Judgement
	for _, o := range all {
		j.Commands++
		j.Sends += o.sent
		effect := runs[o.id]
		var stream string
		var revision int64
		_, changed := fmt.Sscanf(o.heard, "changed %s to %d", &stream, &revision)
		_, held := fmt.Sscanf(o.heard, "%s held at %d", &stream, &revision)
		switch {
		case changed == nil:
			j.Changed++
		case held == nil:
			j.Held++
		default:
			j.Refused++
		}
		bad := true
		switch {
		case o.other != "":
			j.TwoAnswers++
		case len(effect) > 1:
			j.TwoEffects++
		case (changed == nil) != (len(effect) == 1), changed == nil && effect[0] != revision:
			j.WrongState++
		default:
			bad = false
		}
		if bad {
			j.Example = fmt.Sprintf("%s: %q, %q, runs end at %v", o.Op, o.heard, o.other, effect)
		}
	}
	return j
}

// Changed picks those that were told that they changed something: the log
// tells of them, whatever else is lost.
func Changed(all []*Order) (out []*Order) {
	for _, o := range all {
		if strings.HasPrefix(o.heard, "changed ") {
			out = append(out, o)
		}
	}
	return out
}

// Bad is how many commands went wrong.
func (j Judgement) Bad() int { return j.TwoAnswers + j.TwoEffects + j.WrongState }

// String tells the numbers.
func (j Judgement) String() string {
	return fmt.Sprintf("%d commands in %d sends: %d changed something, %d changed nothing, %d were refused",
		j.Commands, j.Sends, j.Changed, j.Held, j.Refused)
}
