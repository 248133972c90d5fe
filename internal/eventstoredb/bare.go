package eventstoredb

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// Bare is the official client without supervisor, for measuring what the
// supervisor costs. It hangs when its node is lost: nothing but benchmarks may use it.
type Bare struct{ client *esdb.Client }

// OpenBare makes a client. It does not wait for the node.
func OpenBare(o Options) (*Bare, error) {
	config, err := o.configure()
	if err != nil {
		return nil, err
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	return &Bare{client}, err
}

// Append appends events and answers the last revision.
func (b *Bare) Append(ctx context.Context, stream string, expected int64, events []eventschemas.Proposed) (int64, error) {
	at, err := expectedRevision(expected)
	if err != nil {
		return 0, err
	}
	data, err := encode(events)
	if err != nil {
		return 0, err
	}
	written, err := b.client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: at}, data...)
	if err != nil {
		return 0, err
	}
	return int64(written.NextExpectedVersion), nil //nolint:gosec // a revision
}

// Close closes the client.
func (b *Bare) Close() error { return b.client.Close() }
