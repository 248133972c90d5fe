package eventstoredb_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
	"github.com/fieldledger/fieldledger/internal/eventnode"
	"github.com/fieldledger/fieldledger/internal/eventstoredb"
)

func TestACheckpointOfAnotherLogIsRecognised(t *testing.T) {
	t.Parallel()
	s := connect(t, startNode(t, eventnode.Options{}))
	var err error
	for range 3 {
		_, err = s.Append(within(t, patience), "fl.check-"+uuid.NewString(), commands.NoStream, one())
		require.NoError(t, err)
	}
	var last eventschemas.Recorded
	done := errors.New("done")
	err = s.Follow(within(t, patience), eventschemas.Position{}, "fl.",
		func(e eventschemas.Recorded) error { last = e; return nil }, func() error { return done })
	require.ErrorIs(t, err, done)

	at := eventschemas.Checkpoint{Number: 3, Position: last.Position, EventID: last.ID}
	require.NoError(t, s.CheckHead(within(t, patience), at))
	var head *eventstoredb.HeadError
	other := at
	other.EventID = uuid.New()
	require.ErrorAs(t, s.CheckHead(within(t, patience), other), &head)
	require.Equal(t, last.ID.String(), head.Found)
	beyond := at
	beyond.Position.Commit, beyond.Position.Prepare = at.Position.Commit+1000, at.Position.Prepare+1000
	require.ErrorAs(t, s.CheckHead(within(t, patience), beyond), &head)
	require.Empty(t, head.Found)
}
